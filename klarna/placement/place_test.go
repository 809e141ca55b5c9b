package placement_test

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/klarna-go/klarna-payments/klarna"
	"github.com/klarna-go/klarna-payments/klarna/klarnatest"
	"github.com/klarna-go/klarna-payments/klarna/placement"
	"github.com/klarna-go/klarna-payments/klarna/preflight"
)

func TestPlaceReturnsTheSameResultForTheSameReference(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, w *world) {
		book, o := w.book(t), w.approved(t, "ON1")
		first, err := book.Place(t.Context(), o)
		require.NoError(t, err)
		require.Equal(t, placement.Placed, first.State)
		require.Equal(t, []string{first.OrderID}, w.OrderIDs(o.SessionID))
		require.Equal(t, klarna.FraudStatusAccepted, first.FraudStatus)
		require.Len(t, first.CorrelationIDs, 1)

		o.Request.MerchantReference1 = "another"
		for _, again := range []*placement.Book{book, w.book(t)} { // and another process
			result, err := again.Place(t.Context(), o)
			require.NoError(t, err)
			require.Equal(t, first, result)
		}
		require.Equal(t, 1, w.Created().Orders)
	})
}

func TestPlaceSendsTheBytesThatCreateOrderWouldSend(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, w *world) {
		o := w.approved(t, "ON1")
		_, err := w.book(t).Place(t.Context(), o)
		require.NoError(t, err)
		_, err = w.quick().CreateOrder(t.Context(), o.AuthorizationToken, o.Request)
		require.NoError(t, err)
		sameBytes(t, w)
	})
}

// Browser, callback and a reload arrive at several servers at the same time.
func TestManyCallersOfSeveralProcessesPlaceEachOrderOnce(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, w *world) {
		books := []*placement.Book{w.book(t), w.book(t), w.book(t)}
		const shoppers = 20
		orders := make([]placement.Order, shoppers)
		for i := range orders {
			orders[i] = w.approved(t, fmt.Sprintf("ON%d", i))
		}
		w.lost(2) // of two orders or of one
		var all sync.WaitGroup
		results := make(chan placement.Result, shoppers*6)
		for _, o := range orders {
			for caller := range 6 {
				all.Go(func() {
					ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
					defer cancel()
					for {
						result, err := books[caller%len(books)].Place(ctx, o)
						if err != nil {
							t.Error(err)
							return
						}
						if result.State != placement.Open {
							results <- result
							return
						}
						time.Sleep(100 * time.Millisecond)
					}
				})
			}
		}
		all.Wait()
		close(results)
		seen := 0
		for result := range results {
			seen++
			require.Equal(t, placement.Placed, result.State, "%v", result.Err)
			require.Equal(t, w.OrderIDs(result.SessionID), []string{result.OrderID})
		}
		require.Equal(t, shoppers*6, seen)
		require.Equal(t, shoppers, w.Created().Orders)
	})
}

func TestANewTokenWaitsWhileTheOutcomeIsUnknown(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, w *world) {
		book, o := w.book(t), w.approved(t, "ON1")
		w.lost(1)
		result, err := book.Place(t.Context(), o)
		require.NoError(t, err)
		require.Equal(t, placement.Open, result.State)
		second := o
		second.SessionID, second.AuthorizationToken = w.approved(t, "").SessionID, "00000000-0000-4000-8000-000000000002"
		book.Shift(-time.Minute) // the back-off is not over, however slow the machine is
		waiting, err := book.Place(t.Context(), second)
		require.NoError(t, err)
		require.Equal(t, placement.Open, waiting.State)
		require.Equal(t, 1, waiting.Attempt)
		book.Shift(time.Minute + 2*time.Second)
		placed, err := book.Place(t.Context(), second)
		require.NoError(t, err)
		require.Equal(t, w.OrderIDs(o.SessionID), []string{placed.OrderID})
		require.Equal(t, 1, w.Created().Orders)
	})
}

