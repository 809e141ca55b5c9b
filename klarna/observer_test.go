package klarna_test

import (
	"context"
	"fmt"
	"net/http"
	"sync"
	"testing"

	"github.com/klarna-go/klarna-payments/internal/wiretest"
	"github.com/klarna-go/klarna-payments/klarna"
	"github.com/stretchr/testify/require"
)

// notebook is an observer that writes down what it is told.
type notebook struct {
	mu    sync.Mutex
	lines []string
}

type notebookKey struct{}

func (n *notebook) note(format string, args ...any) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.lines = append(n.lines, fmt.Sprintf(format, args...))
}

func (n *notebook) StartCall(ctx context.Context, o klarna.Observation) (context.Context, func(klarna.Outcome)) {
	n.note("call %+v", o)
	return context.WithValue(ctx, notebookKey{}, "call"), func(out klarna.Outcome) { n.note("call ends %+v", out) }
}

func (n *notebook) StartAttempt(ctx context.Context, o klarna.Observation) (context.Context, func(klarna.Outcome)) {
	n.note("attempt %d within %v", o.Attempt, ctx.Value(notebookKey{}))
	return context.WithValue(ctx, notebookKey{}, "attempt"), func(out klarna.Outcome) { n.note("attempt ends %+v", out) }
}

// printer is an observer that looks at errors later, as one that exports in the background does.
type printer struct{ group sync.WaitGroup }

func (p *printer) later(o klarna.Outcome) { p.group.Go(func() { _ = fmt.Sprintf("%+v", o) }) }

func (p *printer) StartCall(ctx context.Context, _ klarna.Observation) (context.Context, func(klarna.Outcome)) {
	return ctx, p.later
}

func (p *printer) StartAttempt(ctx context.Context, _ klarna.Observation) (context.Context, func(klarna.Outcome)) {
	return ctx, p.later
}

func TestObserverMayLookAtErrorsLater(t *testing.T) {
	t.Parallel()
	p := &printer{}
	client := clientOf(t, &script{Lines: []line{{Status: 503}}}, klarna.WithObserver(p))
	for range 50 {
		_, err := client.CreateOrder(t.Context(), authorizationToken, orderRequest())
		require.ErrorIs(t, err, klarna.ErrOutcomeUnknown)
	}
	p.group.Wait()
}

func TestObserverIsToldOfEachCallAndAttempt(t *testing.T) {
	t.Parallel()
	n := &notebook{}
	s := &script{Lines: []line{{Err: wiretest.ErrReset}, {Status: 503}, {Status: 200, Body: `{"order_id":"o-1"}`}}}
	within := roundTrip(func(r *http.Request) (*http.Response, error) {
		n.note("request within %v", r.Context().Value(notebookKey{}))
		return s.RoundTrip(r)
	})
	client := clientOf(t, s, klarna.WithObserver(n), klarna.WithHTTPClient(&http.Client{Transport: within}))
	_, err := client.CreateOrder(t.Context(), authorizationToken, orderRequest())
	require.NoError(t, err)
	require.Equal(t, []string{
		"call {Operation:CreateOrder Method:POST Route:/payments/v1/authorizations/{authorizationToken}/order ServerAddress:api.playground.klarna.com ServerPort:443 Attempt:0}",
		"attempt 1 within call",
		"request within attempt",
		"attempt ends {StatusCode:0 CorrelationID: Attempts:1 Err:klarna: CreateOrder: read tcp: connection reset by peer}",
		"attempt 2 within call",
		"request within attempt",
		"attempt ends {StatusCode:503 CorrelationID:c-2 Attempts:2 Err:klarna: CreateOrder: 503 Service Unavailable: no response body (attempt 2) (correlation id c-2)}",
		"attempt 3 within call",
		"request within attempt",
		"attempt ends {StatusCode:200 CorrelationID:c-3 Attempts:3 Err:<nil>}",
		"call ends {StatusCode:200 CorrelationID:c-3 Attempts:3 Err:<nil>}",
	}, n.lines)

	n.lines = nil
	rejecting := &script{Lines: []line{{Status: 404, Body: `{"error_code":"NOT_FOUND"}`}}}
	local, err := klarna.New("http://127.0.0.1:8181/prefix", klarna.APIKey(apiKey), klarna.WithObserver(n), klarna.WithHTTPClient(&http.Client{Transport: rejecting}))
	require.NoError(t, err)
	_, err = local.ReadSession(t.Context(), sessionID)
	require.ErrorIs(t, err, klarna.ErrNotFound)
	require.Equal(t, "call {Operation:ReadSession Method:GET Route:/payments/v1/sessions/{session_id} ServerAddress:127.0.0.1 ServerPort:8181 Attempt:0}", n.lines[0])
	require.Equal(t, "call ends {StatusCode:404 CorrelationID:c-1 Attempts:1 Err:klarna: ReadSession: 404 NOT_FOUND (correlation id c-1)}", n.lines[len(n.lines)-1])

	_, err = klarna.New(klarna.PlaygroundEU, klarna.APIKey(apiKey), klarna.WithObserver(nil))
	require.EqualError(t, err, "klarna: WithObserver: the observer is nil")
}
