package placement

import (
	"context"
	"crypto/rand"
	"database/sql"
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/klarna-go/klarna-payments/gen"
	"github.com/klarna-go/klarna-payments/internal/engine"
	"github.com/klarna-go/klarna-payments/klarna"
)

const (
	tokenLife   = 60 * time.Minute // of an authorization token, which is older than its record
	sessionLife = 48 * time.Hour
	secondLook  = 3 * time.Second // between two looks at a session that has no order (inferred)
	maxBackOff  = time.Minute     // of a record, after 1 s, 2 s, 4 s …
)

// Settle makes one pass over the open records whose back-off is over and that nobody works on, up to 100 of them and 8 at once. It
// returns how many are final now, and the errors of the database.
func (b *Book) Settle(ctx context.Context) (settled int, err error) {
	due, err := b.list(ctx, `state=$1 AND next_at <= {now} AND lease_until <= {now} ORDER BY next_at LIMIT 100`, string(Open))
	if err != nil {
		return 0, err
	}
	var final atomic.Int64
	var workers sync.WaitGroup
	slots, failures := make(chan struct{}, 8), make([]error, len(due))
	for i, next := range due {
		slots <- struct{}{}
		workers.Go(func() {
			r, err := b.claim(ctx, next.Reference, next.Attempt, rand.Text(), tokenLife)
			if err == nil {
				next, err = b.work(ctx, r)
			}
			if err == nil && next.State != Open {
				final.Add(1)
			}
			if !errors.Is(err, sql.ErrNoRows) { // another process was faster
				failures[i] = err
			}
			<-slots
		})
	}
	workers.Wait()
	return int(final.Load()), errors.Join(failures...)
}

// Run settles until ctx ends, and returns the error of ctx. Let every process of the shop run it: they share the records. While there
// is nothing to do, it asks the database about once a second.
func (b *Book) Run(ctx context.Context) error {
	for ctx.Err() == nil {
		settled, err := b.Settle(ctx)
		if err != nil && ctx.Err() == nil {
			b.logger.ErrorContext(ctx, "klarna orders could not be settled", "error", err)
		}
		if settled == 0 {
			sleep(ctx, time.Second)
		}
	}
	return ctx.Err()
}

// step sends the stored request while the token lives, and reads the session if the outcome is still unknown afterwards. It returns
// how long to wait before the next step.
func (b *Book) step(ctx context.Context, r *record) (wait time.Duration) {
	wait = min(time.Second<<min(r.Steps, 10), maxBackOff)
	r.Steps++
	alive := r.clock()-r.written < tokenLife.Milliseconds()
	switch {
	case alive:
		asked, inconclusive := b.send(ctx, r)
		if wait = max(wait, min(asked, maxBackOff)); !inconclusive {
			return wait
		}
	case r.calls == 0:
		r.state, r.Expired, r.Text = Rejected, true, "the order was never sent"
		return wait
	}
	b.look(ctx, r, alive)
	return wait
}

// createOrder is the operation that the stored bytes are sent with.
var createOrder = engine.Registered(string(klarna.OperationCreateOrder))

// send sends the stored request. It is inconclusive if this call was rejected, and an earlier one may have placed the order.
func (b *Book) send(ctx context.Context, r *record) (retryAfter time.Duration, inconclusive bool) {
	first := r.calls == 1
	var checked any // by preflight, which may not be the same at a later call
	if order := new(klarna.CreateOrderRequest); first && json.Unmarshal([]byte(r.request), order) == nil {
		checked = order
	}
	var order klarna.Order
	var response klarna.Response
	request, err := gen.NewCreateOrderRequestWithBody("", r.token, "application/json", strings.NewReader(r.request))
	_, err = b.client.Send(ctx, createOrder, request, err, checked, &order, []klarna.CallOption{klarna.WithResponse(&response)})
	e := r.note(err, response.CorrelationID)
	switch unknown := errors.Is(err, klarna.ErrOutcomeUnknown); {
	case err == nil:
		r.state, r.orderID, r.FraudStatus, r.RedirectURL = Placed, order.OrderID, order.FraudStatus, order.RedirectURL
	case errors.Is(err, klarna.ErrNotSent), errors.Is(err, klarna.ErrRateLimited) && !unknown: // Klarna did not look at it
		if r.calls--; first && (errors.Is(err, klarna.ErrInvalidRequest) || errors.Is(err, klarna.ErrInvalidID)) {
			r.state = Rejected // nor would the next call be sent
		}
	case errors.Is(err, klarna.ErrOrderAlreadyPlaced):
		return 0, true
	case !isRejection(e):
		r.AbsentAt = 0 // Klarna may be at work on it
	case first && !unknown, createOrder.Disproves(&engine.Failure{StatusCode: e.StatusCode, Code: e.Code, Messages: e.Messages}):
		r.state = Rejected
	default:
		return 0, true
	}
	return e.RetryAfter, false
}

// isRejection reports whether Klarna itself rejected a call. The page of a proxy with the same status has no code; Klarna's own 401
// may have none either.
func isRejection(e *klarna.Error) bool {
	return e.StatusCode == http.StatusUnauthorized || e.Code != "" && e.StatusCode >= 400 && e.StatusCode < 500 &&
		e.StatusCode != http.StatusRequestTimeout && e.StatusCode != http.StatusTooManyRequests
}

// look reads the session, to find out whether an order exists. That it has none counts the second time only: the first time, Klarna
// may still have been at work on a request.
func (b *Book) look(ctx context.Context, r *record, alive bool) {
	exists, err := b.client.OrderPlaced(ctx, r.sessionID)
	var e *klarna.Error
	gone := errors.As(err, &e) && e.StatusCode == http.StatusNotFound && e.Code != "" || r.clock()-r.written > sessionLife.Milliseconds()
	switch {
	case exists:
		r.Exists, r.AbsentAt = true, 0
		if !alive { // until then, the same request may still return the order's id
			r.state = Unresolved
		}
	case err != nil && gone && !alive:
		r.state = Unresolved
	case err != nil: // the next look may succeed
	case r.AbsentAt == 0:
		r.AbsentAt = r.clock()
	case r.clock()-r.AbsentAt >= secondLook.Milliseconds():
		if r.state, r.Exists, r.Expired = Rejected, false, !alive; r.Expired {
			r.Text = "the session led to no order"
		}
	}
}

// note keeps what is known of a failed call, except what may hold personal data. It returns the failure, which is never nil.
func (r *record) note(err error, correlationID string) *klarna.Error {
	e := new(klarna.Error)
	if r.Failure, r.Text = nil, ""; err == nil {
		e.CorrelationIDs = []string{correlationID}
	} else {
		r.Text = err.Error()
	}
	if errors.As(err, &e) {
		r.Failure = &storedError{Operation: e.Operation, StatusCode: e.StatusCode, Code: e.Code, Messages: e.Messages, Fields: e.Fields,
			CorrelationID: e.CorrelationID, Attempts: e.Attempts}
	}
	r.CorrelationIDs = append(r.CorrelationIDs, e.CorrelationIDs...)
	if n := len(r.CorrelationIDs); n > 40 {
		r.CorrelationIDs = slices.Delete(r.CorrelationIDs, 20, n-20)
	}
	return e
}

// storedError is a klarna.Error whose JSON has all its fields.
type storedError klarna.Error
