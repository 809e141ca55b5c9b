package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/klarna-go/klarna-payments/klarna"
	"github.com/klarna-go/klarna-payments/klarna/klarnatest"
)

// secondThoughts cancels an authorization and shows what an order with it comes to.
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
	p.step("Approved", "by the stand-in, in the shopper's place")
	if err := client.CancelAuthorization(ctx, token); err != nil {
		return err
	}
	p.step("Cancelled", "the authorization is gone")

	_, err = client.CreateOrder(ctx, token, klarna.OrderFromSession(cart))
	var refused *klarna.Error
	if !errors.Is(err, klarna.ErrNotFound) || !errors.As(err, &refused) {
		return fmt.Errorf("an order with a cancelled authorization was not refused as expected: %w", err)
	}
	p.step("An order now", "is refused with %d %s: %s", refused.StatusCode, refused.Code, refused.Messages[0])
	return nil
}
