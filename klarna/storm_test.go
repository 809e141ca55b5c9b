package klarna_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"hash/fnv"
	"maps"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/klarna-go/klarna-payments/internal/wiretest"
	"github.com/klarna-go/klarna-payments/klarna"
	"github.com/klarna-go/klarna-payments/klarna/klarnatest"
	"github.com/stretchr/testify/require"
	"golang.org/x/net/http2"
)

// networkEvent is what happens to one request in a storm.
type networkEvent struct {
	name    string
	weight  int  // per 1,000 requests
	handled bool // the fake server handles the request
	happens func(storm *storm, s *wiretest.Stream, response *httptest.ResponseRecorder)
}

// Events that end a whole connection are rare: each of them meets every request on it.
var networkEvents = []networkEvent{
	{"reset with PROTOCOL_ERROR before", 20, false, resetWith(http2.ErrCodeProtocol)},
	{"reset with PROTOCOL_ERROR after", 40, true, resetWith(http2.ErrCodeProtocol)},
	{"reset with INTERNAL_ERROR before", 20, false, resetWith(http2.ErrCodeInternal)},
	{"reset with INTERNAL_ERROR after", 20, true, resetWith(http2.ErrCodeInternal)},
	{"reset with REFUSED_STREAM", 40, false, resetWith(http2.ErrCodeRefusedStream)},
	{"graceful GOAWAY", 15, false, func(storm *storm, s *wiretest.Stream, _ *httptest.ResponseRecorder) {
		storm.goAway(s, http2.ErrCodeNo)
	}},
	{"GOAWAY ENHANCE_YOUR_CALM", 5, false, func(storm *storm, s *wiretest.Stream, _ *httptest.ResponseRecorder) {
		storm.goAway(s, http2.ErrCodeEnhanceYourCalm)
	}},
	{"connection closed before", 3, false, closeConnection},
	{"connection closed after", 3, true, closeConnection},
	{"connection silent after", 5, true, func(_ *storm, s *wiretest.Stream, _ *httptest.ResponseRecorder) { s.SilenceConnection() }},
	{"response stalled", 5, true, func(_ *storm, s *wiretest.Stream, r *httptest.ResponseRecorder) {
		s.Start(r.Code, nil, r.Body.Len())
		s.Part(r.Body.String()[:r.Body.Len()/2], false)
	}},
	{"response truncated", 20, true, func(_ *storm, s *wiretest.Stream, r *httptest.ResponseRecorder) {
		s.Start(r.Code, nil, r.Body.Len())
		s.Part(r.Body.String()[:r.Body.Len()/2], true)
	}},
	{"response reset", 20, true, func(_ *storm, s *wiretest.Stream, r *httptest.ResponseRecorder) {
		s.Start(r.Code, nil, r.Body.Len())
		s.Part(r.Body.String()[:r.Body.Len()/2], false)
		s.Reset(http2.ErrCodeInternal)
	}},
	{"503 before", 20, false, unavailable503},
	{"503 after", 20, true, unavailable503},
}

func resetWith(code http2.ErrCode) func(*storm, *wiretest.Stream, *httptest.ResponseRecorder) {
	return func(_ *storm, s *wiretest.Stream, _ *httptest.ResponseRecorder) { s.Reset(code) }
}

func closeConnection(_ *storm, s *wiretest.Stream, _ *httptest.ResponseRecorder) { s.CloseConnection() }

func unavailable503(_ *storm, s *wiretest.Stream, _ *httptest.ResponseRecorder) {
	s.Respond(503, nil, "")
}

// storm is a bad network in front of the fake server.
type storm struct {
	fake *klarnatest.Server
	seed uint64

	mu      sync.Mutex
	names   map[string]string          // of calls, by path: a path has a token that is another one in each run
	copies  map[string]int             // by path, as they arrived
	orders  map[string]map[string]bool // ids of orders, by path
	tokens  map[string]int             // customer tokens that were created, by path
	events  map[string]int
	highest map[int]uint32 // the highest stream that was processed, by connection
	gone    map[int]bool   // connections with a GOAWAY
}

func newStorm(fake *klarnatest.Server, seed uint64) *storm {
	return &storm{
		fake: fake, seed: seed, names: map[string]string{}, copies: map[string]int{}, orders: map[string]map[string]bool{}, tokens: map[string]int{},
		events: map[string]int{}, highest: map[int]uint32{}, gone: map[int]bool{},
	}
}

