package klarna_test

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"

	"github.com/klarna-go/klarna-payments/internal/wiretest"
	"github.com/klarna-go/klarna-payments/klarna"
	"github.com/stretchr/testify/require"
)

// gate is a limiter that counts, and fails from some call on.
type gate struct {
	calls, open atomic.Int64
	err         error
}

func (g *gate) Wait(context.Context) error {
	if g.calls.Add(1) > g.open.Load() {
		return g.err
	}
	return nil
}

func newGate(open int64, err error) *gate {
	g := &gate{err: err}
	g.open.Store(open)
	return g
}

func TestLimiterIsAskedOnceForEachAttempt(t *testing.T) {
	t.Parallel()
	g := newGate(10, nil)
	s := &script{Lines: []line{{Status: 503}, {Status: 429}, {Status: 200, Body: `{"order_id":"o-1"}`}}}
	_, err := clientOf(t, s, klarna.WithLimiter(g)).CreateOrder(t.Context(), authorizationToken, orderRequest())
	require.NoError(t, err)
	require.EqualValues(t, 3, g.calls.Load())
	require.Len(t, s.Sent(), 3)
}

func TestLimiterThatFailsEndsTheCallAndIsNotAskedAgain(t *testing.T) {
	t.Parallel()
	down := errors.New("the quota cannot be read")
	g := newGate(0, down)
	s := &script{Lines: []line{{Status: 200, Body: `{"order_id":"o-1"}`}}}
	_, err := clientOf(t, s, klarna.WithLimiter(g)).CreateOrder(t.Context(), authorizationToken, orderRequest())
	require.ErrorIs(t, err, down)
	require.EqualError(t, err, "klarna: CreateOrder: nothing was sent: the limiter: the quota cannot be read")
	require.NotErrorIs(t, err, klarna.ErrOutcomeUnknown)
	require.EqualValues(t, 1, g.calls.Load())
	require.Empty(t, s.Sent())

	// An attempt before it may have placed the order, though.
	s = &script{Lines: []line{{Err: wiretest.ErrReset}}}
	_, err = clientOf(t, s, klarna.WithLimiter(newGate(1, down))).CreateOrder(t.Context(), authorizationToken, orderRequest())
	require.ErrorIs(t, err, down)
	require.ErrorIs(t, err, klarna.ErrOutcomeUnknown)
	require.EqualError(t, err, "klarna: CreateOrder: read tcp: connection reset by peer; the outcome is unknown; not retried: the limiter: the quota cannot be read")
	var e *klarna.Error
	require.ErrorAs(t, err, &e)
	require.Equal(t, 1, e.Attempts)
	require.Len(t, s.Sent(), 1)

	// The error is still about the last response.
	s = &script{Lines: []line{{Status: 503}}}
	var response klarna.Response
	_, err = clientOf(t, s, klarna.WithLimiter(newGate(1, down))).CreateOrder(t.Context(), authorizationToken, orderRequest(), klarna.WithResponse(&response))
	require.ErrorIs(t, err, down)
	require.ErrorIs(t, err, klarna.ErrOutcomeUnknown)
	require.ErrorIs(t, err, klarna.ErrServer)
	require.Equal(t, 503, response.StatusCode)

	_, err = klarna.New(klarna.PlaygroundEU, klarna.APIKey(apiKey), klarna.WithLimiter(nil))
	require.EqualError(t, err, "klarna: WithLimiter: the limiter is nil")
}

// limiterFunc is a limiter of one function.
type limiterFunc func(context.Context) error

func (f limiterFunc) Wait(ctx context.Context) error { return f(ctx) }

func TestLimiterIsToldTheOperation(t *testing.T) {
	t.Parallel()
	for _, op := range operations() {
		var asked klarna.Operation
		limiter := limiterFunc(func(ctx context.Context) error {
			asked = klarna.OperationFromContext(ctx)
			return nil
		})
		s := &script{Lines: []line{{Status: op.status, Body: op.response}}}
		require.NoError(t, op.call(t, clientOf(t, s, klarna.WithLimiter(limiter))))
		require.Equal(t, op.name, asked)
	}
	require.Empty(t, klarna.OperationFromContext(t.Context()))
}
