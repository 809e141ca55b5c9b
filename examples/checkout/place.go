package main

import (
	"context"
	"crypto/subtle"
	"errors"
	"sync"
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
func (s *shop) place(ctx context.Context, checkoutID, token string, by origin) error {
	// The shopper may close the page, and Klarna closes the callback's connection after two seconds. Neither must cancel the order.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), placeTimeout)
	defer cancel()
	done, err := s.turns.take(ctx, checkoutID)
	if err != nil {
		return err
	}
	defer done()
	c, err := s.store.checkout(ctx, checkoutID)
	switch {
	case err != nil:
		return err
	case c.state == ordered:
		return nil
	case c.state == ended:
		return errEnded
	}

	approved, err := s.approvedOrder(ctx, c, token)
	if approved.exists && err != nil {
		return s.orderedElsewhere(ctx, c)
	}
	if err != nil {
		return err
	}
	if added, err := s.store.addOrder(ctx, c, by); err != nil || !added {
		return err
	}
	return s.send(ctx, c, &sentOrder{token, approved.order, by}, approved)
}

// orderedElsewhere records an order of an open checkout that something else has placed.
func (s *shop) orderedElsewhere(ctx context.Context, c *checkout) error {
	added, err := s.store.addOrder(ctx, c, byUnknown)
	if err != nil || !added {
		return err
	}
	s.logger.WarnContext(ctx, "an order was placed that this shop has no record of", "order_number", c.number)
	return s.store.orderPlaced(ctx, c, nil)
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
			return approved, errForeignToken
		}
		approved.isNewest = true
	}
	return approved, nil
}

// send asks Klarna for the order, and records what is known afterwards.
func (s *shop) send(ctx context.Context, c *checkout, sent *sentOrder, approved approvedOrder) error {
	order, err := s.klarna.CreateOrder(ctx, sent.token, sent.request)
	switch {
	case err == nil:
		s.logger.InfoContext(ctx, "order placed", "order_number", c.number, "by", sent.by, "fraud_status", order.FraudStatus)
		return s.store.orderPlaced(ctx, c, order)
	case errors.Is(err, klarna.ErrOrderAlreadyPlaced), approved.exists && !errors.Is(err, klarna.ErrOutcomeUnknown):
		s.logger.WarnContext(ctx, "order placed before, without a record", "order_number", c.number, "by", sent.by, "error", err)
		return s.store.orderPlaced(ctx, c, nil)
	case errors.Is(err, klarna.ErrOutcomeUnknown):
		s.logger.WarnContext(ctx, "order sent, outcome unknown", "order_number", c.number, "by", sent.by, "error", err)
		s.background.Go(func() { s.settle(c, sent) })
		return nil
	case errors.Is(err, klarna.ErrConflict) && approved.isNewest:
		// The shopper approved another cart. Let go of the approval: it counts against what the shopper may spend.
		if err := s.klarna.CancelAuthorization(ctx, sent.token); err != nil {
			s.logger.WarnContext(ctx, "the authorization could not be cancelled", "order_number", c.number, "error", err)
		}
	}
	return errors.Join(err, s.store.orderRejected(ctx, c, "", errors.Is(err, klarna.ErrConflict)))
}

// sentOrder is kept so that a retry sends the same bytes.
type sentOrder struct {
	token   string
	request klarna.CreateOrderRequest
	by      origin
}

// turns lets one thing happen at a time to a checkout.
type turns struct {
	mu    sync.Mutex
	taken map[string]chan struct{}
}

// take waits for the turn of a checkout. Whoever gets it calls done.
func (t *turns) take(ctx context.Context, id string) (done func(), err error) {
	t.mu.Lock()
	if t.taken == nil {
		t.taken = map[string]chan struct{}{}
	}
	if t.taken[id] == nil {
		t.taken[id] = make(chan struct{}, 1)
	}
	turn := t.taken[id]
	t.mu.Unlock()
	select {
	case turn <- struct{}{}:
		return func() { <-turn }, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}
