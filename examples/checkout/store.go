package main

import (
	"cmp"
	"context"
	"crypto/rand"
	"database/sql"
	"database/sql/driver"
	"embed"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib" // the driver "pgx"
	"github.com/klarna-go/klarna-payments/klarna/placement"
	_ "modernc.org/sqlite" // the driver "sqlite", without C
)

// store is the shop's database, which several processes may share: PostgreSQL, or SQLite in a file. The queries stand
// beside what they store: shopper.go, checkout.go, order.go and office_changes.go. One text of each serves both databases.
type store struct {
	db      *sql.DB
	dialect placement.Dialect
}

// openStore opens a database, and creates its tables if they are missing. The name is the URL of a PostgreSQL database or the
// path of a SQLite file.
func openStore(ctx context.Context, name string) (*store, error) {
	st, driverName, source := &store{dialect: placement.SQLite}, "sqlite", name
	if strings.HasPrefix(name, "postgres://") || strings.HasPrefix(name, "postgresql://") {
		st.dialect, driverName = placement.Postgres, "pgx"
	} else {
		// Only the shop may read it: it holds what shoppers bought.
		file, err := os.OpenFile(name, os.O_CREATE|os.O_RDWR, 0o600) //nolint:gosec // the path is the one that was asked for
		if err != nil {
			return nil, fmt.Errorf("the database: %w", err)
		}
		_ = file.Close()
		source = (&url.URL{Scheme: "file", Opaque: url.PathEscape(name), RawQuery: url.Values{
			"_pragma":      {"busy_timeout(10000)", "journal_mode(WAL)", "synchronous(FULL)", "foreign_keys(ON)"},
			"_txlock":      {"immediate"}, // a transaction that begins to write later fails if another one wrote meanwhile
			"_time_format": {"sqlite"},
		}.Encode()}).String()
	}
	var err error
	if st.db, err = sql.Open(driverName, source); err != nil {
		return nil, fmt.Errorf("the database: %w", err)
	}
	st.db.SetMaxOpenConns(10)
	st.db.SetMaxIdleConns(10)
	if err := st.migrate(ctx); err != nil {
		_ = st.db.Close()
		return nil, fmt.Errorf("the database: %w", err)
	}
	return st, nil
}

func (st *store) close() { _ = st.db.Close() }

// migrations are numbered files. What is released is not changed any more: another change is another file.
//
//go:embed migrations/*.sql
var migrations embed.FS

// migrate brings the tables up to date. It may run in several processes at once: one does it, and the others wait.
func (st *store) migrate(ctx context.Context) error {
	files, err := migrations.ReadDir("migrations")
	if err != nil {
		return err
	}
	number := func(name string) int { n, _ := strconv.Atoi(strings.SplitN(name, "_", 2)[0]); return n }
	slices.SortFunc(files, func(a, b os.DirEntry) int { return cmp.Compare(number(a.Name()), number(b.Name())) })
	return st.inTx(ctx, func(tx *sql.Tx) error {
		if st.dialect == placement.Postgres { // SQLite has locked the database with the beginning of the transaction
			if _, err := tx.ExecContext(ctx, `SELECT pg_advisory_xact_lock(hashtext('example shop'))`); err != nil {
				return err
			}
		}
		if _, err := tx.ExecContext(ctx, `CREATE TABLE IF NOT EXISTS shop_migrations (number BIGINT PRIMARY KEY, at TIMESTAMP NOT NULL)`); err != nil {
			return err
		}
		var done int
		if err := tx.QueryRowContext(ctx, `SELECT COALESCE(MAX(number), 0) FROM shop_migrations`).Scan(&done); err != nil {
			return err
		}
		for _, file := range files {
			if number(file.Name()) <= done {
				continue
			}
			statements, err := migrations.ReadFile(path.Join("migrations", file.Name()))
			if err != nil {
				return err
			}
			if _, err := tx.ExecContext(ctx, string(statements)); err != nil {
				return fmt.Errorf("migration %s: %w", file.Name(), err)
			}
			if _, err := tx.ExecContext(ctx, `INSERT INTO shop_migrations (number, at) VALUES ($1, $2)`, number(file.Name()), now()); err != nil {
				return err
			}
		}
		return nil
	})
}

