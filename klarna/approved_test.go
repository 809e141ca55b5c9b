package klarna_test

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/klarna-go/klarna-payments/klarna"
	"github.com/klarna-go/klarna-payments/klarna/klarnatest"
)

func TestOrderFromApprovedHasTheAddressesThatTheBrowserPassed(t *testing.T) {
	t.Parallel()
	server := klarnatest.NewServer()
	t.Cleanup(server.Close)
	client, cart := server.Client(), sessionCreate()
	session, err := client.CreateSession(t.Context(), cart)
	require.NoError(t, err)
	address := klarna.Address{
		GivenName: "Berta", FamilyName: "Beispiel", Email: "berta@shop.example", Phone: "+491700000000",
		StreetAddress: "Hauptstraße 1", PostalCode: "10115", City: "Berlin", Country: "DE",
	}
	parcel := address
	parcel.StreetAddress, parcel.Email, parcel.Phone = "Packstation 145", "", ""
	token, err := server.AuthorizeWith(session.SessionID, klarnatest.AuthorizeData{BillingAddress: address, ShippingAddress: parcel})
	require.NoError(t, err)
	approved, err := client.ReadSession(t.Context(), session.SessionID)
	require.NoError(t, err)
	require.Equal(t, address, approved.BillingAddress)

	_, err = client.CreateOrder(t.Context(), token, klarna.OrderFromSession(cart))
	var e *klarna.Error
	require.True(t, errors.As(err, &e))
	require.ErrorIs(t, err, klarna.ErrConflict)
	require.Len(t, e.Fields, 14, "%v", e.Fields)

	order, err := client.CreateOrder(t.Context(), token, klarna.OrderFromApproved(cart, *approved))
	require.NoError(t, err)
	require.NotEmpty(t, order.OrderID)
}

func TestOrderFromApprovedTakesNothingButAddressesFromTheApproval(t *testing.T) {
	t.Parallel()
	cart := klarna.SessionCreate{OrderAmount: 500, MerchantReference1: "ON1", BillingAddress: klarna.Address{City: "Berlin"}}
	approved := klarna.SessionRead{OrderAmount: 100, MerchantReference1: "ON2", ShippingAddress: klarna.Address{City: "Bonn"}}
	order := klarna.OrderFromApproved(cart, approved)
	want := klarna.OrderFromSession(cart)
	want.ShippingAddress = approved.ShippingAddress
	require.Equal(t, want, order) // an address that the approval lacks is the cart's
}
