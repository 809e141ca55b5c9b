//go:debug x509usefallbackroots=1

package ordermanagement_test

import (
	"context"
	"crypto/x509"
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

	"github.com/stretchr/testify/require"
	"golang.org/x/net/http2"

	"github.com/klarna-go/klarna-payments/internal/wiretest"
	"github.com/klarna-go/klarna-payments/klarna"
	"github.com/klarna-go/klarna-payments/klarna/klarnatest"
	"github.com/klarna-go/klarna-payments/klarna/ordermanagement"
)

// The default transport cannot be told which certificates to trust, so the whole test binary trusts wiretest's.
func init() { x509.SetFallbackRoots(wiretest.Roots()) }

// networkEvent is what happens to one request in a storm.
type networkEvent struct {
	name    string
	weight  int  // per 1,000 requests
	handled bool // the fake server handles the request
	happens func(storm *storm, s *wiretest.Stream, response *httptest.ResponseRecorder)
}

// Events that end a whole connection are rare: each of them meets every request on it.
var networkEvents = []networkEvent{
	{"reset before", 40, false, resetStream},
	{"reset after: the response is lost", 70, true, resetStream},
	{"REFUSED_STREAM", 30, false, func(_ *storm, s *wiretest.Stream, _ *httptest.ResponseRecorder) { s.Reset(http2.ErrCodeRefusedStream) }},
	{"connection closed before", 3, false, closeConnection},
	{"connection closed after", 3, true, closeConnection},
	{"connection silent after", 4, true, func(_ *storm, s *wiretest.Stream, _ *httptest.ResponseRecorder) { s.SilenceConnection() }},
	{"stalled before", 4, false, nothing},
	{"stalled after", 6, true, nothing},
	{"503 before", 30, false, respond(503)},
	{"503 after", 30, true, respond(503)},
	{"500 after", 20, true, respond(500)},
	{"a page of a gateway after", 10, true, func(_ *storm, s *wiretest.Stream, _ *httptest.ResponseRecorder) {
		s.Respond(502, http.Header{"Content-Type": {"text/html"}}, "<html></html>")
	}},
	{"without the id", 10, true, func(_ *storm, s *wiretest.Stream, r *httptest.ResponseRecorder) { s.Respond(r.Code, nil, "") }},
	{"with a Location only", 20, true, func(_ *storm, s *wiretest.Stream, r *httptest.ResponseRecorder) {
		s.Respond(r.Code, http.Header{"Location": r.Header()["Location"]}, "")
	}},
	{"the process dies before", 10, false, die},
	{"the process dies after", 20, true, die},
}

func resetStream(_ *storm, s *wiretest.Stream, _ *httptest.ResponseRecorder) {
	s.Reset(http2.ErrCodeInternal)
}

func closeConnection(_ *storm, s *wiretest.Stream, _ *httptest.ResponseRecorder) { s.CloseConnection() }

func nothing(*storm, *wiretest.Stream, *httptest.ResponseRecorder) {}

func respond(status int) func(*storm, *wiretest.Stream, *httptest.ResponseRecorder) {
	return func(_ *storm, s *wiretest.Stream, _ *httptest.ResponseRecorder) { s.Respond(status, nil, "") }
}

func die(x *storm, s *wiretest.Stream, _ *httptest.ResponseRecorder) {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.processes[s.Read().Header.Get("Klarna-Idempotency-Key")]()
}

// storm is a bad network in front of the fake server.
type storm struct {
	fake *klarnatest.Server
	seed uint64
	url  string

	mu        sync.Mutex
	copies    map[string]int                // by idempotency key, as they arrived
	processes map[string]context.CancelFunc // end the process that makes a call
	events    map[string]int
}

// handle lets one event happen to a request. Which one depends on the seed, the key and the number of the copy alone.
func (x *storm) handle(s *wiretest.Stream) {
	request := s.Read()
	if !request.Whole {
		return
	}
	key := request.Header.Get("Klarna-Idempotency-Key")
	x.mu.Lock()
	x.copies[key]++
	event := x.pick(key, x.copies[key])
	if event != nil {
		x.events[event.name]++
	}
	x.mu.Unlock()
	if event != nil && !event.handled {
		event.happens(x, s, nil)
		return
	}
	response := httptest.NewRecorder()
	forwarded := httptest.NewRequest(request.Method, x.fake.URL+request.Path, strings.NewReader(request.Body))
	forwarded.Header = request.Header
	x.fake.ServeHTTP(response, forwarded)
	if event != nil && response.Code == http.StatusCreated {
		event.happens(x, s, response)
		return
	}
	s.Respond(response.Code, response.Header(), response.Body.String())
}

