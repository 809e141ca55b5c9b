package main

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/klarna-go/klarna-payments/klarna"
	"github.com/klarna-go/klarna-payments/klarna/klarnatest"
)

// What a request has read may be older than what a callback, another tab or another process has stored. Nobody is told then that nothing
// was ordered, and no approval is lost.

func TestAnOrderOfTheCallbackIsNoticedAfterTheSessionWasRead(t *testing.T) {
	for name, do := range map[string]func(p *purchase) response{
		"the widget offers nothing": func(p *purchase) response {
			return p.post(p.refusedPath, url.Values{"csrf": {p.csrf}, "category": {"pay_later"}})
		},
		"the checkout is opened": func(p *purchase) response { return p.get("/checkout") },
	} {
		t.Run(name, func(t *testing.T) {
			w := withoutBackground(t)
			p := w.newBrowser().checkout()
			c, token := p.record(), p.approve()
			w.whenSent(klarna.OperationReadSession, func() {
				if err := w.shop.place(t.Context(), c.id, token, byCallback); err != nil {
					t.Error(err)
				}
			})
			wantPage(t, do(p), http.StatusOK, anyOrder, thanks)
		})
	}
}

func TestNothingIsReportedWhileAnApprovalWaits(t *testing.T) {
	for name, row := range map[string]struct {
		fault klarnatest.Fault // of the first order
		calls int              // that reach Klarna
		do    func(p *purchase) response
	}{
		"the widget offers nothing": {rejectsOrder, 0, func(p *purchase) response {
			return p.post(p.refusedPath, url.Values{"csrf": {p.csrf}, "category": {"pay_later"}})
		}},
		"Klarna's page": {rejectsOrder, 0, func(p *purchase) response { return p.toPage() }},
		"an incomplete address": {rejectsOrder, 0, func(p *purchase) response {
			return p.post(strings.TrimSuffix(p.authorizedPath, "authorized")+"page", url.Values{"csrf": {p.csrf}})
		}},
		"the confirmation": {rejectsOrder, 0, func(p *purchase) response { return p.get(orderPath(p.record().number)) }},
		"the cart":         {rejectsOrder, 0, func(p *purchase) response { return p.setQuantity("mug", "7") }},
		"a stale session":  {klarnatest.Status(409, "CONFLICT", "Not matching fields: [order_amount]"), 1, func(p *purchase) response { return p.get("/checkout") }},
	} {
		t.Run(name, func(t *testing.T) {
			w := withoutBackground(t)
			p := w.newBrowser().checkout()
			second := p.rejectWhileAnotherWaits(row.fault)
			back := w.unreachableAfter(row.calls)
			wantPage(t, row.do(p), http.StatusOK, "/checkout/.*/checking", "We are checking your payment")
			back()
			p.wantOrderOfWaiting(second)
			if w.orders() != 1 {
				t.Errorf("%d orders were placed", w.orders())
			}
		})
	}
}

// The shopper has paid on Klarna's page, and the order cannot be placed yet.
func TestNothingIsReportedWhileAPaidPageIsNotOrdered(t *testing.T) {
	for name, row := range map[string]struct {
		calls int // that reach Klarna
		do    func(p *purchase, older string) response
	}{
		"the cart":          {0, func(p *purchase, _ string) response { return p.setQuantity("mug", "7") }},
		"the checkout":      {1, func(p *purchase, _ string) response { return p.get("/checkout") }},
		"Klarna's page":     {1, func(p *purchase, _ string) response { return p.toPage() }},
		"an older approval": {1, func(p *purchase, older string) response { return p.bring(older) }},
		"the widget offers nothing": {0, func(p *purchase, _ string) response {
			p.shop.lookAtPages(p.t.Context(), 0)
			return p.post(p.refusedPath, url.Values{"csrf": {p.csrf}, "category": {"pay_later"}})
		}},
	} {
		t.Run(name, func(t *testing.T) {
			w := withoutBackground(t)
			p := w.newBrowser().checkout()
			pageID, older := p.onPage(), p.approve()
			p.visit(pageID, klarnatest.HostedPageApprove)
			back := w.unreachableAfter(row.calls)
			got := row.do(p, older)
			wantPage(t, got, http.StatusOK, "/checkout/.*/page/success", "Klarna has your approval")
			if got.header.Get("Refresh") == "" {
				t.Error("the page does not look again")
			}
			back()
			w.shop.lookAtPages(t.Context(), 0)
			p.wantOneOrder(byPagePoll)
		})
	}
}

