package klarnatest_test

import (
	"context"
	"testing"
	"time"

	"github.com/klarna-go/klarna-payments/klarna"
	"github.com/klarna-go/klarna-payments/klarna/klarnatest"
	"github.com/klarna-go/klarna-payments/klarna/ordermanagement"
	"github.com/stretchr/testify/require"
)

func TestAutoCaptureIsACapturedOrder(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	autoCapture := func(r *klarna.CreateOrderRequest) { r.AutoCapture = new(true) }
	order := s.server.Order(s.place(autoCapture))
	require.Equal(t, ordermanagement.OrderStatusCaptured, order.Status)
	require.EqualValues(t, 12400, order.CapturedAmount)
	require.Len(t, order.Captures, 1)
	require.Len(t, order.Captures[0].OrderLines, 2)
	require.Equal(t, order.KlarnaReference+"-1", order.Captures[0].KlarnaReference)

	s.server.SetFraudStatus(klarna.FraudStatusPending)
	id := s.place(autoCapture)
	require.Equal(t, ordermanagement.OrderStatusAuthorized, s.server.Order(id).Status)
	require.NoError(t, s.server.EndReview(id, klarna.FraudStatusAccepted))
	require.Equal(t, ordermanagement.OrderStatusCaptured, s.server.Order(id).Status)
	require.Equal(t, klarnatest.Created{Sessions: 2, Orders: 2, Captures: 2}, s.server.Created())
}

func TestAPendingOrderCannotBeCaptured(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	s := newShop(t)
	orders := s.orders()
	s.server.SetFraudStatus(klarna.FraudStatusPending)
	capture := func(id string) error {
		_, err := orders.CaptureOrder(ctx, id, ordermanagement.CaptureRequest{CapturedAmount: 1})
		return err
	}
	notAllowed := rejection{403, "CAPTURE_NOT_ALLOWED", "Capture not allowed"}

	id := s.place()
	requireRejected(t, capture(id), notAllowed)
	require.NoError(t, s.server.EndReview(id, klarna.FraudStatusAccepted))
	require.Equal(t, ordermanagement.FraudStatusAccepted, s.server.Order(id).FraudStatus)
	require.NoError(t, capture(id))

	id = s.place()
	require.NoError(t, s.server.EndReview(id, klarna.FraudStatusRejected))
	s.server.Advance(4 * time.Hour)
	requireRejected(t, capture(id), notAllowed)
	require.Equal(t, ordermanagement.OrderStatusCancelled, s.server.Order(id).Status)
	require.NoError(t, s.server.EndReview(id, klarna.FraudStatusAccepted))
	require.Equal(t, ordermanagement.OrderStatusCancelled, s.server.Order(id).Status, "it is not revived")

	s.server.SetFraudStatus(klarna.FraudStatusAccepted)
	require.EqualError(t, s.server.EndReview(s.place(), klarna.FraudStatusRejected), "klarnatest: EndReview: the order was ACCEPTED from the beginning, not PENDING")
	require.EqualError(t, s.server.EndReview("unknown", klarna.FraudStatusRejected), "klarnatest: EndReview: there is no such order")
}

func TestAFraudNotificationEndsTheReview(t *testing.T) {
	t.Parallel()
	for event, want := range map[klarna.FraudEventType]ordermanagement.FraudStatus{
		klarna.FraudEventTypeAccepted: ordermanagement.FraudStatusAccepted,
		klarna.FraudEventTypeRejected: ordermanagement.FraudStatusRejected,
		klarna.FraudEventTypeStopped:  ordermanagement.FraudStatusRejected,
	} {
		s := newShop(t)
		_, id := pendingOrder(s, newReceiver(t, 200).URL, "")
		require.NoError(t, s.server.NotifyFraud(id, event))
		s.waitForCallbacks()
		require.Equal(t, want, s.server.Order(id).FraudStatus)
	}
}

func TestOrdersExpireByTheServersClock(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	id := s.place()
	order := s.server.Order(id)
	now := time.Now()
	require.Equal(t, now.UTC().Truncate(24*time.Hour).AddDate(0, 0, 28), order.ExpiresAt.UTC())
	s.server.Advance(order.ExpiresAt.Sub(now) - time.Minute)
	require.Equal(t, ordermanagement.OrderStatusAuthorized, s.server.Order(id).Status)
	s.server.Advance(time.Minute)
	require.Equal(t, ordermanagement.OrderStatusExpired, s.server.Order(id).Status)
	require.Zero(t, s.server.Order(id).RemainingAuthorizedAmount)
	s.server.Advance(3*365*24*time.Hour - 28*24*time.Hour)
	_, err := s.orders().ReadOrder(context.Background(), id)
	require.NoError(t, err)
	s.server.Advance(28 * 24 * time.Hour)
	_, err = s.orders().ReadOrder(context.Background(), id)
	require.ErrorIs(t, err, klarna.ErrNotFound)
	require.Nil(t, s.server.Order(id))
}

// What the order does not have it takes over from what was authorized.
func TestAnOrderTakesOverWhatWasAuthorized(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	c := cart()
	c.MerchantReference1, c.MerchantReference2, c.MerchantData = "of the session", "of the session", "data"
	c.PurchaseCountry = "de"
	id := s.open(c)
	token, err := s.server.AuthorizeWith(id, klarnatest.AuthorizeData{
		BillingAddress: home(), ShippingAddress: work(), Customer: klarna.Customer{DateOfBirth: "1990-01-01"},
	})
	require.NoError(t, err)
	request := orderOf(c)
	request.BillingAddress, request.ShippingAddress, request.MerchantReference1 = home(), work(), "of the order"
	order := s.server.Order(s.order(token, request).OrderID)
	require.Equal(t, []string{"of the order", "of the session", "data", "DE"},
		[]string{order.MerchantReference1, order.MerchantReference2, order.MerchantData, order.PurchaseCountry})
	require.Equal(t, "Muster GmbH", order.ShippingAddress.OrganizationName)
	require.Equal(t, "Chausseestr. 1", order.BillingAddress.StreetAddress)
	require.Equal(t, "1990-01-01", order.Customer.DateOfBirth)
	require.Equal(t, ordermanagement.InitialPaymentMethodTypeInvoice, order.InitialPaymentMethod.Type)
}
