// Package sqldb is what statements for both SQLite and PostgreSQL need: placeholders, the clock of the database, retries and migrations.
// It imports no driver.
package sqldb

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"time"
)

// DB is a database with its dialect.
type DB struct {
	*sql.DB

	Now   string // the SQL expression of the database's time, in milliseconds since 1970
	begin string // begins a migration while all others wait
	marks string // what a placeholder begins with
}

// Open returns a database of a dialect, sqlite or postgres, and nil if there is no such dialect.
func Open(db *sql.DB, dialect string) *DB {
	switch dialect {
	case "sqlite":
		return &DB{db, `CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER)`, `BEGIN IMMEDIATE`, "?"}
	case "postgres":
		return &DB{db, `CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000 AS BIGINT)`, `BEGIN; SELECT pg_advisory_xact_lock(5577006791947779410)`, "$"}
	}
	return nil
}

// SQL completes a statement, in which placeholders are $1 and so on, and {now} is the time.
func (d *DB) SQL(statement string) string {
	return strings.ReplaceAll(strings.ReplaceAll(statement, "$", d.marks), "{now}", d.Now)
}

// Retry runs a statement up to 8 times, within about a second: it may meet a busy database, a serialization failure, a deadlock or a
// lost connection. The statement may be repeated, even if it took effect.
func Retry(ctx context.Context, run func(context.Context) error) error {
	for attempt := 1; ; attempt++ {
		err := run(ctx)
		if err == nil || errors.Is(err, sql.ErrNoRows) || attempt == 8 || !Sleep(ctx, 10*time.Millisecond<<(attempt-1)) {
			return err
		}
	}
}

// Sleep waits for a random part of d, at least half of it, so that processes do not stay in step. It is false if ctx has ended.
func Sleep(ctx context.Context, d time.Duration) bool {
	select {
	case <-time.After(d/2 + rand.N(d/2+1)): //nolint:gosec // G404: nobody gains by guessing a delay
		return ctx.Err() == nil
	case <-ctx.Done():
		return false
	}
}

// Querier is a database or a transaction.
type Querier interface {
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

// Row runs a statement that has one row, with retries unless it is in a transaction of the caller's.
func (d *DB) Row(ctx context.Context, on Querier, scan func(*sql.Row) error, statement string, args ...any) error {
	run := func(ctx context.Context) error { return scan(on.QueryRowContext(ctx, d.SQL(statement), args...)) }
	if on != d.DB {
		return run(ctx)
	}
	return Retry(ctx, run)
}

// Rows returns what scan makes of each row of a query, with retries.
func Rows[T any](ctx context.Context, d *DB, scan func(*sql.Rows) (T, error), query string, args ...any) (all []T, err error) {
	err = Retry(ctx, func(ctx context.Context) error {
		rows, err := d.QueryContext(ctx, d.SQL(query), args...)
		if err != nil {
			return err
		}
		defer func() { _ = rows.Close() }()
		for all = nil; rows.Next(); {
			row, err := scan(rows)
			if err != nil {
				return err
			}
			all = append(all, row)
		}
		return rows.Err()
	})
	return all, err
}

// Change runs a statement without rows, with retries, and returns how many rows it changed when it was run last.
func (d *DB) Change(ctx context.Context, statement string, args ...any) (changed int64, err error) {
	err = Retry(ctx, func(ctx context.Context) error {
		result, err := d.ExecContext(ctx, d.SQL(statement), args...)
		if err == nil {
			changed, err = result.RowsAffected()
		}
		return err
	})
	return changed, err
}

// Migrate makes the migrations that the database does not have yet, and keeps their number in a table. Any number of processes may do
// so at once. Migrations are never changed, only added to.
func (d *DB) Migrate(ctx context.Context, table string, migrations [][]string) error {
	return Retry(ctx, func(ctx context.Context) error { return d.migrate(ctx, table, migrations) })
}

func (d *DB) migrate(ctx context.Context, table string, migrations [][]string) error {
	conn, err := d.Conn(ctx)
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close() }()
	run := func(statement string, args ...any) {
		if err == nil {
			_, err = conn.ExecContext(ctx, d.SQL(statement), args...)
		}
	}
	run(d.begin)
	run(`CREATE TABLE IF NOT EXISTS ` + table + ` (version BIGINT PRIMARY KEY, made_at BIGINT NOT NULL)`)
	version := 0
	if err == nil {
		err = conn.QueryRowContext(ctx, `SELECT COALESCE(MAX(version), 0) FROM `+table).Scan(&version)
	}
	if version > len(migrations) {
		err = fmt.Errorf("they have version %d, and this program knows %d", version, len(migrations))
	}
	for i := version; i < len(migrations); i++ {
		for _, statement := range migrations[i] {
			run(statement)
		}
		run(`INSERT INTO `+table+` (version, made_at) VALUES ($1, {now})`, i+1)
	}
	if run(`COMMIT`); err != nil {
		_, _ = conn.ExecContext(context.WithoutCancel(ctx), `ROLLBACK`)
	}
	return err
}
