package klarnatest_test

import (
	"context"
	"testing"
	"time"

	"github.com/klarna-go/klarna-payments/klarna"
	"github.com/klarna-go/klarna-payments/klarna/klarnatest"
	"github.com/stretchr/testify/require"
)

func TestAuthorizeRejects(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name    string
		prepare func(s *shop) (sessionID string)
		want    string
	}{
		{"an unknown session", func(*shop) string { return "unknown" }, "klarnatest: Authorize: 404 NOT_FOUND: Invalid session id"},
		{"an expired session", func(s *shop) string {
			id := s.open(cart())
			s.server.Advance(48 * time.Hour)
			return id
		}, "klarnatest: Authorize: 404 NOT_FOUND: Invalid session id"},
		{"a session that led to an order", func(s *shop) string {
			id, token := s.openAndAuthorize(cart())
			s.order(token, orderOf(cart()))
			return id
		}, "klarnatest: Authorize: 404 SESSION_COMPLETED: Session has already been completed"},
	} {
		t.Run(row.name, func(t *testing.T) {
			s := newShop(t)
			token, err := s.server.Authorize(row.prepare(s))
			require.EqualError(t, err, row.want)
			require.Empty(t, token)
		})
	}
}

func TestAuthorizeGivesANewTokenEachTime(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	id, first := s.openAndAuthorize(cart())
	second := s.authorize(id)
	require.Regexp(t, uuid, first)
	require.NotEqual(t, first, second)
	require.Equal(t, second, s.read(id).AuthorizationToken)
}

func TestAuthorizeWithBringsThePersonalData(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	c := cart()
	c.ShippingAddress = work()
	id := s.open(c)
	token, err := s.server.AuthorizeWith(id, klarnatest.AuthorizeData{
		BillingAddress: home(),
		Customer:       klarna.Customer{DateOfBirth: "1980-01-31"},
	})
	require.NoError(t, err)

	got := s.read(id)
	require.Equal(t, home(), got.BillingAddress)
	require.Equal(t, work(), got.ShippingAddress, "what the browser does not send stays")
	require.Equal(t, "1980-01-31", got.Customer.DateOfBirth)

	_, err = s.CreateOrder(context.Background(), token, orderOf(c))
	require.ErrorIs(t, err, klarna.ErrConflict, "the billing address is authorized now")
	c.BillingAddress = home()
	s.order(token, orderOf(c))
}
