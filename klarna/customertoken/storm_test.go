//go:debug x509usefallbackroots=1

package customertoken_test

import (
	"context"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/klarna-go/klarna-payments/internal/storm"
	"github.com/klarna-go/klarna-payments/internal/wiretest"
	"github.com/klarna-go/klarna-payments/klarna"
	"github.com/klarna-go/klarna-payments/klarna/customertoken"
	"github.com/klarna-go/klarna-payments/klarna/klarnatest"
)

// The default transport cannot be told which certificates to trust, so the whole test binary trusts wiretest's.
func init() { x509.SetFallbackRoots(wiretest.Roots()) }

// renewalRun charges many customers through a bad network.
type renewalRun struct {
	storm.Shop

	mu     sync.Mutex
	orders map[string]map[string]bool // that the fake server placed, by key
}

// stormyCharge is the charge of one customer.
type stormyCharge struct {
	storm.KeyedCall
	token   string
	amount  int64
	orderID string
}

// Five hundred customers are charged through a network that resets, stalls and loses responses, by processes that die in the
// middle. Each is charged once, of the ones whose outcome is unknown all are known to be so, and the same key finds out.
func TestStormChargesEveryCustomerOnce(t *testing.T) {
	fake := klarnatest.NewServer()
	t.Cleanup(fake.Close)
	run := &renewalRun{Shop: storm.Shop{Fake: fake}, orders: map[string]map[string]bool{}}
	serve := storm.Serve(fake)
	run.Network = storm.Network{
		Seed: 2026,
		Events: storm.ShopEvents(
			storm.Event{Name: "response stalled", Weight: 6, Handled: true, Happens: storm.HalfThenStall},
			storm.Event{Name: "response truncated", Weight: 20, Handled: true, Happens: storm.HalfThenEnd},
			storm.Event{Name: "response reset", Weight: 20, Handled: true, Happens: storm.HalfThenReset},
			storm.Event{Name: "without the order", Weight: 10, Handled: true, Happens: storm.WithoutResult},
		),
		Serve: func(s *wiretest.Stream, request wiretest.Request) *httptest.ResponseRecorder {
			response := serve(s, request)
			run.placed(storm.ByKey(request), response.Body.Bytes())
			return response
		},
	}
	run.Start(t)

	start := time.Now()
	charges := make([]*stormyCharge, storm.Size(100, 500))
	shared := run.NewProcess(t)
	storm.Each(len(charges), storm.Size(20, 50), func(i int) {
		token, err := signUp(fake, monthly) // in calm weather
		if err != nil {
			t.Error(err)
		}
		c := &stormyCharge{KeyedCall: storm.KeyedCall{Key: fmt.Sprintf("subscription-%d/march/1", i)}, token: token, amount: int64(100 + i)}
		charges[i] = c
		request := customertoken.Renewal("EUR", monthly, klarna.OrderLine{Name: "Coffee", Quantity: 1, UnitPrice: c.amount, TaxRate: 700})
		request.MerchantReference1 = c.Key
		run.Finish(t, shared, &c.KeyedCall, func(ctx context.Context, client *klarna.Client, opts ...klarna.CallOption) error {
			order, err := customertoken.New(client).CreateOrder(ctx, c.token, request, opts...)
			if err == nil {
				c.orderID = order.OrderID
			}
			return err
		}, func() bool { return len(run.ordersOf(c.Key)) > 0 })
	})
	run.requireOnce(t, charges, time.Since(start))
}

// placed records the order of a response of the fake server.
func (x *renewalRun) placed(key string, body []byte) {
	var order customertoken.Order
	if json.Unmarshal(body, &order) != nil || order.OrderID == "" {
		return
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.orders[key] == nil {
		x.orders[key] = map[string]bool{}
	}
	x.orders[key][order.OrderID] = true
}

func (x *renewalRun) ordersOf(key string) []string {
	x.mu.Lock()
	defer x.mu.Unlock()
	var ids []string
	for id := range x.orders[key] {
		ids = append(ids, id)
	}
	return ids
}

// requireOnce requires that each customer was charged once, with the order that the caller got.
func (x *renewalRun) requireOnce(t *testing.T, charges []*stormyCharge, took time.Duration) {
	t.Helper()
	ids := map[string]bool{}
	calls := make([]*storm.KeyedCall, 0, len(charges))
	for _, c := range charges {
		require.NotEmpty(t, c.orderID, c.Key)
		require.Equal(t, []string{c.orderID}, x.ordersOf(c.Key), "%s was charged once, with the order that the caller got", c.Key)
		require.Equal(t, []any{c.amount, c.Key}, []any{x.Fake.Order(c.orderID).OrderAmount, x.Fake.Order(c.orderID).MerchantReference1})
		ids[c.orderID] = true
		calls = append(calls, &c.KeyedCall)
	}
	x.Report(t, "charges", calls, took)
	require.Len(t, ids, len(charges), "no customer got another one's order")
	require.Equal(t, len(charges), x.Fake.Created().Orders, "no order but those")
}
