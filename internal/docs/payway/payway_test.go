// Package payway has the Go blocks of docs/payway.md.
package payway

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"testing"

	"github.com/klarna-go/klarna-payments/payway"
	"github.com/klarna-go/klarna-payments/payway/paywaytest"
)

var request = payway.SessionRequest{Code: "nordlys_web", PeriodType: payway.PeriodTypeRecurring, ConfirmationURL: "https://paper.example/thanks"}

func Example_client() {
	// quote: client
	client, err := payway.New(payway.Stage) // or payway.Production; there is no default
	// end of quote
	fmt.Println(client != nil, err)
	// Output: true <nil>
}

// TestSession runs the block against the fake server.
func TestSession(t *testing.T) {
	server := paywaytest.NewServer()
	defer server.Close()
	ctx, client, token := t.Context(), server.Client(), server.Token
	// quote: session
	session, err := client.CreateSession(ctx, token, payway.SessionRequest{
		Code:            "nordlys_web", // of a package or a campaign
		PeriodType:      payway.PeriodTypeRecurring,
		ConfirmationURL: "https://paper.example/thanks",
	})
	// end of quote
	if err != nil || session.ClientToken == "" {
		t.Fatal(session, err)
	}
}

func TestErrors(t *testing.T) {
	server := paywaytest.NewServer()
	defer server.Close()
	called := false
	signInAgain := func(context.Context) error { called = true; return nil }
	handle := func(ctx context.Context, err error) error {
		// quote: errors
		var e *payway.Error
		switch {
		case errors.Is(err, payway.ErrUnauthorized):
			return signInAgain(ctx) // the token has expired
		case errors.As(err, &e):
			slog.Error("no Klarna session", "err", err, "code", e.Code, "fields", e.Fields)
		}
		// end of quote
		return err
	}
	_, err := server.Client().CreateSession(t.Context(), "expired", request)
	if err := handle(t.Context(), err); err != nil || !called {
		t.Fatal(err)
	}
}

// quote: test
func TestSubscribe(t *testing.T) {
	server := paywaytest.NewServer()
	defer server.Close()
	session, err := server.Client().CreateSession(t.Context(), server.Token, request)
	if err != nil {
		t.Fatal(err)
	}
	authorizationToken, err := server.Authorize(session.SessionID) // what the reader does in the browser
	if err != nil || authorizationToken == "" {
		t.Fatal(err)
	}
}

// end of quote
