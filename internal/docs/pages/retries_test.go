package pages

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/klarna-go/klarna-payments/klarna"
)

func Example_retriesPolicy() {
	// quote: policy
	client, err := klarna.New(env, creds, klarna.WithRetry(klarna.RetryPolicy{MaxAttempts: 5, MaxDelay: 2 * time.Second}))
	// end of quote
	fmt.Println(client, err)
	// Output: klarna.Client(https://api.playground.klarna.com) <nil>
}

// The rest needs what a shopper approved, and is compiled only.

func Example_retriesOnce() {
	// quote: once
	order, err := client.CreateOrder(ctx, authorizationToken, request, klarna.WithMaxAttempts(1))
	// end of quote
	_, _ = order, err
}

func Example_retriesUnknown() {
	_ = func() error {
		// quote: unknown
		order, err := client.CreateOrder(ctx, authorizationToken, request)
		if errors.Is(err, klarna.ErrOutcomeUnknown) {
			slog.Warn("order outcome unknown", "session", sessionID, "err", err)
			return checkLater(sessionID, authorizationToken, request) // the queue goes on with step 2
		}
		// end of quote
		_ = order
		return nil
	}
}

func Example_retriesDetached() {
	// quote: detached
	placing, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Minute)
	defer cancel()
	order, err := client.CreateOrder(placing, authorizationToken, request)
	// end of quote
	_, _ = order, err
}
