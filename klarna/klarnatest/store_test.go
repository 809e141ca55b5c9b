package klarnatest_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/klarna-go/klarna-payments/klarna"
	"github.com/klarna-go/klarna-payments/klarna/klarnatest"
	"github.com/stretchr/testify/require"
)

func TestTheOldestSessionsAreForgotten(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	s := newShop(t, klarnatest.WithCapacity(3, 1<<20))
	first, token := s.openAndAuthorize(cart())
	var later []string
	for range 3 {
		later = append(later, s.open(cart()))
	}
	requireRejected(t, readIt(s, first, ""), invalidSession)
	requireRejected(t, s.CancelAuthorization(ctx, token), invalidToken)
	for _, id := range later {
		require.NoError(t, readIt(s, id, ""))
	}

	large := cart()
	large.MerchantData = strings.Repeat("x", 6000)
	s = newShop(t, klarnatest.WithCapacity(1000, 100_000))
	first = s.open(large)
	var last string
	for range 20 {
		last = s.open(large)
	}
	requireRejected(t, readIt(s, first, ""), invalidSession)
	require.NoError(t, readIt(s, last, ""))
	require.Equal(t, klarnatest.Created{Sessions: 21}, s.server.Created())
}

func TestWrongCapacityPanics(t *testing.T) {
	t.Parallel()
	for _, wrong := range []func(){
		func() { klarnatest.WithCapacity(0, 1) }, func() { klarnatest.WithCapacity(1, -1) },
	} {
		require.PanicsWithValue(t, "klarnatest: WithCapacity: a capacity must be more than 0", wrong)
	}
	require.PanicsWithValue(t, "klarnatest: WithReadTimeout: a time limit must be more than 0", func() { klarnatest.WithReadTimeout(0) })
}

func TestWhatWasCreatedCanBeCounted(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	s := newShop(t)
	id, first := s.openAndAuthorize(cartFor(klarna.IntentBuyAndTokenize))
	require.Empty(t, s.server.OrderIDs(id))
	require.Empty(t, s.server.CustomerTokens(first))

	created, err := s.CreateCustomerToken(ctx, first, customerToken())
	require.NoError(t, err)
	second := s.authorize(id)
	order := s.order(second, orderOf(cart()))
	s.order(second, orderOf(cart())) // the same again
	require.Error(t, orderIt(s, "", first))

	require.Equal(t, []string{order.OrderID}, s.server.OrderIDs(id))
	require.Equal(t, []string{created.TokenID}, s.server.CustomerTokens(first))
	require.Empty(t, s.server.CustomerTokens(second))
	require.Equal(t, klarnatest.Created{Sessions: 1, Orders: 1, CustomerTokens: 1}, s.server.Created())

	require.Empty(t, s.server.OrderIDs("unknown"))
	require.Empty(t, s.server.CustomerTokens("unknown"))
}

func TestACancelledAuthorizationKeepsItsCustomerTokens(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	s := newShop(t)
	_, token := s.openAndAuthorize(cartFor(klarna.IntentBuyAndTokenize))
	created, err := s.CreateCustomerToken(ctx, token, customerToken())
	require.NoError(t, err)
	require.NoError(t, s.CancelAuthorization(ctx, token))
	require.Equal(t, []string{created.TokenID}, s.server.CustomerTokens(token))
}

func TestRepeatedCustomerTokens(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	s := newShop(t, klarnatest.WithRepeatedCustomerTokens())
	_, token := s.openAndAuthorize(cartFor(klarna.IntentTokenize))
	var want []string
	for range 2 {
		created, err := s.CreateCustomerToken(ctx, token, customerToken())
		require.NoError(t, err)
		want = append(want, created.TokenID)
	}
	require.NotEqual(t, want[0], want[1])
	require.Equal(t, want, s.server.CustomerTokens(token))
	require.Equal(t, 2, s.server.Created().CustomerTokens)

	// Nothing else changes after the order.
	_, token = s.openAndAuthorize(cartFor(klarna.IntentBuyAndTokenize))
	s.order(token, orderOf(cart()))
	_, err := s.CreateCustomerToken(ctx, token, customerToken())
	requireRejected(t, err, alreadyConsumed)
}

// What is far too large is rejected at once, whichever list or object it is.
func TestOversizedListsAreRejectedEarly(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	const head = `{"purchase_country":"DE","purchase_currency":"EUR","order_amount":1,`
	s.send("POST", sessionsPath, head+`"order_lines":[]}`) // which loads the contract
	var objects strings.Builder
	for i := range 101 {
		fmt.Fprintf(&objects, `"%05x":{},`, i)
	}
	line := `{"name":"x"`
	for i := range 101 {
		line += fmt.Sprintf(`,"%d":1`, i)
	}
	for _, row := range []struct{ name, body, path string }{
		{"empty lines", head + `"order_lines":[` + strings.Repeat("{},", 299_999) + `{}]}`, "order_lines"},
		{"no lines at all", head + `"order_lines":[` + strings.Repeat("1,", 1000) + `1]}`, "order_lines"},
		{"one line too many", head + `"order_lines":[` + strings.Repeat("{},", 1000) + `{}]}`, "order_lines"},
		{"another list", head + `"custom_payment_method_ids":[` + strings.Repeat("1,", 1000) + `1]}`, "custom_payment_method_ids"},
		{"a list of nobody's", head + `"x":{"y":[1,[` + strings.Repeat("[],", 1000) + `1]]}}`, "x.y[1]"},
		{"fields", head + objects.String() + `"order_lines":[]}`, ""},
		{"fields of a line", head + `"order_lines":[{},` + line + `}]}`, "order_lines[1]"},
	} {
		t.Run(row.name, func(t *testing.T) {
			got := s.send("POST", sessionsPath, row.body)
			require.Equal(t, 400, got.status)
			require.Contains(t, got.body, `"Bad value: `+row.path+`"`, "nothing else was looked at")

			if len(row.body) < 100_000 {
				got = s.send("POST", "/kp/sandbox/session", `{"client_token":"x","data":`+row.body+`}`, "Authorization", "")
				require.Equal(t, 400, got.status)
			}
		})
	}
}

// While a body is parsed and validated nothing is locked: the response to one that is rejected by itself comes even when
// the lock is held.
func TestNothingIsLockedWhileABodyIsValidated(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	id, token := s.openAndAuthorize(cart())
	for _, path := range []string{
		sessionsPath, "/payments/v1/authorizations/" + token + "/order", "/payments/v1/authorizations/" + token + "/customer-token",
	} {
		s.server.Locked(func() { require.Equal(t, 400, s.send("POST", path, `{}`).status) })
	}

	// An update is validated with the rest of the session, and one that comes meanwhile is not lost.
	ctx := context.Background()
	client := s.server.Client()
	for i := range 20 {
		done := make(chan error)
		go func() { done <- client.UpdateSession(ctx, id, klarna.SessionUpdate{MerchantReference1: fmt.Sprint(i)}) }()
		go func() { done <- client.UpdateSession(ctx, id, klarna.SessionUpdate{MerchantReference2: fmt.Sprint(i)}) }()
		require.NoError(t, <-done)
		require.NoError(t, <-done)
		read := s.read(id)
		require.Equal(t, []string{fmt.Sprint(i), fmt.Sprint(i)}, []string{read.MerchantReference1, read.MerchantReference2})
	}
}
