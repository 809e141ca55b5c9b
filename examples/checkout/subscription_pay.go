package main

import (
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"strconv"
	"time"

	"github.com/klarna-go/klarna-payments/klarna"
	"github.com/klarna-go/klarna-payments/klarna/customertoken"
)

// errPeriodPaid reports that a period of a subscription is paid, or is being paid.
var errPeriodPaid = errors.New("the period is paid, or is being paid")

// payPresent charges a declined period once more, while the customer is present: Klarna may then let them confirm the charge. If it is
// declined again, it opens a session in which the customer pays for the period. It returns the renewal, and the checkout of the
// session if there is one.
//
// Klarna documents step-up for tokens that are charged on demand, and none for subscriptions. So there may be no step_up_id: then the
// customer signs up anew in the session, and the new token replaces the old one.
func (s *shop) payPresent(ctx context.Context, sub *subscription, sh *shopper) (*renewal, *checkout, error) {
	if c, err := s.openPayment(ctx, sub); err != nil || c != nil {
		return nil, c, err
	}
	all, err := s.store.renewals(ctx, sub.number, sub.period)
	if err != nil {
		return nil, nil, err
	}
	r := openOf(all)
	if r == nil {
		r = sub.newRenewal(len(all), customertoken.StepUpSupported)
		if added, err := s.store.addRenewal(ctx, sub, r); err != nil {
			return nil, nil, err
		} else if !added {
			return nil, nil, errPeriodPaid
		}
	}
	if err := s.sendCharge(ctx, sub, r); err != nil || r.state != renewalDeclined || !declines[r.problem].payable() {
		return r, nil, err
	}
	c, err := s.newPayment(ctx, sub, sh, r.stepUpID)
	return r, c, err
}

// payable reports whether the customer can pay for a declined period in a session.
func (d declineReason) payable() bool { return d.Tell != "" }

// newPayment opens a session in which the customer pays for a period: with the id of a declined charge they confirm that, and the token
// keeps its number and gets their new payment method; without one, there will be a new token.
func (s *shop) newPayment(ctx context.Context, sub *subscription, sh *shopper, stepUpID string) (*checkout, error) {
	c := &checkout{id: rand.Text(), number: sub.reference() + "-" + rand.Text()[:4], shopperID: sh.id, state: open}
	charge := sub.charge(c.number)
	c.session = klarna.SessionCreate{
		PurchaseCountry: "DE", PurchaseCurrency: charge.PurchaseCurrency, Locale: "en-DE", Intent: sub.intent,
		OrderAmount: charge.OrderAmount, OrderTaxAmount: charge.OrderTaxAmount, OrderLines: charge.OrderLines,
		MerchantReference1: c.number, MerchantReference2: sub.number,
	}
	state := tokenWanted
	if stepUpID != "" {
		state = tokenUnneeded
		c.session.StepUpID, c.session.Customer.CustomerToken = stepUpID, sub.customerToken
	}
	if err := s.openSession(ctx, c, s.subscriptionPath(sub.number)+"?paid="+strconv.FormatInt(sub.period, 10)); err != nil {
		return nil, err
	}
	return c, s.store.inTx(ctx, func(tx *sql.Tx) error {
		if err := insertCheckout(ctx, tx, c); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, `
			INSERT INTO subscription_checkouts (checkout_id, subscription, period, token_state, approval, asked, calls, customer_token)
			VALUES ($1, $2, $3, $4, '', $5, 0, '')`, c.id, sub.number, sub.period, string(state), now())
		return err
	})
}

// openPayment returns the checkout in which the customer can pay for the next period, or nil. One whose session has expired ends.
func (s *shop) openPayment(ctx context.Context, sub *subscription) (*checkout, error) {
	var id string
	err := s.store.db.QueryRowContext(ctx, `
		SELECT c.id FROM subscription_checkouts sc JOIN checkouts c ON c.id = sc.checkout_id
		WHERE sc.subscription = $1 AND sc.period = $2 AND c.state <> 'ended' ORDER BY c.created DESC LIMIT 1`, sub.number, sub.period).Scan(&id)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	c, err := s.store.checkout(ctx, id)
	if err != nil || c.state != open {
		return c, err
	}
	if err := s.refresh(ctx, c); err != nil || c.state != ended {
		return c, nil //nolint:nilerr // if Klarna cannot be reached, its widget shows it
	}
	return nil, nil
}

// approved returns the subscriptions whose customer has approved a payment for the next period that waits to be ordered.
func (st *store) approved(ctx context.Context) (map[string]bool, error) {
	numbers, err := queryAll(ctx, st.db, scanText, `
		SELECT s.number FROM subscription_checkouts sc JOIN checkouts c ON c.id = sc.checkout_id
		JOIN subscriptions s ON s.number = sc.subscription AND s.period = sc.period
		WHERE c.state = 'open' AND c.waiting <> ''`)
	approved := make(map[string]bool, len(numbers))
	for _, number := range numbers {
		approved[number] = true
	}
	return approved, err
}

