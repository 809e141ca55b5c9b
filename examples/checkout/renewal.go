package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"time"

	"github.com/klarna-go/klarna-payments/klarna"
	"github.com/klarna-go/klarna-payments/klarna/customertoken"
)

// renewal is one charge of a period of a subscription. It is stored with its idempotency key and its request before it is sent, so that
// another process can go on with it: the same request with the same key charges once. After a decline, the next charge of the period
// is another renewal, with a key of its own.
type renewal struct {
	key          string // what Klarna gets as Klarna-Idempotency-Key
	subscription string // its number
	period       int64
	charge       int64  // counts the charges of the period
	checkoutID   string // where the customer pays for the period in a session; empty if the token is charged
	reference    string // the order number
	request      customertoken.OrderRequest
	amount       int64

	state     renewalState
	attempts  int
	ambiguous bool // Klarna may have carried out an earlier attempt
	sent      time.Time
	orderID   string // Klarna's; empty if it is not known
	problem   string // a name of declines; of an open renewal, why it is open
	stepUpID  string
	detail    string // for Klarna's support
}

type renewalState string

const (
	renewalSending    renewalState = "sending"    // the call is under way, or the customer's order is
	renewalUnresolved renewalState = "unresolved" // it is about to be sent, or Klarna may have carried it out
	renewalPaid       renewalState = "paid"
	renewalDeclined   renewalState = "declined"
)

// canRetry reports whether Klarna still knows the renewal's key. A later call would be another charge.
func (r *renewal) canRetry(at time.Time) bool {
	return r.state == renewalUnresolved && (r.attempts == 0 || at.Sub(r.sent) < keyLifetime)
}

// canClose reports whether a person has to find out what became of a renewal, because sending it again cannot.
func (r *renewal) canClose(sub *subscription, at time.Time) bool {
	return r.state == renewalUnresolved && r.checkoutID == "" && (r.problem == "rejected" || !r.canRetry(at) || sub.state == cancelled)
}

// ran is what became of a run.
type ran struct{ paid, declined, open int }

// runsAtOnce bounds how many subscriptions are charged at the same time.
const runsAtOnce = 4

// renewDue charges the subscriptions that are due, and goes on with charges whose outcome is unknown. It may run in several processes at
// once: each period is charged by one of them.
func (s *shop) renewDue(ctx context.Context) (ran, error) {
	err := s.settleSubscriptions(ctx)
	due, dueErr := s.store.subscriptions(ctx, now())
	var done ran
	var mu sync.Mutex
	var together sync.WaitGroup
	slots := make(chan struct{}, runsAtOnce)
	for _, sub := range due {
		slots <- struct{}{}
		together.Go(func() {
			defer func() { <-slots }()
			r, renewErr := s.renew(ctx, sub)
			mu.Lock()
			defer mu.Unlock()
			err = errors.Join(err, renewErr)
			switch {
			case r == nil:
			case r.state == renewalPaid:
				done.paid++
			case r.state == renewalDeclined:
				done.declined++
			default:
				done.open++
			}
		})
	}
	together.Wait()
	return done, errors.Join(err, dueErr, s.discardUnordered(ctx), s.cancelUnusedTokens(ctx))
}

// renew charges the next period of a subscription that is due. It returns nil if another process was faster.
func (s *shop) renew(ctx context.Context, sub *subscription) (*renewal, error) {
	all, err := s.store.renewals(ctx, sub.number, sub.period)
	if err != nil {
		return nil, err
	}
	r := openOf(all)
	if r == nil {
		if sub.state != active || sub.due.After(time.Now()) {
			return nil, nil // another process was faster
		}
		r = sub.newRenewal(len(all), "")
		if added, err := s.store.addRenewal(ctx, sub, r); err != nil || !added {
			return nil, err
		}
	}
	return r, s.sendCharge(ctx, sub, r)
}

