package main

import (
	"context"
	"errors"

	"github.com/klarna-go/klarna-payments/klarna"
)

// errBeingPaid says that the cart cannot change: an order of it may exist.
var errBeingPaid = errors.New("the cart is being paid")

// setQuantity changes the cart, and with it the session at Klarna, if there is one. What the shopper approved before does
// not fit afterwards, and Klarna refuses an order with it.
//
// replaced says that there is no session any more, and the next look at the checkout opens another one.
func (s *shop) setQuantity(ctx context.Context, sh *shopper, productID string, quantity int64) (replaced bool, err error) {
	done, err := sh.take(ctx)
	if err != nil {
		return false, err
	}
	defer done()
	was, c := sh.now()
	if c != nil && c.state != open {
		return false, errBeingPaid
	}
	changed := was.with(productID, quantity)
	sh.mu.Lock()
	sh.cart = changed
	sh.mu.Unlock()
	if c == nil {
		return false, nil
	}

	lines := changed.lines(c.number)
	if len(lines) == 0 {
		c.end() // Klarna has no empty carts
		return true, nil
	}
	update := klarna.CartUpdate(lines)
	if err := s.klarna.UpdateSession(ctx, c.sessionID, update); err != nil {
		// A session that does not hold the cart is worth nothing, whatever the reason.
		s.logger.WarnContext(ctx, "the session could not be updated", "order_number", c.number, "error", err)
		c.end()
		return true, nil
	}
	sh.mu.Lock()
	c.session.OrderLines, c.session.OrderAmount, c.session.OrderTaxAmount = lines, *update.OrderAmount, *update.OrderTaxAmount
	c.declined = nil // another amount is another question
	sh.mu.Unlock()
	return false, nil
}
