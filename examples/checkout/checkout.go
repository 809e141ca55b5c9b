package main

import (
	"cmp"
	"context"
	"crypto/rand"
	"database/sql"
	"net/url"
	"slices"

	"github.com/klarna-go/klarna-payments/klarna"
)

// checkout is one cart on its way to one order, as the database has it. It belongs to one shopper, and so does its order, which
// is made from the session that this shopper was given, never from what a browser posts.
type checkout struct {
	id        string // what the callback's URL refers to
	number    string // the order number that the shopper sees, and Klarna's merchant_reference1
	shopperID string
	state     checkoutState

	sessionID   string
	clientToken string
	categories  []klarna.PaymentMethodCategory
	session     klarna.SessionCreate // what Klarna's session holds
	stale       bool                 // Klarna's session may hold something else, and has to be updated first
	declined    []string             // the categories that Klarna declined for this cart
	tried       string               // the hash of the authorization token that it was ordered with the last time
	waiting     string               // a later authorization token, which is used if that order is rejected
	problem     string               // why Klarna rejected that order, if it is open again
}

type checkoutState string

const (
	open    checkoutState = "open"    // the shopper may pay
	ordered checkoutState = "ordered" // there is an order, or may be one: see order
	ended   checkoutState = "ended"   // it can lead to no order any more
)

func newCheckout(sh *shopper) *checkout {
	c := &checkout{id: rand.Text(), number: "EX-" + rand.Text()[:8], shopperID: sh.id, state: open}
	lines := sh.cart.lines(c.number)
	amount, tax := klarna.Totals(lines)
	c.session = klarna.SessionCreate{
		PurchaseCountry: "DE", PurchaseCurrency: "EUR", Locale: "en-DE",
		OrderAmount: amount, OrderTaxAmount: tax, OrderLines: lines, Intent: intentOf(lines),
		MerchantReference1: c.number,
		// No address: Klarna gets it from the browser, once the shopper has chosen to pay with Klarna.
	}
	return c
}

// checkout reads a checkout. It fails with sql.ErrNoRows if there is no such checkout.
func (st *store) checkout(ctx context.Context, id string) (*checkout, error) {
	c := &checkout{id: id}
	err := st.db.QueryRowContext(ctx, `
		SELECT number, shopper_id, state, session_id, client_token, categories, session, stale, declined, tried, waiting, problem
		FROM checkouts WHERE id = $1`, id).
		Scan(&c.number, &c.shopperID, &c.state, &c.sessionID, &c.clientToken, asJSON{&c.categories}, asJSON{&c.session},
			&c.stale, asJSON{&c.declined}, &c.tried, &c.waiting, &c.problem)
	return c, err
}

// addCheckout stores a new checkout as the one that its shopper is paying.
func (st *store) addCheckout(ctx context.Context, sh *shopper, c *checkout) error {
	return st.inTx(ctx, func(tx *sql.Tx) error {
		paying := *sh
		paying.checkoutID = c.id
		if err := saveShopper(ctx, tx, &paying); err != nil {
			return err
		}
		return insertCheckout(ctx, tx, c)
	})
}

func insertCheckout(ctx context.Context, tx *sql.Tx, c *checkout) error {
	_, err := tx.ExecContext(ctx, `
		INSERT INTO checkouts (id, number, shopper_id, state, session_id, client_token, categories, session, stale, declined, attempt, tried, waiting, problem, created)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, FALSE, '[]', 0, '', '', '', $9)`,
		c.id, c.number, c.shopperID, c.state, c.sessionID, c.clientToken, asJSON{c.categories}, asJSON{c.session}, now())
	return err
}

// checkoutOf returns the id of the checkout that a shopper tried to order under a number, also if the order was rejected. It fails with
// sql.ErrNoRows if they have no such checkout.
func (st *store) checkoutOf(ctx context.Context, shopperID, number string) (id string, err error) {
	return id, st.db.QueryRowContext(ctx, `SELECT id FROM checkouts WHERE number = $1 AND shopper_id = $2 AND tried <> ''`, number, shopperID).Scan(&id)
}