// newRenewal makes the charge of the next period, after so many that were declined.
func (sub *subscription) newRenewal(earlier int, stepUp customertoken.StepUp) *renewal {
	r := &renewal{
		subscription: sub.number, period: sub.period, charge: int64(earlier) + 1, reference: sub.reference(), state: renewalUnresolved,
	}
	r.key = fmt.Sprintf("%s-charge-%d", r.reference, r.charge)
	r.request = sub.charge(r.reference)
	r.request.StepUp = stepUp
	r.amount = r.request.OrderAmount
	return r
}

// openOf returns the renewal whose outcome is open, or nil.
func openOf(all []*renewal) *renewal {
	for _, r := range all {
		if r.state == renewalSending || r.state == renewalUnresolved {
			return r
		}
	}
	return nil
}

// sendCharge sends a renewal, or sends it again with the same key. It does nothing while another process sends it.
func (s *shop) sendCharge(ctx context.Context, sub *subscription, r *renewal) error {
	if !r.canRetry(time.Now()) || r.checkoutID != "" || sub.state == cancelled {
		return nil
	}
	ours, err := s.store.beginCharge(ctx, r)
	if err != nil || !ours {
		return err
	}
	order, err := s.tokens.CreateOrder(ctx, sub.customerToken, r.request, klarna.WithIdempotencyKey(r.key))
	switch {
	case err == nil:
		r.state, r.orderID, r.problem, r.detail = renewalPaid, order.OrderID, "", ""
		s.logger.InfoContext(ctx, "subscription charged", "order_number", r.reference, "amount", r.amount, "fraud_status", order.FraudStatus)
	case errors.Is(err, klarna.ErrOutcomeUnknown):
		r.state, r.ambiguous, r.problem = renewalUnresolved, true, ""
	case !isDecline(err) && r.ambiguous: // Klarna did not look at this attempt, and may have carried out an earlier one
		r.state, r.problem = renewalUnresolved, ""
	case !isDecline(err):
		r.state, r.problem = renewalUnresolved, "not sent"
	case r.ambiguous && !holdsForAll(err):
		// It may be about this attempt, after an earlier one has charged the customer.
		r.state, r.problem = renewalUnresolved, "rejected"
	default:
		r.state, r.problem = renewalDeclined, declineOf(err)
		r.stepUpID, _ = customertoken.StepUpID(err)
	}
	if err != nil {
		r.detail = detailOf(err)
		s.logger.WarnContext(ctx, "subscription not charged, as far as is known", "order_number", r.reference, "amount", r.amount,
			"unknown", r.state == renewalUnresolved, "error", err)
	}
	storing, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second) // also after the call used up its time
	defer cancel()
	fraud := klarna.FraudStatus("")
	if order != nil {
		fraud = order.FraudStatus
	}
	return s.store.endCharge(storing, sub, r, fraud)
}

// isDecline reports whether Klarna has looked at a charge and rejected it. What was not sent, came too often, or met a proxy's page or
// wrong credentials was not looked at: it is sent again later, with the same key.
func isDecline(err error) bool {
	switch {
	case errors.Is(err, klarna.ErrInvalidRequest), errors.Is(err, klarna.ErrInvalidID): // also before it was sent
		return true
	case errors.Is(err, klarna.ErrNotSent), errors.Is(err, klarna.ErrRateLimited), errors.Is(err, klarna.ErrUnauthorized):
		return false
	}
	return isKlarnas(err)
}

// holdsForAll reports whether a rejection shows that no attempt with the same key and body has charged the customer. A bad value stays
// one. That the payment method was declined is the outcome of a charge, which Klarna returns for its key: that of the first attempt, or
// of this one if the first never arrived (inferred). What is about the token may be looked at before the key, and so proves nothing.
func holdsForAll(err error) bool {
	var rejected *klarna.Error
	return errors.As(err, &rejected) && rejected.StatusCode == http.StatusBadRequest && rejected.Code == "BAD_VALUE" ||
		errors.Is(err, customertoken.ErrPaymentMethodFailed) || errors.Is(err, customertoken.ErrPaymentMethodUnavailable) ||
		errors.Is(err, customertoken.ErrCurrencyMismatch)
}

