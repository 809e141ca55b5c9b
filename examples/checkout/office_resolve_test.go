package main

import (
	"database/sql"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/klarna-go/klarna-payments/klarna"
	"github.com/klarna-go/klarna-payments/klarna/placement"
)

// unresolved is an order that only a person can find out about: it was sent, and the response was lost, if it arrived at all; then nothing
// could be asked for so long that the approval has expired.
func (w *world) unresolved(exists bool, away time.Duration) *purchase {
	w.t.Helper()
	p := w.newBrowser().checkout()
	token, c := p.approve(), p.record()
	if exists {
		p.placeElsewhere(token)
	}
	w.klarna.Advance(away)
	_, err := w.shop.store.addOrder(w.t.Context(), c, byBrowser, approvalOf(token), func(tx *sql.Tx) error {
		if err := w.shop.book.WriteTx(w.t.Context(), tx, placement.Order{
			Reference: c.number, SessionID: c.sessionID, AuthorizationToken: token, Request: klarna.OrderFromSession(c.session),
		}); err != nil {
			return err
		}
		_, err := tx.ExecContext(w.t.Context(), `UPDATE klarna_placements SET calls = 1, written_at = written_at - $1, details = $2 WHERE reference = $3`,
			away.Milliseconds(), `{"correlation_ids": ["the-first-call"]}`, c.number)
		return err
	})
	if err != nil {
		w.t.Fatal(err)
	}
	eventually(w.t, "giving up", func() bool { return p.order().state != checking })
	return p
}

func (w *world) newClerk(number string) *staff {
	return &staff{w.officeBrowser(), number, ""}
}

// resolve sends a form of the order's page.
func (s *staff) resolve(fields url.Values) response {
	s.t.Helper()
	fields.Set("form", s.form("resolve").fields.Get("form"))
	return s.send(filled{path: officePath(s.number) + "/resolve", fields: fields})
}

func TestAPersonResolvesAnOrder(t *testing.T) {
	t.Run("that exists", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		other := w.newStaff()
		p := w.unresolved(true, 61*time.Minute)
		clerk := w.newClerk(p.record().number)
		wantText(t, clerk.page(), http.StatusOK, "its id is unknown", p.record().sessionID, "the-first-call")
		resolve := clerk.resolve
		for _, form := range []string{"", "guessed", w.shop.office.derive("resolve", other.number)} {
			fields := url.Values{"form": {form}, "order_id": {w.klarna.OrderIDs(p.record().sessionID)[0]}}
			wantText(t, clerk.post(officePath(clerk.number)+"/resolve", fields), http.StatusForbidden, "Nothing was stored")
		}
		wantText(t, resolve(url.Values{"order_id": {"00000000-0000-4000-8000-000000000000"}}), http.StatusUnprocessableEntity, "Klarna has no order with this id")
		wantText(t, resolve(url.Values{"order_id": {other.orderID}}), http.StatusUnprocessableEntity, "has another order number")
		wantText(t, resolve(url.Values{"none": {"yes"}}), http.StatusConflict, "confirmed that this order exists")
		if p.order().orderID != "" {
			t.Fatal("a wrong id was stored")
		}
		id := w.klarna.OrderIDs(p.record().sessionID)[0]
		wantText(t, resolve(url.Values{"order_id": {" " + id + "\n"}}), http.StatusOK, "To capture")
		if o := p.order(); o.orderID != id {
			t.Errorf("the order is %+v", o)
		}
	})
	t.Run("that does not exist", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		p := w.unresolved(false, 49*time.Hour)
		clerk := w.newClerk(p.record().number)
		wantText(t, clerk.page(), http.StatusOK, "whether it exists could not be found out", p.record().sessionID)
		wantText(t, clerk.resolve(url.Values{"none": {"yes"}}), http.StatusOK, "Nobody has ordered yet.")
		got := p.get(p.record().checkingPath())
		wantPage(t, got, http.StatusOK, "/problem/.*", "Nothing was ordered")
		if strings.Contains(got.body, "as you left it") { // it was emptied when nobody could tell whether it was ordered
			t.Error("the shopper reads that the cart is not empty")
		}
	})
	t.Run("twice, before the first time is recorded", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		p := w.unresolved(false, 49*time.Hour)
		clerk := w.newClerk(p.record().number)
		fields := url.Values{"form": {clerk.form("resolve").fields.Get("form")}, "none": {"yes"}}
		w.shop.stop()
		if err := w.shop.book.Resolve(t.Context(), clerk.number, ""); err != nil {
			t.Fatal(err)
		}
		wantText(t, clerk.post(officePath(clerk.number)+"/resolve", fields), http.StatusOK, "whether it exists could not be found out")
		w.shop.follow(t.Context())
		wantText(t, clerk.get("/office"), http.StatusOK, "Nobody has ordered yet.")
	})
	t.Run("that something else placed", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		p := w.newBrowser().checkout()
		p.placeElsewhere(p.approve())
		p.get("/checkout")
		clerk := w.newClerk(p.record().number)
		id := w.klarna.OrderIDs(p.record().sessionID)[0]
		wantText(t, clerk.resolve(url.Values{"order_id": {id}}), http.StatusOK, "To capture")
	})
}
