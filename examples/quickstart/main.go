// Quickstart takes three shoppers through Klarna Payments: one buys and returns a part, one subscribes and is charged again, one has
// second thoughts.
//
// Without credentials in the environment it starts klarnatest, a fake Klarna server, in its own process. With credentials
// (see klarna.NewFromEnv) it calls Klarna up to the point where a browser is needed: the playground, unless KLARNA_ENVIRONMENT
// is production.
package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"

	"github.com/klarna-go/klarna-payments/klarna"
	"github.com/klarna-go/klarna-payments/klarna/klarnatest"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "quickstart:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, out io.Writer) error {
	p := &printer{out}
	p.title("Klarna Payments, a quick start")
	if os.Getenv("KLARNA_API_KEY") != "" || os.Getenv("KLARNA_USERNAME") != "" {
		client, err := klarna.NewFromEnv()
		if err != nil {
			return err
		}
		p.text("Credentials are set, so this talks to " + client.String() + ".")
		return untilTheBrowser(ctx, p, client)
	}

	server := klarnatest.NewServer()
	defer server.Close()
	p.text("No credentials are set, so this runs on klarnatest, a fake Klarna server within this program.",
		"Nothing leaves this machine. With credentials set (see klarna.NewFromEnv), it talks to Klarna: to the playground, unless KLARNA_ENVIRONMENT is production.")
	return onTheFakeServer(ctx, p, server)
}

func onTheFakeServer(ctx context.Context, p *printer, server *klarnatest.Server) error {
	client := server.Client()
	order, err := purchase(ctx, p, client, server)
	if err != nil {
		return err
	}
	if err := afterTheOrder(ctx, p, client, server, order.OrderID); err != nil {
		return err
	}
	if err := subscription(ctx, p, client, server); err != nil {
		return err
	}
	if err := secondThoughts(ctx, p, client, server); err != nil {
		return err
	}
	p.title("Done")
	p.text("The order that was placed: " + order.OrderID)
	return nil
}
