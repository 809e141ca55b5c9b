package placement

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/klarna-go/klarna-payments/internal/sqldb"
	"github.com/klarna-go/klarna-payments/klarna"
)

// State is what is known of an order.
type State string

// The states of a record. All but Open are final: no more requests are sent. Resolve, or an order id that arrives late, ends Unresolved.
const (
	Open       State = "open"       // the order may exist, or may still be placed
	Placed     State = "placed"     // the order exists, and Result.OrderID is its id
	Rejected   State = "rejected"   // there is no order, and this attempt will place none
	Unresolved State = "unresolved" // a person has to look: the order exists without a known id, or it cannot be found out
)

// Errors of this package. errors.Is finds those of package klarna as well.
var (
	ErrUnknownReference = errors.New("placement: there is no such record")
	ErrTokenUsed        = errors.New("placement: the authorization token has a record of another reference, or of an earlier attempt")
	ErrTokenExpired     = errors.New("placement: the authorization token has expired") // in Result.Err
)

// Order is an order to place.
type Order struct {
	Reference          string // yours: the same from browser, callback and every server; at most 255 bytes
	SessionID          string
	AuthorizationToken string // check before that it is this shopper's: the session's newest token
	Request            klarna.CreateOrderRequest
}

// Result is what is known of an order.
type Result struct {
	Reference      string
	State          State
	OrderID        string             // if Placed
	FraudStatus    klarna.FraudStatus // if Placed; do not ship while it is PENDING
	RedirectURL    string             // if Placed: where to send the shopper, unless it is empty
	Err            error              // why the order is not placed; nil while nothing failed
	CorrelationIDs []string           // of the requests, for Klarna's support: the first 20 and the latest 20

	SessionID string
	Attempt   int       // 1, and one more for each new token after a rejection
	Written   time.Time // when the intent was written, by the clock of the database
	LastSent  time.Time // when the request was last sent; zero if it never was
	Finished  time.Time // when the state became final; zero while Open
}

// Book keeps a record of each order in a database, and places them. It is safe for concurrent use. Any number of books may work on
// one database, in any number of processes.
type Book struct {
	db     *sqldb.DB
	client *klarna.Client
	lease  time.Duration
	logger *slog.Logger
}

// Dialect is the SQL that a database understands.
type Dialect string

// The dialects.
const (
	SQLite   Dialect = "sqlite"   // 3.35 or later
	Postgres Dialect = "postgres" // 11 or later
)

// Option changes how a Book works.
type Option func(*Book)

// WithLease sets after how long another process goes on with a record whose process has died: at least 100 ms, 15 s by default.
// A process that is alive renews its lease.
func WithLease(d time.Duration) Option { return func(b *Book) { b.lease = d } }

// WithLogger logs each transition of a record, with references, session ids, order ids and correlation ids, and without tokens
// and requests. By default nothing is logged.
func WithLogger(logger *slog.Logger) Option { return func(b *Book) { b.logger = logger } }

// New returns a book, and creates or migrates its tables, klarna_placements and klarna_placement_migrations. Any number of
// processes may do so at once.
func New(ctx context.Context, db *sql.DB, dialect Dialect, client *klarna.Client, opts ...Option) (*Book, error) {
	b := &Book{sqldb.Open(db, string(dialect)), client, 15 * time.Second, slog.New(slog.DiscardHandler)}
	for _, opt := range opts {
		opt(b)
	}
	switch {
	case db == nil || client == nil || b.logger == nil:
		return nil, errors.New("placement: the database, the client or the logger is nil")
	case b.db == nil:
		return nil, fmt.Errorf("placement: the dialect must be SQLite or Postgres, not %.20q", string(dialect))
	case b.lease < 100*time.Millisecond:
		return nil, fmt.Errorf("placement: WithLease: %v; it must be at least 100 ms", b.lease)
	}
	if err := b.db.Migrate(ctx, "klarna_placement_migrations", migrations); err != nil {
		return nil, fmt.Errorf("placement: the tables cannot be migrated: %w", err)
	}
	return b, nil
}

// Lookup returns the newest attempt of a reference, or ErrUnknownReference.
func (b *Book) Lookup(ctx context.Context, reference string) (Result, error) {
	r, err := b.load(ctx, b.db.DB, reference)
	return r.result(), err
}

// History returns all attempts of a reference, the oldest first.
func (b *Book) History(ctx context.Context, reference string) ([]Result, error) {
	return b.list(ctx, `reference=$1 ORDER BY attempt`, reference)
}

// List returns up to 1,000 records in a state, the oldest first. A person has to look at those in Unresolved.
func (b *Book) List(ctx context.Context, state State) ([]Result, error) {
	return b.list(ctx, `state=$1 ORDER BY written_at LIMIT 1000`, string(state))
}

// Stats are the numbers of records by state.
type Stats struct {
	Open, Placed, Rejected, Unresolved int
	OldestOpen                         time.Duration // the age of the oldest record that is open
}

// Stats counts the records, for a health check. A record that is open for minutes means that Klarna does not respond; one that is
// open for more than an hour means that no process settles.
func (b *Book) Stats(ctx context.Context) (s Stats, err error) {
	err = b.db.Row(ctx, b.db.DB, func(row *sql.Row) error {
		err := row.Scan(&s.Open, &s.Placed, &s.Rejected, &s.Unresolved, &s.OldestOpen)
		s.OldestOpen *= time.Millisecond
		return err
	}, `SELECT COUNT(CASE state WHEN 'open' THEN 1 END), COUNT(CASE state WHEN 'placed' THEN 1 END), COUNT(CASE state WHEN 'rejected' THEN 1 END),
		COUNT(CASE state WHEN 'unresolved' THEN 1 END), COALESCE({now} - MIN(CASE state WHEN 'open' THEN written_at END), 0) FROM klarna_placements`)
	return s, err
}

// Resolve records what a person found out about an unresolved record. With an order id it becomes Placed. Without one it
// becomes Rejected with ErrTokenExpired, and a new token may start a new attempt. It returns ErrUnknownReference if no record is unresolved.
func (b *Book) Resolve(ctx context.Context, reference, orderID string) error {
	r, err := b.load(ctx, b.db.DB, reference)
	if err != nil {
		return err
	}
	if r.State, r.OrderID = Placed, orderID; orderID == "" {
		r.State, r.Exists, r.Expired = Rejected, false, true
	}
	changed, err := b.db.Change(ctx, `UPDATE klarna_placements SET state=$3, order_id=$4, details=$5, finished_at={now}
		WHERE reference=$1 AND attempt=$2 AND state='unresolved'`, reference, r.Attempt, string(r.State), orderID, r.details)
	if err == nil && changed == 0 {
		err = ErrUnknownReference
	}
	return err
}

// Purge deletes the records that were placed or rejected longer ago, and returns how many. A reference whose record is gone
// counts as new. Tokens and requests are erased before, as soon as a record is final.
func (b *Book) Purge(ctx context.Context, olderThan time.Duration) (int64, error) {
	return b.db.Change(ctx, `DELETE FROM klarna_placements WHERE state IN ('placed', 'rejected') AND finished_at < {now} - $1`,
		olderThan.Milliseconds())
}
