package main

import (
	"context"
	"errors"
	"fmt"
	"log"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/klarna-go/klarna-payments/klarna"
	"github.com/klarna-go/klarna-payments/klarna/customertoken"
	"github.com/klarna-go/klarna-payments/klarna/klarnatest"
	"github.com/klarna-go/klarna-payments/klarna/ordermanagement"
	"github.com/klarna-go/klarna-payments/klarna/preflight"
)

// What the blocks of README.md take as given.
var (
	apiKey, username, password = "klarna_test_api_key", "username", "password"

	env, creds = klarna.PlaygroundEU, klarna.BasicAuth(username, password)

	cart = klarna.SessionCreate{
		PurchaseCountry: "DE", PurchaseCurrency: "EUR", Locale: "de-DE", OrderAmount: 11900, OrderTaxAmount: 1900,
		OrderLines: []klarna.OrderLine{
			klarna.CompleteLine(klarna.OrderLine{Name: "Running shoe", Quantity: 1, UnitPrice: 11900, TaxRate: 1900}),
		},
	}
)

func Example_clients() {
	// quote: clients
	client, err := klarna.New(klarna.PlaygroundEU, klarna.APIKey(apiKey))

	// or
	client, err = klarna.New(klarna.ProductionNA, klarna.BasicAuth(username, password))
	// end of quote
	fmt.Println(client, err)
	// Output: klarna.Client(https://api-na.klarna.com) <nil>
}

func Example_error() {
	var err error
	// quote: error
	var e *klarna.Error
	if errors.As(err, &e) {
		log.Print(e.Operation, e.StatusCode, e.Code, e.Messages, e.CorrelationID)
	}
	// end of quote
	// Output:
}

func Example_amounts() {
	// quote: amounts
	lines := []klarna.OrderLine{
		klarna.CompleteLine(klarna.OrderLine{Name: "Running shoe", Quantity: 2, UnitPrice: 11900, TaxRate: 1900}),
		klarna.DiscountLine("Voucher", 1000, 1900),
	}
	amount, tax := klarna.Totals(lines) // 22800, 3640
	// end of quote
	fmt.Println(amount, tax)
	// Output: 22800 3640
}

func Example_preflight() {
	// quote: preflight
	client, err := klarna.New(env, creds, klarna.WithPreflight(preflight.Check))
	// klarna: CreateSession: not sent: preflight: order_lines[0].total_tax_amount is 2261, but the tax inside
	// total_amount 11900 at tax_rate 1900 is 1900 (1 more or less is accepted)
	// end of quote
	fmt.Println(err)

	wrong := cart
	wrong.OrderLines = []klarna.OrderLine{cart.OrderLines[0]}
	wrong.OrderLines[0].TotalTaxAmount, wrong.OrderTaxAmount = 2261, 2261
	_, err = client.CreateSession(context.Background(), wrong)
	fmt.Println(err)
	// Output:
	// <nil>
	// klarna: CreateSession: not sent: preflight: order_lines[0].total_tax_amount is 2261, but the tax inside total_amount 11900 at tax_rate 1900 is 1900 (1 more or less is accepted)
}

// quote: checkout
func TestCheckout(t *testing.T) {
	server := klarnatest.NewServer()
	defer server.Close()
	session, err := server.Client().CreateSession(t.Context(), cart)
	require.NoError(t, err)
	token, err := server.Authorize(session.SessionID) // what the shopper does in the browser
	require.NoError(t, err)
	order, err := server.Client().CreateOrder(t.Context(), token, klarna.OrderFromSession(cart))
	require.NoError(t, err)
	require.Equal(t, klarna.FraudStatusAccepted, order.FraudStatus)
}

// end of quote

func captureAndRefund(ctx context.Context, client *klarna.Client, orderID string) error {
	// quote: orders
	orders := ordermanagement.New(client)
	order, err := orders.ReadOrder(ctx, orderID)
	if err != nil {
		return err
	}
	all := ordermanagement.RemainingCapture(*order)
	captureID, err := orders.CaptureOrder(ctx, orderID, all, klarna.WithIdempotencyKey("shipment-88121"))
	if err != nil { // klarna.ErrOutcomeUnknown: it may be captured, so call again with the same key
		return err
	}

	// later, when the first line returns
	capture, err := orders.ReadCapture(ctx, orderID, captureID)
	if err != nil {
		return err
	}
	returned := ordermanagement.RefundLines(capture.OrderLines[0])
	refundID, err := orders.RefundOrder(ctx, orderID, returned, klarna.WithIdempotencyKey("return-2047"))
	// end of quote
	_ = refundID
	return err
}

func chargeAgain(ctx context.Context, client *klarna.Client, customerToken string) error {
	// quote: charge
	monthly := klarna.Subscription{Name: "Coffee, once a month", Interval: klarna.SubscriptionIntervalMonth, IntervalCount: 1} // as at the sign-up
	charge := customertoken.Renewal("EUR", monthly, klarna.OrderLine{Name: "Coffee, April", Quantity: 1, UnitPrice: 1299, TaxRate: 700})
	order, err := customertoken.New(client).CreateOrder(ctx, customerToken, charge, klarna.WithIdempotencyKey("SUB-7781/2026-04/1"))
	// end of quote
	_ = order
	return err
}

func TestChargeAgain(t *testing.T) {
	server := klarnatest.NewServer()
	defer server.Close()
	client := server.Client()
	coffee := klarna.CompleteLine(klarna.OrderLine{Name: "Coffee, March", Quantity: 1, UnitPrice: 1299, TaxRate: 700, Subscription: klarna.Subscription{
		Name: "Coffee, once a month", Interval: klarna.SubscriptionIntervalMonth, IntervalCount: 1,
	}})
	session, err := client.CreateSession(t.Context(), klarna.SessionCreate{
		Intent: klarna.IntentTokenize, PurchaseCountry: "DE", PurchaseCurrency: "EUR",
		OrderAmount: coffee.TotalAmount, OrderTaxAmount: coffee.TotalTaxAmount, OrderLines: []klarna.OrderLine{coffee},
	})
	require.NoError(t, err)
	authorization, err := server.Authorize(session.SessionID)
	require.NoError(t, err)
	token, err := client.CreateCustomerToken(t.Context(), authorization, klarna.CustomerTokenCreationRequest{
		Description: "Coffee", IntendedUse: klarna.IntendedUseSubscription, PurchaseCountry: "DE", PurchaseCurrency: "EUR", Locale: "de-DE",
	})
	require.NoError(t, err)
	require.NoError(t, chargeAgain(t.Context(), client, token.TokenID))
	require.NoError(t, chargeAgain(t.Context(), client, token.TokenID))
	require.Equal(t, 1, server.Created().Orders, "the same key charges once")
}

func TestCaptureAndRefund(t *testing.T) {
	server := klarnatest.NewServer()
	defer server.Close()
	session, err := server.Client().CreateSession(t.Context(), cart)
	require.NoError(t, err)
	token, err := server.Authorize(session.SessionID)
	require.NoError(t, err)
	placed, err := server.Client().CreateOrder(t.Context(), token, klarna.OrderFromSession(cart))
	require.NoError(t, err)
	require.NoError(t, captureAndRefund(t.Context(), server.Client(), placed.OrderID))
	order, err := ordermanagement.New(server.Client()).ReadOrder(t.Context(), placed.OrderID)
	require.NoError(t, err)
	require.Equal(t, int64(11900), order.CapturedAmount)
	require.Equal(t, int64(11900), order.RefundedAmount)
}
