package placement_test

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/klarna-go/klarna-payments/klarna"
	"github.com/klarna-go/klarna-payments/klarna/klarnatest"
	"github.com/klarna-go/klarna-payments/klarna/placement"
)

// settled runs Settle of another process until the record is final.
func (w *world) settled(t *testing.T, reference string) placement.Result {
	t.Helper()
	book := w.book(t)
	var result placement.Result
	require.Eventually(t, func() bool {
		_, err := book.Settle(context.Background())
		if err == nil {
			result, err = book.Lookup(context.Background(), reference)
		}
		return err == nil && result.State != placement.Open
	}, 30*time.Second, 50*time.Millisecond)
	return result
}

func TestTheDatabaseIsLostBetweenRequestAndRecord(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, w *world) {
		own, o := w.open(t), w.approved(t, "ON1")
		book := w.bookOn(t, own, w.between(func() { _ = own.Close() }), placement.WithLease(300*time.Millisecond))
		result, err := book.Place(t.Context(), o)
		require.ErrorContains(t, err, "could not be recorded")
		require.Equal(t, w.OrderIDs(o.SessionID), []string{result.OrderID}) // what is known all the same
		require.Equal(t, result.OrderID, w.settled(t, "ON1").OrderID)
		require.Equal(t, 1, w.Created().Orders)
		sameBytes(t, w)
	})
}

func TestTheConnectionsAreLostBetweenRequestAndRecord(t *testing.T) {
	t.Parallel()
	w := newWorld(t, placement.Postgres)
	o := w.approved(t, "ON1")
	var ended int
	book := w.bookOn(t, w.open(t), w.between(func() {
		statement := `SELECT COUNT(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname=current_database() AND pid <> pg_backend_pid()`
		if err := w.db.QueryRow(statement).Scan(&ended); err != nil {
			t.Error(err)
		}
	}), placement.WithLease(300*time.Millisecond))
	result, err := book.Place(t.Context(), o)
	require.NoError(t, err) // recorded on another connection
	require.Equal(t, placement.Placed, result.State)
	require.Positive(t, ended)
	require.Equal(t, 1, w.Created().Orders)
}

func TestAnIntentThatCannotBeWrittenIsNotSent(t *testing.T) {
	t.Parallel()
	w := newWorld(t, placement.SQLite)
	w.dsn += "&_pragma=max_page_count(60)"
	db := w.open(t)
	book, o := w.bookOn(t, db, w.quick()), w.approved(t, "ON1")
	o.Request.MerchantData = strings.Repeat("x", 6000) // a page of its own
	fill(t, db)
	_, err := book.Place(t.Context(), o)
	require.ErrorContains(t, err, "the intent could not be written")
	require.ErrorContains(t, err, "full")
	_, err = book.Lookup(t.Context(), "ON1")
	require.ErrorIs(t, err, placement.ErrUnknownReference)
	require.Zero(t, w.Created().Orders)
	for _, r := range w.Requests() {
		require.NotEqual(t, klarna.OperationCreateOrder, r.Operation)
	}
	_, err = db.Exec(`DROP TABLE junk`)
	require.NoError(t, err)
	result, err := book.Place(t.Context(), o)
	require.NoError(t, err)
	require.Equal(t, placement.Placed, result.State)
}

func TestTheDiskIsFullBetweenRequestAndRecord(t *testing.T) {
	t.Parallel()
	for name, lost := range map[string]int{"placed": 0, "lost": 1} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, placement.SQLite)
			w.dsn += "&_pragma=max_page_count(60)"
			db, o := w.open(t), w.approved(t, "ON1")
			w.lost(lost)
			book := w.bookOn(t, db, w.between(func() { fill(t, db) }), placement.WithLease(300*time.Millisecond))
			_, _ = book.Place(t.Context(), o) // what is erased may leave room for what is recorded
			_, err := db.Exec(`DROP TABLE junk`)
			require.NoError(t, err)
			result := w.settled(t, "ON1")
			require.Equal(t, w.OrderIDs(o.SessionID), []string{result.OrderID})
			require.Equal(t, 1, w.Created().Orders)
		})
	}
}

// fill fills a database up to its limit, in smaller and smaller steps.
func fill(t *testing.T, db *sql.DB) {
	_, err := db.Exec(`CREATE TABLE IF NOT EXISTS junk (text TEXT)`)
	for size := 65536; size > 0; size /= 4 {
		for err == nil {
			_, err = db.Exec(`INSERT INTO junk VALUES (?)`, strings.Repeat("x", size))
		}
		if !strings.Contains(err.Error(), "full") {
			t.Error(err)
		}
		err = nil
	}
}

