package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/klarna-go/klarna-payments/klarna"
	"github.com/klarna-go/klarna-payments/klarna/customertoken"
	"github.com/klarna-go/klarna-payments/klarna/klarnatest"
)

// everyYear is the subscription that the shopper signs up for. Each charge has to have the same one.
var everyYear = klarna.Subscription{Name: "New shoes every year", Interval: klarna.SubscriptionIntervalYear, IntervalCount: 1}

// subscription gets a customer token, and charges it for the next two years.
func subscription(ctx context.Context, p *printer, client *klarna.Client, server *klarnatest.Server) error {
	p.title("A shopper subscribes")
	first := shoes(1)
	first.Subscription = everyYear
	opened, err := client.CreateSession(ctx, session(klarna.IntentTokenize, first))
	if err != nil {
		return err
	}
	p.step("Session opened", "%s, to make a customer token", opened.SessionID)
	authorization, err := server.Authorize(opened.SessionID)
	if err != nil {
		return err
	}
	p.step("Approved", "by the fake server, in the shopper's place")

	created, err := client.CreateCustomerToken(ctx, authorization, klarna.CustomerTokenCreationRequest{
		Description:     everyYear.Name,
		IntendedUse:     klarna.IntendedUseSubscription,
		PurchaseCountry: "DE", PurchaseCurrency: "EUR", Locale: "en-DE",
	})
	if err != nil {
		return err
	}
	// Whoever has the token can charge the shopper: it is stored and never shown.
	p.step("Customer token", "received, %d characters; store it like a password", len(created.TokenID))
	tokens := customertoken.New(client)
	if err := renew(ctx, p, tokens, created.TokenID); err != nil {
		return err
	}
	return renewInVain(ctx, p, tokens, server, created.TokenID)
}

// renew charges the next year. The key is stored with the renewal before the call: after a crash or an unknown outcome the same
// call with the same key charges nothing twice.
func renew(ctx context.Context, p *printer, tokens *customertoken.Client, customerToken string) error {
	charge := customertoken.Renewal("EUR", everyYear, shoes(1), parcel())
	charge.MerchantReference1 = "SUB-1/2027"
	order, err := tokens.CreateOrder(ctx, customerToken, charge, klarna.WithIdempotencyKey("SUB-1/2027/1"))
	if err != nil {
		return err
	}
	p.step("A year later", "%s charged, including %s tax", money(charge.OrderAmount), money(charge.OrderTaxAmount))
	p.step("Order placed", "%s (fraud check: %s)", order.OrderID, order.FraudStatus)
	return nil
}

// renewInVain charges a card that has expired.
func renewInVain(ctx context.Context, p *printer, tokens *customertoken.Client, server *klarnatest.Server, customerToken string) error {
	if err := server.DeclineCharges(customerToken, "UNAVAILABLE_PAYMENT_METHOD"); err != nil {
		return err
	}
	charge := customertoken.Renewal("EUR", everyYear, shoes(1), parcel())
	charge.MerchantReference1 = "SUB-1/2028"
	_, err := tokens.CreateOrder(ctx, customerToken, charge, klarna.WithIdempotencyKey("SUB-1/2028/1"))
	if !errors.Is(err, customertoken.ErrPaymentMethodUnavailable) {
		return fmt.Errorf("a charge of an expired card was not declined: %w", err)
	}
	p.step("Two years later", "the card has expired (customertoken.ErrPaymentMethodUnavailable)")
	p.step("What comes next", "the shopper has to come back; see docs/recurring.md")
	return nil
}
