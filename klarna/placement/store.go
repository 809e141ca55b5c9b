package placement

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"time"

	"github.com/klarna-go/klarna-payments/klarna"
)

// Dialect is the SQL that a database understands.
type Dialect string

// The dialects.
const (
	SQLite   Dialect = "sqlite"   // 3.35 or later
	Postgres Dialect = "postgres" // 11 or later
)

// dialects are the differences: the time in milliseconds, and how a migration begins while all others wait.
var dialects = map[Dialect]struct{ now, begin string }{
	SQLite:   {`CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER)`, `BEGIN IMMEDIATE`},
	Postgres: {`CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000 AS BIGINT)`, `BEGIN; SELECT pg_advisory_xact_lock(5577006791947779410)`},
}

// migrations are made in their order, each once. They are never changed, only added to.
var migrations = [][]string{{`CREATE TABLE klarna_placements (
	reference TEXT NOT NULL, attempt BIGINT NOT NULL, session_id TEXT NOT NULL,
	token TEXT NOT NULL, request TEXT NOT NULL, -- the JSON that is sent; both are empty once the record is final
	token_hash TEXT NOT NULL UNIQUE,            -- SHA-256, to recognize the token afterwards
	state TEXT NOT NULL, order_id TEXT NOT NULL DEFAULT '',
	owner TEXT NOT NULL, lease_until BIGINT NOT NULL,
	calls BIGINT NOT NULL,                      -- how many may have reached Klarna
	written_at BIGINT NOT NULL, sent_at BIGINT NOT NULL, next_at BIGINT NOT NULL, finished_at BIGINT NOT NULL DEFAULT 0, -- ms since 1970
	details TEXT NOT NULL DEFAULT '{}',         -- JSON
	PRIMARY KEY (reference, attempt)
)`, `CREATE INDEX klarna_placements_by_state ON klarna_placements (state, next_at)`}}

func (b *Book) migrate(ctx context.Context) error {
	conn, err := b.db.Conn(ctx)
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close() }()
	version := 0
	run := func(statement string, args ...any) {
		if err == nil {
			_, err = conn.ExecContext(ctx, b.sql(statement), args...)
		}
	}
	run(dialects[b.dialect].begin)
	run(`CREATE TABLE IF NOT EXISTS klarna_placement_migrations (version BIGINT PRIMARY KEY, made_at BIGINT NOT NULL)`)
	if err == nil {
		err = conn.QueryRowContext(ctx, `SELECT COALESCE(MAX(version), 0) FROM klarna_placement_migrations`).Scan(&version)
	}
	if version > len(migrations) {
		err = fmt.Errorf("they have version %d, and this program knows %d", version, len(migrations))
	}
	for i := version; i < len(migrations); i++ {
		for _, statement := range migrations[i] {
			run(statement)
		}
		run(`INSERT INTO klarna_placement_migrations (version, made_at) VALUES ($1, {now})`, i+1)
	}
	if run(`COMMIT`); err != nil {
		_, _ = conn.ExecContext(context.WithoutCancel(ctx), `ROLLBACK`)
	}
	return err
}

// sql completes a statement: {now} is the time, and the placeholders are those of the dialect.
func (b *Book) sql(statement string) string {
	if b.dialect == SQLite {
		statement = strings.ReplaceAll(statement, "$", "?")
	}
	return strings.ReplaceAll(statement, "{now}", b.now)
}

// retry runs a statement up to 8 times, within about a second: it may meet a busy database, a serialization failure, a deadlock or a
// lost connection. All statements of this package may be repeated, even if the first one took effect.
func (b *Book) retry(ctx context.Context, run func(context.Context) error) error {
	for attempt := 1; ; attempt++ {
		err := run(ctx)
		if err == nil || errors.Is(err, sql.ErrNoRows) || attempt == 8 || !sleep(ctx, 10*time.Millisecond<<(attempt-1)) {
			return err
		}
	}
}

// sleep waits for a random part of d, at least half of it, so that processes do not stay in step. It is false if ctx has ended.
func sleep(ctx context.Context, d time.Duration) bool {
	select {
	case <-time.After(d/2 + rand.N(d/2+1)): //nolint:gosec // G404: nobody gains by guessing a delay
		return ctx.Err() == nil
	case <-ctx.Done():
		return false
	}
}