// claimPeriod stores that the order of a checkout pays for a period of a subscription, together with the order. It fails with
// errPeriodPaid if the period is paid, or is being charged: the order is not placed then. Other checkouts claim nothing.
func claimPeriod(ctx context.Context, tx *sql.Tx, c *checkout) error {
	r := &renewal{checkoutID: c.id, reference: c.number, amount: c.session.OrderAmount, state: renewalSending}
	err := tx.QueryRowContext(ctx, `SELECT subscription, period FROM subscription_checkouts WHERE checkout_id = $1 AND period > 1`, c.id).
		Scan(&r.subscription, &r.period)
	if errors.Is(err, sql.ErrNoRows) {
		return nil
	}
	if err != nil {
		return err
	}
	// From here on, other processes wait for the end of this transaction.
	ours, err := wrote(ctx, tx, `UPDATE subscriptions SET version = version + 1 WHERE number = $1 AND period = $2 AND state <> 'cancelled'`,
		r.subscription, r.period)
	if err == nil && ours {
		if err := tx.QueryRowContext(ctx, `SELECT COUNT(*) + 1 FROM renewals WHERE subscription = $1 AND period = $2`, r.subscription, r.period).
			Scan(&r.charge); err != nil {
			return err
		}
		r.key = r.reference + "-" + strconv.FormatInt(r.charge, 10)
		ours, err = insertRenewal(ctx, tx, r)
	}
	if err == nil && !ours {
		err = errPeriodPaid
	}
	return err
}

// settlePaidInSessions stores what became of the orders that customers pay for periods with.
func (s *shop) settlePaidInSessions(ctx context.Context) error {
	type paying struct{ key, state, orderID, token string }
	all, err := queryAll(ctx, s.store.db, func(row scanner) (p paying, err error) {
		err = row.Scan(&p.key, &p.state, &p.orderID, &p.token)
		return p, err
	}, `
		SELECT r.key, COALESCE(o.state, ''), COALESCE(o.klarna_order_id, ''), sc.customer_token
		FROM renewals r JOIN subscription_checkouts sc ON sc.checkout_id = r.checkout_id LEFT JOIN orders o ON o.number = r.reference
		WHERE r.state = 'sending' AND r.checkout_id <> ''`)
	for _, p := range all {
		if p.state == "" || p.state == string(placed) { // it was rejected, and deleted; or it exists
			err = errors.Join(err, s.store.endPayment(ctx, p.key, p.state != "", p.orderID, p.token))
		}
	}
	return err
}

// endPayment stores whether a period was paid in a session. A new customer token replaces the old one.
func (st *store) endPayment(ctx context.Context, key string, paid bool, orderID, token string) error {
	state, why := renewalDeclined, "session"
	if paid {
		state, why = renewalPaid, ""
	}
	return st.inTx(ctx, func(tx *sql.Tx) error {
		var number string
		if err := tx.QueryRowContext(ctx, `SELECT subscription FROM renewals WHERE key = $1`, key).Scan(&number); err != nil {
			return err
		}
		if err := lockSubscription(ctx, tx, number); err != nil {
			return err
		}
		stored, err := wrote(ctx, tx, `UPDATE renewals SET state = $2, klarna_order_id = $3, problem = $4 WHERE key = $1 AND state = 'sending'`,
			key, string(state), orderID, why)
		if err != nil || !stored {
			return err
		}
		r, err := scanRenewal(tx.QueryRowContext(ctx, `SELECT `+renewalColumns+` FROM renewals WHERE key = $1`, key))
		if err != nil {
			return err
		}
		sub, err := scanSubscription(tx.QueryRowContext(ctx, `SELECT `+subscriptionColumns+` FROM subscriptions WHERE number = $1`, r.subscription))
		if err != nil {
			return err
		}
		switch {
		case !paid || token == "" || token == sub.customerToken:
		case sub.state == cancelled: // meanwhile, so nobody charges the new token either
			if err := discard(ctx, tx, token); err != nil {
				return err
			}
		default:
			if err := discard(ctx, tx, sub.customerToken); err != nil {
				return err
			}
			if _, err := tx.ExecContext(ctx, `UPDATE subscriptions SET customer_token = $2 WHERE number = $1`, sub.number, token); err != nil {
				return err
			}
		}
		return st.conclude(ctx, tx, sub, r, "")
	})
}

// shortDate is a day, as a customer reads it.
func shortDate(t time.Time) string { return t.UTC().Format("2 Jan 2006") }
