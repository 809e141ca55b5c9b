//go:debug x509usefallbackroots=1

package customertoken_test

import (
	"context"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/net/http2"

	"github.com/klarna-go/klarna-payments/internal/storm"
	"github.com/klarna-go/klarna-payments/internal/wiretest"
	"github.com/klarna-go/klarna-payments/klarna"
	"github.com/klarna-go/klarna-payments/klarna/customertoken"
	"github.com/klarna-go/klarna-payments/klarna/klarnatest"
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
	{Name: "response stalled", Weight: 6, Handled: true, Happens: storm.HalfThenStall},
	{Name: "response truncated", Weight: 20, Handled: true, Happens: storm.HalfThenEnd},
	{Name: "response reset", Weight: 20, Handled: true, Happens: storm.HalfThenReset},
	{Name: "503 before", Weight: 30, Happens: storm.Respond(503)},
	{Name: "503 after", Weight: 30, Handled: true, Happens: storm.Respond(503)},
	{Name: "500 after", Weight: 20, Handled: true, Happens: storm.Respond(500)},
	{Name: "a page of a gateway after", Weight: 10, Handled: true, Happens: storm.GatewayPage},
	{Name: "without the order", Weight: 10, Handled: true, Happens: storm.WithoutResult},
	{Name: "the process dies before", Weight: 10, Happens: storm.Die},
	{Name: "the process dies after", Weight: 20, Handled: true, Happens: storm.Die},
}

// renewalRun charges many customers through a bad network.
type renewalRun struct {
	storm.Network
	fake *klarnatest.Server
	url  string

	mu     sync.Mutex
	orders map[string]map[string]bool // that the fake server placed, by key
}

// stormyCharge is the charge of one customer, whose key the shop derives from what it intends.
type stormyCharge struct {
	token, key string
	amount     int64

	orderID  string
	calls    int
	attempts int
	died     bool
}

