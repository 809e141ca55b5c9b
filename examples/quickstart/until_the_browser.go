package main

import (
	"context"

	"github.com/klarna-go/klarna-payments/klarna"
)

// untilTheBrowser does on the playground what a server can do alone, and prints what comes next.
func untilTheBrowser(ctx context.Context, p *printer, client *klarna.Client) error {
	p.title("A shopper is about to buy")
	opened, _, err := openAndUpdate(ctx, p, client)
	if err != nil {
		return err
	}
	p.title("What comes next")
	p.text(
		"The shopper's browser takes over here:",
		"  1. Your page passes session.ClientToken to Klarna.Payments.init of Klarna's script.",
		"  2. Klarna.Payments.load shows the widget, Klarna.Payments.authorize has the shopper approve.",
		"  3. authorize calls your page back with an authorization token, which it sends to your server.",
		"  4. Your server calls client.CreateOrder with it, with the cart as it is now.",
		"Nothing was bought. Session "+opened.SessionID+" ends by itself.",
		"Run this without credentials to see the whole purchase on a fake server.")
	return nil
}
