package klarna

import (
	"context"
	"errors"
)

// Limiter holds calls back, so that a shop stays under Klarna's rate limit, which counts per merchant id. A *rate.Limiter
// of golang.org/x/time fits as it is.
type Limiter interface {
	// Wait returns when a request may be sent, or with an error when it may not.
	Wait(context.Context) error
}

type operationKey struct{}

// OperationFromContext is the operation that a [Limiter] is asked for, in the context that its Wait gets: Klarna counts
// new sessions and everything else apart. It is empty in any other context.
func OperationFromContext(ctx context.Context) Operation {
	op, _ := ctx.Value(operationKey{}).(Operation)
	return op
}

// WithLimiter has every attempt wait for the limiter. When Wait fails, nothing is sent and the call fails with its
// error.
func WithLimiter(limiter Limiter) Option {
	return func(c *config) error {
		if limiter == nil {
			return errors.New("klarna: WithLimiter: the limiter is nil")
		}
		c.limiter = limiter
		return nil
	}
}