const renewalColumns = `key, subscription, period, charge, checkout_id, reference, request, amount, state, attempts, ambiguous, sent, attempted,
	klarna_order_id, problem, step_up_id, detail`

func scanRenewal(row scanner) (*renewal, error) {
	r := new(renewal)
	var attempted time.Time
	err := row.Scan(&r.key, &r.subscription, &r.period, &r.charge, &r.checkoutID, &r.reference, asJSON{&r.request}, &r.amount, &r.state,
		&r.attempts, &r.ambiguous, &r.sent, &attempted, &r.orderID, &r.problem, &r.stepUpID, &r.detail)
	if r.state == renewalSending && r.checkoutID == "" && time.Since(attempted) > sendingFor {
		r.state, r.ambiguous = renewalUnresolved, true // it has died with its process
	}
	return r, err
}

// renewals reads the charges of a period, or of all periods if it is 0, the oldest first.
func (st *store) renewals(ctx context.Context, subscription string, period int64) ([]*renewal, error) {
	return queryAll(ctx, st.db, scanRenewal, `SELECT `+renewalColumns+` FROM renewals
		WHERE subscription = $1 AND (period = $2 OR $2 = 0) ORDER BY period, charge`, subscription, period)
}

// charging reads the open charges of all subscriptions, by the subscription's number. There is one at most.
func (st *store) charging(ctx context.Context) (map[string]*renewal, error) {
	all, err := queryAll(ctx, st.db, scanRenewal, `SELECT `+renewalColumns+` FROM renewals WHERE state IN ('sending', 'unresolved')`)
	open := make(map[string]*renewal, len(all))
	for _, r := range all {
		open[r.subscription] = r
	}
	return open, err
}

// addRenewal stores a renewal before it is sent. It reports false if another process was faster, or the subscription has changed.
func (st *store) addRenewal(ctx context.Context, sub *subscription, r *renewal) (added bool, err error) {
	err = st.inTx(ctx, func(tx *sql.Tx) error {
		// Of several processes that begin with the same version, one finds it.
		if added, err = wrote(ctx, tx, `
			UPDATE subscriptions SET version = version + 1 WHERE number = $1 AND version = $2 AND period = $3 AND state <> 'cancelled'`,
			sub.number, sub.version, r.period); err != nil || !added {
			return err
		}
		added, err = insertRenewal(ctx, tx, r)
		return err
	})
	return added, err
}

// lockSubscription makes other transactions about a subscription wait for the end of this one. It comes first in each of them.
func lockSubscription(ctx context.Context, tx *sql.Tx, number string) error {
	_, err := tx.ExecContext(ctx, `UPDATE subscriptions SET version = version + 1 WHERE number = $1`, number)
	return err
}

// insertRenewal reports false if a charge of the period is open or paid.
func insertRenewal(ctx context.Context, tx *sql.Tx, r *renewal) (bool, error) {
	return wrote(ctx, tx, `
		INSERT INTO renewals (`+renewalColumns+`)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 0, FALSE, $10, $10, '', '', '', '') ON CONFLICT DO NOTHING`,
		r.key, r.subscription, r.period, r.charge, r.checkoutID, r.reference, asJSON{r.request}, r.amount, r.state, now())
}

// beginCharge reports whether this process is the one that sends a renewal now. If the subscription was cancelled meanwhile, only what
// Klarna may have carried out before is sent again, with the same key.
func (st *store) beginCharge(ctx context.Context, r *renewal) (bool, error) {
	at := now()
	if r.attempts == 0 {
		r.sent = at // Klarna keeps the key from now on
	}
	return wrote(ctx, st.db, `
		UPDATE renewals SET state = 'sending', attempts = attempts + 1, ambiguous = $3, sent = $4, attempted = $5
		WHERE key = $1 AND attempts = $2 AND state IN ('sending', 'unresolved') AND ($3 OR EXISTS (
			SELECT 1 FROM subscriptions s WHERE s.number = renewals.subscription AND s.state <> 'cancelled'))`, r.key, r.attempts, r.ambiguous, r.sent, at)
}

