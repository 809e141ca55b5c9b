package ratelimit

import (
	"context"

	"github.com/klarna-go/klarna-payments/klarna"
	"golang.org/x/time/rate"
)

// OneProcess is a limiter for a shop that runs as one process. A plain *rate.Limiter is one as well, where a single
// count for all calls is enough.
type OneProcess struct{ createSession, others *rate.Limiter }

// NewOneProcess returns a limiter with its count in memory.
func NewOneProcess(quota Quota) *OneProcess {
	// A burst of a tenth of a second spreads the calls over Klarna's window of a second.
	limiter := func(perSecond int) *rate.Limiter {
		return rate.NewLimiter(rate.Limit(perSecond), max(1, perSecond/10))
	}
	return &OneProcess{limiter(quota.CreateSession), limiter(quota.Others)}
}

// Wait waits until a call may be sent. It fails at once when the context's deadline is sooner than that.
func (l *OneProcess) Wait(ctx context.Context) error {
	if klarna.OperationFromContext(ctx) == klarna.OperationCreateSession {
		return l.createSession.Wait(ctx)
	}
	return l.others.Wait(ctx)
}
