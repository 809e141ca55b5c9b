package main

import (
	"context"
	"database/sql"
	"log/slog"
	"os"
	"time"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver"
	"github.com/riverqueue/river/riverdriver/riverdatabasesql"
	"github.com/riverqueue/river/riverdriver/riversqlite"
	"github.com/riverqueue/river/rivermigrate"

	"github.com/klarna-go/klarna-payments/klarna"
	"github.com/klarna-go/klarna-payments/klarna/placement"
)

// quote: job
// placeOrder is the job of one order. It names the record, and holds nothing personal.
type placeOrder struct {
	Reference string `json:"reference"`
}

// Kind names the job in River's table.
func (placeOrder) Kind() string { return "klarna_place_order" }

type placeOrderWorker struct {
	river.WorkerDefaults[placeOrder]

	book *placement.Book
}

// Work goes on with the record, and has the job come back until the record is final. A snooze costs none of the job's attempts:
// those are for a database that fails.
func (w *placeOrderWorker) Work(ctx context.Context, job *river.Job[placeOrder]) error {
	result, err := w.book.Resume(ctx, job.Args.Reference)
	switch {
	case err != nil:
		return err
	case result.State == placement.Open:
		return river.JobSnooze(min(max(time.Since(result.Written), time.Second), time.Minute))
	}
	return nil
}

// Timeout is longer than all attempts of a call take.
func (w *placeOrderWorker) Timeout(*river.Job[placeOrder]) time.Duration { return 5 * time.Minute }

// end of quote

// shop is what a shop's server needs to place orders.
type shop struct {
	db   *sql.DB
	book *placement.Book
	jobs *river.Client[*sql.Tx]
}

// newShop creates the tables of River, of placement and of the shop.
func newShop(ctx context.Context, db *sql.DB, dialect placement.Dialect, client *klarna.Client) (*shop, error) {
	var driver riverdriver.Driver[*sql.Tx] = riverdatabasesql.New(db)
	if dialect == placement.SQLite {
		driver = riversqlite.New(db)
	}
	migrator, err := rivermigrate.New(driver, nil)
	if err != nil {
		return nil, err
	}
	if _, err := migrator.Migrate(ctx, rivermigrate.DirectionUp, nil); err != nil {
		return nil, err
	}
	book, err := placement.New(ctx, db, dialect, client)
	if err != nil {
		return nil, err
	}
	workers := river.NewWorkers()
	river.AddWorker(workers, &placeOrderWorker{book: book})
	jobs, err := river.NewClient(driver, &river.Config{
		Logger:            slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn})),
		Queues:            map[string]river.QueueConfig{river.QueueDefault: {MaxWorkers: 10}},
		FetchPollInterval: 200 * time.Millisecond,
		Workers:           workers,
	})
	if err != nil {
		return nil, err
	}
	_, err = db.ExecContext(ctx, `CREATE TABLE IF NOT EXISTS shop_orders (number TEXT PRIMARY KEY, amount BIGINT NOT NULL)`)
	return &shop{db, book, jobs}, err
}

// quote: order
// order writes the shop's order, the intent and the job in one transaction: all of them, or none.
func (s *shop) order(ctx context.Context, o placement.Order) error {
	tx, err := s.db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }()
	if _, err := tx.ExecContext(ctx, `INSERT INTO shop_orders (number, amount) VALUES ($1, $2)`, o.Reference, o.Request.OrderAmount); err != nil {
		return err
	}
	if err := s.book.WriteTx(ctx, tx, o); err != nil {
		return err
	}
	if _, err := s.jobs.InsertTx(ctx, tx, placeOrder{o.Reference}, nil); err != nil {
		return err
	}
	return tx.Commit()
}

// end of quote
