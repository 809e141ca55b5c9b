package preflight_test

import (
	"reflect"
	"testing"

	"github.com/klarna-go/klarna-payments/klarna"
	"github.com/klarna-go/klarna-payments/klarna/preflight"
	"github.com/stretchr/testify/require"
)

func TestASessionIsMadeWithoutPersonalData(t *testing.T) {
	t.Parallel()
	business := klarna.Customer{Type: "organization", OrganizationEntityType: klarna.OrganizationEntityTypeLimitedCompany}
	for name, test := range map[string]struct {
		session klarna.SessionCreate
		want    []at
	}{
		"none":             {klarna.SessionCreate{}, nil},
		"billing address":  {klarna.SessionCreate{BillingAddress: klarna.Address{GivenName: "Alex"}}, []at{{"billing_address", preflight.CodePersonalData}}},
		"shipping address": {klarna.SessionCreate{ShippingAddress: klarna.Address{PostalCode: "10115"}}, []at{{"shipping_address", preflight.CodePersonalData}}},
		"customer":         {klarna.SessionCreate{Customer: klarna.Customer{DateOfBirth: "1980-01-31"}}, []at{{"customer", preflight.CodePersonalData}}},
		"where, roughly":   {klarna.SessionCreate{BillingAddress: klarna.Address{Country: "US", Region: "OH"}}, nil},
		"what kind":        {klarna.SessionCreate{Customer: business}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			session := sessionOf([]klarna.OrderLine{goods()})
			session.BillingAddress, session.ShippingAddress, session.Customer =
				test.session.BillingAddress, test.session.ShippingAddress, test.session.Customer
			requireWarnings(t, session, test.want...)
			requireWarnings(t, klarna.OrderFromSession(session)) // by then the shopper has chosen
			requireWarnings(t, klarna.SessionUpdate{BillingAddress: session.BillingAddress, Customer: session.Customer})
		})
	}
}

// A field that a later document brings counts as personal.
func TestEveryFieldOfAPersonCounts(t *testing.T) {
	t.Parallel()
	rough := map[string]bool{"Country": true, "Region": true, "Type": true, "OrganizationEntityType": true}
	for _, of := range []reflect.Type{reflect.TypeFor[klarna.Address](), reflect.TypeFor[klarna.Customer]()} {
		for i := range of.NumField() {
			value := reflect.New(of).Elem()
			value.Field(i).SetString("x")
			session := sessionOf([]klarna.OrderLine{goods()})
			switch person := value.Interface().(type) {
			case klarna.Address:
				session.BillingAddress = person
			case klarna.Customer:
				session.Customer = person
			}
			warned := len(preflight.Inspect(session).Warnings) > 0
			require.Equal(t, !rough[of.Field(i).Name], warned, of.Field(i).Name)
		}
	}
}
