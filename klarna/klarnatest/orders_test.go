package klarnatest_test

import (
	"context"
	"encoding/json"
	"net/http"
	"testing"
	"time"

	"github.com/klarna-go/klarna-payments/klarna"
	"github.com/stretchr/testify/require"
)

var differentBody = rejection{409, "BAD_VALUE", "The order has been already completed with different request body"}

func TestCreateOrderResponses(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	id, token := s.openAndAuthorize(cart())
	order := s.order(token, orderOf(cart()))
	require.Regexp(t, uuid, order.OrderID)
	require.Equal(t, klarna.FraudStatusAccepted, order.FraudStatus)
	require.Equal(t, klarna.AuthorizedPaymentMethodTypeInvoice, order.AuthorizedPaymentMethod.Type)
	require.Equal(t, klarna.SessionStatusComplete, s.read(id).Status)
}

func TestCreateOrderRules(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	for _, row := range []struct {
		name string
		act  func(s *shop) error
		want rejection // none: it succeeds
	}{
		{"an unknown token", func(s *shop) error { return orderIt(s, "", "unknown") }, invalidToken},
		{"a token that was cancelled", func(s *shop) error {
			_, token := s.openAndAuthorize(cart())
			require.NoError(s.t, s.CancelAuthorization(ctx, token))
			return orderIt(s, "", token)
		}, invalidToken},
		{"a token that a newer authorize made void", func(s *shop) error {
			id, token := s.openAndAuthorize(cart())
			s.authorize(id)
			return orderIt(s, "", token)
		}, invalidToken},
		{"a token whose newer one was cancelled", func(s *shop) error {
			id, token := s.openAndAuthorize(cart())
			require.NoError(s.t, s.CancelAuthorization(ctx, s.authorize(id)))
			return orderIt(s, "", token)
		}, invalidToken},
		{"a token that was cancelled, in a session that another token completed", func(s *shop) error {
			id, token := s.openAndAuthorize(cart())
			require.NoError(s.t, s.CancelAuthorization(ctx, token))
			s.order(s.authorize(id), orderOf(cart()))
			return orderIt(s, "", token)
		}, invalidToken},
		{"the newest token", func(s *shop) error {
			id, _ := s.openAndAuthorize(cart())
			return orderIt(s, "", s.authorize(id))
		}, rejection{}},
		{"a token of a session that another token completed", func(s *shop) error {
			id, token := s.openAndAuthorize(cart())
			s.order(s.authorize(id), orderOf(cart()))
			return orderIt(s, "", token)
		}, sessionCompleted},
		{"a session that was opened for a customer token only", func(s *shop) error {
			_, token := s.openAndAuthorize(cartFor(klarna.IntentTokenize))
			return orderIt(s, "", token)
		}, rejection{403, "INVALID_OPERATION", "Not allowed to create order(s) for intent tokenize"}},
		{"an order after the customer token", func(s *shop) error {
			_, token := s.openAndAuthorize(cartFor(klarna.IntentBuyAndTokenize))
			_, err := s.CreateCustomerToken(ctx, token, customerToken())
			require.NoError(s.t, err)
			return orderIt(s, "", token)
		}, rejection{}},
		{"the same body again", func(s *shop) error {
			_, token := s.openAndAuthorize(cart())
			s.order(token, orderOf(cart()))
			return orderIt(s, "", token)
		}, rejection{}},
		{"another body, after the order", func(s *shop) error {
			_, token := s.openAndAuthorize(cart())
			s.order(token, orderOf(cart()))
			other := orderOf(cart())
			other.MerchantReference1 = "ON4712"
			_, err := s.CreateOrder(ctx, token, other)
			return err
		}, differentBody},
		{"the same body again, after 60 minutes", func(s *shop) error {
			_, token := s.openAndAuthorize(cart())
			s.order(token, orderOf(cart()))
			s.server.Advance(time.Hour)
			return orderIt(s, "", token)
		}, invalidToken},
		{"the right body after a wrong one", func(s *shop) error {
			_, token := s.openAndAuthorize(cart())
			wrong := orderOf(cart())
			setPrice(&wrong, 0, 12000)
			_, err := s.CreateOrder(ctx, token, wrong)
			require.ErrorIs(s.t, err, klarna.ErrConflict)
			return orderIt(s, "", token)
		}, rejection{}},
		{"what was authorized, after an update", func(s *shop) error {
			id, token := s.openAndAuthorize(cart())
			require.NoError(s.t, s.UpdateSession(ctx, id, klarna.CartUpdate(cart().OrderLines[:1])))
			return orderIt(s, "", token)
		}, rejection{}},
		{"what was updated, after the authorization", func(s *shop) error {
			id, token := s.openAndAuthorize(cart())
			require.NoError(s.t, s.UpdateSession(ctx, id, klarna.CartUpdate(cart().OrderLines[:1])))
			other := orderOf(cart())
			takeLines(&other, 1)
			_, err := s.CreateOrder(ctx, token, other)
			return err
		}, rejection{409, "BAD_VALUE", "Not matching fields: [order_amount, Incorrect number of items in the cart. Expected: 2, Actual: 1]"}},
	} {
		t.Run(row.name, func(t *testing.T) {
			err := row.act(newShop(t))
			if row.want == (rejection{}) {
				require.NoError(t, err)
				return
			}
			requireRejected(t, err, row.want)
		})
	}
}

