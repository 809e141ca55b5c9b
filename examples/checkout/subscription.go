package main

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"net/url"
	"time"

	"github.com/klarna-go/klarna-payments/klarna"
	"github.com/klarna-go/klarna-payments/klarna/customertoken"
)

// plans are the products that are delivered again and again, by their id. Klarna compares the plan of each charge with that of the
// sign-up.
var plans = map[string]klarna.Subscription{
	"coffee": {Name: "Coffee, every month", Interval: klarna.SubscriptionIntervalMonth, IntervalCount: 1},
}

// Every returns how often a product is delivered, such as "every month". It is empty for what is bought once.
func (p product) Every() string {
	plan, ok := plans[p.ID]
	if !ok {
		return ""
	}
	return intervalOf(plan)
}

// intervalOf returns in words how often a plan delivers.
func intervalOf(plan klarna.Subscription) string {
	unit := map[klarna.SubscriptionInterval]string{
		klarna.SubscriptionIntervalDay: "day", klarna.SubscriptionIntervalWeek: "week",
		klarna.SubscriptionIntervalMonth: "month", klarna.SubscriptionIntervalYear: "year",
	}[plan.Interval]
	if plan.IntervalCount > 1 {
		return fmt.Sprintf("every %d %ss", plan.IntervalCount, unit)
	}
	return "every " + unit
}

// intentOf returns what a shopper approves with lines: an order, or a customer token and an order. The fee for the shipping counts
// for neither.
func intentOf(lines []klarna.OrderLine) klarna.Intent {
	subscribed, bought := split(lines)
	switch {
	case len(subscribed) == 0:
		return "" // Klarna's default is to buy
	case len(bought) == 0:
		return klarna.IntentBuyAndTokenize
	}
	return klarna.IntentBuyAndDefaultTokenize
}

// split separates the lines that a plan delivers again from those that are bought once. Shipping is in neither.
func split(lines []klarna.OrderLine) (subscribed, bought []klarna.OrderLine) {
	for _, line := range lines {
		switch {
		case line.Subscription != klarna.Subscription{}:
			subscribed = append(subscribed, line)
		case line.Type != klarna.OrderLineTypeShippingFee:
			bought = append(bought, line)
		}
	}
	return subscribed, bought
}

// subscription is what a customer is charged for again and again, as the database has it.
type subscription struct {
	number        string // of the order that it began with
	shopperID     string
	state         subscriptionState
	problem       string        // a name of declines
	customerToken string        // a secret
	intent        klarna.Intent // of the sign-up
	plan          klarna.Subscription
	lines         []klarna.OrderLine // what a period delivers
	currency      string
	period        int64 // the next one to be paid
	due           time.Time
	began         time.Time
	version       int64
}

type subscriptionState string

const (
	active    subscriptionState = "active"    // it is charged when it is due
	waiting   subscriptionState = "waiting"   // the customer has to pay for the period, in a session
	stopped   subscriptionState = "stopped"   // somebody has to look at it
	cancelled subscriptionState = "cancelled" // for good
)

// charge returns the request that charges the next period. Lines and tax are worked out anew: Klarna rejects a tax that was rounded
// for the order as a whole.
func (sub *subscription) charge(reference string) customertoken.OrderRequest {
	lines := withShipping(sub.lines)
	for i := range lines {
		lines[i].MerchantData = reference
	}
	request := customertoken.Renewal(sub.currency, sub.plan, lines...)
	request.MerchantReference1, request.MerchantReference2 = reference, sub.number
	return request
}

// reference is the order number of a period.
func (sub *subscription) reference() string { return fmt.Sprintf("%s-%d", sub.number, sub.period) }