// handle lets one event happen to a request. Which one depends on the seed, the call and the number of the copy alone.
func (x *storm) handle(s *wiretest.Stream) {
	request := s.Read()
	if !request.Whole {
		return
	}
	x.mu.Lock()
	x.copies[request.Path]++
	event := x.pick(x.names[request.Path], x.copies[request.Path])
	x.mu.Unlock()
	if event == nil {
		if response := x.process(s, request); response != nil {
			s.Respond(response.Code, http.Header{"Klarna-Correlation-Id": response.Header()["Klarna-Correlation-Id"]}, response.Body.String())
		}
		return
	}
	var response *httptest.ResponseRecorder
	if event.handled {
		if response = x.process(s, request); response == nil {
			return
		}
	}
	x.mu.Lock()
	x.events[event.name]++
	x.mu.Unlock()
	event.happens(x, s, response)
}

func (x *storm) pick(name string, number int) *networkEvent {
	hash := fnv.New64a()
	_, _ = fmt.Fprint(hash, name, number)
	at := rand.New(rand.NewPCG(x.seed, hash.Sum64())).IntN(1000)
	for i := range networkEvents {
		if at -= networkEvents[i].weight; at < 0 {
			return &networkEvents[i]
		}
	}
	return nil
}

// process has the fake server handle a request, unless GOAWAY has promised that it will not be.
func (x *storm) process(s *wiretest.Stream, request wiretest.Request) *httptest.ResponseRecorder {
	x.mu.Lock()
	if x.gone[s.Connection()] && s.ID() > x.highest[s.Connection()] {
		x.mu.Unlock()
		return nil
	}
	x.highest[s.Connection()] = max(x.highest[s.Connection()], s.ID())
	x.mu.Unlock()

	response := httptest.NewRecorder()
	forwarded := httptest.NewRequest(request.Method, x.fake.URL+request.Path, strings.NewReader(request.Body))
	forwarded.Header = request.Header
	x.fake.ServeHTTP(response, forwarded)

	var created struct {
		OrderID string `json:"order_id"`
		TokenID string `json:"token_id"`
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
func (x *storm) goAway(s *wiretest.Stream, code http2.ErrCode) {
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
func (x *storm) name(path, name string) string {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.names[path] = name
	return path
}

func (x *storm) checkout(t *testing.T, client *klarna.Client, number int) (c stormCheckout) {
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
	checkouts, parallel := 200, 40
	if os.Getenv(fullStorm) != "" {
		checkouts, parallel = 1000, 50
	}
	fake := klarnatest.NewServer()
	t.Cleanup(fake.Close)
	x := newStorm(fake, 2026)
	peer := wiretest.NewHTTP2(t, x.handle, http2.Setting{ID: http2.SettingMaxConcurrentStreams, Val: 10})
	client, err := klarna.New(klarna.Environment(peer.URL), klarna.APIKey(fake.APIKey), klarna.WithTimeout(5*time.Second),
		klarna.WithRetry(klarna.RetryPolicy{MaxAttempts: 5, BaseDelay: 20 * time.Millisecond, MaxDelay: 200 * time.Millisecond}))
	require.NoError(t, err)

	start := time.Now()
	results := make([]stormCheckout, checkouts)
	var group sync.WaitGroup
	slots := make(chan struct{}, parallel)
	for i := range results {
		slots <- struct{}{}
		group.Go(func() {
			defer func() { <-slots }()
			results[i] = x.checkout(t, client, i)
		})
	}
	group.Wait()
	x.report(t, results, peer.Connections(), time.Since(start))
}

// report prints what the storm did, and checks what must hold.
func (x *storm) report(t *testing.T, results []stormCheckout, connections int, took time.Duration) {
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
		attempts, copies = attempts+call.attempts, copies+x.copies[path]
		if x.copies[path] > call.attempts {
			wrong("%d copies on the wire and %d attempts reported, %v", x.copies[path], call.attempts, call.err)
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
	for _, figures := range []map[string]int{count, x.events} {
		for _, name := range slices.Sorted(maps.Keys(figures)) {
			t.Logf("%6d  %s", figures[name], name)
		}
	}
	require.GreaterOrEqual(t, count["order: placed"], len(results)*9/10, "orders with an id")
	require.Positive(t, count["token: created"])
	require.NotEmpty(t, x.events)
}
