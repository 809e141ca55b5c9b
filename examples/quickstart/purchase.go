package main

import (
	"context"

	"github.com/klarna-go/klarna-payments/klarna"
	"github.com/klarna-go/klarna-payments/klarna/klarnatest"
)

// purchase opens a session, changes the cart, has the shopper approve and places the order.
func purchase(ctx context.Context, p *printer, client *klarna.Client, server *klarnatest.Server) (*klarna.Order, error) {
	p.title("A shopper buys")
	opened, cart, err := openAndUpdate(ctx, p, client)
	if err != nil {
		return nil, err
	}

	token, err := server.Authorize(opened.SessionID)
	if err != nil {
		return nil, err
	}
	p.step("Approved", "by the fake server, in the shopper's place; in a shop the browser sends the authorization token")

	order, err := client.CreateOrder(ctx, token, klarna.OrderFromSession(cart))
	if err != nil {
		return nil, err
	}
	p.step("Order placed", "%s (%s, fraud check: %s)", order.OrderID, order.AuthorizedPaymentMethod.Type, order.FraudStatus)
	p.step("Send shopper to", "%s", order.RedirectURL)

	read, err := client.ReadSession(ctx, opened.SessionID)
	if err != nil {
		return nil, err
	}
	p.step("Session read", "%s", read.Status)
	return order, nil
}

// openAndUpdate is the part before the browser: it returns the session and its final cart.
func openAndUpdate(ctx context.Context, p *printer, client *klarna.Client) (*klarna.MerchantSession, klarna.SessionCreate, error) {
	cart := session(klarna.IntentBuy, shoes(1), parcel())
	p.cart(cart.OrderLines)
	opened, err := client.CreateSession(ctx, cart)
	if err != nil {
		return nil, cart, err
	}
	p.step("Session opened", "%s", opened.SessionID)
	p.categories(opened.PaymentMethodCategories)

	read, err := client.ReadSession(ctx, opened.SessionID)
	if err != nil {
		return nil, cart, err
	}
	p.step("Session read", "%s, %s, open until %s", read.Status, money(read.OrderAmount), read.ExpiresAt.Format("2 Jan 15:04 MST"))

	cart.OrderLines = []klarna.OrderLine{shoes(2), parcel()}
	cart.OrderAmount, cart.OrderTaxAmount = klarna.Totals(cart.OrderLines)
	err = client.UpdateSession(ctx, opened.SessionID, klarna.CartUpdate(cart.OrderLines))
	if err != nil {
		return nil, cart, err
	}
	p.step("Cart updated", "a second pair")
	p.cart(cart.OrderLines)
	return opened, cart, nil
}
