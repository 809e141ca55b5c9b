package placement

import (
	"context"
	"crypto/rand"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/klarna-go/klarna-payments/internal/engine"
	"github.com/klarna-go/klarna-payments/klarna"
)

// Place writes the intent, places the order and records the result. If the reference has a record, Place sends no other request: it
// returns the record's result, waits for whoever works on it, or goes on with the stored request. Only after a rejection, a
// new token starts a further attempt.
//
// Result has what came of the order, also of a rejected one. An error means that the call could not find out: the order is malformed
// (klarna.ErrNotSent), its token is taken (ErrTokenUsed), the database failed, or ctx ended. In the last two cases the intent may
// be written, and Settle goes on with it: tell the shopper that you are checking, and call Place again with the same order.
//
// Give Place a context that does not end when the shopper closes the page, with a deadline of 45 s or so.
func (b *Book) Place(ctx context.Context, o Order) (Result, error) {
	request, err := encode(o)
	if err != nil {
		return Result{Reference: o.Reference}, err
	}
	var r *record
	owner := rand.Text()
	err = b.retry(ctx, func(ctx context.Context) (err error) {
		r, err = b.write(ctx, b.db, o, request, owner)
		return err
	})
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
// Place goes on with it. So rows of the shop, or the job of a job engine, are written together with the intent or not at all. If
// the reference has a record that was not rejected, WriteTx changes nothing.
func (b *Book) WriteTx(ctx context.Context, tx *sql.Tx, o Order) error {
	request, err := encode(o)
	if err != nil {
		return err
	}
	if _, err = b.write(ctx, tx, o, request, ""); errors.Is(err, sql.ErrNoRows) {
		if _, err = b.load(ctx, tx, o.Reference); errors.Is(err, ErrUnknownReference) {
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
	if err != nil {
		return "", fmt.Errorf("placement: the request cannot be encoded: %w: %w", err, klarna.ErrNotSent)
	}
	return string(request), nil
}

// follow goes on with a record as soon as nobody else does, unless it is final by then, or has to wait and the caller is not eager.
func (b *Book) follow(ctx context.Context, reference, owner string, eager bool) (Result, error) {
	for wait := 20 * time.Millisecond; ; wait = min(2*wait, 500*time.Millisecond) {
		r, err := b.load(ctx, b.db, reference)
		if err != nil || r.state != Open || !eager && r.next > r.now {
			return r.result(), err
		}
		if claimed, err := b.claim(ctx, reference, r.attempt, owner, tokenLife); err == nil {
			return b.work(ctx, claimed)
		} else if !errors.Is(err, sql.ErrNoRows) {
			return r.result(), err
		}
		if !sleep(ctx, wait) {
			return r.result(), ctx.Err()
		}
	}
}

// work makes the next step of a claimed record, and records what came of it, even if the context has ended meanwhile.
func (b *Book) work(ctx context.Context, r *record) (Result, error) {
	renewing, stop := context.WithCancel(ctx)
	var renewal sync.WaitGroup
	reference, attempt, owner := r.reference, r.attempt, r.owner
	renewal.Go(func() {
		for sleep(renewing, b.lease/3) { // if it cannot be renewed, save notices
			_, _ = b.claim(renewing, reference, attempt, owner, 0)
		}
	})
	wait := b.step(ctx, r)
	stop()
	renewal.Wait()

	saving, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	err := b.save(saving, r, wait)
	for err != nil && !errors.Is(err, sql.ErrNoRows) && sleep(saving, time.Second) {
		err = b.save(saving, r, wait)
	}
	switch {
	case err == nil:
		b.log(ctx, map[State]slog.Level{Open: slog.LevelWarn, Rejected: slog.LevelWarn, Unresolved: slog.LevelError}[r.state], r)
		return r.result(), nil
	case !errors.Is(err, sql.ErrNoRows):
		b.log(ctx, slog.LevelError, r, slog.Any("database_error", err))
		return r.result(), fmt.Errorf("placement: the result could not be recorded: %w", err)
	}
	current, err := b.load(saving, b.db, reference) // somebody else went on with it, and what is recorded counts
	if r.state == Placed && current.orderID != r.orderID {
		b.log(ctx, slog.LevelError, r, slog.String("recorded_order_id", current.orderID))
	}
	return current.result(), err
}

// log logs the state of a record, with what Klarna's support asks for.
func (b *Book) log(ctx context.Context, level slog.Level, r *record, more ...slog.Attr) {
	b.logger.LogAttrs(ctx, level, "klarna order "+string(r.state), append([]slog.Attr{
		slog.String("reference", r.reference), slog.Int("attempt", r.attempt), slog.Int("calls", r.calls), slog.String("order_id", r.orderID),
		slog.String("session_id", r.sessionID), slog.Any("correlation_ids", r.CorrelationIDs), slog.Any("error", r.err()),
	}, more...)...)
}
