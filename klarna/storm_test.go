package klarna_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/klarna-go/klarna-payments/internal/storm"
	"github.com/klarna-go/klarna-payments/internal/wiretest"
	"github.com/klarna-go/klarna-payments/klarna"
	"github.com/klarna-go/klarna-payments/klarna/klarnatest"
	"github.com/stretchr/testify/require"
	"golang.org/x/net/http2"
)

// Events that end a whole connection are rare: each of them meets every request on it.
func (x *checkouts) events() []storm.Event {
	return []storm.Event{
		{Name: "reset with PROTOCOL_ERROR before", Weight: 20, Happens: storm.Reset(http2.ErrCodeProtocol)},
		{Name: "reset with PROTOCOL_ERROR after", Weight: 40, Handled: true, Happens: storm.Reset(http2.ErrCodeProtocol)},
		{Name: "reset with INTERNAL_ERROR before", Weight: 20, Happens: storm.Reset(http2.ErrCodeInternal)},
		{Name: "reset with INTERNAL_ERROR after", Weight: 20, Handled: true, Happens: storm.Reset(http2.ErrCodeInternal)},
		{Name: "reset with REFUSED_STREAM", Weight: 40, Happens: storm.Reset(http2.ErrCodeRefusedStream)},
		{Name: "graceful GOAWAY", Weight: 15, Happens: x.goAway(http2.ErrCodeNo)},
		{Name: "GOAWAY ENHANCE_YOUR_CALM", Weight: 5, Happens: x.goAway(http2.ErrCodeEnhanceYourCalm)},
		{Name: "connection closed before", Weight: 3, Happens: storm.CloseConnection},
		{Name: "connection closed after", Weight: 3, Handled: true, Happens: storm.CloseConnection},
		{Name: "connection silent after", Weight: 5, Handled: true, Happens: storm.Silence},
		{Name: "response stalled", Weight: 5, Handled: true, Happens: storm.HalfThenStall},
		{Name: "response truncated", Weight: 20, Handled: true, Happens: storm.HalfThenEnd},
		{Name: "response reset", Weight: 20, Handled: true, Happens: storm.HalfThenReset},
		{Name: "503 before", Weight: 20, Happens: storm.Respond(503)},
		{Name: "503 after", Weight: 20, Handled: true, Happens: storm.Respond(503)},
	}
}

// checkouts are many shoppers' ways through a storm.
type checkouts struct {
	storm.Network
	fake *klarnatest.Server

	mu      sync.Mutex
	names   map[string]string          // of calls, by path: a path has a token that is another one in each run
	orders  map[string]map[string]bool // ids of orders, by path
	tokens  map[string]int             // customer tokens that were created, by path
	highest map[int]uint32             // the highest stream that was processed, by connection
	gone    map[int]bool               // connections with a GOAWAY
}

func newCheckouts(fake *klarnatest.Server, seed uint64) *checkouts {
	x := &checkouts{
		fake: fake, names: map[string]string{}, orders: map[string]map[string]bool{}, tokens: map[string]int{},
		highest: map[int]uint32{}, gone: map[int]bool{},
	}
	x.Network = storm.Network{Seed: seed, Events: x.events(), Serve: x.process, Call: func(request wiretest.Request) string {
		x.mu.Lock()
		defer x.mu.Unlock()
		return x.names[request.Path]
	}}
	return x
}

// process has the fake server handle a request, unless GOAWAY has promised that it will not be.
func (x *checkouts) process(s *wiretest.Stream, request wiretest.Request) *httptest.ResponseRecorder {
	x.mu.Lock()
	if x.gone[s.Connection()] && s.ID() > x.highest[s.Connection()] {
		x.mu.Unlock()
		return nil
	}
	x.highest[s.Connection()] = max(x.highest[s.Connection()], s.ID())
	x.mu.Unlock()
	response := storm.Serve(x.fake)(s, request)

	var created struct {
		OrderID string `json:"order_id"`
	}
	_ = json.Unmarshal(response.Body.Bytes(), &created)
	x.mu.Lock()
	defer x.mu.Unlock()
	if created.OrderID != "" {
		if x.orders[request.Path] == nil {
			x.orders[request.Path] = map[string]bool{}
		}
		x.orders[request.Path][created.OrderID] = true
	}
	if strings.HasSuffix(request.Path, "/customer-token") {
		x.tokens[request.Path]++ // Klarna might create one for each request that it processes
	}
	return response
}

// goAway promises not to process any stream above those that have been.
func (x *checkouts) goAway(code http2.ErrCode) storm.Happens {
	return func(_ *storm.Network, s *wiretest.Stream, _ *httptest.ResponseRecorder) {
		x.mu.Lock()
		defer x.mu.Unlock()
		last := x.highest[s.Connection()]
		if !x.gone[s.Connection()] {
			x.gone[s.Connection()] = true
			s.GoAway(last, code, "")
		}
		if s.ID() <= last { // the promise does not cover it
			s.Reset(http2.ErrCodeRefusedStream)
		}
	}
}

// stormCheckout is one shopper's way through the storm.
type stormCheckout struct {
	sessionID, orderPath, tokenPath string
	order, token                    stormCall
}

// stormCall is how one call ended.
type stormCall struct {
	id       string
	attempts int
	err      error
}

// name returns the name of the call that a path belongs to.
func (x *checkouts) name(path, name string) string {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.names[path] = name
	return path
}

