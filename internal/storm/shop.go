package storm

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/net/http2"

	"github.com/klarna-go/klarna-payments/internal/wiretest"
	"github.com/klarna-go/klarna-payments/klarna"
	"github.com/klarna-go/klarna-payments/klarna/klarnatest"
)

// ShopEvents returns what happens to the requests of a shop, and more of it. Events that end a whole connection are rare: each of
// them meets every request on it.
func ShopEvents(more ...Event) []Event {
	return append([]Event{
		{Name: "reset before", Weight: 40, Happens: Reset(http2.ErrCodeInternal)},
		{Name: "reset after: the response is lost", Weight: 70, Handled: true, Happens: Reset(http2.ErrCodeInternal)},
		{Name: "REFUSED_STREAM", Weight: 30, Happens: Reset(http2.ErrCodeRefusedStream)},
		{Name: "connection closed before", Weight: 3, Happens: CloseConnection},
		{Name: "connection closed after", Weight: 3, Handled: true, Happens: CloseConnection},
		{Name: "connection silent after", Weight: 4, Handled: true, Happens: Silence},
		{Name: "stalled before", Weight: 4, Happens: Stall},
		{Name: "503 before", Weight: 30, Happens: Respond(503)},
		{Name: "503 after", Weight: 30, Handled: true, Happens: Respond(503)},
		{Name: "500 after", Weight: 20, Handled: true, Happens: Respond(500)},
		{Name: "a page of a gateway after", Weight: 10, Handled: true, Happens: GatewayPage},
		{Name: "the process dies before", Weight: 10, Happens: Die},
		{Name: "the process dies after", Weight: 20, Handled: true, Happens: Die},
	}, more...)
}

// Shop is a shop behind a bad network, whose processes die. Its calls have idempotency keys.
type Shop struct {
	Network
	Fake *klarnatest.Server
	url  string
}

// Start puts the network in front of the fake server. Serve may be set before; the fake server handles the requests otherwise.
func (s *Shop) Start(t *testing.T) {
	s.Call = ByKey
	if s.Serve == nil {
		s.Serve = Serve(s.Fake)
	}
	s.url = wiretest.NewHTTP2(t, s.Handle, http2.Setting{ID: http2.SettingMaxConcurrentStreams, Val: 20}).URL
}

// NewProcess returns the client of a new process of the shop.
func (s *Shop) NewProcess(t *testing.T) *klarna.Client {
	client, err := klarna.New(klarna.Environment(s.url), klarna.APIKey(s.Fake.APIKey), klarna.WithTimeout(2*time.Second),
		klarna.WithRetry(klarna.RetryPolicy{MaxAttempts: 5, BaseDelay: 20 * time.Millisecond, MaxDelay: 200 * time.Millisecond}))
	if err != nil {
		t.Error(err)
	}
	return client
}

// KeyedCall is a call that the shop makes until it succeeds. Its key is derived from what is intended, so that a process that was
// restarted has the same one.
type KeyedCall struct {
	Key      string
	calls    int
	attempts int
	died     bool
}

// Finish makes a call until it succeeds, after the first time in a new process with the same key. It returns the client of the last
// process. carriedOut reports whether the fake server has carried it out: then the caller must not be told that it failed.
func (s *Shop) Finish(t *testing.T, client *klarna.Client, c *KeyedCall,
	send func(context.Context, *klarna.Client, ...klarna.CallOption) error, carriedOut func() bool,
) *klarna.Client {
	for c.calls < 20 {
		ctx, cancel := s.Process(t.Context(), c.Key)
		var response klarna.Response
		err := send(ctx, client, klarna.WithIdempotencyKey(c.Key), klarna.WithResponse(&response))
		died := ctx.Err() != nil
		cancel()
		c.calls++
		c.attempts += response.Attempts
		if err == nil {
			return client
		}
		if !errors.Is(err, klarna.ErrOutcomeUnknown) && carriedOut() {
			t.Errorf("%s was carried out, and the caller got: %v", c.Key, err)
		}
		c.died = c.died || died
		client = s.NewProcess(t)
	}
	t.Errorf("%s did not succeed in %d calls", c.Key, c.calls)
	return client
}

// Report logs how the calls ended. It requires that net/http sent nothing behind the library's back, that processes died, and that
// few of the other calls had to be repeated.
func (s *Shop) Report(t *testing.T, what string, calls []*KeyedCall, took time.Duration) {
	t.Helper()
	const once, died, unknown = "within one call", "after the process died", "after an unknown outcome"
	count := map[string]int{}
	attempts, copies := 0, 0
	for _, c := range calls {
		attempts, copies = attempts+c.attempts, copies+s.Copies(c.Key)
		switch {
		case c.calls == 1:
			count[once]++
		case c.died:
			count[died]++
		default:
			count[unknown]++
		}
	}
	t.Logf("%d %s in %v; %d attempts reported, %d copies on the wire", len(calls), what, took.Round(time.Millisecond), attempts, copies)
	s.Log(t, count)
	require.LessOrEqual(t, copies, attempts, "net/http sends nothing behind the library's back")
	require.GreaterOrEqual(t, count[once], (len(calls)-count[died])*95/100, "%s that need no further call", what)
	require.Positive(t, count[died])
}
