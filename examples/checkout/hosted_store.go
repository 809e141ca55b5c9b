package main

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"github.com/klarna-go/klarna-payments/klarna/hostedpage"
)

// hostedPage is a page of Klarna's that a checkout can be paid on, as the database has it.
type hostedPage struct {
	id         string // Klarna's
	checkoutID string
	url        string // where it is: who has it can pay; empty once it is closed
	open       bool   // somebody may still pay on it, or the order of who paid is not placed yet
	status     hostedpage.SessionStatus

	problem string // why what was approved on it is not ordered, if that was found out just now; not stored
}

const pageColumns = `id, checkout_id, url, open, status`

func scanPage(row scanner) (*hostedPage, error) {
	p := new(hostedPage)
	err := row.Scan(&p.id, &p.checkoutID, &p.url, &p.open, &p.status)
	return p, err
}

// openPage reads the open page of a checkout. It is nil if there is no such page.
func (st *store) openPage(ctx context.Context, checkoutID string) (*hostedPage, error) {
	return optional(scanPage(st.db.QueryRowContext(ctx, `SELECT `+pageColumns+` FROM hosted_pages WHERE checkout_id = $1 AND open`, checkoutID)))
}

// page reads a page of a checkout, open or not. It is nil if there is no such page.
func (st *store) page(ctx context.Context, checkoutID, id string) (*hostedPage, error) {
	return optional(scanPage(st.db.QueryRowContext(ctx, `SELECT `+pageColumns+` FROM hosted_pages WHERE checkout_id = $1 AND id = $2`, checkoutID, id)))
}

func optional(p *hostedPage, err error) (*hostedPage, error) {
	if err != nil {
		if errors.Is(err, sql.ErrNoRows) {
			err = nil
		}
		return nil, err
	}
	return p, nil
}

// addPage stores a new page. It reports false if the checkout has one already, or if its cart has changed since it was read.
func (st *store) addPage(ctx context.Context, c *checkout, p *hostedPage) (added bool, err error) {
	err = st.inTx(ctx, func(tx *sql.Tx) error {
		// This also has a change of the cart wait until the page is there, for that change to close it.
		added, err = wrote(ctx, tx, `UPDATE checkouts SET stale = stale WHERE id = $1 AND state = 'open' AND session = $2`, c.id, asJSON{c.session})
		if err != nil || !added {
			return err
		}
		at := now()
		added, err = wrote(ctx, tx, `INSERT INTO hosted_pages (`+pageColumns+`, created, looked)
			VALUES ($1, $2, $3, TRUE, $4, $5, $5) ON CONFLICT DO NOTHING`, p.id, p.checkoutID, p.url, p.status, at)
		return err
	})
	return added, err
}

// savePage stores how far the shopper came on a page that is open. What is closed stays closed.
func (st *store) savePage(ctx context.Context, p *hostedPage) error {
	if !p.open {
		p.url = ""
	}
	_, err := st.db.ExecContext(ctx, `UPDATE hosted_pages SET status = $2, open = $3, url = $4 WHERE id = $1 AND open`, p.id, p.status, p.open, p.url)
	return err
}

// pagesToLookAt returns open pages that nobody has looked at for a while, ten times as long if they are older than an hour. It marks
// them as looked at: of several processes of the shop, one gets a page.
func (st *store) pagesToLookAt(ctx context.Context, every time.Duration) (pages []*hostedPage, err error) {
	at := now()
	err = st.inTx(ctx, func(tx *sql.Tx) error {
		var err error
		pages, err = queryAll(ctx, tx, scanPage, `
			UPDATE hosted_pages SET looked = $1
			WHERE open AND (looked < $2 AND created > $3 OR looked < $4)
			AND id IN (SELECT id FROM hosted_pages WHERE open AND (looked < $2 AND created > $3 OR looked < $4) ORDER BY looked LIMIT 100)
			RETURNING `+pageColumns, at, at.Add(-every), at.Add(-time.Hour), at.Add(-10*every))
		return err
	})
	return pages, err
}

// addEvent stores that a status callback came. It reports false for one that came before.
func (st *store) addEvent(ctx context.Context, eventID, pageID string) (isNew bool, err error) {
	return wrote(ctx, st.db, `INSERT INTO hosted_page_events (id, page_id) VALUES ($1, $2) ON CONFLICT DO NOTHING`, eventID, pageID)
}
