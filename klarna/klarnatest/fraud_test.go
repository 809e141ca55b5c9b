package klarnatest_test

import (
	"strings"
	"testing"
	"time"

	"github.com/klarna-go/klarna-payments/klarna"
	"github.com/klarna-go/klarna-payments/klarna/klarnatest"
	"github.com/stretchr/testify/require"
)

// pendingOrder places an order that is not decided yet, of a session with a notification URL.
func pendingOrder(s *shop, ofSession, ofOrder string) (sessionID, orderID string) {
	s.t.Helper()
	s.server.SetFraudStatus(klarna.FraudStatusPending)
	c := cart()
	c.MerchantURLs.Notification = ofSession
	sessionID, token := s.openAndAuthorize(c)
	request := orderOf(c)
	request.MerchantURLs.Notification = ofOrder
	order := s.order(token, request)
	require.Equal(s.t, klarna.FraudStatusPending, order.FraudStatus)
	return sessionID, order.OrderID
}

func TestFraudNotification(t *testing.T) {
	t.Parallel()
	const placeholders = "?session={session.id}&order={order.id}"
	for _, row := range []struct{ name, ofSession, ofOrder, want string }{
		{"the session's URL", "/of-session" + placeholders, "", "/of-session"},
		{"the order's URL", "", "/of-order" + placeholders, "/of-order"},
		{"the order's before the session's", "/of-session", "/of-order" + placeholders, "/of-order"},
	} {
		t.Run(row.name, func(t *testing.T) {
			shopServer := newReceiver(t, 200)
			at := func(path string) string {
				if path == "" {
					return ""
				}
				return shopServer.URL + path
			}
			s := newShop(t)
			sessionID, orderID := pendingOrder(s, at(row.ofSession), at(row.ofOrder))
			for _, event := range []klarna.FraudEventType{klarna.FraudEventTypeAccepted, klarna.FraudEventTypeRejected} {
				require.NoError(t, s.server.NotifyFraud(orderID, event))
				s.waitForCallbacks()
			}
			require.Equal(t, []string{
				`POST {"event_type":"FRAUD_RISK_ACCEPTED","order_id":"` + orderID + `"}`,
				`POST {"event_type":"FRAUD_RISK_REJECTED","order_id":"` + orderID + `"}`,
			}, shopServer.bodies)
			require.Equal(t, row.want+"?session="+sessionID+"&order="+orderID, shopServer.paths[0])
			require.Equal(t, klarnatest.CallbackNotification, s.server.Callbacks()[0].Kind)
			require.NoError(t, contractOf(t, "payments").Body("fraud_notification", []byte(strings.TrimPrefix(shopServer.bodies[0], "POST "))))
		})
	}
}

func TestOnlyA200EndsAFraudNotification(t *testing.T) {
	t.Parallel()
	shopServer := newReceiver(t, 204, 500, 200)
	s := newShop(t)
	s.server.SetCallbacks(klarnatest.CallbackPolicy{Wait: time.Millisecond})
	_, orderID := pendingOrder(s, shopServer.URL, "")
	require.NoError(t, s.server.NotifyFraud(orderID, klarna.FraudEventTypeAccepted))
	s.waitForCallbacks()
	require.Equal(t, 3, shopServer.calls())
}

func TestNotifyFraudRejects(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name  string
		order func(s *shop) string
		want  string
	}{
		{"an unknown order", func(*shop) string { return "unknown" }, "there is no such order"},
		{"an order that was not pending", func(s *shop) string {
			_, token := s.openAndAuthorize(cart())
			return s.order(token, orderOf(cart())).OrderID
		}, "the order was ACCEPTED from the beginning, not PENDING"},
		{"an order without a URL", func(s *shop) string {
			_, orderID := pendingOrder(s, "", "")
			return orderID
		}, "neither the order nor its session has a merchant_urls.notification"},
		{"an order of long ago", func(s *shop) string {
			_, orderID := pendingOrder(s, "http://127.0.0.1/", "")
			s.server.Advance(3 * 365 * 24 * time.Hour)
			return orderID
		}, "there is no such order"},
	} {
		t.Run(row.name, func(t *testing.T) {
			s := newShop(t)
			require.EqualError(t, s.server.NotifyFraud(row.order(s), klarna.FraudEventTypeAccepted), "klarnatest: NotifyFraud: "+row.want)
			require.Empty(t, s.server.Callbacks())
		})
	}
}

func TestFraudStatusIsThatOfOrdersToCome(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	_, first := s.openAndAuthorize(cart())
	require.Equal(t, klarna.FraudStatusAccepted, s.order(first, orderOf(cart())).FraudStatus)
	s.server.SetFraudStatus(klarna.FraudStatusRejected)
	_, second := s.openAndAuthorize(cart())
	require.Equal(t, klarna.FraudStatusRejected, s.order(second, orderOf(cart())).FraudStatus)
	require.Equal(t, klarna.FraudStatusAccepted, s.order(first, orderOf(cart())).FraudStatus, "the same body returns the same order")
}
