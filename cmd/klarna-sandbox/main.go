// Klarna-sandbox is a local sandbox for Klarna, for shops in any language and for the browser. It is package
// klarnatest behind a port. No credentials of Klarna's are needed, and nothing leaves this machine without -allow-remote and
// -callback-hosts.
//
//	go run github.com/klarna-go/klarna-payments/cmd/klarna-sandbox@latest
//
// With -payway it is a local sandbox for Payway's create_session as well, whose client tokens work with its script.
//
// It prints the environment lines to copy, and logs each request in one line. With -h it prints its flags, and a purchase with
// curl.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"syscall"

	"github.com/klarna-go/klarna-payments/klarna/klarnatest"
	"github.com/klarna-go/klarna-payments/payway/paywaytest"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second signal ends it the hard way
	err := run(ctx, os.Args[1:], os.Getenv, os.Stdout, os.Stderr)
	switch {
	case errors.Is(err, flag.ErrHelp):
	case errors.Is(err, errUsage):
		fmt.Fprintln(os.Stderr, "klarna-sandbox:", err)
		os.Exit(2)
	case err != nil:
		fmt.Fprintln(os.Stderr, "klarna-sandbox:", err)
		os.Exit(1)
	}
}

// run serves until the context ends.
func run(ctx context.Context, args []string, getenv func(string) string, out, log io.Writer) error {
	s, err := parse(args, getenv, out)
	if err != nil {
		return err
	}
	listener, err := listen(ctx, "addr", s.addr, s.remote)
	if err != nil {
		return err
	}
	logger := slog.New(newHandler(log))
	server := klarnatest.NewServer(append(s.options,
		klarnatest.WithListener(listener),
		klarnatest.WithURL(s.baseURL(listener.Addr())),
		klarnatest.WithLogger(logger),
		klarnatest.WithSetup(s.apply),
	)...)
	defer server.Close()
	if s.payway != "" {
		listener, err := listen(ctx, "payway", s.payway, s.remote)
		if err != nil {
			return err
		}
		payway := paywaytest.NewServer(paywaytest.WithKlarna(server), paywaytest.WithListener(listener), paywaytest.WithLogger(logger))
		defer payway.Close()
		if err := greetPayway(out, settings{}.baseURL(listener.Addr()), payway); err != nil {
			return err
		}
	}
	if err := greet(out, server); err != nil {
		return err
	}
	<-ctx.Done()
	return nil
}
