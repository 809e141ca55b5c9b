package klarnatest

import (
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/klarna-go/klarna-payments/klarna"
)

// orderLifetime is how long the server knows an order: an order can be read for up to three years.
const orderLifetime = 3 * 365 * 24 * time.Hour

// SetFraudStatus sets the fraud status of the orders to come, which is [klarna.FraudStatusAccepted] before.
func (s *Server) SetFraudStatus(status klarna.FraudStatus) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.fraudStatus = status
}

// NotifyFraud ends the review of a pending order, as [Server.EndReview] does, and notifies the shop how it ended, by a callback
// to the merchant_urls.notification that the order or its session has. [Server.WaitForCallbacks] waits for it. It has as
// many attempts as the authorization callback, by the same policy, but only a 200 ends them. Klarna makes an attempt every 10
// minutes for 24 hours.
//
// It returns an error if the order is unknown or was not pending (see [Server.SetFraudStatus]), or if there is no such URL.
func (s *Server) NotifyFraud(orderID string, event klarna.FraudEventType) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	order, err := s.reviewed(orderID)
	if err == nil && order.notification == "" {
		err = errors.New("neither the order nor its session has a merchant_urls.notification")
	}
	if err != nil {
		return fmt.Errorf("klarnatest: NotifyFraud: %w", err)
	}
	status := klarna.FraudStatusAccepted
	if event != klarna.FraudEventTypeAccepted {
		status = klarna.FraudStatusRejected
	}
	s.endReview(order, status)
	s.callbacks.start(message{
		kind: CallbackNotification,
		url:  order.notification,
		body: klarna.FraudNotification{OrderID: orderID, EventType: event},
		ends: func(status int) bool { return status == http.StatusOK },
	})
	return nil
}
