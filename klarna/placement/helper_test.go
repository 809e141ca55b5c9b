package placement_test

import (
	"context"
	"database/sql"
	"net/http"
	"path/filepath"
	"strings"
	"sync"
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

// book is a book of another process.
func (w *world) book(t testing.TB, opts ...placement.Option) *placement.Book {
	t.Helper()
	return w.bookOn(t, w.open(t), w.quick(), opts...)
}

func (w *world) bookOn(t testing.TB, db *sql.DB, client *klarna.Client, opts ...placement.Option) *placement.Book {
	t.Helper()
	book, err := placement.New(t.Context(), db, w.dialect, client, opts...)
	require.NoError(t, err)
	return book
}

// between calls a function between the response of CreateOrder and its record, once.
type between struct {
	once sync.Once
	do   func()
}

func (b *between) RoundTrip(r *http.Request) (*http.Response, error) {
	response, err := http.DefaultTransport.RoundTrip(r)
	if strings.HasSuffix(r.URL.Path, "/order") {
		b.once.Do(b.do)
	}
	return response, err
}

// between is a client that calls a function between the response of CreateOrder and its record, once.
func (w *world) between(do func()) *klarna.Client {
	return w.quick(klarna.WithHTTPClient(&http.Client{Transport: &between{do: do}}))
}

// intent writes the intent of an order in a transaction of its own.
func (w *world) intent(t testing.TB, book *placement.Book, o placement.Order) {
	t.Helper()
	tx, err := w.db.BeginTx(t.Context(), nil)
	require.NoError(t, err)
	require.NoError(t, book.WriteTx(t.Context(), tx, o))
	require.NoError(t, tx.Commit())
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
