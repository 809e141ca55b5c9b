package main

import (
	"context"
	"errors"
	"time"

	"github.com/klarna-go/klarna-payments/klarna"
)

// openCheckout returns the shopper's checkout. If its session cannot be used any more, it opens another one.
func (s *shop) openCheckout(ctx context.Context, sh *shopper) (*checkout, error) {
	done, err := sh.take(ctx)
	if err != nil {
		return nil, err
	}
	defer done()
	if _, c := sh.now(); c != nil {
		if good, err := s.stillGood(ctx, c); good || err != nil {
			return c, nil // if Klarna cannot be reached, its widget shows it
		}
	}
	return s.newSession(ctx, sh)
}

// stillGood reports whether a session, which may be two days old, can still be used. It also finds an order that neither the
// browser nor a callback reported. The caller has the shopper's turn.
func (s *shop) stillGood(ctx context.Context, c *checkout) (bool, error) {
	if c.state != open {
		return true, nil // it is being checked
	}
	session, err := s.klarna.ReadSession(ctx, c.sessionID)
	switch {
	case errors.Is(err, klarna.ErrOrderAlreadyPlaced), err == nil && session.Status == klarna.SessionStatusComplete:
		s.logger.WarnContext(ctx, "an order was placed that this shop has no record of", "order_number", c.number)
		c.recordOrder(nil, byUnknown)
		return true, nil
	case errors.Is(err, klarna.ErrNotFound) && isKlarnas(err):
		s.logger.InfoContext(ctx, "the session has expired", "order_number", c.number)
		c.end()
		return false, nil
	case err != nil:
		s.logger.WarnContext(ctx, "the session could not be read", "order_number", c.number, "error", err)
		return false, err
	}
	return true, nil
}

// newSession opens a session for the cart. The caller has the shopper's turn.
func (s *shop) newSession(ctx context.Context, sh *shopper) (*checkout, error) {
	c := newCheckout(sh)
	var err error
	if c.session.MerchantURLs, err = s.merchantURLs(c); err != nil {
		return nil, err
	}
	opened, err := s.klarna.CreateSession(ctx, c.session)
	if err != nil {
		return nil, err
	}
	c.sessionID, c.clientToken, c.categories = opened.SessionID, opened.ClientToken, opened.PaymentMethodCategories
	s.store.addCheckout(c)
	sh.mu.Lock()
	sh.checkout = c
	sh.mu.Unlock()
	return c, nil
}

// merchantURLs are where Klarna sends the shopper, and its callback. Klarna does not sign callbacks, so the URL does. Without
// a base URL there are none: Klarna could not reach them.
func (s *shop) merchantURLs(c *checkout) (klarna.MerchantURLs, error) {
	if s.baseURL == "" {
		return klarna.MerchantURLs{}, nil
	}
	authorization, err := s.signer.Sign(s.baseURL+callbackPath, c.id, 48*time.Hour) // as long as a session lives
	if err != nil {
		return klarna.MerchantURLs{}, err
	}
	return klarna.MerchantURLs{Authorization: authorization, Confirmation: s.baseURL + c.orderPath()}, nil
}
