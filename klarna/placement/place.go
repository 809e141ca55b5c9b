package placement

import (
	"context"
	"crypto/rand"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/klarna-go/klarna-payments/gen"
	"github.com/klarna-go/klarna-payments/internal/engine"
	"github.com/klarna-go/klarna-payments/internal/sqldb"
	"github.com/klarna-go/klarna-payments/klarna"
)

const (
	tokenLife   = 60 * time.Minute // of an authorization token, which is older than its record
	sessionLife = 48 * time.Hour
	secondLook  = 3 * time.Second // between two looks at a session that has no order (inferred)
	maxBackOff  = time.Minute     // of a record, after 1 s, 2 s, 4 s …
)

// Place writes the intent, places the order and records the result. If the reference has a record, Place sends no other request: it
// returns the record's result, waits for whoever works on it, or goes on with the stored request. Only after a rejection, a
// token without a record starts a further attempt; with any other token, Place returns the rejection.
//
// Result has what came of the order, also of a rejected one. With the errors klarna.ErrNotSent (the order is malformed) and
// ErrTokenUsed (the token has a record, and the reference has none), nothing was written or sent. With any other, the intent may be
// written, and Settle goes on with it: tell the shopper that you are checking, and call Place again with the same order.
//
// Give Place a context that does not end when the shopper closes the page, with a deadline of 45 s or so.
func (b *Book) Place(ctx context.Context, o Order) (Result, error) {
	request, err := encode(o)
	if err != nil {
		return Result{Reference: o.Reference}, err
	}
	owner := rand.Text()
	r, err := b.write(ctx, b.db.DB, o, request, owner)
	switch {
	case err == nil:
		b.log(ctx, slog.LevelInfo, r)
		return b.work(ctx, r)
	case !errors.Is(err, sql.ErrNoRows):
		return Result{Reference: o.Reference}, fmt.Errorf("placement: the intent could not be written: %w", err)
	}
	result, err := b.follow(ctx, o.Reference, owner, false)
	if errors.Is(err, ErrUnknownReference) { // it was the token that has a record
		err = ErrTokenUsed
	}
	return result, err
}

// WriteTx writes the intent within a transaction of the caller's, and sends nothing. Once it is committed, Resume, Settle, Run or
// Place goes on with it. So rows of the shop, or the job of a job engine, are written together with the intent or not at all. It
// changes nothing if the reference has a record that was not rejected. It returns ErrTokenUsed for a token that has another record.
func (b *Book) WriteTx(ctx context.Context, tx *sql.Tx, o Order) error {
	request, err := encode(o)
	if err != nil {
		return err
	}
	if _, err = b.write(ctx, tx, o, request, ""); errors.Is(err, sql.ErrNoRows) {
		var r *record
		if r, err = b.load(ctx, tx, o.Reference); errors.Is(err, ErrUnknownReference) || err == nil && r.State == Rejected {
			err = ErrTokenUsed
		}
	}
	return err
}

// Resume goes on with one record at once, whatever its back-off, or waits for whoever works on it. It is for a job engine such as
// River or Temporal: the job is done when the state is not Open.
func (b *Book) Resume(ctx context.Context, reference string) (Result, error) {
	return b.follow(ctx, reference, rand.Text(), true)
}

// Settle makes one pass over the open records whose back-off is over and that nobody works on, and goes on with one after the other. It
// returns how many are final now, and stops at the first error of the database.
func (b *Book) Settle(ctx context.Context) (settled int, err error) {
	for begin := time.Now(); ; {
		r, err := b.claim(ctx, rand.Text(), `(reference, attempt) = (SELECT reference, attempt FROM klarna_placements
			WHERE state='open' AND next_at <= {now} - $4 AND lease_until <= {now} ORDER BY next_at LIMIT 1)`, time.Since(begin).Milliseconds())
		if errors.Is(err, sql.ErrNoRows) { // or another process was faster
			return settled, nil
		}
		var result Result
		if err == nil {
			result, err = b.work(ctx, r)
		}
		if err != nil {
			return settled, err
		}
		if result.State != Open {
			settled++
		}
	}
}

// Run settles until ctx ends, with 4 records at once, and returns the error of ctx. Let every process of the shop run it: they share
// the records. While there is nothing to do, it asks the database a few times a second.
func (b *Book) Run(ctx context.Context) error {
	var workers sync.WaitGroup
	for range 4 {
		workers.Go(func() {
			for sqldb.Sleep(ctx, time.Second) {
				if _, err := b.Settle(ctx); err != nil && ctx.Err() == nil {
					b.logger.ErrorContext(ctx, "klarna orders could not be settled", "error", err)
				}
			}
		})
	}
	workers.Wait()
	return ctx.Err()
}

// encode checks an order, and returns its request as it is sent.
func encode(o Order) (string, error) {
	for name, id := range map[string]string{"Reference": o.Reference, "SessionID": o.SessionID, "AuthorizationToken": o.AuthorizationToken} {
		if fault := engine.CheckID(id); fault != "" {
			return "", fmt.Errorf("placement: %s is malformed: it %s: %w: %w", name, fault, klarna.ErrInvalidID, klarna.ErrNotSent)
		}
	}
	if o.Request.OrderLines == nil {
		o.Request.OrderLines = []klarna.OrderLine{} // nil would be sent as null
	}
	request, err := json.Marshal(o.Request)
	return string(request), err
}

