package main

import (
	"context"
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"github.com/klarna-go/klarna-payments/internal/pgtest"
	"github.com/klarna-go/klarna-payments/klarna"
	"github.com/klarna-go/klarna-payments/klarna/klarnatest"
	"github.com/klarna-go/klarna-payments/klarna/placement"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

// onBoth runs a test on SQLite and on PostgreSQL.
func onBoth(t *testing.T, test func(t *testing.T, database string)) {
	t.Run("SQLite", func(t *testing.T) { test(t, filepath.Join(t.TempDir(), "river.sqlite")) })
	t.Run("PostgreSQL", func(t *testing.T) { test(t, pgtest.Database(t)) })
}

func TestRun(t *testing.T) {
	onBoth(t, func(t *testing.T, database string) {
		if err := run(t.Context(), database); err != nil {
			t.Fatal(err)
		}
	})
}

func newTestShop(t *testing.T, database string, server *klarnatest.Server) *shop {
	t.Helper()
	db, dialect, err := openDatabase(database)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	client := server.Client(klarna.WithRetry(klarna.RetryPolicy{BaseDelay: time.Microsecond, MaxDelay: time.Millisecond}))
	s, err := newShop(t.Context(), db, dialect, client)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func approved(t *testing.T, server *klarnatest.Server, reference string) placement.Order {
	t.Helper()
	cart := klarna.SessionCreate{
		PurchaseCountry: "DE", PurchaseCurrency: "EUR", OrderAmount: 500,
		OrderLines: []klarna.OrderLine{{Name: "A mug", Quantity: 1, UnitPrice: 500, TotalAmount: 500}},
	}
	session, err := server.Client().CreateSession(t.Context(), cart)
	if err != nil {
		t.Fatal(err)
	}
	token, err := server.Authorize(session.SessionID)
	if err != nil {
		t.Fatal(err)
	}
	return placement.Order{Reference: reference, SessionID: session.SessionID, AuthorizationToken: token, Request: klarna.OrderFromSession(cart)}
}

// The server that wrote the orders stops before it placed one; another one places them, after lost responses.
func TestTheJobsOfAnotherServerPlaceEachOrderOnce(t *testing.T) {
	onBoth(t, func(t *testing.T, database string) {
		server := klarnatest.NewServer()
		defer server.Close()
		gone := newTestShop(t, database, server) // it never starts its jobs
		var orders []placement.Order
		for i := range 3 {
			orders = append(orders, approved(t, server, fmt.Sprint("ON", i)))
			if err := gone.order(t.Context(), orders[i]); err != nil {
				t.Fatal(err)
			}
		}
		_ = gone.db.Close()
		for range 3 { // one call, with its attempts
			server.Fail(klarna.OperationCreateOrder, klarnatest.ResetAfter())
		}
		s := newTestShop(t, database, server)
		if err := s.jobs.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
		defer func() { _ = s.jobs.Stop(context.Background()) }()
		for _, o := range orders {
			var result placement.Result
			for deadline := time.Now().Add(time.Minute); result.State != placement.Placed; time.Sleep(50 * time.Millisecond) {
				var err error
				if result, err = s.book.Lookup(t.Context(), o.Reference); err != nil || time.Now().After(deadline) {
					t.Fatalf("%s: %+v, %v", o.Reference, result, err)
				}
			}
			if ids := server.OrderIDs(o.SessionID); len(ids) != 1 || ids[0] != result.OrderID {
				t.Errorf("%s: Klarna has %v, the record %s", o.Reference, ids, result.OrderID)
			}
		}
		if n := server.Created().Orders; n != len(orders) {
			t.Errorf("%d orders were placed", n)
		}
	})
}

func TestAnOrderThatCannotBeWrittenHasNoIntentAndNoJob(t *testing.T) {
	onBoth(t, func(t *testing.T, database string) {
		server := klarnatest.NewServer()
		defer server.Close()
		s := newTestShop(t, database, server)
		o := approved(t, server, "ON1")
		o.SessionID = "" // the shop's row is written before this is found
		if err := s.order(t.Context(), o); err == nil {
			t.Fatal("no error")
		}
		for _, table := range []string{"shop_orders", "klarna_placements", "river_job"} {
			var rows int
			if err := s.db.QueryRowContext(t.Context(), "SELECT COUNT(*) FROM "+table).Scan(&rows); err != nil || rows != 0 {
				t.Errorf("%s has %d rows, %v", table, rows, err)
			}
		}
	})
}
