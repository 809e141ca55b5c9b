package main

import (
	"context"
	"errors"
	"time"

	"github.com/klarna-go/klarna-payments/klarna"
)

// openCheckout returns the shopper's checkout. If its session cannot be used any more, it opens another one. It returns nil if the cart
// was emptied meanwhile.
func (s *shop) openCheckout(ctx context.Context, sh *shopper) (*checkout, error) {
	for range attempts {
		switch {
		case sh.checkoutID != "":
			c, err := s.store.checkout(ctx, sh.checkoutID)
			if err != nil || c.state != open {
				return c, err
			}
			if err := s.refresh(ctx, c); err != nil || c.state != ended {
				return c, nil //nolint:nilerr // if Klarna cannot be reached, its widget shows it
			}
		case sh.cart.count() == 0:
			return nil, nil
		default:
			c, err := s.newSession(ctx, sh)
			if !errors.Is(err, errChanged) {
				return c, err
			}
		}
		var err error
		if sh, err = s.store.shopper(ctx, sh.id); err != nil {
			return nil, err
		}
	}
	return nil, errChanged
}

// refresh finds out whether the session of an open checkout, which may be two days old, can still be used. If not, the
// checkout has ended. It also finds an order that neither the browser nor a callback reported.
func (s *shop) refresh(ctx context.Context, c *checkout) error {
	if !c.payable() {
		return nil
	}
	session, err := s.klarna.ReadSession(ctx, c.sessionID)
	switch {
	case errors.Is(err, klarna.ErrOrderAlreadyPlaced), err == nil && session.Status == klarna.SessionStatusComplete:
		err = s.orderedElsewhere(ctx, c)
	case errors.Is(err, klarna.ErrNotFound) && isKlarnas(err):
		s.logger.InfoContext(ctx, "the session has expired", "order_number", c.number)
		err = s.store.end(ctx, c)
	case err != nil:
		s.logger.WarnContext(ctx, "the session could not be read", "order_number", c.number, "error", err)
		return err
	case c.stale:
		if err = s.klarna.UpdateSession(ctx, c.sessionID, klarna.CartUpdate(c.session.OrderLines)); err == nil {
			err = s.store.updated(ctx, c)
		} else {
			s.logger.WarnContext(ctx, "the session could not be updated", "order_number", c.number, "error", err)
			err = s.store.end(ctx, c)
		}
	}
	return errors.Join(err, s.reload(ctx, c))
}

// reload reads a checkout once more, after its state may have changed.
func (s *shop) reload(ctx context.Context, c *checkout) error {
	fresh, err := s.store.checkout(ctx, c.id)
	if err == nil {
		*c = *fresh
	}
	return err
}

// newSession opens a session for the cart.
func (s *shop) newSession(ctx context.Context, sh *shopper) (*checkout, error) {
	c := newCheckout(sh)
	if err := s.openSession(ctx, c, orderPath(c.number)); err != nil {
		return nil, err
	}
	return c, s.store.addCheckout(ctx, sh, c)
}

// openSession opens the session of a new checkout. The path is where the shopper comes back to after the order.
func (s *shop) openSession(ctx context.Context, c *checkout, path string) (err error) {
	if c.session.MerchantURLs, err = s.merchantURLs(c, path); err != nil {
		return err
	}
	opened, err := s.klarna.CreateSession(ctx, c.session)
	if err != nil {
		return err
	}
	c.sessionID, c.clientToken, c.categories = opened.SessionID, opened.ClientToken, opened.PaymentMethodCategories
	return nil
}

// merchantURLs are where Klarna sends the shopper, and its callback. Klarna does not sign callbacks, so the URL does. Without
// a base URL there are none: Klarna could not reach them.
func (s *shop) merchantURLs(c *checkout, path string) (klarna.MerchantURLs, error) {
	if s.baseURL == "" {
		return klarna.MerchantURLs{}, nil
	}
	authorization, err := s.signer.Sign(s.baseURL+callbackPath, c.id, 48*time.Hour) // as long as a session lives
	if err != nil {
		return klarna.MerchantURLs{}, err
	}
	return klarna.MerchantURLs{Authorization: authorization, Confirmation: s.baseURL + path}, nil
}
