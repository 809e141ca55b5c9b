package main

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"database/sql"
	"encoding/hex"
	"errors"
	"time"

	"github.com/klarna-go/klarna-payments/klarna"
	"github.com/klarna-go/klarna-payments/klarna/placement"
)

// placeTimeout is how long a shopper is kept waiting for the order, with all attempts.
const placeTimeout = 45 * time.Second

var (
	// errForeignToken reports an authorization token that is not the newest of the shopper's session.
	errForeignToken = errors.New("the authorization token is not the session's")
	// errNoApproval reports a session without an authorization: it has expired.
	errNoApproval = errors.New("the session has no authorization")
	// errEnded reports a checkout that was over before the token arrived.
	errEnded = errors.New("the checkout has ended")
)

// place places the order of an authorization token, whoever brings it first: the shopper's browser or Klarna's callback. The second
// one, at whichever process of the shop, waits for the first. It returns nil if the checkout's state is what to show, and an error
// if nothing was ordered.
func (s *shop) place(ctx context.Context, checkoutID, token string, by origin) error {
	// The shopper may close the page, and Klarna closes the callback's connection after two seconds. Neither must cancel the order.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), placeTimeout)
	defer cancel()
	approval := approvalOf(token)
	for range attempts {
		c, err := s.store.checkout(ctx, checkoutID)
		if err != nil {
			return err
		}
		if c.state == open && c.tried != approval {
			err = s.intend(ctx, c, token, by)
			err = errors.Join(err, s.reload(ctx, c)) // even if it failed: somebody else may have ordered meanwhile
		}
		switch {
		case c.state == ended:
			return s.whyEnded(ctx, c)
		case c.state == open && err != nil && c.waiting != token:
			return err
		case c.state == open && err != nil && isOver(err):
			return errors.Join(err, s.store.stopWaiting(ctx, c, problemOf(err)))
		case c.state == open && err != nil: // it is written down, and the background goes on with it
			s.logger.WarnContext(ctx, "an approval waits to become an order", "order_number", c.number, "by", by, "error", err)
			return nil
		case c.state == open && c.tried == approval: // Klarna rejected it
			return nil
		case c.state == open: // Klarna rejected an earlier approval, and this one may be good
			continue
		}
		if c.tried != approval {
			// The order of an earlier approval is under way. This one is used if that is rejected, and until then nothing reports a failure.
			if c.waiting != "" && c.waiting != token {
				// A late callback must not replace the newest approval by an older one.
				_, err := s.approvedSession(ctx, c, token, by)
				switch {
				case errors.Is(err, errForeignToken), errors.Is(err, errNoApproval), errors.Is(err, klarna.ErrOrderAlreadyPlaced):
					return nil
				case err != nil:
					return err
				}
			}
			if err := s.store.wait(ctx, c, token); err != nil {
				return err
			}
		}
		result, err := s.goOnWith(ctx, c)
		if err != nil {
			s.logger.WarnContext(ctx, "the outcome of an order is still unknown", "order_number", c.number, "by", by, "error", err)
			return nil
		}
		rejected := result.State == placement.Rejected
		if rejected && errors.Is(result.Err, klarna.ErrConflict) && c.tried == approval {
			s.letGo(ctx, c, token) // the shopper approved another cart
		}
		if !rejected || c.tried == approval {
			return nil
		}
	}
	return nil
}

// letGo cancels an approval that leads to no order: it counts against what the shopper may spend. If that fails, it expires by itself.
func (s *shop) letGo(ctx context.Context, c *checkout, token string) {
	if err := s.klarna.CancelAuthorization(ctx, token); err != nil {
		s.logger.WarnContext(ctx, "the authorization could not be cancelled", "order_number", c.number, "error", err)
	}
}

// approvalOf identifies an authorization token without telling it.
func approvalOf(token string) string {
	hash := sha256.Sum256([]byte(token))
	return hex.EncodeToString(hash[:])
}

// goOnWith goes on with an order that is written down, or waits for whoever does, and stores the outcome. From here on nothing is a
// failure: what is not known now is found out in the background.
func (s *shop) goOnWith(ctx context.Context, c *checkout) (placement.Result, error) {
	result, err := s.book.Resume(ctx, c.number)
	if errors.Is(err, placement.ErrUnknownReference) { // it was ordered elsewhere
		return placement.Result{State: placement.Placed}, nil
	}
	if err == nil {
		err = s.record(ctx, c.number, result)
	}
	return result, err
}

