package pages

import (
	"errors"
	"log/slog"

	"github.com/klarna-go/klarna-payments/klarna"
)

func Example_errorsLog() {
	var err error
	// quote: log
	var e *klarna.Error
	if errors.As(err, &e) {
		slog.Error("klarna", "err", e) // a group: operation, error, status, code, correlation_id, attempts
	}
	// end of quote
	// Output:
}

func Example_errorsAddress() {
	_ = func() error {
		// quote: address
		approved, err := client.ReadSession(ctx, sessionID)
		if err != nil {
			return err
		}
		placed, err := client.CreateOrder(ctx, authorizationToken, klarna.OrderFromApproved(cart, *approved))
		// end of quote
		_ = placed
		return err
	}
}