// SQLite without patience of its own is busy whenever another process writes.
func TestABusyDatabaseIsRetried(t *testing.T) {
	t.Parallel()
	w := newWorld(t, placement.SQLite)
	writer, err := w.db.Conn(t.Context())
	require.NoError(t, err)
	defer writer.Close()
	w.dsn, _, _ = strings.Cut(w.dsn, "?")
	book, o := w.book(t), w.approved(t, "ON1")
	busy := func() {
		_, err := writer.ExecContext(t.Context(), `BEGIN IMMEDIATE`)
		require.NoError(t, err)
		time.AfterFunc(100*time.Millisecond, func() { _, _ = writer.ExecContext(context.Background(), `COMMIT`) })
	}
	busy()
	result, err := book.Place(t.Context(), o)
	require.NoError(t, err)
	require.Equal(t, placement.Placed, result.State)
	busy()
	purged, err := book.Purge(t.Context(), -time.Minute)
	require.NoError(t, err)
	require.EqualValues(t, 1, purged)
}

// A storm of lost responses, failures and dead processes, settled by three processes.
func TestEveryOrderOfAStormIsFoundAgain(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, w *world) {
		const shoppers = 40
		for i := range shoppers {
			switch i % 4 {
			case 0:
				w.Fail(klarna.OperationCreateOrder, klarnatest.ResetAfter(), klarnatest.Truncate())
			case 1:
				w.Fail(klarna.OperationCreateOrder, klarnatest.EmptyStatus(503), klarnatest.ResetBefore(), klarnatest.EmptyStatus(500).Handled())
			}
		}
		ctx, cancel := context.WithCancel(t.Context())
		var all, running sync.WaitGroup
		for range 3 {
			book := w.book(t, placement.WithLease(time.Second))
			running.Go(func() { _ = book.Run(ctx) })
		}
		for i := range shoppers {
			all.Go(func() {
				o := w.approved(t, fmt.Sprint("ON", i))
				own, end := context.WithCancel(ctx)
				book := w.book(t, placement.WithLease(time.Second))
				if i%3 == 0 { // the shopper's server goes away
					time.AfterFunc(time.Duration(i)*time.Millisecond, end)
				}
				_, _ = book.Place(own, o)
				end()
			})
		}
		all.Wait()
		looking := w.book(t)
		require.Eventually(t, func() bool {
			stats, err := looking.Stats(t.Context())
			return err == nil && stats.Open == 0
		}, time.Minute, 100*time.Millisecond)
		cancel()
		running.Wait()
		placed, err := looking.List(t.Context(), placement.Placed)
		require.NoError(t, err)
		for _, result := range placed {
			require.Equal(t, w.OrderIDs(result.SessionID), []string{result.OrderID})
		}
		require.Equal(t, len(placed), w.Created().Orders)
		require.GreaterOrEqual(t, len(placed), shoppers*2/3) // the others ended before their intent was written
		stats, err := looking.Stats(t.Context())
		require.NoError(t, err)
		require.Zero(t, stats.Rejected+stats.Unresolved)
		require.LessOrEqual(t, stats.Placed, shoppers)
	})
}

func TestASerializationFailureIsRetried(t *testing.T) {
	t.Parallel()
	w := newWorld(t, placement.Postgres)
	w.dsn += "?default_transaction_isolation=serializable"
	book, o := w.book(t), w.approved(t, "ON1")
	w.intent(t, book, o)
	tx, err := w.db.BeginTx(t.Context(), nil)
	require.NoError(t, err)
	_, err = tx.Exec(`UPDATE klarna_placements SET next_at=next_at`)
	require.NoError(t, err)
	ended := make(chan error)
	go func() {
		result, err := book.Resume(context.Background(), "ON1")
		if err == nil && result.State != placement.Placed {
			err = fmt.Errorf("%+v", result)
		}
		ended <- err
	}()
	require.Eventually(t, func() bool { // the statement waits for the transaction, and cannot be serialized after it
		var waiting int
		err := w.db.QueryRow(`SELECT COUNT(*) FROM pg_stat_activity WHERE datname=current_database() AND wait_event_type='Lock'`).Scan(&waiting)
		return err == nil && waiting == 1
	}, 10*time.Second, 10*time.Millisecond)
	require.NoError(t, tx.Commit())
	require.NoError(t, <-ended)
}

func TestOneOfTwoProcessesClaims(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, w *world) {
		book, o := w.book(t), w.approved(t, "ON1")
		w.intent(t, book, o)
		require.NoError(t, book.Claim(t.Context(), "ON1", "one"))
		require.ErrorIs(t, w.book(t).Claim(t.Context(), "ON1", "two"), sql.ErrNoRows)
		require.NoError(t, book.Claim(t.Context(), "ON1", "one")) // repeated
	})
}
