//go:debug x509usefallbackroots=1

package ordermanagement_test

import (
	"context"
	"crypto/x509"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/klarna-go/klarna-payments/internal/storm"
	"github.com/klarna-go/klarna-payments/internal/wiretest"
	"github.com/klarna-go/klarna-payments/klarna"
	"github.com/klarna-go/klarna-payments/klarna/klarnatest"
	"github.com/klarna-go/klarna-payments/klarna/ordermanagement"
)

// The default transport cannot be told which certificates to trust, so the whole test binary trusts wiretest's.
func init() { x509.SetFallbackRoots(wiretest.Roots()) }

// stormCall is a capture or a refund that the shop intends.
type stormCall struct {
	storm.KeyedCall
	orderID string
	amount  int64
	refund  bool
	of      string // the reference of the captured goods
	id      string
}

func (c *stormCall) line() []ordermanagement.OrderLine {
	return []ordermanagement.OrderLine{{Reference: c.of, Name: "Goods", Quantity: 1, UnitPrice: c.amount, TotalAmount: c.amount}}
}

func (c *stormCall) send(ctx context.Context, client *klarna.Client, opts ...klarna.CallOption) (err error) {
	orders := ordermanagement.New(client)
	if c.refund {
		c.id, err = orders.RefundOrder(ctx, c.orderID, ordermanagement.RefundRequest{RefundedAmount: c.amount, Reference: c.Key, OrderLines: c.line()}, opts...)
	} else {
		c.id, err = orders.CaptureOrder(ctx, c.orderID, ordermanagement.CaptureRequest{CapturedAmount: c.amount, Reference: c.Key, OrderLines: c.line()}, opts...)
	}
	return err
}

// stormyShop captures and refunds through a bad network.
type stormyShop struct{ storm.Shop }

// carriedOut returns the ids of the captures or refunds that the fake server has for a call.
func (x *stormyShop) carriedOut(c *stormCall) (ids []string) {
	order := x.Fake.Order(c.orderID)
	for _, capture := range order.Captures {
		if !c.refund && capture.Reference == c.Key {
			ids = append(ids, capture.CaptureID)
		}
	}
	for _, refund := range order.Refunds {
		if c.refund && refund.Reference == c.Key {
			ids = append(ids, refund.RefundID)
		}
	}
	return ids
}

// place places an order whose amount is that of the captures and a rest.
func (x *stormyShop) place(t *testing.T, amount int64) string {
	calm := x.Fake.Client()
	lines := []klarna.OrderLine{{Name: "Goods", Quantity: 1, UnitPrice: amount, TotalAmount: amount}}
	cart := klarna.SessionCreate{PurchaseCountry: "DE", PurchaseCurrency: "EUR", OrderAmount: amount, OrderLines: lines}
	session, err := calm.CreateSession(t.Context(), cart)
	if err != nil {
		t.Error(err)
		return ""
	}
	token, err := x.Fake.Authorize(session.SessionID)
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
	x := &stormyShop{storm.Shop{Fake: fake}}
	x.Network = storm.Network{Seed: 2026, Events: storm.ShopEvents(
		storm.Event{Name: "stalled after", Weight: 6, Handled: true, Happens: storm.Stall},
		storm.Event{Name: "without the id", Weight: 10, Handled: true, Happens: storm.WithoutResult},
		storm.Event{Name: "with a Location only", Weight: 20, Handled: true, Happens: func(_ *storm.Network, s *wiretest.Stream, r *httptest.ResponseRecorder) {
			s.Respond(r.Code, http.Header{"Location": r.Header()["Location"]}, "")
		}},
	)}
	x.Start(t)

	start := time.Now()
	calls := make([][]*stormCall, storm.Size(40, 250))
	shared := x.NewProcess(t)
	storm.Each(len(calls), storm.Size(20, 50), func(i int) {
		random := rand.New(rand.NewPCG(x.Seed, uint64(i)))
		first, second := 1+random.Int64N(50_000), 1+random.Int64N(50_000)
		id := x.place(t, first+second+random.Int64N(2))
		if id == "" {
			return
		}
		calls[i] = []*stormCall{
			{KeyedCall: storm.KeyedCall{Key: fmt.Sprintf("order-%d/parcel-1", i)}, orderID: id, amount: first, of: "A"},
			{KeyedCall: storm.KeyedCall{Key: fmt.Sprintf("order-%d/parcel-2", i)}, orderID: id, amount: second, of: "B"},
			{KeyedCall: storm.KeyedCall{Key: fmt.Sprintf("order-%d/return-1", i)}, orderID: id, amount: 1 + random.Int64N(first), refund: true, of: "A"},
			{KeyedCall: storm.KeyedCall{Key: fmt.Sprintf("order-%d/return-2", i)}, orderID: id, amount: 1 + random.Int64N(second), refund: true, of: "B"},
		}
		client := shared
		for _, c := range calls[i] {
			client = x.Finish(t, client, &c.KeyedCall, c.send, func() bool { return len(x.carriedOut(c)) > 0 })
		}
	})
	x.requireOnce(t, calls, time.Since(start))
}

// requireOnce requires that each capture and refund was carried out once, under the id that the caller got, and that the amounts are
// those that were asked for.
func (x *stormyShop) requireOnce(t *testing.T, orders [][]*stormCall, took time.Duration) {
	t.Helper()
	var all []*storm.KeyedCall
	for _, calls := range orders {
		require.Len(t, calls, 4)
		order := x.Fake.Order(calls[0].orderID)
		var captured, refunded int64
		refundedOf := map[string]int64{}
		for _, c := range calls {
			all = append(all, &c.KeyedCall)
			require.Equal(t, []string{c.id}, x.carriedOut(c), "%s was carried out once, under the id that the caller got", c.Key)
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
	x.Report(t, "captures and refunds", all, took)
}