func TestANewTokenStartsANewAttemptAfterARejection(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, w *world) {
		book, o := w.book(t), w.approved(t, "ON1")
		w.Fail(klarna.OperationCreateOrder, declined)
		rejected, err := book.Place(t.Context(), o)
		require.NoError(t, err)
		require.Equal(t, placement.Rejected, rejected.State)
		next := o
		next.AuthorizationToken, err = w.Authorize(o.SessionID)
		require.NoError(t, err)
		next.Request.MerchantReference1 = "ON1-2"
		var placed sync.WaitGroup
		for range 5 { // one of them starts it
			placed.Go(func() {
				result, err := book.Place(t.Context(), next)
				if err != nil || result.State != placement.Placed || result.Attempt != 2 {
					t.Errorf("%+v, %v", result, err)
				}
			})
		}
		placed.Wait()
		old, err := book.Place(t.Context(), o) // the browser comes late, with the first token
		require.NoError(t, err)
		require.Equal(t, placement.Placed, old.State)
		history, err := book.History(t.Context(), "ON1")
		require.NoError(t, err)
		require.Equal(t, []placement.Result{rejected, old}, history)
		require.Equal(t, 1, w.Created().Orders)
		requests := w.Requests()
		require.Contains(t, string(requests[len(requests)-1].Body), "ON1-2")
	})
}

func TestATokenBelongsToOneReference(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, w *world) {
		book, o := w.book(t), w.approved(t, "ON1")
		_, err := book.Place(t.Context(), o)
		require.NoError(t, err)
		o.Reference = "ON2"
		result, err := book.Place(t.Context(), o)
		require.ErrorIs(t, err, placement.ErrTokenUsed)
		require.Empty(t, result.State)
		tx, err := w.db.BeginTx(t.Context(), nil)
		require.NoError(t, err)
		require.ErrorIs(t, book.WriteTx(t.Context(), tx, o), placement.ErrTokenUsed)
		require.NoError(t, tx.Rollback())
	})
}

// What the caller writes in the same transaction must not stand there without an intent.
func TestATokenThatWasRejectedIsNotWrittenOnceMore(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, w *world) {
		book, o := w.book(t), w.approved(t, "ON1")
		w.Fail(klarna.OperationCreateOrder, declined)
		result, err := book.Place(t.Context(), o)
		require.NoError(t, err)
		require.Equal(t, placement.Rejected, result.State)
		tx, err := w.db.BeginTx(t.Context(), nil)
		require.NoError(t, err)
		require.ErrorIs(t, book.WriteTx(t.Context(), tx, o), placement.ErrTokenUsed)
		require.NoError(t, tx.Rollback())
	})
}

func TestAMalformedOrderIsNotWritten(t *testing.T) {
	t.Parallel()
	w := newWorld(t, placement.SQLite)
	book := w.book(t)
	for field, change := range map[string]func(*placement.Order){
		"Reference":          func(o *placement.Order) { o.Reference = "" },
		"SessionID":          func(o *placement.Order) { o.SessionID = ".." },
		"AuthorizationToken": func(o *placement.Order) { o.AuthorizationToken = "secret\n" },
	} {
		o := w.approved(t, "ON1")
		change(&o)
		_, err := book.Place(t.Context(), o)
		require.ErrorIs(t, err, klarna.ErrInvalidID)
		require.ErrorIs(t, err, klarna.ErrNotSent)
		require.ErrorContains(t, err, field)
		require.NotContains(t, err.Error(), "secret")
		require.ErrorIs(t, book.WriteTx(t.Context(), nil, o), klarna.ErrNotSent)
	}
	_, err := book.Lookup(t.Context(), "ON1")
	require.ErrorIs(t, err, placement.ErrUnknownReference)
}

func TestWhatPreflightFindsIsRejectedAtTheFirstCallOnly(t *testing.T) {
	t.Parallel()
	w := newWorld(t, placement.SQLite)
	strict := w.bookOn(t, w.db, w.quick(klarna.WithPreflight(preflight.Check)))
	o := w.approved(t, "ON1")
	o.Request.OrderAmount = 1
	result, err := strict.Place(t.Context(), o)
	require.NoError(t, err)
	require.Equal(t, placement.Rejected, result.State)
	require.ErrorIs(t, result.Err, klarna.ErrInvalidRequest)
	require.ErrorIs(t, result.Err, klarna.ErrNotSent)
	require.True(t, result.LastSent.IsZero())

	// A program with stricter checks goes on with an order that may exist.
	w.lost(1)
	o = w.approved(t, "ON2")
	_, err = w.book(t).Place(t.Context(), o)
	require.NoError(t, err)
	strict = w.bookOn(t, w.db, w.quick(klarna.WithPreflight(func(any) error { return fmt.Errorf("stricter") })))
	result, err = strict.Resume(t.Context(), "ON2")
	require.NoError(t, err)
	require.Equal(t, placement.Placed, result.State)
}

