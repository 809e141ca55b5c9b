package pages

import (
	"context"
	"crypto/subtle"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	_ "modernc.org/sqlite" // the driver "sqlite"

	"github.com/klarna-go/klarna-payments/klarna"
	"github.com/klarna-go/klarna-payments/klarna/klarnatest"
	"github.com/klarna-go/klarna-payments/klarna/placement"
)

func openBook(file string, client *klarna.Client) (*placement.Book, error) {
	// quote: open
	db, err := sql.Open("sqlite", "file:"+file+"?_pragma=busy_timeout(10000)&_pragma=journal_mode(WAL)")
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(1) // SQLite has one writer: callers wait for it in turn
	book, err := placement.New(ctx, db, placement.SQLite, client, placement.WithLogger(slog.Default()))
	if err != nil {
		return nil, err
	}
	go func() { _ = book.Run(ctx) }() // in every process; ctx ends when the program does
	// end of quote
	return book, nil
}

type shopper struct {
	orderNumber, sessionID string
	cart                   klarna.SessionCreate
}

func placeOrder(ctx context.Context, client *klarna.Client, book *placement.Book, shopper shopper, authorizationToken string) (string, error) {
	// quote: place
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 45*time.Second)
	defer cancel()
	known, err := book.Lookup(ctx, shopper.orderNumber)
	if err != nil && !errors.Is(err, placement.ErrUnknownReference) {
		return "we are checking your order", err
	}
	if known.State == "" || known.State == placement.Rejected {
		approved, err := client.ReadSession(ctx, shopper.sessionID)
		if err != nil {
			return "please press the button once more", err // nothing is written yet
		}
		newest := approved.AuthorizationToken
		if newest != "" && subtle.ConstantTimeCompare([]byte(newest), []byte(authorizationToken)) == 0 {
			return "please approve again", errors.New("the token is not the newest of this shopper's session")
		}
		known, err = book.Place(ctx, placement.Order{
			Reference: shopper.orderNumber, SessionID: shopper.sessionID, AuthorizationToken: authorizationToken,
			Request: klarna.OrderFromApproved(shopper.cart, *approved),
		})
		if errors.Is(err, klarna.ErrNotSent) || errors.Is(err, placement.ErrTokenUsed) {
			return "please approve again", err
		} else if err != nil {
			return "we are checking your order", err
		}
	}
	switch {
	case known.State == placement.Placed, errors.Is(known.Err, klarna.ErrOrderAlreadyPlaced):
		return "your order is placed", nil
	case known.State == placement.Rejected:
		return "please approve again, or pay in another way", known.Err
	default: // Open or Unresolved
		return "we are checking your order", known.Err
	}
	// end of quote
}

func watch(book *placement.Book) error {
	// quote: watch
	stats, err := book.Stats(ctx)
	if err != nil {
		return err
	}
	if stats.OldestOpen > 5*time.Minute || stats.Unresolved > 0 {
		return fmt.Errorf("orders: %+v", stats)
	}
	// end of quote
	return nil
}

func TestThePlacingGuideWorks(t *testing.T) {
	t.Parallel()
	server := klarnatest.NewServer()
	defer server.Close()
	client := server.Client()
	book, err := openBook(filepath.Join(t.TempDir(), "shop.sqlite"), client)
	require.NoError(t, err)
	session, err := client.CreateSession(t.Context(), cart)
	require.NoError(t, err)
	token, err := server.AuthorizeWith(session.SessionID, klarnatest.AuthorizeData{BillingAddress: klarna.Address{City: "Berlin", Country: "DE"}})
	require.NoError(t, err)
	buyer := shopper{"ON4711", session.SessionID, cart}
	text, err := placeOrder(t.Context(), client, book, buyer, "another")
	require.Error(t, err)
	require.Equal(t, "please approve again", text)
	for range 2 { // browser and callback
		text, err = placeOrder(t.Context(), client, book, buyer, token)
		require.NoError(t, err)
		require.Equal(t, "your order is placed", text)
	}
	require.Equal(t, 1, server.Created().Orders)
	require.NoError(t, watch(book))

	down := klarnatest.HTMLStatus(502)
	server.Fail(klarna.OperationCreateOrder, down, down, down)
	session, err = client.CreateSession(t.Context(), cart)
	require.NoError(t, err)
	token, err = server.Authorize(session.SessionID)
	require.NoError(t, err)
	text, err = placeOrder(t.Context(), client, book, shopper{"ON4712", session.SessionID, cart}, token)
	require.ErrorIs(t, err, klarna.ErrOutcomeUnknown)
	require.Equal(t, "we are checking your order", text)
}
