package klarnatest_test

import (
	"context"
	"testing"
	"time"

	"github.com/klarna-go/klarna-payments/klarna"
	"github.com/stretchr/testify/require"
)

func TestLifetimes(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	const almost = -time.Minute
	for _, row := range []struct {
		name string
		wait time.Duration
		call func(s *shop, sessionID, token string) error
		want rejection // none: it succeeds
	}{
		{"a session can be read for 48 hours", 48*time.Hour + almost, readIt, rejection{}},
		{"a session cannot be read after 48 hours", 48 * time.Hour, readIt, invalidSession},
		{"a session can be updated for 48 hours", 48*time.Hour + almost, updateIt, rejection{}},
		{"a session cannot be updated after 48 hours", 48 * time.Hour, updateIt, invalidSession},
		{"a token places an order for 60 minutes", 60*time.Minute + almost, orderIt, rejection{}},
		{"a token places no order after 60 minutes", 60 * time.Minute, orderIt, invalidToken},
		{"a token can be cancelled for 60 minutes", 60*time.Minute + almost, func(s *shop, _, token string) error {
			return s.CancelAuthorization(ctx, token)
		}, rejection{}},
		{"a token cannot be cancelled after 60 minutes", 60 * time.Minute, func(s *shop, _, token string) error {
			return s.CancelAuthorization(ctx, token)
		}, invalidToken},
		{"a token makes a customer token for 60 minutes", 60*time.Minute + almost, func(s *shop, _, token string) error {
			_, err := s.CreateCustomerToken(ctx, token, customerToken())
			return err
		}, rejection{}},
		{"a token makes no customer token after 60 minutes", 60 * time.Minute, func(s *shop, _, token string) error {
			_, err := s.CreateCustomerToken(ctx, token, customerToken())
			return err
		}, invalidToken},
	} {
		t.Run(row.name, func(t *testing.T) {
			s := newShop(t)
			sessionID, token := s.openAndAuthorize(cartFor(klarna.IntentBuyAndTokenize))
			s.server.Advance(row.wait)
			err := row.call(s, sessionID, token)
			if row.want == (rejection{}) {
				require.NoError(t, err)
				return
			}
			requireRejected(t, err, row.want)
		})
	}
}

func readIt(s *shop, sessionID, _ string) error {
	_, err := s.ReadSession(context.Background(), sessionID)
	return err
}

func updateIt(s *shop, sessionID, _ string) error {
	return s.UpdateSession(context.Background(), sessionID, klarna.SessionUpdate{MerchantReference1: "ON4711"})
}

func orderIt(s *shop, _, token string) error {
	_, err := s.CreateOrder(context.Background(), token, orderOf(cart()))
	return err
}

func TestASessionReportsWhenItExpires(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	s.server.Advance(time.Hour)
	session := s.read(s.open(cart()))
	require.WithinDuration(t, time.Now().Add(49*time.Hour), session.ExpiresAt.Time, time.Minute)
	require.Equal(t, time.UTC, session.ExpiresAt.Location())
}

func TestAnUpdateDoesNotLengthenASession(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	id := s.open(cart())
	before := s.read(id).ExpiresAt
	s.server.Advance(time.Hour)
	require.NoError(t, updateIt(s, id, ""))
	require.Equal(t, before, s.read(id).ExpiresAt)
}

func TestATokenOutlivesItsSession(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	id := s.open(cart())
	s.server.Advance(47*time.Hour + 30*time.Minute)
	token := s.authorize(id)
	s.server.Advance(45 * time.Minute)
	requireRejected(t, readIt(s, id, ""), invalidSession)
	s.order(token, orderOf(cart()))
}

func TestAdvanceMovesTheLog(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	s.server.Advance(24 * time.Hour)
	s.open(cart())
	require.WithinDuration(t, time.Now().Add(24*time.Hour), s.server.Requests()[0].Time, time.Minute)
}

func TestAdvanceDoesNotGoBack(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	require.PanicsWithValue(t, "klarnatest: Advance: a clock does not run backwards", func() { s.server.Advance(-time.Second) })
	s.server.Advance(0)
}