func TestAnOrderWithoutLinesIsSentAsAList(t *testing.T) {
	t.Parallel()
	w := newWorld(t, placement.SQLite)
	o := w.approved(t, "ON1")
	o.Request.OrderLines = nil
	result, err := w.book(t).Place(t.Context(), o)
	require.NoError(t, err)
	require.Equal(t, placement.Rejected, result.State)
	requests := w.Requests()
	require.Contains(t, string(requests[len(requests)-1].Body), `"order_lines":[]`)
}

// holdingBook is a book that stands still between the first response of CreateOrder and its record, until release is closed.
func (w *world) holdingBook(t *testing.T, lease time.Duration, opts ...placement.Option) (book *placement.Book, arrived, release chan struct{}) {
	t.Helper()
	arrived, release = make(chan struct{}), make(chan struct{})
	client := w.between(func() { close(arrived); <-release })
	return w.bookOn(t, w.open(t), client, append(opts, placement.WithLease(lease))...), arrived, release
}

func TestASecondCallerWaitsForTheOneAtWorkAsLongAsItsContext(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, w *world) {
		slow, arrived, release := w.holdingBook(t, 2*time.Second)
		o := w.approved(t, "ON1")
		first := make(chan placement.Result)
		go func() {
			result, _ := slow.Place(context.Background(), o)
			first <- result
		}()
		<-arrived
		other := w.book(t)
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second) // more than two leases, which are renewed
		defer cancel()
		result, err := other.Place(ctx, o)
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.Contains(t, []placement.State{placement.Open, ""}, result.State, "the deadline may also have met the read of the record")
		settled, err := other.Settle(t.Context())
		require.NoError(t, err)
		require.Zero(t, settled)
		second := make(chan placement.Result)
		go func() {
			result, _ := other.Place(context.Background(), o)
			second <- result
		}()
		close(release)
		placed := <-first
		require.Equal(t, placement.Placed, placed.State)
		require.Equal(t, placed, <-second)
		sent := 0
		for _, r := range w.Requests() {
			if r.Operation == klarna.OperationCreateOrder {
				sent++
			}
		}
		require.Equal(t, 1, sent)
	})
}

func TestTheRecordOfADeadProcessIsTakenOver(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, w *world) {
		book, o := w.book(t), w.approved(t, "ON1")
		w.intent(t, book, o)
		w.holdLease(t, 4*time.Second)
		settled, err := book.Settle(t.Context())
		require.NoError(t, err)
		require.Zero(t, settled)
		begin := time.Now()
		w.Fail(klarna.OperationCreateOrder, declined) // the dead process may have placed it: not definite
		result, err := book.Place(t.Context(), o)
		require.NoError(t, err)
		require.Greater(t, time.Since(begin), 500*time.Millisecond)
		require.Equal(t, placement.Open, result.State)
		require.ErrorIs(t, result.Err, klarna.ErrOutcomeUnknown)
		result, err = book.Resume(t.Context(), o.Reference)
		require.NoError(t, err)
		require.Equal(t, placement.Placed, result.State)
	})
}

// holdLease makes all open records those of another process, which sends and never comes back.
func (w *world) holdLease(t *testing.T, d time.Duration) {
	t.Helper()
	statement := fmt.Sprintf(`UPDATE klarna_placements SET owner='dead', calls=calls+1, lease_until=%d WHERE state='open'`, time.Now().Add(d).UnixMilli())
	_, err := w.db.ExecContext(t.Context(), statement)
	require.NoError(t, err)
}

// A process that stood still wakes up after another one went on with its record.
func TestAResultIsNotWrittenWithoutTheLease(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, w *world) {
		var log bytes.Buffer
		slow, arrived, release := w.holdingBook(t, time.Minute, placement.WithLogger(slog.New(slog.NewTextHandler(&log, nil))))
		o := w.approved(t, "ON1")
		w.Fail(klarna.OperationCreateOrder, declined)
		done := make(chan placement.Result)
		go func() {
			result, err := slow.Place(context.Background(), o)
			if err != nil {
				t.Error(err)
			}
			done <- result
		}()
		<-arrived
		w.holdLease(t, 0)
		placed, err := w.book(t).Place(t.Context(), o)
		require.NoError(t, err)
		require.Equal(t, placement.Placed, placed.State)
		close(release)
		require.Equal(t, placed, <-done) // and not that it was declined
		require.NotContains(t, log.String(), "klarna order rejected")
	})
}