// follow goes on with a record as soon as nobody else does, unless it is final by then, or has to wait and the caller is not eager.
func (b *Book) follow(ctx context.Context, reference, owner string, eager bool) (Result, error) {
	for wait := 20 * time.Millisecond; ; wait = min(2*wait, 500*time.Millisecond) {
		r, err := b.load(ctx, b.db.DB, reference)
		if err != nil || r.State != Open || !eager && r.next > r.now {
			return r.result(), err
		}
		if r.lease <= r.now || r.owner == owner {
			claimed, err := b.claim(ctx, owner, `reference=$4 AND attempt=$5`, reference, r.Attempt)
			if err == nil {
				return b.work(ctx, claimed)
			}
			if !errors.Is(err, sql.ErrNoRows) {
				return r.result(), err
			}
		}
		if !sqldb.Sleep(ctx, wait) {
			return r.result(), ctx.Err()
		}
	}
}

// work makes the next step of a claimed record, and records what came of it, even if the context has ended meanwhile.
func (b *Book) work(ctx context.Context, r *record) (Result, error) {
	renewing, stop := context.WithCancel(ctx)
	var renewal sync.WaitGroup
	renewal.Go(func() {
		for sqldb.Sleep(renewing, b.lease/3) { // if it cannot be renewed, save notices
			_ = b.renew(renewing, r)
		}
	})
	wait := b.step(ctx, r)
	stop()
	renewal.Wait()

	saving, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	err := b.save(saving, r, wait)
	for err != nil && !errors.Is(err, sql.ErrNoRows) && sqldb.Sleep(saving, time.Second) {
		err = b.save(saving, r, wait)
	}
	switch {
	case err == nil:
		b.log(ctx, map[State]slog.Level{Open: slog.LevelWarn, Rejected: slog.LevelWarn, Unresolved: slog.LevelError}[r.State], r)
		return r.result(), nil
	case !errors.Is(err, sql.ErrNoRows):
		b.log(ctx, slog.LevelError, r, slog.Any("database_error", err))
		return r.result(), fmt.Errorf("placement: the result could not be recorded: %w", err)
	}
	current, err := b.load(saving, b.db.DB, r.Reference) // somebody else went on with it, and what is recorded counts
	if r.State == Placed && current.OrderID != r.OrderID {
		b.log(ctx, slog.LevelError, r, slog.String("recorded_order_id", current.OrderID))
	}
	return current.result(), err
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
		r.State, r.Expired = Rejected, true
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
		r.State, r.OrderID, r.FraudStatus, r.RedirectURL = Placed, order.OrderID, order.FraudStatus, order.RedirectURL
	case errors.Is(err, klarna.ErrNotSent), errors.Is(err, klarna.ErrRateLimited) && !unknown: // Klarna did not look at it
		if r.calls--; first && (errors.Is(err, klarna.ErrInvalidRequest) || errors.Is(err, klarna.ErrInvalidID)) {
			r.State = Rejected // nor would the next call be sent
		}
	case errors.Is(err, klarna.ErrOrderAlreadyPlaced):
		return 0, true
	case !isRejection(e):
		r.AbsentAt = 0 // Klarna may be at work on it
	case !r.Exists && (first && !unknown || createOrder.Disproves(&engine.Failure{StatusCode: e.StatusCode, Code: e.Code, Messages: e.Messages})):
		r.State = Rejected
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
	exists, err := r.Exists, error(nil) // which is final
	if !exists {
		exists, err = b.client.OrderPlaced(ctx, r.SessionID)
	}
	var e *klarna.Error
	gone := errors.As(err, &e) && e.StatusCode == http.StatusNotFound && e.Code != "" || r.clock()-r.written > sessionLife.Milliseconds()
	switch {
	case exists:
		if r.Exists = true; !alive { // until then, the same request may still return the order's id
			r.State = Unresolved
		}
	case err != nil && gone && !alive:
		r.State = Unresolved
	case err != nil: // the next look may succeed
	case r.AbsentAt == 0:
		r.AbsentAt = r.clock()
	case r.clock()-r.AbsentAt >= secondLook.Milliseconds():
		r.State, r.Expired = Rejected, !alive
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

// log logs the state of a record, with what Klarna's support asks for.
func (b *Book) log(ctx context.Context, level slog.Level, r *record, more ...slog.Attr) {
	b.logger.LogAttrs(ctx, level, "klarna order "+string(r.State), append([]slog.Attr{
		slog.String("reference", r.Reference), slog.Int("attempt", r.Attempt), slog.Int("calls", r.calls), slog.String("order_id", r.OrderID),
		slog.String("session_id", r.SessionID), slog.Any("correlation_ids", r.CorrelationIDs), slog.Any("error", r.err()),
	}, more...)...)
}