// querier is a database or a transaction.
type querier interface {
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

// row runs a statement that has one row, with retries unless it is in a transaction of the caller's.
func (b *Book) row(ctx context.Context, on querier, scan func(*sql.Row) error, statement string, args ...any) error {
	run := func(ctx context.Context) error { return scan(on.QueryRowContext(ctx, b.sql(statement), args...)) }
	if on != b.db {
		return run(ctx)
	}
	return b.retry(ctx, run)
}

// rows runs a query, and calls each for every row.
func (b *Book) rows(ctx context.Context, each func(scan func(...any) error) error, statement string, args ...any) error {
	rows, err := b.db.QueryContext(ctx, b.sql(statement), args...)
	if err != nil {
		return err
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		if err := each(rows.Scan); err != nil {
			return err
		}
	}
	return rows.Err()
}

// record is a row of the table. Times are milliseconds since 1970, by the clock of the database.
type record struct {
	reference, sessionID, token, request, owner, orderID string
	state                                                State
	attempt, calls                                       int
	written, sent, next, finished, now                   int64
	read                                                 time.Time // when now was read
	details
}

// details are stored as JSON.
type details struct {
	Steps          int                `json:"steps,omitempty"`     // for the back-off
	AbsentAt       int64              `json:"absent_at,omitempty"` // when the session was first seen without an order
	Exists         bool               `json:"exists,omitempty"`    // the session was seen with an order
	Expired        bool               `json:"expired,omitempty"`   // it is rejected because the token expired
	FraudStatus    klarna.FraudStatus `json:"fraud_status,omitempty"`
	RedirectURL    string             `json:"redirect_url,omitempty"`
	Text           string             `json:"text,omitempty"` // of the last call's error
	Failure        *storedError       `json:"failure,omitempty"`
	CorrelationIDs []string           `json:"correlation_ids,omitempty"`
}

const columns = `reference, attempt, session_id, token, request, state, order_id, owner, calls, written_at, sent_at, next_at, finished_at, details, {now}`

func (r *record) scan(scan func(...any) error) error {
	var details []byte
	r.read = time.Now()
	err := scan(&r.reference, &r.attempt, &r.sessionID, &r.token, &r.request, &r.state, &r.orderID, &r.owner, &r.calls,
		&r.written, &r.sent, &r.next, &r.finished, &details, &r.now)
	if err != nil {
		return err
	}
	return json.Unmarshal(details, &r.details)
}

func (r *record) scanRow(row *sql.Row) error { return r.scan(row.Scan) }

// clock returns the time of the database, without a query.
func (r *record) clock() int64 { return r.now + time.Since(r.read).Milliseconds() }

func (r *record) result() Result {
	at := func(ms int64) (t time.Time) {
		if ms != 0 {
			t = time.UnixMilli(ms).UTC()
		}
		return t
	}
	return Result{r.reference, r.state, r.orderID, r.FraudStatus, r.RedirectURL, r.err(), r.CorrelationIDs,
		r.sessionID, r.attempt, at(r.written), at(r.sent * min(int64(r.calls), 1)), at(r.finished)}
}

// err returns why the order is not placed: what the state of the record means, and the failure of the last call.
func (r *record) err() error {
	last := errors.New(r.Text)
	if r.Failure != nil && r.Failure.StatusCode != 0 {
		last = (*klarna.Error)(r.Failure)
	}
	switch {
	case r.state == Placed, r.state == Open && r.Text == "":
		return nil
	case r.Expired:
		return fmt.Errorf("%w: %s", ErrTokenExpired, r.Text)
	case r.Exists:
		return fmt.Errorf("%w: %w", klarna.ErrOrderAlreadyPlaced, last)
	case r.state == Rejected && r.calls > 0:
		return last
	case r.state == Rejected: // by preflight, or for its size
		return fmt.Errorf("%w: %w: %w", klarna.ErrNotSent, klarna.ErrInvalidRequest, last)
	case r.calls == 0:
		return fmt.Errorf("%w: %w", klarna.ErrNotSent, last)
	}
	return fmt.Errorf("%w: %w", klarna.ErrOutcomeUnknown, last)
}

// load reads the newest attempt of a reference.
func (b *Book) load(ctx context.Context, on querier, reference string) (*record, error) {
	r := new(record)
	err := b.row(ctx, on, r.scanRow, `SELECT `+columns+` FROM klarna_placements WHERE reference=$1 ORDER BY attempt DESC LIMIT 1`, reference)
	if r.reference = reference; errors.Is(err, sql.ErrNoRows) {
		err = ErrUnknownReference
	}
	return r, err
}

func (b *Book) list(ctx context.Context, where, arg string) (list []Result, err error) {
	err = b.rows(ctx, func(scan func(...any) error) error {
		var r record
		err := r.scan(scan)
		list = append(list, r.result())
		return err
	}, `SELECT `+columns+` FROM klarna_placements WHERE `+where, arg)
	return list, err
}

// write writes an intent, unless the reference has an attempt that was not rejected, or the token has a record: then it returns
// sql.ErrNoRows. With an owner, the record has its lease, and a call is announced.
func (b *Book) write(ctx context.Context, on querier, o Order, request, owner string) (*record, error) {
	r, hash, lease, calls := new(record), sha256.Sum256([]byte(o.AuthorizationToken)), int64(0), 0
	if owner != "" {
		lease, calls = b.lease.Milliseconds(), 1
	}
	return r, b.row(ctx, on, r.scanRow, `INSERT INTO klarna_placements
			(reference, attempt, session_id, token, token_hash, request, state, owner, lease_until, calls, written_at, sent_at, next_at)
		SELECT CAST($1 AS TEXT), COALESCE(MAX(attempt), 0) + 1, $2, $3, $4, $5, 'open', $6, {now} + CAST($7 AS BIGINT), CAST($8 AS BIGINT),
			{now}, {now} * CAST($8 AS BIGINT), {now}
		FROM klarna_placements WHERE reference=$1 HAVING COUNT(CASE WHEN state <> 'rejected' THEN 1 END) = 0
		ON CONFLICT DO NOTHING RETURNING `+columns,
		o.Reference, o.SessionID, o.AuthorizationToken, hex.EncodeToString(hash[:]), request, owner, lease, calls)
}

// claim takes the lease of an open record that nobody works on, or renews it, and announces a call before it may reach Klarna, if
// the record is not older than life. If somebody else has the lease, it returns sql.ErrNoRows.
func (b *Book) claim(ctx context.Context, reference string, attempt int, owner string, life time.Duration) (*record, error) {
	r := new(record)
	return r, b.row(ctx, b.db, r.scanRow, `UPDATE klarna_placements SET owner=$3, lease_until={now} + $4,
			calls=calls + CASE WHEN written_at > {now} - $5 THEN 1 ELSE 0 END,
			sent_at=CASE WHEN written_at > {now} - $5 THEN {now} ELSE sent_at END
		WHERE reference=$1 AND attempt=$2 AND state='open' AND (lease_until <= {now} OR owner=$3) RETURNING `+columns,
		reference, attempt, owner, b.lease.Milliseconds(), life.Milliseconds())
}

// save writes what is known, ends the lease, and erases token and request if the state is final. If somebody else has the lease, it
// returns sql.ErrNoRows. An order id is a fact, though, and is written all the same.
func (b *Book) save(ctx context.Context, r *record, wait time.Duration) error {
	details, err := json.Marshal(r.details)
	if err != nil {
		return err
	}
	return b.row(ctx, b.db, func(row *sql.Row) error { return row.Scan(&r.finished) }, `UPDATE klarna_placements
		SET state=$4, order_id=$5, details=$6, calls=$7, next_at={now} + $8, owner='', lease_until=0,
			finished_at=CASE WHEN $4='open' THEN 0 ELSE {now} END, token=CASE WHEN $4='open' THEN token ELSE '' END,
			request=CASE WHEN $4='open' THEN request ELSE '' END
		WHERE reference=$1 AND attempt=$2 AND (state='open' AND owner=$3 OR state IN ('open', 'unresolved') AND $4='placed')
		RETURNING finished_at`,
		r.reference, r.attempt, r.owner, string(r.state), r.orderID, string(details), r.calls, wait.Milliseconds())
}
