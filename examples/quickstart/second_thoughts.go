package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/klarna-go/klarna-payments/klarna"
	"github.com/klarna-go/klarna-payments/klarna/klarnatest"
)

// secondThoughts cancels an authorization and shows how an order with it fails.
func secondThoughts(ctx context.Context, p *printer, client *klarna.Client, server *klarnatest.Server) error {
	p.title("A shopper has second thoughts")
	cart := session(klarna.IntentBuy, shoes(1))
	opened, err := client.CreateSession(ctx, cart)
	if err != nil {
		return err
	}
	p.step("Session opened", "%s", opened.SessionID)
	token, err := server.Authorize(opened.SessionID)
	if err != nil {
		return err
	}
	p.step("Approved", "by the fake server, in the shopper's place")
	if err := client.CancelAuthorization(ctx, token); err != nil {
		return err
	}
	p.step("Cancelled", "the authorization is gone")

	_, err = client.CreateOrder(ctx, token, klarna.OrderFromSession(cart))
	var rejected *klarna.Error
	if !errors.Is(err, klarna.ErrNotFound) || !errors.As(err, &rejected) {
		return fmt.Errorf("an order with a cancelled authorization was not rejected as expected: %w", err)
	}
	p.step("An order now", "is rejected with %d %s: %s", rejected.StatusCode, rejected.Code, rejected.Messages[0])
	return nil
}
