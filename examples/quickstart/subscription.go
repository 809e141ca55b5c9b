package main

import (
	"context"

	"github.com/klarna-go/klarna-payments/klarna"
	"github.com/klarna-go/klarna-payments/klarna/klarnatest"
)

// subscription gets a customer token, with which the shop charges the shopper again later.
func subscription(ctx context.Context, p *printer, client *klarna.Client, server *klarnatest.Server) error {
	p.title("A shopper subscribes")
	opened, err := client.CreateSession(ctx, session(klarna.IntentTokenize, shoes(1)))
	if err != nil {
		return err
	}
	p.step("Session opened", "%s, to make a customer token", opened.SessionID)
	token, err := server.Authorize(opened.SessionID)
	if err != nil {
		return err
	}
	p.step("Approved", "by the fake server, in the shopper's place")

	customer, err := client.CreateCustomerToken(ctx, token, klarna.CustomerTokenCreationRequest{
		Description:     "New shoes every year",
		IntendedUse:     klarna.IntendedUseSubscription,
		PurchaseCountry: "DE", PurchaseCurrency: "EUR", Locale: "en-DE",
	})
	if err != nil {
		return err
	}
	// Whoever has the token can charge the shopper: it is stored and never shown.
	p.step("Customer token", "received, %d characters; store it like a password", len(customer.TokenID))
	return nil
}
