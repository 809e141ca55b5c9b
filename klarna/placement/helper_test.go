package placement_test

import (
	"context"
	"database/sql"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	_ "modernc.org/sqlite" // the driver "sqlite"

	"github.com/klarna-go/klarna-payments/internal/pgtest"
	"github.com/klarna-go/klarna-payments/klarna"
	"github.com/klarna-go/klarna-payments/klarna/klarnatest"
	"github.com/klarna-go/klarna-payments/klarna/placement"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

// world is a shop's database beside a fake server.
type world struct {
	*klarnatest.Server
	dialect placement.Dialect
	dsn     string
	db      *sql.DB
}

// onBoth runs a test on SQLite and on PostgreSQL.
func onBoth(t *testing.T, test func(t *testing.T, w *world)) {
	t.Helper()
	t.Run("SQLite", func(t *testing.T) { t.Parallel(); test(t, newWorld(t, placement.SQLite)) })
	t.Run("PostgreSQL", func(t *testing.T) { t.Parallel(); test(t, newWorld(t, placement.Postgres)) })
}

func newWorld(t testing.TB, dialect placement.Dialect) *world {
	t.Helper()
	w := &world{Server: klarnatest.NewServer(), dialect: dialect}
	t.Cleanup(w.Close)
	if dialect == placement.Postgres {
		w.dsn = pgtest.Database(t)
	} else {
		w.dsn = "file:" + filepath.Join(t.TempDir(), "shop.sqlite") + "?_pragma=busy_timeout(10000)&_pragma=journal_mode(WAL)"
	}
	w.db = w.open(t)
	return w
}

// open opens the database once more, as another process would.
func (w *world) open(t testing.TB) *sql.DB {
	t.Helper()
	db, err := sql.Open(map[placement.Dialect]string{placement.SQLite: "sqlite", placement.Postgres: "pgx"}[w.dialect], w.dsn)
	require.NoError(t, err)
	if w.dialect == placement.SQLite {
		db.SetMaxOpenConns(1) // as the guide advises
	}
	t.Cleanup(func() { _ = db.Close() })
	return db
}

// quick is a client that retries without long waits.
func (w *world) quick(opts ...klarna.Option) *klarna.Client {
	return w.Client(append([]klarna.Option{klarna.WithRetry(klarna.RetryPolicy{BaseDelay: time.Microsecond, MaxDelay: time.Millisecond})}, opts...)...)
}

func (w *world) book(t testing.TB, opts ...placement.Option) *placement.Book {
	t.Helper()
	return w.bookOn(t, w.open(t), opts...)
}

func (w *world) bookOn(t testing.TB, db *sql.DB, opts ...placement.Option) *placement.Book {
	t.Helper()
	book, err := placement.New(t.Context(), db, w.dialect, w.quick(), opts...)
	require.NoError(t, err)
	return book
}

// approved opens a session, approves it in the shopper's place, and returns the order to place.
func (w *world) approved(t testing.TB, reference string) placement.Order {
	t.Helper()
	session, err := w.Client().CreateSession(context.Background(), cart())
	require.NoError(t, err)
	o := placement.Order{Reference: reference, SessionID: session.SessionID, Request: klarna.OrderFromSession(cart())}
	o.AuthorizationToken, err = w.Authorize(session.SessionID)
	require.NoError(t, err)
	return o
}

func cart() klarna.SessionCreate {
	return klarna.SessionCreate{
		PurchaseCountry: "DE", PurchaseCurrency: "EUR", OrderAmount: 11900, OrderTaxAmount: 1900,
		OrderLines: []klarna.OrderLine{{
			Reference: "AD6654412", Name: "Running shoe", Quantity: 1, UnitPrice: 11900, TaxRate: 1900, TotalAmount: 11900, TotalTaxAmount: 1900,
		}},
	}
}

// lost makes the next calls of CreateOrder lose their responses, with all their attempts.
func (w *world) lost(calls int) {
	for range 3 * calls {
		w.Fail(klarna.OperationCreateOrder, klarnatest.ResetAfter())
	}
}
