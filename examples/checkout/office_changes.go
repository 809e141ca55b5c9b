package main

import (
	"context"
	"errors"
	"strconv"
	"time"

	"github.com/klarna-go/klarna-payments/klarna"
	"github.com/klarna-go/klarna-payments/klarna/ordermanagement"
)

// change is one change of an order at Klarna: a capture, a refund, a cancellation or a release. It is stored with its
// idempotency key and its request before it is sent, so that whatever posts the same form again finds it, also after a restart, and
// the retry of an unknown outcome sends the same request under the same key.
type change struct {
	key         string // what Klarna gets as Klarna-Idempotency-Key
	orderNumber string
	number      int    // counts the changes of an order
	kind        string // captureForm and so on
	form        string // the kind, and of a refund its capture
	posted      string // the form, to distinguish a second post from another form with its key
	amount      int64  // what is captured, refunded or released
	before      amounts
	request     changeRequest

	state    changeState
	attempts int       // how often it was sent
	sent     time.Time // for the first time
	rejected bool      // after an unknown outcome, which proves nothing
	problem  string    // why it was not carried out
	detail   string    // for Klarna's support
}

// amounts are those of an order before a change.
type amounts struct{ captured, refunded, left int64 }

// changeRequest is what a change sends, if it sends anything.
type changeRequest struct {
	Capture *ordermanagement.CaptureRequest `json:"capture,omitempty"`
	Refund  *ordermanagement.RefundRequest  `json:"refund,omitempty"`
}

type changeState string

const (
	sending    changeState = "sending"    // the call is under way
	made       changeState = "made"       // Klarna confirmed it
	notMade    changeState = "not made"   // Klarna rejected it, or nothing was sent
	unresolved changeState = "unresolved" // it is about to be sent, or Klarna may have carried it out
	closed     changeState = "closed"     // the outcome stayed unknown, and a person compared the amounts
)

// A call that takes longer than sendingFor has died with its process: its outcome is unknown.
const sendingFor = placeTimeout + 15*time.Second

// keyLifetime is how long Klarna keeps an idempotency key, less a margin. A later retry would be another change.
const keyLifetime = 23 * time.Hour

// canRetry reports whether Klarna still knows the change's key.
func (ch *change) canRetry(at time.Time) bool {
	return ch.state == unresolved && at.Sub(ch.sent) < keyLifetime
}

// shownBy reports whether an order shows that the change was carried out.
func (ch *change) shownBy(order *ordermanagement.Order) bool {
	switch ch.kind {
	case captureForm:
		return order.CapturedAmount == ch.before.captured+ch.amount
	case refundForm:
		return order.RefundedAmount == ch.before.refunded+ch.amount
	case cancelForm:
		return order.Status == ordermanagement.OrderStatusCancelled
	case releaseForm:
		return order.CapturedAmount == ch.before.captured && order.RemainingAuthorizedAmount == 0
	}
	return false
}

// changes are all changes of one order, the oldest first.
type changes []*change

// open returns the change whose outcome is open, or nil. Until it is known, nothing else can be changed: what is left to capture
// or refund is unknown too.
func (made changes) open() *change {
	for _, ch := range made {
		if ch.state == sending || ch.state == unresolved {
			return ch
		}
	}
	return nil
}

// shown returns the change that a page shows on top, or nil: the one whose outcome is open, or else the one with a number.
func (made changes) shown(number int) *change {
	if ch := made.open(); ch != nil {
		return ch
	}
	for _, ch := range made {
		if ch.number == number {
			return ch
		}
	}
	return nil
}

// keyOf returns the idempotency key of a form. It stays the same until the form is sent, so that a reload or a second window has
// the same key, and two of them change the order once. Then the form gets another: Klarna may return an old rejection for the old one.
func (o *office) keyOf(orderNumber, form string, made changes) string {
	n := 0
	for _, ch := range made {
		if ch.form == form {
			n++
		}
	}
	return o.derive("idempotency key", orderNumber, form, strconv.Itoa(n))
}

const changeColumns = `key, order_number, number, kind, form, posted, amount, captured_before, refunded_before, left_before, request,
	state, attempts, sent, attempted, rejected, problem, detail`

func scanChange(row scanner) (*change, error) {
	ch := new(change)
	var attempted time.Time
	err := row.Scan(&ch.key, &ch.orderNumber, &ch.number, &ch.kind, &ch.form, &ch.posted, &ch.amount,
		&ch.before.captured, &ch.before.refunded, &ch.before.left, asJSON{&ch.request},
		&ch.state, &ch.attempts, &ch.sent, &attempted, &ch.rejected, &ch.problem, &ch.detail)
	if ch.state == sending && time.Since(attempted) > sendingFor {
		ch.state = unresolved
	}
	return ch, err
}

// changes reads all changes of an order.
func (st *store) changes(ctx context.Context, orderNumber string) (changes, error) {
	return queryAll(ctx, st.db, scanChange, `SELECT `+changeColumns+` FROM changes WHERE order_number = $1 ORDER BY number`, orderNumber)
}

