package main

import (
	"context"
	"errors"

	"github.com/klarna-go/klarna-payments/klarna"
)

// errBeingPaid reports that the cart cannot change, because an order of it may exist.
var errBeingPaid = errors.New("the cart is being paid")

// setQuantity changes the cart, and with it the session at Klarna, if there is one. What the shopper approved before does
// not fit afterwards, and Klarna rejects an order with it. It returns the checkout whose session holds the cart: nil if there is
// none, such as after a session that could not be updated. The next look at the checkout opens another one.
//
// An error leaves the cart as it was; errBeingPaid is one if it turns out that the cart is paid already.
func (s *shop) setQuantity(ctx context.Context, sh *shopper, productID string, quantity int64) (*checkout, error) {
	for range attempts {
		var c *checkout
		var err error
		if sh.checkoutID != "" {
			if c, err = s.store.checkout(ctx, sh.checkoutID); err != nil {
				return nil, err
			}
		}
		changed := *sh
		changed.cart = sh.cart.with(productID, quantity)
		if c != nil {
			err = s.updateSession(ctx, c, changed.cart.lines(c.number))
		}
		if err == nil {
			err = s.store.saveCart(ctx, &changed, c)
		}
		if !errors.Is(err, errChanged) {
			return c, err
		}
		// Another tab was faster, or the checkout has ended. Klarna's session holds what is stored last.
		if sh, err = s.store.shopper(ctx, sh.id); err != nil {
			return nil, err
		}
	}
	return nil, errChanged
}

// changeable returns errBeingPaid if there is an order, or may be one, and errChanged if the checkout has ended.
func (c *checkout) changeable() error {
	switch {
	case c.state == ended:
		return errChanged
	case !c.payable():
		return errBeingPaid
	}
	return nil
}

// updateSession sends other lines to the session at Klarna. If that fails, the checkout ends, with errChanged.
func (s *shop) updateSession(ctx context.Context, c *checkout, lines []klarna.OrderLine) error {
	if err := c.changeable(); err != nil {
		return err
	}
	// Klarna's page would show the new cart or the old one. It may be paid there by now.
	if err := errors.Join(s.closePage(ctx, c.id), s.reload(ctx, c)); err != nil {
		return err
	}
	if err := c.changeable(); err != nil {
		return err
	}
	if len(lines) > 0 && intentOf(lines) == c.session.Intent { // Klarna has no empty carts, and a session keeps its intent
		update := klarna.CartUpdate(lines)
		err := s.klarna.UpdateSession(ctx, c.sessionID, update)
		if err == nil {
			c.session.OrderLines, c.session.OrderAmount, c.session.OrderTaxAmount = lines, *update.OrderAmount, *update.OrderTaxAmount
			return nil
		}
		s.logger.WarnContext(ctx, "the session could not be updated", "order_number", c.number, "error", err)
	}
	// A session without the current cart is useless. But its order may have been placed: with a new session the shopper
	// would pay twice.
	if err := s.refresh(ctx, c); err != nil {
		return err
	}
	if err := c.changeable(); err != nil {
		return err
	}
	if err := s.store.end(ctx, c); err != nil {
		return err
	}
	return errChanged
}