func (x *checkouts) checkout(t *testing.T, client *klarna.Client, number int) (c stormCheckout) {
	tokenize := number%5 == 0
	calm := x.fake.Client()
	cart := wireCart()
	if tokenize {
		cart.Intent = klarna.IntentBuyAndTokenize
	}
	session, err := calm.CreateSession(t.Context(), cart)
	if err != nil {
		t.Error(err)
		return c
	}
	authorization, err := x.fake.Authorize(session.SessionID)
	if err != nil {
		t.Error(err)
		return c
	}
	c.sessionID = session.SessionID
	if tokenize {
		c.tokenPath = x.name("/payments/v1/authorizations/"+authorization+"/customer-token", fmt.Sprint("token of ", number))
		var response klarna.Response
		token, err := client.CreateCustomerToken(t.Context(), authorization, wireTokenRequest(), klarna.WithResponse(&response))
		c.token = stormCall{attempts: response.Attempts, err: err}
		if err == nil {
			c.token.id = token.TokenID
		}
	}
	c.orderPath = x.name("/payments/v1/authorizations/"+authorization+"/order", fmt.Sprint("order of ", number))
	var response klarna.Response
	order, err := client.CreateOrder(t.Context(), authorization, wireOrder(), klarna.WithResponse(&response))
	c.order = stormCall{attempts: response.Attempts, err: err}
	if err == nil {
		c.order.id = order.OrderID
	}
	return c
}

// A thousand checkouts over HTTP/2, with the default transport, on a network that resets, goes away, falls silent, stalls and
// truncates. No order that exists is reported as a plain failure, nothing is created twice, net/http sends nothing behind the
// library's back, and "unknown" is not the easy way out.
func TestStormOverHTTP2LosesNoOrder(t *testing.T) {
	fake := klarnatest.NewServer()
	t.Cleanup(fake.Close)
	x := newCheckouts(fake, 2026)
	peer := wiretest.NewHTTP2(t, x.Handle, http2.Setting{ID: http2.SettingMaxConcurrentStreams, Val: 10})
	client, err := klarna.New(klarna.Environment(peer.URL), klarna.APIKey(fake.APIKey), klarna.WithTimeout(5*time.Second),
		klarna.WithRetry(klarna.RetryPolicy{MaxAttempts: 5, BaseDelay: 20 * time.Millisecond, MaxDelay: 200 * time.Millisecond}))
	require.NoError(t, err)

	start := time.Now()
	results := make([]stormCheckout, storm.Size(200, 1000))
	storm.Each(len(results), storm.Size(40, 50), func(i int) { results[i] = x.checkout(t, client, i) })
	x.report(t, results, peer.Connections(), time.Since(start))
}

// report prints what the storm did, and checks what must hold.
func (x *checkouts) report(t *testing.T, results []stormCheckout, connections int, took time.Duration) {
	t.Helper()
	x.mu.Lock()
	defer x.mu.Unlock()
	count := map[string]int{}
	attempts, copies := 0, 0
	ids := map[string]bool{}
	wrong := func(format string, args ...any) {
		t.Errorf(format, args...)
		count["WRONG"]++
	}
	onWire := func(path string, call stormCall) {
		onWire := x.Copies(x.names[path])
		attempts, copies = attempts+call.attempts, copies+onWire
		if onWire > call.attempts {
			wrong("%d copies on the wire and %d attempts reported, %v", onWire, call.attempts, call.err)
		}
	}
	for _, c := range results {
		session, err := x.fake.Client().ReadSession(t.Context(), c.sessionID)
		require.NoError(t, err)
		exists := session.Status == klarna.SessionStatusComplete
		onWire(c.orderPath, c.order)
		switch err := c.order.err; {
		case err == nil:
			count["order: placed"]++
			if !exists || ids[c.order.id] || !x.orders[c.orderPath][c.order.id] {
				wrong("order %s is not the one of its session", c.order.id)
			}
			ids[c.order.id] = true
		case errors.Is(err, klarna.ErrOrderAlreadyPlaced):
			count["order: already placed"]++
			if !exists {
				wrong("no order exists: %v", err)
			}
		case errors.Is(err, klarna.ErrOutcomeUnknown):
			count[fmt.Sprintf("order: unknown, and exists: %v", exists)]++
		default:
			count["order: failed"]++
			if exists {
				wrong("the order exists, and the caller got: %v", err)
			}
		}
		if len(x.orders[c.orderPath]) > 1 {
			wrong("placed twice")
		}
		if c.tokenPath == "" {
			continue
		}
		onWire(c.tokenPath, c.token)
		if x.tokens[c.tokenPath] > 1 {
			wrong("the request for a customer token was processed %d times", x.tokens[c.tokenPath])
		}
		switch err := c.token.err; {
		case err == nil:
			count["token: created"]++
		case errors.Is(err, klarna.ErrOutcomeUnknown):
			count["token: unknown"]++
		default:
			count["token: failed"]++
			if x.tokens[c.tokenPath] > 0 {
				wrong("the customer token exists, and the caller got: %v", err)
			}
		}
	}
	t.Logf("%d checkouts in %v over %d connections; %d attempts reported, %d copies on the wire", len(results), took.Round(time.Millisecond), connections, attempts, copies)
	x.Log(t, count)
	require.GreaterOrEqual(t, count["order: placed"], len(results)*9/10, "orders with an id")
	require.Positive(t, count["token: created"])
}