func (x *storm) pick(key string, number int) *networkEvent {
	hash := fnv.New64a()
	_, _ = fmt.Fprint(hash, key, number)
	at := rand.New(rand.NewPCG(x.seed, hash.Sum64())).IntN(1000)
	for i := range networkEvents {
		if at -= networkEvents[i].weight; at < 0 {
			return &networkEvents[i]
		}
	}
	return nil
}

// process starts a new process of the shop, which has a client of its own.
func (x *storm) process(t *testing.T) *ordermanagement.Client {
	client, err := klarna.New(klarna.Environment(x.url), klarna.APIKey(x.fake.APIKey), klarna.WithTimeout(2*time.Second),
		klarna.WithRetry(klarna.RetryPolicy{MaxAttempts: 5, BaseDelay: 20 * time.Millisecond, MaxDelay: 200 * time.Millisecond}))
	if err != nil {
		t.Error(err)
	}
	return ordermanagement.New(client)
}

// stormCall is a capture or a refund that the shop intends. Its key is derived from what is intended, so that a process that
// was restarted has the same one.
type stormCall struct {
	orderID, key string
	amount       int64
	refund       bool
	of           string // the reference of the captured goods

	id       string
	calls    int // until there was an id
	died     bool
	attempts int
}

func (c *stormCall) line() []ordermanagement.OrderLine {
	return []ordermanagement.OrderLine{{Reference: c.of, Name: "Goods", Quantity: 1, UnitPrice: c.amount, TotalAmount: c.amount}}
}

func (c *stormCall) send(ctx context.Context, orders *ordermanagement.Client, response *klarna.Response) (string, error) {
	opts := []klarna.CallOption{klarna.WithIdempotencyKey(c.key), klarna.WithResponse(response)}
	if c.refund {
		return orders.RefundOrder(ctx, c.orderID, ordermanagement.RefundRequest{RefundedAmount: c.amount, Reference: c.key, OrderLines: c.line()}, opts...)
	}
	return orders.CaptureOrder(ctx, c.orderID, ordermanagement.CaptureRequest{CapturedAmount: c.amount, Reference: c.key, OrderLines: c.line()}, opts...)
}

// carriedOut returns the ids of the captures or refunds that the fake server has for a call.
func (x *storm) carriedOut(c *stormCall) (ids []string) {
	order := x.fake.Order(c.orderID)
	for _, capture := range order.Captures {
		if !c.refund && capture.Reference == c.key {
			ids = append(ids, capture.CaptureID)
		}
	}
	for _, refund := range order.Refunds {
		if c.refund && refund.Reference == c.key {
			ids = append(ids, refund.RefundID)
		}
	}
	return ids
}

// finish makes a call until it has an id, each time in a new process with the same key.
func (x *storm) finish(t *testing.T, orders *ordermanagement.Client, c *stormCall) *ordermanagement.Client {
	for c.id == "" {
		ctx, cancel := context.WithCancel(t.Context())
		x.mu.Lock()
		x.processes[c.key] = cancel
		x.mu.Unlock()
		var response klarna.Response
		id, err := c.send(ctx, orders, &response)
		died := ctx.Err() != nil
		cancel()
		c.calls++
		c.attempts += response.Attempts
		switch {
		case err == nil:
			c.id = id
			return orders
		case !errors.Is(err, klarna.ErrOutcomeUnknown) && len(x.carriedOut(c)) > 0:
			t.Errorf("%s was carried out, and the caller got: %v", c.key, err)
		}
		if c.calls == 20 {
			t.Errorf("%s has no id after %d calls: %v", c.key, c.calls, err)
			return orders
		}
		c.died = c.died || died
		orders = x.process(t)
	}
	return orders
}

// place places an order whose amount is that of the captures and a rest.
func (x *storm) place(t *testing.T, amount int64) string {
	calm := x.fake.Client()
	lines := []klarna.OrderLine{{Name: "Goods", Quantity: 1, UnitPrice: amount, TotalAmount: amount}}
	cart := klarna.SessionCreate{PurchaseCountry: "DE", PurchaseCurrency: "EUR", OrderAmount: amount, OrderLines: lines}
	session, err := calm.CreateSession(t.Context(), cart)
	if err != nil {
		t.Error(err)
		return ""
	}
	token, err := x.fake.Authorize(session.SessionID)
	if err != nil {
		t.Error(err)
		return ""
	}
	order, err := calm.CreateOrder(t.Context(), token, klarna.OrderFromSession(cart))
	if err != nil {
		t.Error(err)
		return ""
	}
	return order.OrderID
}

