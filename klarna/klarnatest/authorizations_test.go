package klarnatest_test

import (
	"context"
	"testing"
	"time"

	"github.com/klarna-go/klarna-payments/klarna"
	"github.com/stretchr/testify/require"
)

func TestCancelAuthorizationRules(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	undeletable := rejection{404, "NOT_FOUND", "Authorization cannot be deleted"}
	for _, row := range []struct {
		name    string
		intent  klarna.Intent
		prepare func(s *shop, sessionID, token string)
		want    rejection // none: it succeeds
	}{
		{"an authorization", klarna.IntentBuy, func(*shop, string, string) {}, rejection{}},
		{"twice", klarna.IntentBuy, func(s *shop, _, token string) { require.NoError(s.t, s.CancelAuthorization(ctx, token)) }, invalidToken},
		{"one that a newer authorize made void", klarna.IntentBuy, func(s *shop, id, _ string) { s.authorize(id) }, invalidToken},
		{"one that has expired", klarna.IntentBuy, func(s *shop, _, _ string) { s.server.Advance(time.Hour) }, invalidToken},
		{"after the order", klarna.IntentBuy, func(s *shop, _, token string) { s.order(token, orderOf(cart())) }, undeletable},
		{"after the customer token, when nothing else was authorized", klarna.IntentTokenize, func(s *shop, _, token string) {
			_, err := s.CreateCustomerToken(ctx, token, customerToken())
			require.NoError(s.t, err)
		}, undeletable},
		{"after the customer token, when the order is still to come", klarna.IntentBuyAndTokenize, func(s *shop, _, token string) {
			_, err := s.CreateCustomerToken(ctx, token, customerToken())
			require.NoError(s.t, err)
		}, rejection{}},
	} {
		t.Run(row.name, func(t *testing.T) {
			s := newShop(t)
			id, token := s.openAndAuthorize(cartFor(row.intent))
			row.prepare(s, id, token)
			err := s.CancelAuthorization(ctx, token)
			if row.want == (rejection{}) {
				require.NoError(t, err)
				requireRejected(t, orderIt(s, "", token), invalidToken)
				return
			}
			requireRejected(t, err, row.want)
		})
	}
}

func TestCancelLeavesTheSessionOpen(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	id, token := s.openAndAuthorize(cart())
	require.NoError(t, s.CancelAuthorization(context.Background(), token))
	require.NoError(t, updateIt(s, id, ""))
	s.order(s.authorize(id), orderOf(cart()))
}
