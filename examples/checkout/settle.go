package main

import (
	"context"
	"errors"
	"time"

	"github.com/klarna-go/klarna-payments/klarna"
)

// settle finds out, in the background, whether an order with an unknown outcome exists. Until then the shopper reads that
// we are checking, and never that the purchase failed.
func (s *shop) settle(c *checkout, sent *sentOrder) {
	var known evidence
	for _, wait := range s.settleWaits {
		select {
		case <-time.After(wait):
		case <-s.running.Done():
			// A shop of your own keeps the sent order in its database, and goes on here at the next start.
			s.logger.Error("stopped with an order whose outcome is unknown", "order_number", c.number)
			return
		}
		if s.look(c, sent, &known) {
			return
		}
	}
	s.logger.Error("the outcome of an order could not be found out", "order_number", c.number)
	s.record(s.store.orderUnclear(s.running, c))
}

// evidence is what suggests so far that there is no order. One rejection proves nothing after a lost response: it may be about
// a retry, after the first request had placed the order. One look at the session proves nothing either: Klarna may still be at work.
type evidence struct {
	rejection error // by Klarna itself
	absent    bool  // since then Klarna reported once that the session led to no order
}

// look sends the same order again: one token makes at most one order, so this either gets the response that was lost or
// places the order that never arrived. Once Klarna has rejected it, only the session is read. It returns true when
// the outcome is known.
func (s *shop) look(c *checkout, sent *sentOrder, known *evidence) bool {
	ctx, cancel := context.WithTimeout(s.running, placeTimeout)
	defer cancel()
	if known.rejection == nil {
		order, err := s.klarna.CreateOrder(ctx, sent.token, sent.request)
		switch {
		case err == nil:
			s.record(s.store.orderPlaced(ctx, c, order))
			s.logger.Info("order placed by a retry", "order_number", c.number)
			return true
		case errors.Is(err, klarna.ErrOrderAlreadyPlaced):
			s.recordLost(c, err)
			return true
		case isRejection(err):
			known.rejection = err
		}
		s.logger.Warn("the outcome of an order is still unknown", "order_number", c.number, "error", err)
	}
	exists, err := s.klarna.OrderPlaced(ctx, c.sessionID)
	switch {
	case exists:
		s.recordLost(c, known.rejection)
		return true
	case err != nil:
		s.logger.Warn("the session of an order could not be read", "order_number", c.number, "error", err)
	case known.rejection == nil:
	case known.absent:
		s.record(s.store.orderRejected(ctx, c, problemOf(known.rejection), errors.Is(known.rejection, klarna.ErrConflict)))
		s.logger.Warn("there is no order", "order_number", c.number, "error", known.rejection)
		return true
	default:
		known.absent = true
	}
	return false
}

// recordLost records an order that exists while its id was lost.
func (s *shop) recordLost(c *checkout, err error) {
	s.record(s.store.orderPlaced(s.running, c, nil))
	s.logger.Warn("an order exists, but its id was lost: look it up by the order number", "order_number", c.number, "error", err)
}

// isRejection reports whether Klarna itself has rejected an order. A page of a proxy with the same status is not that.
func isRejection(err error) bool {
	if !isKlarnas(err) || errors.Is(err, klarna.ErrOutcomeUnknown) {
		return false
	}
	for _, kind := range []error{klarna.ErrInvalidRequest, klarna.ErrForbidden, klarna.ErrNotFound, klarna.ErrConflict} {
		if errors.Is(err, kind) {
			return true
		}
	}
	return false
}

// isKlarnas reports whether an error has a code of Klarna's, and so comes from Klarna and not from a proxy on the way.
func isKlarnas(err error) bool {
	var e *klarna.Error
	return errors.As(err, &e) && e.Code != ""
}

// record logs that an outcome could not be stored.
func (s *shop) record(err error) {
	if err != nil {
		s.logger.Error("the outcome of an order could not be stored", "error", err)
	}
}
