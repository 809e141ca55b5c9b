package klarnatest

import (
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/klarna-go/klarna-payments/klarna"
)

// orderLifetime is how long the server knows an order. inferred: Klarna repeats a fraud notification for 24 hours, and a
// shopper follows the redirect at once.
const orderLifetime = 72 * time.Hour

// SetFraudStatus sets the fraud status of the orders to come, which is [klarna.FraudStatusAccepted] before.
func (s *Server) SetFraudStatus(status klarna.FraudStatus) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.fraudStatus = status
}

// NotifyFraud notifies the shop how the review of a pending order ended, by a callback to the merchant_urls.notification that
// the order or its session has. [Server.WaitForCallbacks] waits for it. It is tried as the authorization callback is, and
// by the same policy, but only a 200 ends it; Klarna tries every 10 minutes for 24 hours.
//
// It is an error if the order is unknown or was not pending (see [Server.SetFraudStatus]), or if there is no such URL.
func (s *Server) NotifyFraud(orderID string, event klarna.FraudEventType) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	order := s.orders[orderID]
	switch {
	case order == nil:
		return errors.New("klarnatest: NotifyFraud: there is no such order")
	case order.status != klarna.FraudStatusPending:
		return fmt.Errorf("klarnatest: NotifyFraud: the order was %s from the beginning, not %s", order.status, klarna.FraudStatusPending)
	case order.notification == "":
		return errors.New("klarnatest: NotifyFraud: neither the order nor its session has a merchant_urls.notification")
	}
	s.callbacks.start(message{
		kind: CallbackNotification,
		url:  order.notification,
		body: klarna.FraudNotification{OrderID: orderID, EventType: event},
		ends: func(status int) bool { return status == http.StatusOK },
	})
	return nil
}