// intend writes down the order of an open checkout, for the shop and for package placement, together or not at all. The order is made
// from the shopper's own session, and nothing of it from what the browser posts. Klarna has the address, from the browser's
// authorize call: the order must repeat it, and the parcel goes there.
func (s *shop) intend(ctx context.Context, c *checkout, token string, by origin) error {
	session, err := s.approvedSession(ctx, c, token, by)
	if errors.Is(err, klarna.ErrOrderAlreadyPlaced) {
		return s.orderedElsewhere(ctx, c)
	}
	if err != nil {
		return err
	}
	if c.paysFor() != "" { // it pays for a period of a subscription, which an earlier approval that was rejected must not block
		if err := s.settlePaidInSessions(ctx); err != nil {
			return err
		}
	}
	if err := s.signUp(ctx, c, token); err != nil {
		return err
	}
	err = s.writeOrder(ctx, c, token, by, klarna.OrderFromApproved(c.session, *session))
	switch {
	case errors.Is(err, errTokenReplaced):
		return nil // the caller begins anew, and finds out which approval counts
	case errors.Is(err, errPeriodPaid):
		s.letGo(ctx, c, token)
	}
	return err
}

// approvedSession reads the session of a checkout, and checks that its newest approval is that of the token. It fails with
// klarna.ErrOrderAlreadyPlaced if it has an order.
func (s *shop) approvedSession(ctx context.Context, c *checkout, token string, by origin) (*klarna.SessionRead, error) {
	session, err := s.klarna.ReadSession(ctx, c.sessionID)
	switch {
	case err != nil:
		return nil, err
	case session.Status == klarna.SessionStatusComplete:
		return nil, klarna.ErrOrderAlreadyPlaced
	case session.AuthorizationToken == "" && by.onPage():
		// The token is of Klarna's own page for this session. That the session names it too is not documented.
	case session.AuthorizationToken == "":
		return nil, errNoApproval
	case subtle.ConstantTimeCompare([]byte(session.AuthorizationToken), []byte(token)) == 0:
		return nil, errForeignToken // or one would pay with what another shopper approved
	}
	return session, nil
}

// writeOrder writes down an order, unless the checkout's customer token was made of another approval meanwhile.
func (s *shop) writeOrder(ctx context.Context, c *checkout, token string, by origin, request klarna.CreateOrderRequest) error {
	write := func(tx *sql.Tx) error {
		if err := tokenIsOf(ctx, tx, c, approvalOf(token)); err != nil {
			return err
		}
		return s.book.WriteTx(ctx, tx, placement.Order{
			Reference: c.number, SessionID: c.sessionID, AuthorizationToken: token, Request: request,
		})
	}
	_, err := s.store.addOrder(ctx, c, by, approvalOf(token), write)
	if !errors.Is(err, errPeriodPaid) {
		return err
	}
	// An earlier approval that claimed the period may have been rejected a moment ago.
	if err := s.settlePaidInSessions(ctx); err != nil {
		return err
	}
	_, err = s.store.addOrder(ctx, c, by, approvalOf(token), write)
	return err
}

// orderedElsewhere records an order of an open checkout that something else than this shop has placed. Its id is unknown.
func (s *shop) orderedElsewhere(ctx context.Context, c *checkout) error {
	// Package placement has no record of it. It is stored as placed at once, since nothing would go on with it later.
	added, err := s.store.addOrder(ctx, c, byUnknown, "unknown", func(tx *sql.Tx) error { return markPlaced(ctx, tx, c.number, new(klarna.Order)) })
	if added && err == nil {
		s.logger.WarnContext(ctx, "an order was placed that this shop has no record of", "order_number", c.number)
	}
	return err
}

// record stores what became of an order.
func (s *shop) record(ctx context.Context, number string, result placement.Result) error {
	switch {
	case result.State == placement.Placed:
		return s.store.orderPlaced(ctx, number, &klarna.Order{OrderID: result.OrderID, FraudStatus: result.FraudStatus, RedirectURL: result.RedirectURL})
	case result.State == placement.Unresolved && errors.Is(result.Err, klarna.ErrOrderAlreadyPlaced):
		return s.store.orderPlaced(ctx, number, nil) // its id is lost
	case result.State == placement.Unresolved:
		return s.store.orderUnclear(ctx, number)
	case result.State == placement.Rejected:
		problem := problemOf(result.Err)
		if problem == "down" || problem == "waiting" { // a person found out that there is no order
			problem = "rejected"
		}
		return s.store.orderRejected(ctx, number, result.Attempt, problem, errors.Is(result.Err, klarna.ErrConflict))
	}
	return nil
}
