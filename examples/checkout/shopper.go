package main

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"database/sql"
	"encoding/hex"
	"errors"
	"net/http"
	"regexp"
	"strings"
	"time"
)

// shopper is one browser, known by a cookie, as the database has it. Who was never stored has the example's cart.
type shopper struct {
	id         string // what the cookie holds: who has it is the shopper
	version    int64  // of what is stored; 0 if nothing is
	cart       cart
	checkoutID string // what is being paid; empty when nothing is
}

// errChanged reports that another request has changed what this one has read: another tab, or another process of the shop.
var errChanged = errors.New("the shopper's cart has changed meanwhile")

// attempts bounds how often a change begins anew after errChanged.
const attempts = 5

// rememberFor is how long a cart is kept that nobody changes.
const rememberFor = 30 * 24 * time.Hour

// shopper reads a shopper.
func (st *store) shopper(ctx context.Context, id string) (*shopper, error) {
	sh := &shopper{id: id}
	err := st.db.QueryRowContext(ctx, `SELECT version, cart, checkout_id FROM shoppers WHERE id = $1`, id).
		Scan(&sh.version, asJSON{&sh.cart}, &sh.checkoutID)
	if errors.Is(err, sql.ErrNoRows) {
		sh.cart = cart{"mug": 2, "cookbook": 1} // an example is no fun with an empty cart
		return sh, nil
	}
	return sh, err
}

// saveShopper stores a shopper. It fails with errChanged if another request was faster.
func saveShopper(ctx context.Context, tx *sql.Tx, sh *shopper) error {
	saved, err := wrote(ctx, tx, `
		INSERT INTO shoppers (id, version, cart, checkout_id, seen) VALUES ($1, $2, $3, $4, $5)
		ON CONFLICT (id) DO UPDATE
		SET version = excluded.version, cart = excluded.cart, checkout_id = excluded.checkout_id, seen = excluded.seen
		WHERE shoppers.version = $6`,
		sh.id, sh.version+1, asJSON{sh.cart}, sh.checkoutID, now(), sh.version)
	if err == nil && !saved {
		err = errChanged
	}
	return err
}

// leave takes a checkout away from its shopper, whose cart is empty if it was bought.
func leave(ctx context.Context, tx *sql.Tx, orderNumber string, bought bool) error {
	if _, err := tx.ExecContext(ctx, `UPDATE checkouts SET waiting = '' WHERE number = $1`, orderNumber); err != nil {
		return err
	}
	_, err := tx.ExecContext(ctx, `
		UPDATE shoppers SET checkout_id = '', version = version + 1, cart = CASE WHEN $2 THEN '{}' ELSE cart END
		WHERE checkout_id = (SELECT id FROM checkouts WHERE number = $1)`, orderNumber, bought)
	return err
}

// forget deletes the shoppers who were not seen for long, and what they did not order.
func (st *store) forget(ctx context.Context, seenBefore time.Time) error {
	return st.inTx(ctx, func(tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, `DELETE FROM shoppers WHERE seen < $1`, seenBefore); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, `
			DELETE FROM checkouts WHERE state <> 'ordered' AND created < $1
			AND NOT EXISTS (SELECT 1 FROM shoppers WHERE shoppers.id = checkouts.shopper_id)`, seenBefore)
		return err
	})
}

// withShopper is a handler of a request by a shopper.
type withShopper func(w http.ResponseWriter, r *http.Request, sh *shopper)

const shopperCookie = "shopper"

// cookiePattern is what rand.Text returns.
var cookiePattern = regexp.MustCompile(`^[A-Z2-7]{26}$`)

// page serves a page. Who has no cookie gets one; the database has a row from the first change on.
func (s *shop) page(serve withShopper) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		id, ok := shopperID(r)
		if !ok {
			id = rand.Text()
			http.SetCookie(w, &http.Cookie{ //nolint:gosec // on this machine there is no https, and no cookie if it were Secure
				Name: shopperCookie, Value: id, Path: "/",
				MaxAge:   int(rememberFor / time.Second),
				HttpOnly: true,
				SameSite: http.SameSiteLaxMode, // no other site can post in the shopper's name
				Secure:   strings.HasPrefix(s.baseURL, "https://"),
			})
		}
		s.serveShopper(w, r, id, serve)
	})
}

// form takes what a shopper posts. The form must be one that this shopper was given.
func (s *shop) form(serve withShopper) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		id, ok := shopperID(r)
		if !ok || subtle.ConstantTimeCompare([]byte(r.PostFormValue("csrf")), []byte(s.csrf(id))) == 0 {
			s.renderProblem(w, r, http.StatusForbidden, nil, problems["stale"])
			return
		}
		s.serveShopper(w, r, id, serve)
	})
}

func (s *shop) serveShopper(w http.ResponseWriter, r *http.Request, id string, serve withShopper) {
	sh, err := s.store.shopper(r.Context(), id)
	if err != nil {
		s.failed(w, r, nil, "the shopper could not be read", err)
		return
	}
	serve(w, r, sh)
}

// shopperID is what the request's cookie holds.
func shopperID(r *http.Request) (string, bool) {
	cookie, err := r.Cookie(shopperCookie)
	if err != nil || !cookiePattern.MatchString(cookie.Value) {
		return "", false
	}
	return cookie.Value, true
}

// csrf is what each form of a shopper carries. Only the shop can make it, and any process of the shop can check it.
func (s *shop) csrf(shopperID string) string {
	mac := hmac.New(sha256.New, s.formKey)
	mac.Write([]byte(shopperID))
	return hex.EncodeToString(mac.Sum(nil))
}
