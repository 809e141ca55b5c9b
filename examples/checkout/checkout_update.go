package main

import (
	"context"
	"errors"

	"github.com/klarna-go/klarna-payments/klarna"
)

// errBeingPaid reports that the cart cannot change, because an order of it may exist.
var errBeingPaid = errors.New("the cart is being paid")

// setQuantity changes the cart, and with it the session at Klarna, if there is one. What the shopper approved before does
// not fit afterwards, and Klarna rejects an order with it. It returns the checkout that there was.
//
// replaced reports that there is no session any more, and the next look at the checkout opens another one. An error leaves
// the cart as it was; errBeingPaid is one if it turns out that the cart is paid already.
func (s *shop) setQuantity(ctx context.Context, sh *shopper, productID string, quantity int64) (c *checkout, replaced bool, err error) {
	done, err := sh.take(ctx)
	if err != nil {
		return nil, false, err
	}
	defer done()
	was, c := sh.now()
	if c != nil && c.state != open {
		return c, false, errBeingPaid
	}
	changed := was.with(productID, quantity)
	if c != nil {
		if replaced, err = s.updateSession(ctx, c, changed.lines(c.number)); err != nil {
			return c, false, err
		}
	}
	sh.mu.Lock()
	sh.cart = changed
	sh.mu.Unlock()
	return c, replaced, nil
}

// updateSession sends other lines to the session at Klarna. If that fails, the checkout ends. The caller has the shopper's
// turn.
func (s *shop) updateSession(ctx context.Context, c *checkout, lines []klarna.OrderLine) (replaced bool, err error) {
	if len(lines) > 0 { // Klarna has no empty carts
		update := klarna.CartUpdate(lines)
		err := s.klarna.UpdateSession(ctx, c.sessionID, update)
		if err == nil {
			c.shopper.mu.Lock()
			defer c.shopper.mu.Unlock()
			c.session.OrderLines, c.session.OrderAmount, c.session.OrderTaxAmount = lines, *update.OrderAmount, *update.OrderTaxAmount
			c.declined = nil // Klarna decides anew for another amount
			return false, nil
		}
		s.logger.WarnContext(ctx, "the session could not be updated", "order_number", c.number, "error", err)
		if errors.Is(err, klarna.ErrOrderAlreadyPlaced) {
			c.recordOrder(nil, byUnknown)
			return false, errBeingPaid
		}
	}
	// A session without the current cart is useless. But another process may have placed its order: with a new session
	// the shopper would pay twice.
	if _, err := s.stillGood(ctx, c); err != nil {
		return false, err
	}
	switch c.state {
	case ended:
	case open:
		c.end()
	default:
		return false, errBeingPaid
	}
	return true, nil
}
