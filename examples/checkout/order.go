package main

import (
	"context"
	"database/sql"
	"net/url"
	"time"

	"github.com/klarna-go/klarna-payments/klarna"
)

// order is what a shopper ordered, as the database has it from before it is sent to Klarna.
type order struct {
	number      string
	checkoutID  string
	shopperID   string
	state       orderState
	lines       []klarna.OrderLine
	amount, tax int64 // in cents
	currency    string
	placedBy    origin
	orderID     string // Klarna's; empty if it is not known
	fraud       klarna.FraudStatus
	redirectURL string
	ordered     time.Time
}

type orderState string

const (
	checking orderState = "checking" // it is being sent, or its outcome is unknown
	placed   orderState = "placed"   // it exists
	unclear  orderState = "unclear"  // its outcome could not be found out: a person has to look
)

// origin is who brought the authorization token.
type origin string

const (
	byBrowser  origin = "browser"
	byCallback origin = "callback"
	byWaiting  origin = "waiting" // one of the two, while an earlier approval was not rejected yet
	byRenewal  origin = "renewal" // nobody: a subscription was charged
	byUnknown  origin = "unknown" // something else than this shop
)

const orderColumns = `number, checkout_id, shopper_id, state, lines, amount, tax, currency, placed_by, klarna_order_id, fraud_status, redirect_url, ordered`

// scanOrder reads the orderColumns of a row.
func scanOrder(row scanner) (*order, error) {
	o := new(order)
	err := row.Scan(&o.number, &o.checkoutID, &o.shopperID, &o.state, asJSON{&o.lines}, &o.amount, &o.tax, &o.currency, &o.placedBy,
		&o.orderID, &o.fraud, &o.redirectURL, &o.ordered)
	return o, err
}

// order reads an order. It fails with sql.ErrNoRows if there is no such order.
func (st *store) order(ctx context.Context, number string) (*order, error) {
	return scanOrder(st.db.QueryRowContext(ctx, `SELECT `+orderColumns+` FROM orders WHERE number = $1`, number))
}

// lastOrder reads the newest order of a shopper. It fails with sql.ErrNoRows if the shopper has not ordered.
func (st *store) lastOrder(ctx context.Context, shopperID string) (*order, error) {
	return scanOrder(st.db.QueryRowContext(ctx, `SELECT `+orderColumns+` FROM orders WHERE shopper_id = $1 ORDER BY ordered DESC LIMIT 1`, shopperID))
}

// orders reads some orders, the newest first. Those whose outcome is unknown are among them.
func (st *store) orders(ctx context.Context, skip, most int) ([]*order, error) {
	return queryAll(ctx, st.db, scanOrder, `SELECT `+orderColumns+` FROM orders ORDER BY ordered DESC, number LIMIT $1 OFFSET $2`, most, skip)
}

// ordersWithoutID reads the orders whose id is not known, or not yet, the newest first.
func (st *store) ordersWithoutID(ctx context.Context) ([]*order, error) {
	return queryAll(ctx, st.db, scanOrder, `SELECT `+orderColumns+` FROM orders WHERE klarna_order_id = '' ORDER BY ordered DESC LIMIT 1000`)
}

// addOrder stores the order of an open checkout before it is sent, together with what the caller writes down. It does nothing if the
// checkout is not open any more, or was tried with the same approval before.
func (st *store) addOrder(ctx context.Context, c *checkout, by origin, approval string, write func(*sql.Tx) error) (added bool, err error) {
	err = st.inTx(ctx, func(tx *sql.Tx) error {
		if added, err = wrote(ctx, tx, `
			UPDATE checkouts SET state = 'ordered', attempt = attempt + 1, tried = $2, waiting = '', problem = ''
			WHERE id = $1 AND state = 'open' AND tried <> $2`, c.id, approval); err != nil || !added {
			return err
		}
		// A change of the cart that is under way must notice it.
		if _, err := tx.ExecContext(ctx, `UPDATE shoppers SET version = version + 1 WHERE id = $1`, c.shopperID); err != nil {
			return err
		}
		if err := claimPeriod(ctx, tx, c); err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, `INSERT INTO orders (`+orderColumns+`) VALUES ($1, $2, $3, 'checking', $4, $5, $6, $7, $8, '', '', '', $9)`,
			c.number, c.id, c.shopperID, asJSON{c.session.OrderLines}, c.session.OrderAmount, c.session.OrderTaxAmount,
			c.session.PurchaseCurrency, by, now()); err != nil {
			return err
		}
		return write(tx)
	})
	return added, err
}

// orderPlaced stores that an order exists. Klarna's is nil if its id is unknown.
func (st *store) orderPlaced(ctx context.Context, number string, placed *klarna.Order) error {
	if placed == nil {
		placed = new(klarna.Order)
	}
	return st.inTx(ctx, func(tx *sql.Tx) error { return markPlaced(ctx, tx, number, placed) })
}

func markPlaced(ctx context.Context, tx *sql.Tx, number string, placed *klarna.Order) error {
	if _, err := tx.ExecContext(ctx, `
		UPDATE orders SET state = 'placed', klarna_order_id = $2, fraud_status = $3, redirect_url = $4
		WHERE number = $1 AND klarna_order_id = ''`,
		number, placed.OrderID, placed.FraudStatus, placed.RedirectURL); err != nil {
		return err
	}
	return leave(ctx, tx, number, true)
}

// orderUnclear stores that the outcome of an order could not be found out. The cart counts as bought, so that it is not paid twice.
func (st *store) orderUnclear(ctx context.Context, number string) error {
	return st.inTx(ctx, func(tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, `UPDATE orders SET state = 'unclear' WHERE number = $1 AND state = 'checking'`, number); err != nil {
			return err
		}
		return leave(ctx, tx, number, true)
	})
}

// orderRejected stores that an attempt led to no order. The shopper may pay again. If Klarna found that the shopper had approved
// something else, the session has to be updated before that. Several processes may store it, and none of them takes the order of a later
// attempt away.
func (st *store) orderRejected(ctx context.Context, number string, attempt int, problem string, stale bool) error {
	return st.inTx(ctx, func(tx *sql.Tx) error {
		reopened, err := wrote(ctx, tx, `
			UPDATE checkouts SET state = 'open', problem = CASE WHEN waiting = '' THEN $3 ELSE '' END, stale = stale OR $4
			WHERE number = $1 AND state = 'ordered' AND attempt = $2
			AND EXISTS (SELECT 1 FROM orders WHERE orders.number = checkouts.number AND orders.state <> 'placed')`,
			number, attempt, problem, stale)
		if err != nil || !reopened {
			return err
		}
		_, err = tx.ExecContext(ctx, `DELETE FROM orders WHERE number = $1`, number)
		return err
	})
}

func orderPath(number string) string { return "/orders/" + url.PathEscape(number) }
