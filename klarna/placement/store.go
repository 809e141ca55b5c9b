package placement

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"database/sql/driver"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/klarna-go/klarna-payments/internal/sqldb"
	"github.com/klarna-go/klarna-payments/klarna"
)

// migrations are made in their order, each once. They are never changed, only added to. Times are milliseconds since 1970.
var migrations = [][]string{{`CREATE TABLE klarna_placements (
	reference TEXT NOT NULL, attempt BIGINT NOT NULL, session_id TEXT NOT NULL,
	token TEXT NOT NULL, request TEXT NOT NULL, -- the JSON that is sent; both are empty once the record is final
	token_hash TEXT NOT NULL UNIQUE,            -- SHA-256, to recognize the token afterwards
	state TEXT NOT NULL, order_id TEXT NOT NULL DEFAULT '',
	owner TEXT NOT NULL, lease_until BIGINT NOT NULL,
	calls BIGINT NOT NULL,                      -- how many may have reached Klarna
	written_at BIGINT NOT NULL, sent_at BIGINT NOT NULL, next_at BIGINT NOT NULL, finished_at BIGINT NOT NULL DEFAULT 0,
	details TEXT NOT NULL DEFAULT '{}',         -- JSON
	PRIMARY KEY (reference, attempt)
)`, `CREATE INDEX klarna_placements_by_state ON klarna_placements (state, next_at)`}}

// record is a row of the table. Times are milliseconds since 1970, by the clock of the database.
type record struct {
	Reference, SessionID, OrderID string
	Attempt                       int
	State                         State
	token, request, owner         string
	calls                         int
	written, sent, next           int64
	lease, finished, now          int64
	read                          time.Time // when now was read
	details
}

// details are stored as JSON.
type details struct {
	Steps          int                `json:"steps,omitempty"`     // for the back-off
	AbsentAt       int64              `json:"absent_at,omitempty"` // when the session was first seen without an order
	Exists         bool               `json:"exists,omitempty"`    // it was seen with an order
	Expired        bool               `json:"expired,omitempty"`   // it is rejected because the token expired
	Text           string             `json:"text,omitempty"`      // of the last call's error
	Failure        *storedError       `json:"failure,omitempty"`
	FraudStatus    klarna.FraudStatus `json:"fraud_status,omitempty"`
	RedirectURL    string             `json:"redirect_url,omitempty"`
	CorrelationIDs []string           `json:"correlation_ids,omitempty"`
}

// Value returns the JSON.
func (d details) Value() (driver.Value, error) {
	text, err := json.Marshal(d)
	return string(text), err
}

const columns = `reference, attempt, session_id, token, request, state, order_id, owner, lease_until, calls, written_at, sent_at, next_at,
	finished_at, details, {now}`

// scan reads the columns of a row.
func (r *record) scan(row interface{ Scan(...any) error }) error {
	var details []byte
	r.read = time.Now()
	err := row.Scan(&r.Reference, &r.Attempt, &r.SessionID, &r.token, &r.request, &r.State, &r.OrderID, &r.owner, &r.lease, &r.calls,
		&r.written, &r.sent, &r.next, &r.finished, &details, &r.now)
	if err != nil {
		return err
	}
	return json.Unmarshal(details, &r.details)
}

func (r *record) scanRow(row *sql.Row) error { return r.scan(row) }

func at(ms int64) (t time.Time) {
	if ms != 0 {
		t = time.UnixMilli(ms).UTC()
	}
	return t
}

// clock returns the time of the database, without a query.
func (r *record) clock() int64 { return r.now + time.Since(r.read).Milliseconds() }

// result returns what is known of the order.
func (r *record) result() Result {
	return Result{
		Reference: r.Reference, State: r.State, OrderID: r.OrderID, FraudStatus: r.FraudStatus, RedirectURL: r.RedirectURL, Err: r.err(),
		CorrelationIDs: r.CorrelationIDs, SessionID: r.SessionID, Attempt: r.Attempt,
		Written: at(r.written), LastSent: at(r.sent * int64(min(r.calls, 1))), Finished: at(r.finished),
	}
}

// err returns why the order is not placed: what the state of the record means, and the failure of the last call.
func (r *record) err() error {
	last := errors.New(r.Text)
	if r.Failure != nil && r.Failure.StatusCode != 0 {
		last = (*klarna.Error)(r.Failure)
	}
	switch {
	case r.State == Placed, r.State == Open && r.Text == "":
		return nil
	case r.Expired:
		return ErrTokenExpired
	case r.Exists:
		return fmt.Errorf("%w: %w", klarna.ErrOrderAlreadyPlaced, last)
	case r.State == Rejected && r.calls > 0:
		return last
	case r.State == Rejected: // by preflight, or for its size
		return fmt.Errorf("%w: %w: %w", klarna.ErrNotSent, klarna.ErrInvalidRequest, last)
	case r.calls == 0:
		return fmt.Errorf("%w: %w", klarna.ErrNotSent, last)
	}
	return fmt.Errorf("%w: %w", klarna.ErrOutcomeUnknown, last)
}