// dueOf returns when a period begins. A subscription that began on the 31st is due on the last day of shorter months.
func dueOf(began time.Time, plan klarna.Subscription, period int64) time.Time {
	n := int(period-1) * max(plan.IntervalCount, 1)
	switch plan.Interval {
	case klarna.SubscriptionIntervalDay:
		return began.AddDate(0, 0, n)
	case klarna.SubscriptionIntervalWeek:
		return began.AddDate(0, 0, 7*n)
	case klarna.SubscriptionIntervalYear:
		n *= 12
	default: // months
	}
	due := began.AddDate(0, n, 0)
	if due.Day() != began.Day() {
		due = due.AddDate(0, 0, -due.Day())
	}
	return due
}

const subscriptionColumns = `number, shopper_id, state, problem, customer_token, intent, plan, lines, currency, period, due, began, version`

func scanSubscription(row scanner) (*subscription, error) {
	sub := new(subscription)
	err := row.Scan(&sub.number, &sub.shopperID, &sub.state, &sub.problem, &sub.customerToken, &sub.intent, asJSON{&sub.plan}, asJSON{&sub.lines},
		&sub.currency, &sub.period, &sub.due, &sub.began, &sub.version)
	return sub, err
}

// subscription reads a subscription. It fails with sql.ErrNoRows if it is missing.
func (st *store) subscription(ctx context.Context, number string) (*subscription, error) {
	return scanSubscription(st.db.QueryRowContext(ctx, `SELECT `+subscriptionColumns+` FROM subscriptions WHERE number = $1`, number))
}

// subscriptions reads the subscriptions that a run at a time takes care of: those that are due, and those with an open charge. If the
// time is zero, it reads all of them.
func (st *store) subscriptions(ctx context.Context, at time.Time) ([]*subscription, error) {
	const all = `SELECT ` + subscriptionColumns + ` FROM subscriptions`
	if at.IsZero() {
		return queryAll(ctx, st.db, scanSubscription, all+` ORDER BY began DESC, number LIMIT 1000`)
	}
	return queryAll(ctx, st.db, scanSubscription, all+`
		WHERE state = 'active' AND due <= $1 OR state <> 'cancelled' AND EXISTS (
			SELECT 1 FROM renewals r WHERE r.subscription = subscriptions.number AND r.checkout_id = '' AND r.state IN ('unresolved', 'sending'))
		ORDER BY due, number`, at)
}

// settleSubscriptions brings the subscriptions up to date with the orders of their checkouts: whichever process finds out that an order
// exists, there is a subscription from then on, or its period is paid.
func (s *shop) settleSubscriptions(ctx context.Context) error {
	return errors.Join(s.store.beginSubscriptions(ctx), s.settlePaidInSessions(ctx))
}

// beginSubscriptions stores a subscription for each order that a customer signed up with.
func (st *store) beginSubscriptions(ctx context.Context) error {
	begun, err := queryAll(ctx, st.db, func(row scanner) (*subscription, error) {
		sub := &subscription{state: active, period: 2}
		err := row.Scan(&sub.number, &sub.shopperID, &sub.customerToken, asJSON{&sub.lines}, &sub.currency, &sub.began)
		return sub, err
	}, `
		SELECT o.number, o.shopper_id, sc.customer_token, o.lines, o.currency, o.ordered
		FROM subscription_checkouts sc JOIN orders o ON o.number = sc.subscription
		WHERE sc.period = 1 AND sc.token_state = 'made' AND o.state = 'placed' AND o.fraud_status <> 'REJECTED'
		AND NOT EXISTS (SELECT 1 FROM subscriptions s WHERE s.number = sc.subscription)`)
	if err != nil {
		return err
	}
	for _, sub := range begun {
		sub.intent, sub.plan = intentOf(sub.lines), planOf(sub.lines)
		sub.lines, _ = split(sub.lines)
		if len(sub.lines) == 0 {
			continue
		}
		if _, err := st.db.ExecContext(ctx, `
			INSERT INTO subscriptions (`+subscriptionColumns+`) VALUES ($1, $2, $3, '', $4, $5, $6, $7, $8, $9, $10, $11, 0) ON CONFLICT DO NOTHING`,
			sub.number, sub.shopperID, sub.state, sub.customerToken, sub.intent, asJSON{sub.plan}, asJSON{sub.lines}, sub.currency, sub.period,
			dueOf(sub.began, sub.plan, sub.period), sub.began); err != nil {
			return err
		}
	}
	return nil
}

