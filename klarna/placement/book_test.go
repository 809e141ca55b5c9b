package placement_test

import (
	"context"
	"errors"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/klarna-go/klarna-payments/klarna"
	"github.com/klarna-go/klarna-payments/klarna/klarnatest"
	"github.com/klarna-go/klarna-payments/klarna/placement"
)

func TestNewRejectsWhatItCannotUse(t *testing.T) {
	t.Parallel()
	w := newWorld(t, placement.SQLite)
	for want, build := range map[string]func() (*placement.Book, error){
		"is nil":                          func() (*placement.Book, error) { return placement.New(t.Context(), nil, w.dialect, w.Client()) },
		"the database, the client":        func() (*placement.Book, error) { return placement.New(t.Context(), w.db, w.dialect, nil) },
		"SQLite or Postgres, not \"mssql": func() (*placement.Book, error) { return placement.New(t.Context(), w.db, "mssql", w.Client()) },
		"WithLease: 99ms": func() (*placement.Book, error) {
			return placement.New(t.Context(), w.db, w.dialect, w.Client(), placement.WithLease(99*time.Millisecond))
		},
		"the logger": func() (*placement.Book, error) {
			return placement.New(t.Context(), w.db, w.dialect, w.Client(), placement.WithLogger(nil))
		},
	} {
		_, err := build()
		require.ErrorContains(t, err, want)
	}
}

func TestManyProcessesMigrateAtOnce(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, w *world) {
		var all sync.WaitGroup
		for range 8 {
			db := w.open(t)
			all.Go(func() {
				if _, err := placement.New(t.Context(), db, w.dialect, w.Client()); err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
		var versions int
		require.NoError(t, w.db.QueryRow(`SELECT COUNT(*) FROM klarna_placement_migrations`).Scan(&versions))
		require.Equal(t, 1, versions)
	})
}

func TestAMigrationThatFailsChangesNothing(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, w *world) {
		_, err := w.db.Exec(`CREATE VIEW klarna_placements AS SELECT 1 AS n`)
		require.NoError(t, err)
		_, err = placement.New(t.Context(), w.db, w.dialect, w.Client())
		require.ErrorContains(t, err, "cannot be migrated")
		require.Error(t, w.db.QueryRow(`SELECT COUNT(*) FROM klarna_placement_migrations`).Err())
		_, err = w.db.Exec(`DROP VIEW klarna_placements`)
		require.NoError(t, err)
		_, err = w.book(t).Lookup(t.Context(), "ON1")
		require.ErrorIs(t, err, placement.ErrUnknownReference)
	})
}

func TestTablesOfALaterVersionAreNotUsed(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, w *world) {
		w.book(t)
		_, err := w.db.Exec(`INSERT INTO klarna_placement_migrations (version, made_at) VALUES (99, 0)`)
		require.NoError(t, err)
		_, err = placement.New(t.Context(), w.db, w.dialect, w.Client())
		require.ErrorContains(t, err, "version 99")
	})
}

func TestStatsListAndPurge(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, w *world) {
		book := w.book(t)
		stats, err := book.Stats(t.Context())
		require.NoError(t, err)
		require.Equal(t, placement.Stats{}, stats)
		place := func(reference string, faults ...klarnatest.Fault) placement.Order {
			w.Fail(klarna.OperationCreateOrder, faults...)
			o := w.approved(t, reference)
			_, err := book.Place(t.Context(), o)
			require.NoError(t, err)
			return o
		}
		place("placed")
		place("rejected", declined)
		place("unresolved", three(klarnatest.ResetAfter())...)
		book.Shift(61 * time.Minute)
		_, err = book.Settle(t.Context())
		require.NoError(t, err)
		place("open", three(klarnatest.EmptyStatus(503))...)
		book.Shift(10 * time.Second)

		stats, err = book.Stats(t.Context())
		require.NoError(t, err)
		require.Equal(t, placement.Stats{Open: 1, Placed: 1, Rejected: 1, Unresolved: 1, OldestOpen: stats.OldestOpen}, stats)
		require.InDelta(t, 10, stats.OldestOpen.Seconds(), 5)
		unresolved, err := book.List(t.Context(), placement.Unresolved)
		require.NoError(t, err)
		require.Len(t, unresolved, 1)
		require.Equal(t, "unresolved", unresolved[0].Reference)
		require.ErrorContains(t, unresolved[0].Err, "connection reset")

		purged, err := book.Purge(t.Context(), time.Hour)
		require.NoError(t, err)
		require.EqualValues(t, 2, purged)
		_, err = book.Lookup(t.Context(), "placed")
		require.ErrorIs(t, err, placement.ErrUnknownReference)
		purged, err = book.Purge(t.Context(), 0)
		require.NoError(t, err)
		require.Zero(t, purged) // neither open nor unresolved
	})
}

