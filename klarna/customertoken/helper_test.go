package customertoken_test

import (
	"context"
	"embed"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/klarna-go/klarna-payments/internal/apitest"
	"github.com/klarna-go/klarna-payments/internal/wiretest"
	"github.com/klarna-go/klarna-payments/klarna"
	"github.com/klarna-go/klarna-payments/klarna/customertoken"
	"github.com/klarna-go/klarna-payments/klarna/klarnatest"
)

const customerToken = "0b1d9815-165e-42e2-8867-35bc03789e00"

var tested = apitest.API[customertoken.Client]{
	Contract: "customer-token", Prefix: "customertoken.", Rows: customertoken.Operations, New: customertoken.New, Files: exampleFiles,
}

type operation = apitest.Operation[customertoken.Client]

func example(t testing.TB, name string) string {
	t.Helper()
	return tested.Example(t, name)
}

func decoded[T any](t testing.TB, name string) (value T) {
	t.Helper()
	tested.Decode(t, name, &value)
	return value
}

// operations are all operations, in the order of the rows.
func operations(t testing.TB) []operation {
	t.Helper()
	return []operation{
		{Name: customertoken.OperationCreateOrder, Success: wiretest.Line{Status: 200, Body: example(t, "ct_create_order_response.json")},
			Call: func(t *testing.T, c *customertoken.Client, opts ...klarna.CallOption) error {
				order, err := c.CreateOrder(t.Context(), customerToken, renewal(t), opts...)
				require.Equal(t, err != nil, order == nil)
				return err
			}},
		{Name: customertoken.OperationReadToken, Success: wiretest.Line{Status: 200, Body: example(t, "ct_read_token_response.json")},
			Call: func(t *testing.T, c *customertoken.Client, opts ...klarna.CallOption) error {
				token, err := c.ReadToken(t.Context(), customerToken, opts...)
				require.Equal(t, err != nil, token == nil)
				return err
			}},
		{Name: customertoken.OperationCancelToken, Success: wiretest.Line{Status: 202},
			Call: func(t *testing.T, c *customertoken.Client, opts ...klarna.CallOption) error {
				return c.CancelToken(t.Context(), customerToken, opts...)
			}},
	}
}

func renewal(t testing.TB) customertoken.OrderRequest {
	return decoded[customertoken.OrderRequest](t, "ct_create_order_request.json")
}

// charge charges through a script, and returns what the call returned.
func charge(t *testing.T, s *wiretest.Script, opts ...klarna.CallOption) (*customertoken.Order, error) {
	t.Helper()
	return tested.Client(t, s).CreateOrder(t.Context(), customerToken, renewal(t), opts...)
}

// signUp returns a customer token of a fake server.
func signUp(server *klarnatest.Server, subscription klarna.Subscription) (string, error) {
	client := server.Client()
	first := customertoken.Renewal("EUR", subscription, klarna.OrderLine{Name: "First", Quantity: 1, UnitPrice: 1299, TaxRate: 1900})
	session, err := client.CreateSession(context.Background(), klarna.SessionCreate{
		Intent: klarna.IntentTokenize, PurchaseCountry: "DE", PurchaseCurrency: "EUR",
		OrderAmount: first.OrderAmount, OrderTaxAmount: first.OrderTaxAmount, OrderLines: first.OrderLines,
	})
	if err != nil {
		return "", err
	}
	authorization, err := server.Authorize(session.SessionID)
	if err != nil {
		return "", err
	}
	token, err := client.CreateCustomerToken(context.Background(), authorization, klarna.CustomerTokenCreationRequest{
		Description: "Plan", IntendedUse: klarna.IntendedUseSubscription, Locale: "de-DE", PurchaseCountry: "DE", PurchaseCurrency: "EUR",
	})
	if err != nil {
		return "", err
	}
	return token.TokenID, nil
}

//go:embed testdata/examples
var exampleFiles embed.FS