// cancelSubscription ends a subscription for good. From then on the shop does not charge it, whether Klarna has cancelled the
// token yet or not.
func (st *store) cancelSubscription(ctx context.Context, number string) error {
	return st.inTx(ctx, func(tx *sql.Tx) error {
		done, err := wrote(ctx, tx, `UPDATE subscriptions SET state = 'cancelled', problem = '', version = version + 1
			WHERE number = $1 AND state <> 'cancelled'`, number)
		if err != nil || !done {
			return err
		}
		var token string
		if err := tx.QueryRowContext(ctx, `SELECT customer_token FROM subscriptions WHERE number = $1`, number).Scan(&token); err != nil {
			return err
		}
		return discard(ctx, tx, token)
	})
}

// discard has the next run cancel a customer token.
func discard(ctx context.Context, tx *sql.Tx, token string) error {
	_, err := tx.ExecContext(ctx, `INSERT INTO unused_tokens (customer_token, since) VALUES ($1, $2) ON CONFLICT DO NOTHING`, token, now())
	return err
}

// resumeSubscription has the next run charge a declined period once more, after somebody has looked at it.
func (st *store) resumeSubscription(ctx context.Context, number string) (bool, error) {
	return wrote(ctx, st.db, `
		UPDATE subscriptions SET state = 'active', due = $2, version = version + 1
		WHERE number = $1 AND state <> 'cancelled' AND EXISTS (
			SELECT 1 FROM renewals r WHERE r.subscription = subscriptions.number AND r.period = subscriptions.period AND r.state = 'declined')`,
		number, now())
}

// bringForward moves all due dates one period closer, which is for demonstrations.
func (st *store) bringForward(ctx context.Context) error {
	all, err := st.subscriptions(ctx, time.Time{})
	if err != nil {
		return err
	}
	for _, sub := range all {
		if _, err := st.db.ExecContext(ctx, `UPDATE subscriptions SET began = $2, due = $3 WHERE number = $1 AND version = $4`,
			sub.number, dueOf(sub.began, sub.plan, 0), dueOf(sub.due, sub.plan, 0), sub.version); err != nil {
			return err
		}
	}
	return nil
}

// cancelUnusedTokens has Klarna cancel the tokens that nobody charges any more. What fails is left for the next run.
func (s *shop) cancelUnusedTokens(ctx context.Context) error {
	unused, err := queryAll(ctx, s.store.db, scanText, `SELECT customer_token FROM unused_tokens ORDER BY since LIMIT 100`)
	for _, token := range unused {
		cancelErr := s.tokens.CancelToken(ctx, token)
		if cancelErr == nil || errors.Is(cancelErr, customertoken.ErrTokenCancelled) || errors.Is(cancelErr, customertoken.ErrTokenNotFound) {
			_, cancelErr = s.store.db.ExecContext(ctx, `DELETE FROM unused_tokens WHERE customer_token = $1`, token)
		}
		err = errors.Join(err, cancelErr)
	}
	return err
}

// secret is what the link of a subscription carries in place of a password. Only the shop can make it.
func (s *shop) secret(number string) string {
	mac := hmac.New(sha256.New, s.formKey)
	mac.Write([]byte("subscription " + number))
	return hex.EncodeToString(mac.Sum(nil))[:32]
}

// subscriptionPath leads a customer to their subscription. Whoever has it can pay for it and cancel it.
func (s *shop) subscriptionPath(number string) string {
	return "/subscriptions/" + url.PathEscape(number) + "/" + s.secret(number)
}
