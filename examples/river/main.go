// Command river places orders with a job engine, River (https://riverqueue.com), in place of placement.Book.Run: the shop's own row, the intent
// of the order and the job are written in one transaction, and the job goes on with the record until it is final. It works on
// SQLite and on PostgreSQL, and buys one pair of shoes on a local sandbox.
package main

import (
	"context"
	"database/sql"
	"flag"
	"fmt"
	"log"
	"strings"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib" // the driver "pgx"
	_ "modernc.org/sqlite"             // the driver "sqlite"

	"github.com/klarna-go/klarna-payments/klarna"
	"github.com/klarna-go/klarna-payments/klarna/klarnatest"
	"github.com/klarna-go/klarna-payments/klarna/placement"
)

func main() {
	database := flag.String("db", "river.sqlite", "a file of SQLite, or the postgres:// URL of a database")
	flag.Parse()
	if err := run(context.Background(), *database); err != nil {
		log.Fatal(err)
	}
}

func run(ctx context.Context, database string) error {
	server := klarnatest.NewServer()
	defer server.Close()
	client := server.Client()
	db, dialect, err := openDatabase(database)
	if err != nil {
		return err
	}
	defer func() { _ = db.Close() }()
	s, err := newShop(ctx, db, dialect, client)
	if err != nil {
		return err
	}
	if err := s.jobs.Start(ctx); err != nil {
		return err
	}
	defer func() { _ = s.jobs.Stop(ctx) }()

	cart := klarna.SessionCreate{
		PurchaseCountry: "DE", PurchaseCurrency: "EUR", OrderAmount: 11900, OrderTaxAmount: 1900,
		OrderLines: []klarna.OrderLine{{
			Reference: "AD6654412", Name: "Running shoe", Quantity: 1, UnitPrice: 11900, TaxRate: 1900, TotalAmount: 11900, TotalTaxAmount: 1900,
		}},
	}
	session, err := client.CreateSession(ctx, cart)
	if err != nil {
		return err
	}
	token, err := server.Authorize(session.SessionID) // what the shopper does in the browser
	if err != nil {
		return err
	}
	reference := fmt.Sprintf("ON%d", time.Now().UnixNano())
	err = s.order(ctx, placement.Order{
		Reference: reference, SessionID: session.SessionID, AuthorizationToken: token, Request: klarna.OrderFromSession(cart),
	})
	if err != nil {
		return err
	}
	for {
		result, err := s.book.Lookup(ctx, reference)
		if err != nil {
			return err
		}
		if result.State != placement.Open {
			fmt.Println(reference, "is", result.State, result.OrderID)
			return result.Err
		}
		time.Sleep(50 * time.Millisecond)
	}
}

// openDatabase opens a file of SQLite or a URL of PostgreSQL.
func openDatabase(database string) (*sql.DB, placement.Dialect, error) {
	if strings.HasPrefix(database, "postgres://") {
		db, err := sql.Open("pgx", database)
		return db, placement.Postgres, err
	}
	db, err := sql.Open("sqlite", "file:"+database+"?_pragma=journal_mode(WAL)&_pragma=busy_timeout(10000)&_txlock=immediate")
	if err == nil {
		db.SetMaxOpenConns(1) // River's advice for SQLite, which has one writer
	}
	return db, placement.SQLite, err
}
