package main

import (
	"context"
	"crypto/subtle"
	"errors"
	"time"

	"github.com/klarna-go/klarna-payments/klarna"
)

// placeTimeout is how long a shopper is kept waiting for the order, with all attempts.
const placeTimeout = 45 * time.Second

var (
	// errForeignToken reports an authorization token that is not the newest of the shopper's session.
	errForeignToken = errors.New("the authorization token is not the session's")
	// errEnded reports a checkout that was over before the token arrived.
	errEnded = errors.New("the checkout has ended")
)

// place places the order of an authorization token, whoever brings it first: the shopper's browser or Klarna's callback.
// The second one finds the order placed. It returns nil if the checkout's state is what to show, and an error if there is
// no order.
func (s *shop) place(ctx context.Context, c *checkout, token string, by origin) error {
	// The shopper may close the page, and Klarna closes the callback's connection after two seconds. Neither must cancel the order.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), placeTimeout)
	defer cancel()
	done, err := c.shopper.take(ctx)
	if err != nil {
		return err
	}
	defer done()
	switch c.state {
	case open:
	case placed, checking, unclear:
		return nil
	case ended:
		return errEnded
	}

	approved, err := s.approvedOrder(ctx, c, token)
	if err == nil {
		err = s.send(ctx, c, &sentOrder{token, approved.order, by})
	}
	switch {
	case err != nil && approved.exists: // the token could not be used, but there is an order
		c.recordOrder(nil, byUnknown)
		s.logger.WarnContext(ctx, "order placed before, without a record", "order_number", c.number, "by", by, "error", err)
		return nil
	case errors.Is(err, klarna.ErrConflict) && approved.isNewest:
		// The shopper approved another cart. Let go of the approval: it counts against what the shopper may spend.
		if err := s.klarna.CancelAuthorization(ctx, token); err != nil {
			s.logger.WarnContext(ctx, "the authorization could not be cancelled", "order_number", c.number, "error", err)
		}
	}
	return err
}

// approvedOrder is what a token is for.
type approvedOrder struct {
	order    klarna.CreateOrderRequest
	isNewest bool // the token is known to be the newest of the shopper's session
	exists   bool // the session has an order already
}

// approvedOrder makes the order from the shopper's own session, and nothing of it from what the browser posts. Klarna has
// the address, from the browser's authorize call: the order must repeat it, and the parcel goes there.
func (s *shop) approvedOrder(ctx context.Context, c *checkout, token string) (approvedOrder, error) {
	session, err := s.klarna.ReadSession(ctx, c.sessionID)
	if err != nil {
		return approvedOrder{exists: errors.Is(err, klarna.ErrOrderAlreadyPlaced)}, err
	}
	approved := approvedOrder{order: klarna.OrderFromSession(c.session), exists: session.Status == klarna.SessionStatusComplete}
	approved.order.BillingAddress, approved.order.ShippingAddress = session.BillingAddress, session.ShippingAddress
	// If the session names no token, the order protects against a foreign one: its lines contain the order number.
	if session.AuthorizationToken != "" {
		if subtle.ConstantTimeCompare([]byte(session.AuthorizationToken), []byte(token)) == 0 {
			return approvedOrder{}, errForeignToken
		}
		approved.isNewest = true
	}
	return approved, nil
}

// send asks Klarna for the order, and records what is known afterwards.
func (s *shop) send(ctx context.Context, c *checkout, sent *sentOrder) error {
	order, err := s.klarna.CreateOrder(ctx, sent.token, sent.request)
	switch {
	case err == nil:
		c.recordOrder(order, sent.by)
		s.logger.InfoContext(ctx, "order placed", "order_number", c.number, "by", sent.by, "fraud_status", order.FraudStatus)
		return nil
	case errors.Is(err, klarna.ErrOrderAlreadyPlaced):
		c.recordOrder(nil, sent.by)
		s.logger.WarnContext(ctx, "order placed before, without a record", "order_number", c.number, "by", sent.by, "error", err)
		return nil
	case errors.Is(err, klarna.ErrOutcomeUnknown):
		c.recordUnknown(sent)
		s.logger.WarnContext(ctx, "order sent, outcome unknown", "order_number", c.number, "by", sent.by, "error", err)
		s.background.Go(func() { s.settle(c) })
		return nil
	}
	return err
}