// Another process took the record over, and left it open. The lease is not the first one's any more: it would record what it knows,
// and that is older than what the other one recorded.
func TestALeaseThatWasLostIsNotRenewed(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, w *world) {
		slow, arrived, release := w.holdingBook(t, 300*time.Millisecond)
		o := w.approved(t, "ON1")
		w.Fail(klarna.OperationCreateOrder, declined)
		done := make(chan placement.Result)
		go func() {
			result, err := slow.Place(context.Background(), o)
			if err != nil {
				t.Error(err)
			}
			done <- result
		}()
		<-arrived
		left := fmt.Sprintf(`UPDATE klarna_placements SET owner='', calls=calls+1, lease_until=0, next_at=%d`, time.Now().Add(time.Hour).UnixMilli())
		_, err := w.db.ExecContext(t.Context(), left)
		require.NoError(t, err)
		time.Sleep(time.Second) // several renewals
		var owner string
		require.NoError(t, w.db.QueryRowContext(t.Context(), `SELECT owner FROM klarna_placements`).Scan(&owner))
		require.Empty(t, owner)
		close(release)
		require.Equal(t, placement.Open, (<-done).State, "the other process may have placed it")
	})
}

// An order id is written even by a process that has lost its lease.
func TestAnOrderIDIsNeverLost(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, w *world) {
		slow, arrived, release := w.holdingBook(t, time.Minute)
		o := w.approved(t, "ON1")
		done := make(chan placement.Result)
		go func() {
			result, _ := slow.Place(context.Background(), o)
			done <- result
		}()
		<-arrived
		w.holdLease(t, 0)
		other := w.book(t)
		other.Shift(61 * time.Minute)
		result, err := other.Resume(t.Context(), o.Reference)
		require.NoError(t, err)
		require.Equal(t, placement.Unresolved, result.State)
		close(release)
		placed := <-done
		require.Equal(t, placement.Placed, placed.State)
		require.Equal(t, w.OrderIDs(o.SessionID), []string{placed.OrderID})
		found, err := other.Lookup(t.Context(), o.Reference)
		require.NoError(t, err)
		require.Equal(t, placed, found)
	})
}

func TestTheResultIsRecordedAfterTheContextHasEnded(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, w *world) {
		book, o := w.book(t), w.approved(t, "ON1")
		w.Fail(klarna.OperationCreateOrder, klarnatest.Delay(time.Minute))
		ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
		defer cancel()
		result, err := book.Place(ctx, o)
		require.NoError(t, err)
		require.Equal(t, placement.Open, result.State)
		require.ErrorIs(t, result.Err, klarna.ErrOutcomeUnknown)
		result, err = w.book(t).Resume(t.Context(), o.Reference) // at once: the lease was given up
		require.NoError(t, err)
		require.Equal(t, placement.Placed, result.State)
		require.Equal(t, 1, w.Created().Orders)
	})
}

func TestNothingIsLoggedThatIsSecret(t *testing.T) {
	t.Parallel()
	w := newWorld(t, placement.SQLite)
	var log bytes.Buffer
	book := w.book(t, placement.WithLogger(slog.New(slog.NewTextHandler(&log, nil))))
	o := w.approved(t, "ON1")
	w.lost(1)
	_, err := book.Place(t.Context(), o)
	require.NoError(t, err)
	book.Shift(61 * time.Minute)
	settled, err := book.Settle(t.Context())
	require.NoError(t, err)
	require.Equal(t, 1, settled)
	result, err := book.Lookup(t.Context(), "ON1")
	require.NoError(t, err)
	require.Empty(t, result.CorrelationIDs) // a reset connection has none
	for _, want := range []string{`level=INFO msg="klarna order open"`, `level=WARN msg="klarna order open"`, `level=ERROR msg="klarna order unresolved"`,
		"reference=ON1", "session_id=" + o.SessionID} {
		require.Contains(t, log.String(), want)
	}
	require.NotContains(t, log.String(), o.AuthorizationToken)
	require.NotContains(t, log.String(), "Running shoe")
}
