// Payway is a newspaper's page that sells a subscription with Klarna through Payway, up to the authorization token.
//
//	go run ./payway
//
// It runs on fake servers of Payway and Klarna within this program; nothing leaves this machine. Open the address that it
// prints, and subscribe.
package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/signal"
	"time"

	"github.com/klarna-go/klarna-payments/klarna/klarnatest"
	"github.com/klarna-go/klarna-payments/payway"
	"github.com/klarna-go/klarna-payments/payway/paywaytest"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := run(ctx, "127.0.0.1:8080")
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "payway:", err)
		os.Exit(1)
	}
}

// run serves the page until the context ends.
func run(ctx context.Context, address string) error {
	fake := paywaytest.NewServer()
	defer fake.Close()
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", address)
	if err != nil {
		return err
	}
	paper := newPaper(fake.Client(), fake.Klarna.URL+klarnatest.ScriptPath, func(*http.Request) payway.Token {
		return fake.Token // that of the reader who is signed in
	}, os.Stdout)
	server := &http.Server{Handler: paper, ReadHeaderTimeout: 10 * time.Second}
	context.AfterFunc(ctx, func() { _ = server.Close() }) // it serves one person, who has pressed Ctrl-C
	fmt.Println("Open http://" + listener.Addr().String() + " and subscribe. Ctrl-C stops.")
	if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}