func TestTheSameBodyGivesTheSameOrder(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	_, token := s.openAndAuthorize(cart())
	path := "/payments/v1/authorizations/" + token + "/order"
	body, err := json.Marshal(orderOf(cart()))
	require.NoError(t, err)
	var members map[string]any
	require.NoError(t, json.Unmarshal(body, &members))
	indented, err := json.MarshalIndent(members, "", "  ")
	require.NoError(t, err)

	first := s.send("POST", path, string(indented))
	require.Equal(t, 200, first.status)
	for _, again := range []string{string(indented), string(body)} { // neither blanks nor the order of members count
		got := s.send("POST", path, again)
		require.Equal(t, 200, got.status)
		require.Equal(t, first.body, got.body)
		require.NotEqual(t, first.header.Get("Klarna-Correlation-Id"), got.header.Get("Klarna-Correlation-Id"))
	}
}

func TestRedirectURLLeadsToTheConfirmationPage(t *testing.T) {
	t.Parallel()
	const byOrder = "https://shop.example/done/{order.id}"
	for _, row := range []struct {
		name, ofSession, ofOrder string
		want                     func(sessionID, orderID string) string
	}{
		{"the session's", "https://shop.example/thanks?s={session.id}&o={order.id}", "", func(s, o string) string {
			return "https://shop.example/thanks?s=" + s + "&o=" + o
		}},
		{"the order's", "", byOrder, func(_, o string) string { return "https://shop.example/done/" + o }},
		{"the order's before the session's", "https://shop.example/thanks", byOrder, func(_, o string) string { return "https://shop.example/done/" + o }},
		{"none", "", "", nil},
	} {
		t.Run(row.name, func(t *testing.T) {
			s := newShop(t)
			c := cart()
			c.MerchantURLs.Confirmation = row.ofSession
			id, token := s.openAndAuthorize(c)
			request := orderOf(c)
			request.MerchantURLs.Confirmation = row.ofOrder
			order := s.order(token, request)
			if row.want == nil {
				require.Empty(t, order.RedirectURL)
				return
			}
			path, ok := cutPrefix(order.RedirectURL, s.server.URL)
			require.True(t, ok, "the redirect is on this server")
			got := s.send("GET", path, "", "Authorization", "") // a browser has no credentials
			require.Equal(t, http.StatusFound, got.status)
			require.Equal(t, row.want(id, order.OrderID), got.header.Get("Location"))
		})
	}
}

func TestRedirectOfNoOrder(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	require.Equal(t, 404, s.send("GET", "/redirect/unknown", "").status)
}

func cutPrefix(s, prefix string) (string, bool) {
	if len(s) < len(prefix) || s[:len(prefix)] != prefix {
		return s, false
	}
	return s[len(prefix):], true
}