func TestAPersonResolves(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, w *world) {
		book := w.book(t)
		unresolved := func(reference string) placement.Order {
			w.lost(1)
			o := w.approved(t, reference)
			_, err := book.Place(t.Context(), o)
			require.NoError(t, err)
			book.Shift(61 * time.Minute)
			result, err := book.Resume(t.Context(), reference)
			require.NoError(t, err)
			require.Equal(t, placement.Unresolved, result.State)
			return o
		}
		found := unresolved("found")
		require.NoError(t, book.Resolve(t.Context(), "found", w.OrderIDs(found.SessionID)[0]))
		result, err := book.Place(t.Context(), found)
		require.NoError(t, err)
		require.Equal(t, placement.Placed, result.State)
		require.Equal(t, w.OrderIDs(found.SessionID)[0], result.OrderID)
		require.NoError(t, result.Err)

		unresolved("cancelled")
		require.NoError(t, book.Resolve(t.Context(), "cancelled", ""))
		result, err = book.Place(t.Context(), w.approved(t, "cancelled"))
		require.NoError(t, err)
		require.Equal(t, placement.Placed, result.State)
		require.Equal(t, 2, result.Attempt)
		require.ErrorIs(t, book.Resolve(t.Context(), "cancelled", "x"), placement.ErrUnknownReference)
	})
}

// The shopper may approve again, and must not read that the order is placed or being checked.
func TestARecordThatIsResolvedWithoutAnOrderHasAnExpiredToken(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		after time.Duration
		was   error
	}{
		"the session has an order": {61 * time.Minute, klarna.ErrOrderAlreadyPlaced},
		"the session is gone":      {49 * time.Hour, klarna.ErrOutcomeUnknown},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			onBoth(t, func(t *testing.T, w *world) {
				book, o := w.book(t), w.approved(t, "ON1")
				w.lost(1)
				_, err := book.Place(t.Context(), o)
				require.NoError(t, err)
				w.Advance(test.after)
				book.Shift(test.after)
				before, err := book.Resume(t.Context(), "ON1")
				require.NoError(t, err)
				require.Equal(t, placement.Unresolved, before.State)
				require.ErrorIs(t, before.Err, test.was)

				require.NoError(t, book.Resolve(t.Context(), "ON1", ""))
				result, err := book.Lookup(t.Context(), "ON1")
				require.NoError(t, err)
				require.Equal(t, placement.Rejected, result.State)
				require.Equal(t, placement.ErrTokenExpired, result.Err)
				require.Equal(t, before.CorrelationIDs, result.CorrelationIDs)
			})
		})
	}
}

func TestRunPlacesWhatWasWritten(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, w *world) {
		book, o := w.book(t), w.approved(t, "ON1")
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error)
		go func() { ended <- book.Run(ctx) }()
		tx, err := w.db.BeginTx(t.Context(), nil)
		require.NoError(t, err)
		require.NoError(t, book.WriteTx(t.Context(), tx, o))
		require.NoError(t, book.WriteTx(t.Context(), tx, o)) // changes nothing
		require.NoError(t, tx.Commit())
		require.Eventually(t, func() bool {
			result, err := book.Lookup(t.Context(), "ON1")
			return err == nil && result.State == placement.Placed
		}, 30*time.Second, 20*time.Millisecond)
		cancel()
		require.ErrorIs(t, <-ended, context.Canceled)
	})
}

func TestWhatIsRolledBackIsNotPlaced(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, w *world) {
		book, o := w.book(t), w.approved(t, "ON1")
		tx, err := w.db.BeginTx(t.Context(), nil)
		require.NoError(t, err)
		require.NoError(t, book.WriteTx(t.Context(), tx, o))
		require.NoError(t, tx.Rollback())
		_, err = book.Resume(t.Context(), "ON1")
		require.ErrorIs(t, err, placement.ErrUnknownReference)
		require.Zero(t, w.Created().Orders)
	})
}

func TestSettleReportsTheErrorsOfTheDatabase(t *testing.T) {
	t.Parallel()
	w := newWorld(t, placement.SQLite)
	book := w.bookOn(t, w.db, w.quick())
	require.NoError(t, w.db.Close())
	_, err := book.Settle(t.Context())
	require.ErrorContains(t, err, "closed")
	_, err = book.Stats(t.Context())
	require.Error(t, err)
	_, err = book.Place(t.Context(), w.approved(t, "ON1"))
	require.ErrorContains(t, err, "the intent could not be written")
	require.Zero(t, w.Created().Orders)
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	require.True(t, errors.Is(book.Run(ctx), context.DeadlineExceeded))
}

func TestTheGuideHasTheTables(t *testing.T) {
	t.Parallel()
	guide, err := os.ReadFile("../../docs/placing-orders.md")
	require.NoError(t, err)
	text := strings.Join(strings.Fields(string(guide)), " ")
	for _, migration := range placement.Migrations {
		for _, statement := range migration {
			require.Contains(t, text, strings.Join(strings.Fields(statement), " ")+";")
		}
	}
}