// load reads the newest attempt of a reference.
func (b *Book) load(ctx context.Context, on sqldb.Querier, reference string) (*record, error) {
	r := new(record)
	err := b.db.Row(ctx, on, r.scanRow, `SELECT `+columns+` FROM klarna_placements
		WHERE reference=$1 ORDER BY attempt DESC LIMIT 1`, reference)
	if r.Reference = reference; errors.Is(err, sql.ErrNoRows) {
		err = ErrUnknownReference
	}
	return r, err
}

func (b *Book) list(ctx context.Context, where, arg string) ([]Result, error) {
	return sqldb.Rows(ctx, b.db, func(rows *sql.Rows) (Result, error) {
		var r record
		err := r.scan(rows)
		return r.result(), err
	}, `SELECT `+columns+` FROM klarna_placements WHERE `+where, arg)
}

// write writes an intent, unless the reference has an attempt that was not rejected, or the token has a record: then it returns
// sql.ErrNoRows. With an owner, the record has its lease, and a call is announced.
func (b *Book) write(ctx context.Context, on sqldb.Querier, o Order, request, owner string) (*record, error) {
	r, hash, lease, calls := new(record), sha256.Sum256([]byte(o.AuthorizationToken)), int64(0), 0
	if owner != "" {
		lease, calls = b.lease.Milliseconds(), 1
	}
	return r, b.db.Row(ctx, on, r.scanRow, `INSERT INTO klarna_placements
			(reference, attempt, session_id, token, token_hash, request, state, owner, lease_until, calls, written_at, sent_at, next_at)
		SELECT CAST($1 AS TEXT), COALESCE(MAX(attempt), 0) + 1, $2, $3, $4, $5, 'open', $6, {now} + CAST($7 AS BIGINT), CAST($8 AS BIGINT),
			{now}, {now} * CAST($8 AS BIGINT), {now}
		FROM klarna_placements WHERE reference=$1 HAVING COUNT(CASE WHEN state <> 'rejected' THEN 1 END) = 0
		ON CONFLICT DO NOTHING RETURNING `+columns,
		o.Reference, o.SessionID, o.AuthorizationToken, hex.EncodeToString(hash[:]), request, owner, lease, calls)
}

// claim takes the lease of an open record that nobody works on, and announces a call before it may reach Klarna, if the token may
// still be valid. Without such a record it returns sql.ErrNoRows. The owner's own lease is no obstacle: a claim may be repeated.
func (b *Book) claim(ctx context.Context, owner, where string, args ...any) (*record, error) {
	r := new(record)
	return r, b.db.Row(ctx, b.db.DB, r.scanRow, `UPDATE klarna_placements
		SET owner=$1, lease_until={now} + $2, calls=calls + CASE WHEN written_at > {now} - $3 THEN 1 ELSE 0 END,
			sent_at=CASE WHEN written_at > {now} - $3 THEN {now} ELSE sent_at END
		WHERE state='open' AND (lease_until <= {now} OR owner=$1) AND `+where+` RETURNING `+columns,
		append([]any{owner, b.lease.Milliseconds(), tokenLife.Milliseconds()}, args...)...)
}

// renew renews the lease of a claimed record, unless somebody else has taken it.
func (b *Book) renew(ctx context.Context, r *record) error {
	_, err := b.db.Change(ctx, `UPDATE klarna_placements SET lease_until={now} + $4 WHERE reference=$1 AND attempt=$2 AND state='open' AND owner=$3`,
		r.Reference, r.Attempt, r.owner, b.lease.Milliseconds())
	return err
}

// save writes what is known, ends the lease, and erases token and request if the state is final. If somebody else has the lease, it
// returns sql.ErrNoRows. An order id is a fact, though, and is written all the same.
func (b *Book) save(ctx context.Context, r *record, wait time.Duration) error {
	return b.db.Row(ctx, b.db.DB, func(row *sql.Row) error { return row.Scan(&r.finished) }, `UPDATE klarna_placements
		SET state=$4, order_id=$5, details=$6, calls=$7, next_at={now} + $8, owner='', lease_until=0,
			finished_at=CASE WHEN $4='open' THEN 0 ELSE {now} END, token=CASE WHEN $4='open' THEN token ELSE '' END,
			request=CASE WHEN $4='open' THEN request ELSE '' END
		WHERE reference=$1 AND attempt=$2 AND (state='open' AND owner=$3 OR state IN ('open', 'unresolved') AND $4='placed')
		RETURNING finished_at`,
		r.Reference, r.Attempt, r.owner, string(r.State), r.OrderID, r.details, r.calls, wait.Milliseconds())
}