// change reads the change of an order with a key. It fails with sql.ErrNoRows if it is missing.
func (st *store) change(ctx context.Context, orderNumber, key string) (*change, error) {
	return scanChange(st.db.QueryRowContext(ctx, `SELECT `+changeColumns+` FROM changes WHERE order_number = $1 AND key = $2`, orderNumber, key))
}

// addChange stores a change before it is sent. It reports false if another change of the order is open.
func (st *store) addChange(ctx context.Context, ch *change) (added bool, err error) {
	return wrote(ctx, st.db, `
		INSERT INTO changes (`+changeColumns+`)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, 'unresolved', 0, $12, $12, FALSE, '', '') ON CONFLICT DO NOTHING`,
		ch.key, ch.orderNumber, ch.number, ch.kind, ch.form, ch.posted, ch.amount,
		ch.before.captured, ch.before.refunded, ch.before.left, asJSON{ch.request}, now())
}

// beginAttempt reports whether this process is the one that sends a change now.
func (st *store) beginAttempt(ctx context.Context, ch *change) (bool, error) {
	return wrote(ctx, st.db, `
		UPDATE changes SET state = 'sending', attempts = attempts + 1, attempted = $3
		WHERE key = $1 AND attempts = $2 AND state IN ('sending', 'unresolved')`, ch.key, ch.attempts, now())
}

// endAttempt stores how the attempt ended that beginAttempt began.
func (st *store) endAttempt(ctx context.Context, ch *change) error {
	_, err := st.db.ExecContext(ctx, `
		UPDATE changes SET state = $3, rejected = $4, problem = $5, detail = $6
		WHERE key = $1 AND attempts = $2 AND state = 'sending'`, ch.key, ch.attempts+1, ch.state, ch.rejected, ch.problem, ch.detail)
	return err
}

// closeChange closes a change whose outcome is unknown.
func (st *store) closeChange(ctx context.Context, orderNumber, key string) (bool, error) {
	return wrote(ctx, st.db, `
		UPDATE changes SET state = 'closed'
		WHERE order_number = $1 AND key = $2 AND (state = 'unresolved' OR state = 'sending' AND attempted < $3)`,
		orderNumber, key, now().Add(-sendingFor))
}

// carryOut sends a change, or sends it again with the same key. If somebody else is sending it, it waits for the outcome.
func (o *office) carryOut(ctx context.Context, record *order, ch *change) error {
	for {
		if ch.state != sending && !ch.canRetry(time.Now()) {
			return nil
		}
		if ch.state == unresolved {
			if ours, err := o.shop.store.beginAttempt(ctx, ch); err != nil {
				return err
			} else if ours {
				return o.attempt(ctx, record, ch)
			}
		}
		select {
		case <-time.After(50 * time.Millisecond):
		case <-ctx.Done():
			return ctx.Err()
		}
		fresh, err := o.shop.store.change(ctx, ch.orderNumber, ch.key)
		if err != nil {
			return err
		}
		*ch = *fresh
	}
}

// attempt sends a change, and stores the outcome.
func (o *office) attempt(ctx context.Context, record *order, ch *change) error {
	again := ch.attempts > 0
	err := o.send(ctx, record.orderID, ch)
	ch.state = made
	switch {
	case err == nil:
	case errors.Is(err, klarna.ErrOutcomeUnknown) && (!again || !errors.Is(err, klarna.ErrConflict)):
		ch.state = unresolved
	case again:
		// The rejection may be about the second request, or come while the first is still being carried out. Only the
		// order's amounts prove something.
		ch.state, ch.rejected = unresolved, ch.rejected || !errors.Is(err, klarna.ErrNotSent)
		if order, readErr := o.orders.ReadOrder(ctx, record.orderID); readErr == nil && ch.shownBy(order) {
			ch.state = made
		}
	default:
		ch.state, ch.problem = notMade, rejection(err)
	}
	if ch.state == made {
		o.shop.logger.InfoContext(ctx, "order changed", "change", ch.kind, "amount", ch.amount)
		ch.detail = ""
	} else {
		o.shop.logger.WarnContext(ctx, "order not changed, as far as is known", "change", ch.kind, "amount", ch.amount, "unknown", ch.state == unresolved, "error", err)
		ch.detail = detailOf(err)
	}
	storing, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second) // also after the call used up its time
	defer cancel()
	return o.shop.store.endAttempt(storing, ch)
}

// send calls Klarna.
func (o *office) send(ctx context.Context, orderID string, ch *change) (err error) {
	key := klarna.WithIdempotencyKey(ch.key)
	switch {
	case ch.request.Capture != nil:
		_, err = o.orders.CaptureOrder(ctx, orderID, *ch.request.Capture, key)
	case ch.request.Refund != nil:
		_, err = o.orders.RefundOrder(ctx, orderID, *ch.request.Refund, key)
	case ch.kind == cancelForm:
		err = o.orders.CancelOrder(ctx, orderID, key)
	case ch.kind == releaseForm:
		err = o.orders.ReleaseRemainingAuthorization(ctx, orderID, key)
	}
	return err
}
