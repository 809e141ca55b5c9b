//go:debug x509usefallbackroots=1

package ordermanagement_test

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/net/http2"

	"github.com/klarna-go/klarna-payments/internal/storm"
	"github.com/klarna-go/klarna-payments/internal/wiretest"
	"github.com/klarna-go/klarna-payments/klarna"
	"github.com/klarna-go/klarna-payments/klarna/klarnatest"
	"github.com/klarna-go/klarna-payments/klarna/ordermanagement"
)

// The default transport cannot be told which certificates to trust, so the whole test binary trusts wiretest's.
func init() { x509.SetFallbackRoots(wiretest.Roots()) }

// Events that end a whole connection are rare: each of them meets every request on it.
var networkEvents = []storm.Event{
	{Name: "reset before", Weight: 40, Happens: storm.Reset(http2.ErrCodeInternal)},
	{Name: "reset after: the response is lost", Weight: 70, Handled: true, Happens: storm.Reset(http2.ErrCodeInternal)},
	{Name: "REFUSED_STREAM", Weight: 30, Happens: storm.Reset(http2.ErrCodeRefusedStream)},
	{Name: "connection closed before", Weight: 3, Happens: storm.CloseConnection},
	{Name: "connection closed after", Weight: 3, Handled: true, Happens: storm.CloseConnection},
	{Name: "connection silent after", Weight: 4, Handled: true, Happens: storm.Silence},
	{Name: "stalled before", Weight: 4, Happens: storm.Stall},
	{Name: "stalled after", Weight: 6, Handled: true, Happens: storm.Stall},
	{Name: "503 before", Weight: 30, Happens: storm.Respond(503)},
	{Name: "503 after", Weight: 30, Handled: true, Happens: storm.Respond(503)},
	{Name: "500 after", Weight: 20, Handled: true, Happens: storm.Respond(500)},
	{Name: "a page of a gateway after", Weight: 10, Handled: true, Happens: storm.GatewayPage},
	{Name: "without the id", Weight: 10, Handled: true, Happens: storm.WithoutResult},
	{Name: "with a Location only", Weight: 20, Handled: true, Happens: func(_ *storm.Network, s *wiretest.Stream, r *httptest.ResponseRecorder) {
		s.Respond(r.Code, http.Header{"Location": r.Header()["Location"]}, "")
	}},
	{Name: "the process dies before", Weight: 10, Happens: storm.Die},
	{Name: "the process dies after", Weight: 20, Handled: true, Happens: storm.Die},
}

// stormyShop is a shop behind a bad network.
type stormyShop struct {
	storm.Network
	fake *klarnatest.Server
	url  string
}

// process starts a new process of the shop, which has a client of its own.
func (x *stormyShop) process(t *testing.T) *ordermanagement.Client {
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
func (x *stormyShop) carriedOut(c *stormCall) (ids []string) {
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
func (x *stormyShop) finish(t *testing.T, orders *ordermanagement.Client, c *stormCall) *ordermanagement.Client {
	for c.id == "" {
		ctx, cancel := x.Process(t.Context(), c.key)
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
func (x *stormyShop) place(t *testing.T, amount int64) string {
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
	fake := klarnatest.NewServer()
	t.Cleanup(fake.Close)
	x := &stormyShop{fake: fake, Network: storm.Network{Seed: 2026, Events: networkEvents, Call: storm.ByKey, Serve: storm.Serve(fake)}}
	x.url = wiretest.NewHTTP2(t, x.Handle, http2.Setting{ID: http2.SettingMaxConcurrentStreams, Val: 20}).URL

	start := time.Now()
	calls := make([][]*stormCall, storm.Size(40, 250))
	shared := x.process(t)
	storm.Each(len(calls), storm.Size(20, 50), func(i int) {
		random := rand.New(rand.NewPCG(x.Seed, uint64(i)))
		first, second := 1+random.Int64N(50_000), 1+random.Int64N(50_000)
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
	x.report(t, calls, time.Since(start))
}

// report prints what the storm did, and checks what must hold.
func (x *stormyShop) report(t *testing.T, orders [][]*stormCall, took time.Duration) {
	t.Helper()
	count := map[string]int{}
	total, attempts, copies := 0, 0, 0
	for _, calls := range orders {
		require.Len(t, calls, 4)
		order := x.fake.Order(calls[0].orderID)
		var captured, refunded int64
		refundedOf := map[string]int64{}
		for _, c := range calls {
			total, attempts, copies = total+1, attempts+c.attempts, copies+x.Copies(c.key)
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
	x.Log(t, count)
	require.LessOrEqual(t, copies, attempts, "net/http sends nothing behind the library's back")
	alive := total - count["after the process died"]
	require.GreaterOrEqual(t, count["within one call"], alive*95/100, "ids within one call")
	require.Positive(t, count["after the process died"])
}
