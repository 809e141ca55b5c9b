// Checkout is an example of a web shop that takes payments with Klarna Payments: a cart, the checkout with Klarna's widget,
// and the order that is placed on the server. It sells nothing.
//
//	go run ./checkout                       # on a local sandbox in this program: no credentials, no money
//	KLARNA_API_KEY=… go run ./checkout      # on Klarna, its playground by default; see klarna.NewFromEnv
//	go run ./checkout -db postgres://…      # on PostgreSQL, and not on SQLite in the file shop.sqlite
//
// How Klarna reaches the shop is up to -base-url (or SHOP_BASE_URL), the https URL that the shop has on the internet. Without
// it the shop on the playground gets no callback, and relies on the shopper's browser.
//
// What to read, in the order of a purchase: checkout_open.go, static/checkout.js, place.go, callback.go, settle.go; for
// Klarna's page as the other way to pay: hosted.go, hosted_return.go, hosted_settle.go; and what follows in the back office:
// office.go, office_forms.go, office_changes.go, office_resolve.go.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"os/signal"
	"syscall"
	"time"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second signal ends the program at once
	err := run(ctx, os.Args[1:], os.Stdout)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "checkout:", err)
		os.Exit(1)
	}
}

// run serves the shop until the context ends.
func run(ctx context.Context, args []string, out io.Writer) error {
	flags := flag.NewFlagSet("checkout", flag.ContinueOnError)
	addr := flags.String("addr", "127.0.0.1:8080", "where to listen")
	dbName := flags.String("db", "shop.sqlite", "the database: a SQLite file, or postgres://…, which several shops may share")
	baseURL := flags.String("base-url", os.Getenv("SHOP_BASE_URL"), "the URL that Klarna and shoppers reach the shop by (or SHOP_BASE_URL)")
	lease := flags.Duration("lease", 15*time.Second, "after how long another shop on the database goes on with an order whose shop has died")
	if err := flags.Parse(args); err != nil {
		return err
	}
	logger := slog.New(slog.NewTextHandler(os.Stderr, nil))

	payments, err := connect(logger)
	if err != nil {
		return err
	}
	defer payments.close()
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", *addr)
	if err != nil {
		return fmt.Errorf("%w; choose another address with -addr, or with make checkout ADDR=127.0.0.1:8081", err)
	}
	own := urlOf(listener.Addr())
	if *baseURL == "" && payments.sandbox {
		*baseURL = own // the sandbox calls back to this machine
	}
	st, err := openStore(ctx, *dbName)
	if err != nil {
		return err
	}
	defer st.close()
	shop, err := newShop(ctx, st, payments, *baseURL, *lease, logger)
	if err != nil {
		return err
	}

	if _, err := fmt.Fprintf(out, "%s\nThe shop is at %s (stop it with Ctrl-C).\n"+
		"Its back office is at %s/office: any user name, and the password %s\n", payments.notice, own, own, shop.office.password); err != nil {
		return err
	}
	return serve(ctx, listener, shop)
}

// urlOf is where a browser on this machine finds what listens at addr.
func urlOf(addr net.Addr) string {
	host, port, err := net.SplitHostPort(addr.String())
	if err != nil {
		return "http://" + addr.String()
	}
	if ip := net.ParseIP(host); ip == nil || ip.IsUnspecified() {
		host = "127.0.0.1"
	}
	return "http://" + net.JoinHostPort(host, port)
}