// Captures and refunds through a network that resets, stalls and loses responses, by processes that die in the middle. What is
// captured and refunded is what was asked for, to the last minor unit.
func TestStormCapturesAndRefundsOnce(t *testing.T) {
	ordersCount, parallel := 40, 20
	if os.Getenv("KLARNA_TEST_FULL") != "" {
		ordersCount, parallel = 250, 50
	}
	fake := klarnatest.NewServer()
	t.Cleanup(fake.Close)
	x := &storm{fake: fake, seed: 2026, copies: map[string]int{}, processes: map[string]context.CancelFunc{}, events: map[string]int{}}
	x.url = wiretest.NewHTTP2(t, x.handle, http2.Setting{ID: http2.SettingMaxConcurrentStreams, Val: 20}).URL

	start := time.Now()
	calls := make([][]*stormCall, ordersCount)
	var group sync.WaitGroup
	slots := make(chan struct{}, parallel)
	shared := x.process(t)
	for i := range calls {
		random := rand.New(rand.NewPCG(x.seed, uint64(i)))
		first, second := 1+random.Int64N(50_000), 1+random.Int64N(50_000)
		slots <- struct{}{}
		group.Go(func() {
			defer func() { <-slots }()
			id := x.place(t, first+second+random.Int64N(2))
			if id == "" {
				return
			}
			calls[i] = []*stormCall{
				{orderID: id, key: fmt.Sprintf("order-%d/parcel-1", i), amount: first, of: "A"},
				{orderID: id, key: fmt.Sprintf("order-%d/parcel-2", i), amount: second, of: "B"},
				{orderID: id, key: fmt.Sprintf("order-%d/return-1", i), amount: 1 + random.Int64N(first), refund: true, of: "A"},
				{orderID: id, key: fmt.Sprintf("order-%d/return-2", i), amount: 1 + random.Int64N(second), refund: true, of: "B"},
			}
			orders := shared
			for _, call := range calls[i] {
				orders = x.finish(t, orders, call)
			}
		})
	}
	group.Wait()
	x.report(t, calls, time.Since(start))
}

// report prints what the storm did, and checks what must hold.
func (x *storm) report(t *testing.T, orders [][]*stormCall, took time.Duration) {
	t.Helper()
	x.mu.Lock()
	defer x.mu.Unlock()
	count := map[string]int{}
	total, attempts, copies := 0, 0, 0
	for _, calls := range orders {
		require.Len(t, calls, 4)
		order := x.fake.Order(calls[0].orderID)
		var captured, refunded int64
		refundedOf := map[string]int64{}
		for _, c := range calls {
			total, attempts, copies = total+1, attempts+c.attempts, copies+x.copies[c.key]
			require.Equal(t, []string{c.id}, x.carriedOut(c), "%s was carried out once, under the id that the caller got", c.key)
			switch {
			case c.calls == 1:
				count["within one call"]++
			case c.died:
				count["after the process died"]++
			default:
				count["after an unknown outcome"]++
			}
			if c.refund {
				refunded += c.amount
				refundedOf[c.of] = c.amount
			} else {
				captured += c.amount
			}
		}
		require.Equal(t, []int64{captured, refunded}, []int64{order.CapturedAmount, order.RefundedAmount}, "what was asked for")
		require.Len(t, order.Captures, 2)
		require.Len(t, order.Refunds, 2)
		for _, capture := range order.Captures {
			require.Equal(t, refundedOf[capture.OrderLines[0].Reference], capture.RefundedAmount)
		}
	}
	t.Logf("%d captures and refunds in %v; %d attempts reported, %d copies on the wire", total, took.Round(time.Millisecond), attempts, copies)
	for _, figures := range []map[string]int{count, x.events} {
		for _, name := range slices.Sorted(maps.Keys(figures)) {
			t.Logf("%6d  %s", figures[name], name)
		}
	}
	require.LessOrEqual(t, copies, attempts, "net/http sends nothing behind the library's back")
	alive := total - count["after the process died"]
	require.GreaterOrEqual(t, count["within one call"], alive*95/100, "ids within one call")
	require.NotEmpty(t, x.events)
	require.Positive(t, count["after the process died"])
}