// saveCart stores a shopper's cart, and the checkout whose session holds it now, if there is one.
func (st *store) saveCart(ctx context.Context, sh *shopper, c *checkout) error {
	return st.inTx(ctx, func(tx *sql.Tx) error {
		if c == nil {
			return saveShopper(ctx, tx, sh)
		}
		// The checkout comes before its shopper in every transaction, or two of them could wait for each other.
		saved, err := wrote(ctx, tx, `UPDATE checkouts SET session = $2, stale = FALSE, declined = '[]' WHERE id = $1 AND state = 'open'`,
			c.id, asJSON{c.session})
		if err != nil || !saved {
			return cmp.Or(err, errChanged)
		}
		if err := saveShopper(ctx, tx, sh); err != nil {
			return err
		}
		// A page of Klarna's that was made meanwhile has to be closed first.
		var page bool
		err = tx.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM hosted_pages WHERE checkout_id = $1 AND open)`, c.id).Scan(&page)
		if err == nil && page {
			err = errChanged
		}
		return err
	})
}

// saveDeclined stores which categories Klarna declined.
func (st *store) saveDeclined(ctx context.Context, c *checkout) error {
	_, err := st.db.ExecContext(ctx, `UPDATE checkouts SET declined = $2 WHERE id = $1`, c.id, asJSON{c.declined})
	return err
}

// updated stores that Klarna's session holds what the shop has of it.
func (st *store) updated(ctx context.Context, c *checkout) error {
	_, err := st.db.ExecContext(ctx, `UPDATE checkouts SET stale = FALSE WHERE id = $1 AND session = $2`, c.id, asJSON{c.session})
	return err
}

// end takes an open checkout away from its shopper, who keeps the cart. What a browser or a callback still brings for it is
// too late. It does nothing if an approval waits that the caller has not read.
func (st *store) end(ctx context.Context, c *checkout) error {
	return st.inTx(ctx, func(tx *sql.Tx) error { return endCheckout(ctx, tx, c) })
}

func endCheckout(ctx context.Context, tx *sql.Tx, c *checkout) error {
	wasOpen, err := wrote(ctx, tx, `UPDATE checkouts SET state = 'ended' WHERE id = $1 AND state = 'open' AND waiting IN ('', $2)`, c.id, c.waiting)
	if err != nil || !wasOpen {
		return err
	}
	return leave(ctx, tx, c.number, false)
}

// paysFor returns the number of the subscription that a checkout pays for a period of, or an empty string.
func (c *checkout) paysFor() string { return c.session.MerchantReference2 }

// payable reports whether the shopper may pay: there is no order, and no approval that waits to become one.
func (c *checkout) payable() bool { return c.state == open && c.waiting == "" }

// wait stores an authorization token that arrived while the order of an earlier one is under way.
func (st *store) wait(ctx context.Context, c *checkout, token string) error {
	_, err := st.db.ExecContext(ctx, `UPDATE checkouts SET waiting = $2 WHERE id = $1 AND state = 'ordered' AND tried = $3
		AND EXISTS (SELECT 1 FROM orders WHERE orders.number = checkouts.number AND orders.state = 'checking')`, c.id, token, c.tried)
	return err
}

// stopWaiting erases a token that cannot become an order.
func (st *store) stopWaiting(ctx context.Context, c *checkout, problem string) error {
	_, err := st.db.ExecContext(ctx, `UPDATE checkouts SET waiting = '', problem = $3 WHERE id = $1 AND state = 'open' AND waiting = $2`, c.id, c.waiting, problem)
	return err
}

// waiting returns the ids of the checkouts whose order was rejected, and that have a later approval.
func (st *store) waiting(ctx context.Context) ([]string, error) {
	return queryAll(ctx, st.db, scanText, `SELECT id FROM checkouts WHERE state = 'open' AND waiting <> ''`)
}

// offered are the categories that are still to be had.
func (c *checkout) offered() []klarna.PaymentMethodCategory {
	return slices.DeleteFunc(slices.Clone(c.categories), func(category klarna.PaymentMethodCategory) bool {
		return slices.Contains(c.declined, category.Identifier)
	})
}

func (c *checkout) checkingPath() string { return "/checkout/" + url.PathEscape(c.id) + "/checking" }
