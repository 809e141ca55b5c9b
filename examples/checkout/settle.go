package main

import (
	"context"
	"errors"
	"time"

	"github.com/klarna-go/klarna-payments/klarna"
)

// settle finds out, in the background, what became of an order that got no verdict. Until then the shopper reads that we
// are checking, and never that the purchase failed.
func (s *shop) settle(c *checkout) {
	for _, wait := range s.settleWaits {
		select {
		case <-time.After(wait):
		case <-s.running.Done():
			// A shop of your own keeps the sent order in its database, and goes on here at the next start.
			s.logger.Error("stopped with an order whose outcome is unknown", "order_number", c.number)
			return
		}
		if s.look(c) {
			return
		}
	}
	s.logger.Error("the outcome of an order could not be found out", "order_number", c.number)
	c.recordUnclear()
}

// look sends the same order again: one token makes at most one order, so this either gets the answer that was lost or
// places the order that never arrived. It is true when the matter is settled.
func (s *shop) look(c *checkout) bool {
	ctx, cancel := context.WithTimeout(s.running, placeTimeout)
	defer cancel()
	done, err := c.shopper.take(ctx)
	if err != nil {
		return false
	}
	defer done()
	order, err := s.klarna.CreateOrder(ctx, c.sent.token, c.sent.request)
	if err == nil {
		c.recordOrder(order, c.sent.by)
		s.logger.Info("order placed, after all", "order_number", c.number)
		return true
	}
	exists, readErr := s.klarna.OrderPlaced(ctx, c.sessionID)
	switch {
	case exists || errors.Is(err, klarna.ErrOrderAlreadyPlaced):
		c.recordOrder(nil, c.sent.by)
		s.logger.Warn("an order exists, but its id was lost: look it up by the order number", "order_number", c.number, "error", err)
		return true
	case readErr == nil && isRefusal(err):
		c.recordRefusal(problemOf(err))
		s.logger.Warn("there is no order", "order_number", c.number, "error", err)
		return true
	}
	s.logger.Warn("the outcome of an order is still unknown", "order_number", c.number, "error", err)
	return false
}

// isRefusal says whether Klarna has decided against an order, and the same order would get the same answer again.
func isRefusal(err error) bool {
	if errors.Is(err, klarna.ErrOutcomeUnknown) {
		return false
	}
	for _, kind := range []error{klarna.ErrInvalidRequest, klarna.ErrForbidden, klarna.ErrNotFound, klarna.ErrConflict} {
		if errors.Is(err, kind) {
			return true
		}
	}
	return false
}