// That the session names the approval of Klarna's page is not documented, so one that waited is ordered with as that of the page.
func TestAWaitingApprovalOfAPageNeedsNoNameInTheSession(t *testing.T) {
	w := withoutBackground(t)
	p := w.newBrowser().checkout()
	p.rejectWhileAPageWaits()
	w.through(withoutToken)
	w.shop.follow(t.Context())
	if o := p.order(); o.state != placed || o.placedBy != byPage { // before the shopper looks
		t.Errorf("the order is %q by %q", o.state, o.placedBy)
	}
	wantPage(t, p.get(p.record().checkingPath()), http.StatusOK, anyOrder, thanks)
	if w.orders() != 1 {
		t.Errorf("%d orders were placed", w.orders())
	}
}

// The callback of the first approval comes last.
func TestALateCallbackReplacesNoNewerApproval(t *testing.T) {
	w := withoutBackground(t)
	p := w.newBrowser().checkout()
	goOn := w.holdOrders(0)
	late := p.approve()
	if err := w.shop.intend(t.Context(), p.record(), p.approve(), byBrowser); err != nil {
		t.Fatal(err)
	}
	newest := p.approve()
	for _, token := range []string{newest, late} {
		if err := w.shop.place(t.Context(), p.record().id, token, byCallback); err != nil {
			t.Fatal(err)
		}
	}
	// Nor is it dropped while Klarna cannot tell which one is newer: whoever brings it brings it again.
	back := w.unreachableAfter(0)
	if err := w.shop.place(t.Context(), p.record().id, late, byCallback); err == nil {
		t.Error("an approval was dropped without an error")
	}
	back()
	goOn()
	p.rejectOrder(rejectsOrder)
	p.wantOrderOfWaiting(newest)
}

// An approval begins to wait after a request has read the checkout that it ends.
func TestACheckoutDoesNotEndWithAnApprovalThatWaits(t *testing.T) {
	w := withoutBackground(t)
	p := w.newBrowser().checkout()
	c := p.record()
	second := p.rejectWhileAnotherWaits(rejectsOrder)
	if err := w.shop.store.end(t.Context(), c); err != nil {
		t.Fatal(err)
	}
	p.wantOrderOfWaiting(second)
}

// Another tab changes the cart, and ends the checkout or empties the cart with it.
func TestAnotherTabEndsTheCheckout(t *testing.T) {
	t.Run("while the cart changes", func(t *testing.T) {
		w := withoutBackground(t)
		p := w.newBrowser().checkout()
		sh, err := w.shop.store.shopper(t.Context(), p.record().shopperID)
		if err != nil {
			t.Fatal(err)
		}
		if err := w.shop.store.end(t.Context(), p.record()); err != nil {
			t.Fatal(err)
		}
		form := url.Values{"product": {"mug"}, "quantity": {"7"}}
		r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/cart", strings.NewReader(form.Encode()))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		page := httptest.NewRecorder()
		w.shop.changeCart(page, r, sh) // with the shopper as they were before
		if to := page.Header().Get("Location"); to != "/cart" {
			t.Errorf("the shopper is sent to %s", to)
		}
		wantPage(t, p.get("/cart"), http.StatusOK, "/cart", "€101.50")
	})
	t.Run("while the session is opened", func(t *testing.T) {
		w := withoutBackground(t)
		b := w.newBrowser()
		b.fillCart("mug")
		csrf := find(t, b.get("/").body, `name="csrf" value="([^"]+)"`)
		w.whenSent(klarna.OperationCreateSession, func() {
			b.post("/cart", url.Values{"csrf": {csrf}, "product": {"mug"}, "quantity": {"0"}})
		})
		wantPage(t, b.get("/checkout"), http.StatusOK, "/cart", "It is empty")
	})
}