// key is the secret that all processes of the shop share: it signs what shoppers and Klarna bring back. A shop of your own
// may have it in its configuration.
func (st *store) key(ctx context.Context) ([]byte, error) {
	key := make([]byte, 32)
	_, _ = rand.Read(key) // never fails
	if _, err := st.db.ExecContext(ctx, `INSERT INTO settings (name, value) VALUES ('key', $1) ON CONFLICT (name) DO NOTHING`,
		base64.StdEncoding.EncodeToString(key)); err != nil {
		return nil, err
	}
	var stored string
	if err := st.db.QueryRowContext(ctx, `SELECT value FROM settings WHERE name = 'key'`).Scan(&stored); err != nil {
		return nil, err
	}
	return base64.StdEncoding.DecodeString(stored)
}

// inTx runs a transaction. If PostgreSQL ended it in favour of another one, it runs again from the beginning.
func (st *store) inTx(ctx context.Context, do func(*sql.Tx) error) error {
	for range 2 {
		if err := st.inOneTx(ctx, do); !gaveWay(err) {
			return err
		}
	}
	return st.inOneTx(ctx, do)
}

// gaveWay reports whether a transaction was rolled back because of a deadlock (40P01) or a serialization failure (40001).
func gaveWay(err error) bool {
	var failed interface{ SQLState() string }
	return errors.As(err, &failed) && (failed.SQLState() == "40P01" || failed.SQLState() == "40001")
}

func (st *store) inOneTx(ctx context.Context, do func(*sql.Tx) error) error {
	tx, err := st.db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	if err := do(tx); err != nil {
		return errors.Join(err, ignoreDone(tx.Rollback()))
	}
	return tx.Commit()
}

func ignoreDone(err error) error {
	if errors.Is(err, sql.ErrTxDone) {
		return nil
	}
	return err
}

// execer is a database or a transaction.
type execer interface {
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
}

// wrote runs a statement, and returns whether it found a row to write.
func wrote(ctx context.Context, db execer, query string, args ...any) (bool, error) {
	result, err := db.ExecContext(ctx, query, args...)
	if err != nil {
		return false, err
	}
	n, err := result.RowsAffected()
	return n > 0, err
}

// querier is a database or a transaction.
type querier interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

// scanner is a row of a result.
type scanner interface{ Scan(dest ...any) error }

// queryAll reads all rows of a query.
func queryAll[T any](ctx context.Context, db querier, scan func(scanner) (T, error), query string, args ...any) ([]T, error) {
	rows, err := db.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }()
	var found []T
	for rows.Next() {
		row, err := scan(rows)
		if err != nil {
			return nil, err
		}
		found = append(found, row)
	}
	return found, rows.Err()
}

// scanText reads a row of one column.
func scanText(row scanner) (text string, err error) {
	err = row.Scan(&text)
	return text, err
}

// now is a time as both databases store it.
func now() time.Time { return time.Now().UTC().Truncate(time.Microsecond) }

// asJSON stores what it points to as JSON.
type asJSON struct{ value any }

// Value implements driver.Valuer.
func (j asJSON) Value() (driver.Value, error) {
	text, err := json.Marshal(j.value)
	return string(text), err
}

// Scan implements sql.Scanner.
func (j asJSON) Scan(stored any) error {
	switch stored := stored.(type) {
	case string:
		return json.Unmarshal([]byte(stored), j.value)
	case []byte:
		return json.Unmarshal(stored, j.value)
	}
	return fmt.Errorf("a column with JSON holds %T", stored)
}
