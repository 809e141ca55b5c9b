package klarnatest

import (
	"errors"
	"fmt"
	"strings"

	"github.com/klarna-go/klarna-payments/klarna"
	"github.com/klarna-go/klarna-payments/klarna/klarnatest/internal/orderstate"
	"github.com/klarna-go/klarna-payments/klarna/ordermanagement"
)

// Order returns an order as it stands now, with its captures and refunds, or nil if it is unknown. It is what
// ordermanagement.ReadOrder returns, without a request that a fault or a rate limit could meet.
func (s *Server) Order(orderID string) *ordermanagement.Order {
	s.mu.Lock()
	placed := s.orders[orderID]
	if placed == nil {
		s.mu.Unlock()
		return nil
	}
	state := placed.state.Snapshot(s.clock.now())
	s.mu.Unlock()
	order := new(ordermanagement.Order)
	convert(state, order)
	return order
}

// EndReview ends the review of an order whose fraud status is PENDING. An accepted order can be captured; a rejected one is
// cancelled after 4 hours. The shop is not notified: [Server.NotifyFraud] ends the review and notifies it. Only the first
// decision counts, and an order that was cancelled meanwhile stays cancelled.
//
// It returns an error if the order is unknown or was not pending (see [Server.SetFraudStatus]).
func (s *Server) EndReview(orderID string, status klarna.FraudStatus) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	order, err := s.reviewed(orderID)
	if err != nil {
		return fmt.Errorf("klarnatest: EndReview: %w", err)
	}
	s.endReview(order, status)
	return nil
}

// reviewed finds an order that was pending when it was placed. Server.mu is held.
func (s *Server) reviewed(orderID string) (*placedOrder, error) {
	s.forget(s.clock.now())
	order := s.orders[orderID]
	switch {
	case order == nil:
		return nil, errors.New("there is no such order")
	case order.status != klarna.FraudStatusPending:
		return nil, fmt.Errorf("the order was %s from the beginning, not %s", order.status, klarna.FraudStatusPending)
	}
	return order, nil
}

func (s *Server) endReview(order *placedOrder, status klarna.FraudStatus) {
	order.state.Decide(s.clock.now(), status)
	s.resizeOrder(order)
}

// orderDetails are the members of what was authorized that an order takes over, unless it has its own.
//
// inferred: Klarna says so of the URLs, and not of the rest.
var orderDetails = []string{
	"order_amount", "purchase_currency", "purchase_country", "locale", "order_lines", "merchant_reference1", "merchant_reference2",
	"merchant_data", "customer", "billing_address", "shipping_address",
}

// placedDetails returns what Order Management has to know of an order, but its id and fraud status. Without a shipping
// address it is the billing address.
func placedDetails(authorized, sent members) (placed orderstate.Placed) {
	details := members{}
	for _, name := range orderDetails {
		if value := sent[name]; value != nil {
			details[name] = value
		} else if value := authorized[name]; value != nil {
			details[name] = value
		}
	}
	if details["shipping_address"] == nil && details["billing_address"] != nil {
		details["shipping_address"] = details["billing_address"]
	}
	convert(withoutUnknown(details, new(ordermanagement.Order)), &placed)
	placed.Country = strings.ToUpper(placed.Country)
	placed.AutoCapture, _ = sent.value("auto_capture").(bool)
	return placed
}