// endCharge stores how the attempt ended that beginCharge began, and what that means for the subscription.
func (st *store) endCharge(ctx context.Context, sub *subscription, r *renewal, fraud klarna.FraudStatus) error {
	return st.inTx(ctx, func(tx *sql.Tx) error {
		if err := lockSubscription(ctx, tx, sub.number); err != nil {
			return err
		}
		stored, err := wrote(ctx, tx, `
			UPDATE renewals SET state = $3, ambiguous = $4, klarna_order_id = $5, problem = $6, step_up_id = $7, detail = $8
			WHERE key = $1 AND attempts = $2 AND state = 'sending'`,
			r.key, r.attempts+1, r.state, r.ambiguous, r.orderID, r.problem, r.stepUpID, r.detail)
		if err != nil || !stored {
			return err
		}
		return st.conclude(ctx, tx, sub, r, fraud)
	})
}

// conclude stores what the outcome of a renewal means for its subscription. The order of a charge joins the shop's orders, where it
// is captured like any other.
func (st *store) conclude(ctx context.Context, tx *sql.Tx, sub *subscription, r *renewal, fraud klarna.FraudStatus) error {
	switch r.state {
	case renewalPaid:
		if r.checkoutID == "" {
			if _, err := tx.ExecContext(ctx, `
				INSERT INTO orders (number, checkout_id, shopper_id, state, lines, amount, tax, currency, placed_by, klarna_order_id, fraud_status, redirect_url, ordered)
				VALUES ($1, '', $2, 'placed', $3, $4, $5, $6, $7, $8, $9, '', $10)`,
				r.reference, sub.shopperID, asJSON{r.request.OrderLines}, r.amount, r.request.OrderTaxAmount, sub.currency, byRenewal, r.orderID, fraud, now()); err != nil {
				return err
			}
		}
		_, err := tx.ExecContext(ctx, `
			UPDATE subscriptions SET period = period + 1, due = $3, problem = '',
				state = CASE WHEN state = 'cancelled' THEN state ELSE 'active' END
			WHERE number = $1 AND period = $2`, sub.number, r.period, dueOf(sub.began, sub.plan, r.period+1))
		return err
	case renewalDeclined:
		state, due := declines[r.problem].next(r, sub.due)
		_, err := tx.ExecContext(ctx, `
			UPDATE subscriptions SET problem = $3, due = $4, state = CASE WHEN state = 'cancelled' THEN state ELSE $5 END
			WHERE number = $1 AND period = $2`, sub.number, r.period, r.problem, due, string(state))
		return err
	default:
		return nil
	}
}

// closeRenewal stores what a person has found out about a renewal of unknown outcome: whether the order exists, and its id, if that is
// known.
func (st *store) closeRenewal(ctx context.Context, sub *subscription, r *renewal, exists bool, orderID string) error {
	r.state, r.problem = renewalDeclined, "closed"
	if exists {
		r.state, r.problem, r.orderID = renewalPaid, "", orderID
	}
	return st.inTx(ctx, func(tx *sql.Tx) error {
		if err := lockSubscription(ctx, tx, sub.number); err != nil {
			return err
		}
		stored, err := wrote(ctx, tx, `
			UPDATE renewals SET state = $3, klarna_order_id = $4, problem = $5
			WHERE key = $1 AND attempts = $2 AND (state = 'unresolved' OR state = 'sending' AND attempted < $6) AND checkout_id = ''`,
			r.key, r.attempts, r.state, r.orderID, r.problem, now().Add(-sendingFor))
		if err != nil || !stored {
			return err
		}
		return st.conclude(ctx, tx, sub, r, "")
	})
}