// Five hundred customers are charged through a network that resets, stalls and loses responses, by processes that die in the
// middle. Each is charged once, of the ones whose outcome is unknown all are known to be so, and the same key finds out.
func TestStormChargesEveryCustomerOnce(t *testing.T) {
	fake := klarnatest.NewServer()
	t.Cleanup(fake.Close)
	run := &renewalRun{fake: fake, orders: map[string]map[string]bool{}}
	serve := storm.Serve(fake)
	run.Network = storm.Network{
		Seed: 2026, Events: networkEvents, Call: storm.ByKey,
		Serve: func(s *wiretest.Stream, request wiretest.Request) *httptest.ResponseRecorder {
			response := serve(s, request)
			run.placed(storm.ByKey(request), response.Body.Bytes())
			return response
		},
	}
	run.url = wiretest.NewHTTP2(t, run.Handle, http2.Setting{ID: http2.SettingMaxConcurrentStreams, Val: 20}).URL

	start := time.Now()
	charges := make([]*stormyCharge, storm.Size(100, 500))
	shared := run.process(t)
	storm.Each(len(charges), storm.Size(20, 50), func(i int) {
		charges[i] = &stormyCharge{token: run.signUp(t), key: fmt.Sprintf("subscription-%d/march/1", i), amount: int64(100 + i)}
		run.charge(t, shared, charges[i])
	})
	run.report(t, charges, time.Since(start))
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

// process starts a new process of the shop, which has a client of its own.
func (x *renewalRun) process(t *testing.T) *customertoken.Client {
	client, err := klarna.New(klarna.Environment(x.url), klarna.APIKey(x.fake.APIKey), klarna.WithTimeout(2*time.Second),
		klarna.WithRetry(klarna.RetryPolicy{MaxAttempts: 5, BaseDelay: 20 * time.Millisecond, MaxDelay: 200 * time.Millisecond}))
	if err != nil {
		t.Error(err)
	}
	return customertoken.New(client)
}

// signUp makes a customer token, in calm weather.
func (x *renewalRun) signUp(t *testing.T) string {
	calm := x.fake.Client()
	first := customertoken.Renewal("EUR", monthly, klarna.OrderLine{Name: "Coffee", Quantity: 1, UnitPrice: 1299, TaxRate: 700})
	session, err := calm.CreateSession(context.Background(), klarna.SessionCreate{
		Intent: klarna.IntentTokenize, PurchaseCountry: "DE", PurchaseCurrency: "EUR",
		OrderAmount: first.OrderAmount, OrderTaxAmount: first.OrderTaxAmount, OrderLines: first.OrderLines,
	})
	if err != nil {
		t.Error(err)
		return ""
	}
	authorization, err := x.fake.Authorize(session.SessionID)
	if err != nil {
		t.Error(err)
		return ""
	}
	token, err := calm.CreateCustomerToken(context.Background(), authorization, klarna.CustomerTokenCreationRequest{
		Description: "Coffee", IntendedUse: klarna.IntendedUseSubscription, Locale: "de-DE", PurchaseCountry: "DE", PurchaseCurrency: "EUR",
	})
	if err != nil {
		t.Error(err)
		return ""
	}
	return token.TokenID
}

// charge charges a customer until there is an order, after the first call in a new process with the same key.
func (x *renewalRun) charge(t *testing.T, tokens *customertoken.Client, c *stormyCharge) {
	request := customertoken.Renewal("EUR", monthly, klarna.OrderLine{Name: "Coffee", Quantity: 1, UnitPrice: c.amount, TaxRate: 700})
	request.MerchantReference1 = c.key
	for c.orderID == "" && c.calls < 20 {
		ctx, cancel := x.Process(t.Context(), c.key)
		var response klarna.Response
		order, err := tokens.CreateOrder(ctx, c.token, request, klarna.WithIdempotencyKey(c.key), klarna.WithResponse(&response))
		c.died = c.died || ctx.Err() != nil
		cancel()
		c.calls++
		c.attempts += response.Attempts
		switch {
		case err == nil:
			c.orderID = order.OrderID
		case !errors.Is(err, klarna.ErrOutcomeUnknown) && len(x.ordersOf(c.key)) > 0:
			t.Errorf("%s was charged, and the caller got: %v", c.key, err)
		}
		tokens = x.process(t)
	}
}

// report prints what the storm did, and checks what must hold.
func (x *renewalRun) report(t *testing.T, charges []*stormyCharge, took time.Duration) {
	t.Helper()
	count := map[string]int{}
	attempts, copies := 0, 0
	ids := map[string]bool{}
	for _, c := range charges {
		attempts, copies = attempts+c.attempts, copies+x.Copies(c.key)
		require.NotEmpty(t, c.orderID, "%s has no order after %d calls", c.key, c.calls)
		require.Equal(t, []string{c.orderID}, x.ordersOf(c.key), "%s was charged once, with the order that the caller got", c.key)
		require.Equal(t, []any{c.amount, c.key}, []any{x.fake.Order(c.orderID).OrderAmount, x.fake.Order(c.orderID).MerchantReference1})
		ids[c.orderID] = true
		switch {
		case c.calls == 1:
			count["within one call"]++
		case c.died:
			count["after the process died"]++
		default:
			count["after an unknown outcome"]++
		}
	}
	t.Logf("%d charges in %v; %d attempts reported, %d copies on the wire", len(charges), took.Round(time.Millisecond), attempts, copies)
	x.Log(t, count)
	require.Len(t, ids, len(charges), "no customer got another one's order")
	require.Equal(t, len(charges), x.fake.Created().Orders, "no order but those")
	require.LessOrEqual(t, copies, attempts, "net/http sends nothing behind the library's back")
	alive := len(charges) - count["after the process died"]
	require.GreaterOrEqual(t, count["within one call"], alive*95/100, "charges that need no further call")
	require.Positive(t, count["after the process died"])
}
