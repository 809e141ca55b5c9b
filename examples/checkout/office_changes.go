package main

import (
	"context"
	"crypto/rand"
	"errors"
	"sync"
	"time"

	"github.com/klarna-go/klarna-payments/klarna"
	"github.com/klarna-go/klarna-payments/klarna/ordermanagement"
)

// change is one change of an order at Klarna: a capture, a refund, a cancellation or a release. It is recorded with its
// idempotency key before it is sent, so that whatever posts the same form again finds it, and the retry of an unknown outcome
// sends the same request under the same key. A shop of your own records it in its database.
type change struct {
	number int    // counts the changes of an order
	key    string // what Klarna gets as Klarna-Idempotency-Key
	kind   string // captureForm and so on
	form   string // the kind, and of a refund its capture
	posted string // the form, to distinguish a second post from another form with its key
	amount int64  // what is captured, refunded or released
	before ordermanagement.Order

	send func(ctx context.Context, key klarna.CallOption) error

	state    changeState
	err      error     // of the last call, unless the change is made
	sent     time.Time // for the first time
	rejected bool      // after an unknown outcome, which proves nothing
}

type changeState int

const (
	sending    changeState = iota // the call is under way
	made                          // Klarna confirmed it
	notMade                       // Klarna rejected it, or nothing was sent
	unresolved                    // Klarna may have carried it out
	closed                        // the outcome stayed unknown, and a person compared the amounts
)

// keyLifetime is how long Klarna keeps an idempotency key, less a margin. A later retry would be another change.
const keyLifetime = 23 * time.Hour

// canRetry reports whether Klarna still knows the change's key.
func (ch *change) canRetry(now time.Time) bool {
	return ch.state == unresolved && now.Sub(ch.sent) < keyLifetime
}

// shownBy reports whether an order shows that the change was carried out.
func (ch *change) shownBy(order *ordermanagement.Order) bool {
	switch ch.kind {
	case captureForm:
		return order.CapturedAmount == ch.before.CapturedAmount+ch.amount
	case refundForm:
		return order.RefundedAmount == ch.before.RefundedAmount+ch.amount
	case cancelForm:
		return order.Status == ordermanagement.OrderStatusCancelled
	case releaseForm:
		return order.CapturedAmount == ch.before.CapturedAmount && order.RemainingAuthorizedAmount == 0
	}
	return false
}

// changes are all changes of one order.
type changes struct {
	// turn lets one change happen at a time. It is a channel and no mutex because Klarna is called meanwhile.
	turn chan struct{}

	mu   sync.Mutex // guards what follows, and the changes' state
	keys map[string]string
	all  []*change
}

func newChanges() *changes {
	return &changes{turn: make(chan struct{}, 1), keys: map[string]string{}}
}

func (b *changes) take(ctx context.Context) (done func(), err error) {
	select {
	case b.turn <- struct{}{}:
		return func() { <-b.turn }, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// keyOf returns the idempotency key of a form. It stays the same until the form is sent, so that a reload or a second window
// has the same key, and two of them change the order once.
func (b *changes) keyOf(form string) string {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.keys[form] == "" {
		b.keys[form] = rand.Text()
	}
	return b.keys[form]
}

// isCurrent reports whether a key is the one that a form has now.
func (b *changes) isCurrent(form, key string) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return key != "" && b.keys[form] == key
}

// find returns the change with a key, or nil.
func (b *changes) find(key string) *change {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, ch := range b.all {
		if ch.key == key {
			return ch
		}
	}
	return nil
}

// shown returns the change that a page shows on top: the one whose outcome is open, or else the one with a number. It
// returns a copy, or nil.
func (b *changes) shown(number int) *change {
	b.mu.Lock()
	defer b.mu.Unlock()
	var found *change
	for _, ch := range b.all {
		if ch.state == sending || ch.state == unresolved {
			found = ch
			break
		}
		if ch.number == number {
			found = ch
		}
	}
	if found == nil {
		return nil
	}
	shown := *found
	return &shown
}

// open reports whether the outcome of a change is open. Until it is known, nothing else can be changed: what is left to
// capture or refund is unknown too.
func (b *changes) open() bool {
	return b.shown(0) != nil // changes are counted from 1
}

// add records a change before it is sent. From now on the key is the change's, and the form gets another: Klarna may return
// an old rejection for the old one.
func (b *changes) add(ch *change) {
	b.mu.Lock()
	defer b.mu.Unlock()
	ch.number, ch.state, ch.sent = len(b.all)+1, sending, time.Now()
	b.all = append(b.all, ch)
	delete(b.keys, ch.form)
}

// end records how a call of a change ended.
func (b *changes) end(ch *change, state changeState, err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	ch.state, ch.err = state, err
}

// carryOut sends a change, or sends it again with the same key. The caller has the turn.
func (o *office) carryOut(ctx context.Context, b *changes, ch *change) {
	again := ch.state == unresolved
	err := ch.send(ctx, klarna.WithIdempotencyKey(ch.key))
	state := made
	switch {
	case err == nil:
	case errors.Is(err, klarna.ErrOutcomeUnknown) && (!again || !errors.Is(err, klarna.ErrConflict)):
		state = unresolved
	case again:
		// The rejection may be about the second request, or come while the first is still being carried out. Only the
		// order's amounts prove something.
		state = unresolved
		b.mu.Lock()
		ch.rejected = ch.rejected || !errors.Is(err, klarna.ErrNotSent)
		b.mu.Unlock()
		if order, readErr := o.orders.ReadOrder(ctx, ch.before.OrderID); readErr == nil && ch.shownBy(order) {
			state = made
		}
	default:
		state = notMade
	}
	if state == made {
		o.shop.logger.InfoContext(ctx, "order changed", "change", ch.kind, "amount", ch.amount)
		err = nil
	} else {
		o.shop.logger.WarnContext(ctx, "order not changed, as far as is known", "change", ch.kind, "amount", ch.amount, "unknown", state == unresolved, "error", err)
	}
	b.end(ch, state, err)
}
