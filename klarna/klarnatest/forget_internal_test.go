package klarnatest

import (
	"context"
	"testing"
	"time"

	"github.com/klarna-go/klarna-payments/klarna"
	"github.com/stretchr/testify/require"
)

func TestWhatHasExpiredIsForgotten(t *testing.T) {
	s := NewServer()
	defer s.Close()
	client := s.Client()
	lines := []klarna.OrderLine{{Name: "Sock", Quantity: 1, UnitPrice: 500, TotalAmount: 500}}
	open := func() string {
		session, err := client.CreateSession(context.Background(), klarna.SessionCreate{
			PurchaseCountry: "DE", PurchaseCurrency: "EUR", OrderAmount: 500, OrderLines: lines,
		})
		require.NoError(t, err)
		return session.SessionID
	}
	remembered := func() [3]int {
		s.mu.Lock()
		defer s.mu.Unlock()
		return [3]int{len(s.sessions), len(s.authorizations), len(s.orders)}
	}

	for range 3 {
		token, err := s.Authorize(open())
		require.NoError(t, err)
		_, err = client.CreateOrder(context.Background(), token, klarna.CreateOrderRequest{
			PurchaseCountry: "DE", PurchaseCurrency: "EUR", OrderAmount: 500, OrderLines: lines,
		})
		require.NoError(t, err)
	}
	require.Equal(t, [3]int{3, 3, 3}, remembered())
	for _, step := range []struct {
		wait time.Duration
		want [3]int // with the session that is opened to see it
	}{
		{59 * time.Second, [3]int{4, 3, 3}},
		{59 * time.Minute, [3]int{5, 3, 3}},
		{time.Minute, [3]int{6, 0, 3}},
		{47 * time.Hour, [3]int{3, 0, 3}}, // the first four are gone
		{24 * time.Hour, [3]int{2, 0, 0}},
	} {
		s.Advance(step.wait)
		open()
		require.Equal(t, step.want, remembered(), step.wait)
	}
}
