package main

import (
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/klarna-go/klarna-payments/klarna"
	"github.com/klarna-go/klarna-payments/klarna/hostedpage"
	"github.com/klarna-go/klarna-payments/klarna/klarnatest"
)

// wantOneOrder checks that a purchase led to one order, which was asked for once.
func (p *purchase) wantOneOrder(by origin) {
	p.t.Helper()
	if o := p.order(); o.state != placed || o.placedBy != by {
		p.t.Errorf("the order is %q by %q, want it by %q", o.state, o.placedBy, by)
	}
	if orders, calls := p.klarna.Created().Orders, p.count(klarna.OperationCreateOrder); orders != 1 || calls != 1 {
		p.t.Errorf("%d orders of %d requests", orders, calls)
	}
}

func TestAnApprovalOnKlarnasPageBecomesAnOrder(t *testing.T) {
	p := newWorld(t).newBrowser().checkout()
	pageID := p.onPage()
	back := p.visit(pageID, klarnatest.HostedPageApprove)
	if want := p.url + "/checkout/" + p.record().id + "/page/success?page=" + pageID; back != want {
		t.Fatalf("the browser is sent to %s, want %s", back, want)
	}
	wantPage(t, p.follow(back), http.StatusOK, anyOrder, thanks)
	p.wantOneOrder(byPage)
	if p.isOpen(pageID) {
		t.Error("the page is still open")
	}
	wantPage(t, p.follow(back), http.StatusOK, anyOrder, thanks) // a reload
	wantPage(t, p.get("/cart"), http.StatusOK, "/cart", p.order().number)

	placedOrder := p.klarna.Order(p.order().orderID)
	if placedOrder.ShippingAddress.City != "Berlin" || placedOrder.BillingAddress.Email != "shopper@shop.example" {
		t.Errorf("the parcel goes to %+v", placedOrder.ShippingAddress)
	}
	for _, request := range p.klarna.Requests() {
		if request.Operation == klarna.OperationCreateOrder && !strings.Contains(string(request.Body), `"shipping_address":{`) {
			t.Error("the order has no shipping address")
		}
	}
	request, body := p.sentPage()
	if request.Options.PlaceOrderMode != hostedpage.PlaceOrderModeNone || request.PaymentSessionURL != p.shop.klarna.SessionURL(p.record().sessionID) {
		t.Errorf("the page is %+v", request)
	}
	if n := strings.Count(body, "?page={{session_id}}"); n != 5 || strings.Contains(body, "authorization_token") {
		t.Errorf("%d of the URLs have the placeholder: %s", n, body)
	}
}

func TestTheCallbackOfAPageMayBeFirst(t *testing.T) {
	p := newWorld(t).newBrowser().checkout()
	p.klarna.SetCallbacks(klarnatest.CallbackPolicy{First: true, Timeout: time.Minute})
	back := p.visit(p.onPage(), klarnatest.HostedPageApprove)
	eventually(t, "the callback placed the order", func() bool { return p.order().state == placed })
	wantPage(t, p.follow(back), http.StatusOK, anyOrder, "before your browser came back")
	p.wantOneOrder(byPageCallback)
}

func TestTheWayBackAndTheCallbackAtOnceAreOneOrder(t *testing.T) {
	w := newWorld(t)
	w.klarna.SetCallbacks(klarnatest.CallbackPolicy{Twice: true})
	for range 10 {
		before := w.count(klarna.OperationCreateOrder)
		p := w.newBrowser().checkout()
		wantPage(t, p.follow(p.visit(p.onPage(), klarnatest.HostedPageApprove)), http.StatusOK, anyOrder, thanks)
		if err := w.klarna.WaitForCallbacks(t.Context()); err != nil {
			t.Fatal(err)
		}
		if calls := w.count(klarna.OperationCreateOrder) - before; calls != 1 {
			t.Fatalf("Klarna was asked for %d orders", calls)
		}
	}
	for _, callback := range w.klarna.Callbacks() {
		if callback.StatusCode != http.StatusNoContent {
			t.Errorf("the response to a callback is %v", callback)
		}
	}
}

// The shopper never comes back, and no callback comes either.
func TestAPaidPageIsFoundByLooking(t *testing.T) {
	onBothDatabases(t, func(t *testing.T, database string) {
		w := newWorldOn(t, klarnatest.NewServer(), database)
		p := w.newBrowser().checkout()
		pageID := p.onPage()
		p.visit(pageID, klarnatest.HostedPageApprove)
		reads := w.count(hostedpage.OperationReadSession)
		w.shop.lookAtPages(t.Context(), time.Minute)
		if w.count(hostedpage.OperationReadSession) != reads {
			t.Error("the page was looked at before its time")
		}
		again := w.restart() // the process that sent the shopper there is gone
		p = p.at(again)
		again.shop.background.Go(func() { again.shop.watchPages(again.shop.running, 4*time.Millisecond) })
		eventually(t, "the order", func() bool { return p.order().state == placed })
		p.wantOneOrder(byPagePoll)
		wantPage(t, p.get("/cart"), http.StatusOK, "/cart", "You ordered")
		wantPage(t, p.get(orderPath(p.order().number)), http.StatusOK, anyOrder, thanks)
		eventually(t, "the page is closed", func() bool { return !p.isOpen(pageID) })
		reads = w.count(hostedpage.OperationReadSession)
		again.shop.lookAtPages(t.Context(), 0)
		if w.count(hostedpage.OperationReadSession) != reads {
			t.Error("it is looked at although it is closed")
		}
	})
}

func TestOldPagesAreLookedAtLessOften(t *testing.T) {
	onBothDatabases(t, func(t *testing.T, database string) {
		w := newWorldOn(t, klarnatest.NewServer(), database)
		pageID := w.newBrowser().checkout().onPage()
		for _, test := range []struct {
			age, looked time.Duration
			want        int
		}{
			{0, 30 * time.Second, 0}, {0, 2 * time.Minute, 1}, {2 * time.Hour, 2 * time.Minute, 0}, {2 * time.Hour, 11 * time.Minute, 1},
		} {
			if _, err := w.shop.store.db.Exec(`UPDATE hosted_pages SET created = $2, looked = $3 WHERE id = $1`,
				pageID, now().Add(-test.age), now().Add(-test.looked)); err != nil {
				t.Fatal(err)
			}
			for i, want := range []int{test.want, 0} { // two processes
				pages, err := w.shop.store.pagesToLookAt(t.Context(), time.Minute)
				if err != nil || len(pages) != want {
					t.Errorf("%v, process %d: %d pages: %v", test, i, len(pages), err)
				}
			}
		}
	})
}

func TestACheckoutLooksAtItsPage(t *testing.T) {
	for name, act := range map[string]func(*purchase) response{
		"the checkout is opened":  func(p *purchase) response { return p.get("/checkout") },
		"the cart is changed":     func(p *purchase) response { return p.setQuantity("mug", "5") },
		"the page is opened":      func(p *purchase) response { return p.toPage() },
		"the widget is declined":  func(p *purchase) response { p.visitWidgetDeclined(); return p.get("/checkout") },
		"another page is claimed": func(p *purchase) response { return p.get("/checkout/" + p.record().id + "/page/success?page=foreign") },
	} {
		t.Run(name, func(t *testing.T) {
			p := newWorld(t).newBrowser().checkout()
			p.visit(p.onPage(), klarnatest.HostedPageApprove)
			wantPage(t, act(p), http.StatusOK, anyOrder, thanks)
			p.wantOneOrder(byPage)
		})
	}
}

func (p *purchase) visitWidgetDeclined() {
	p.t.Helper()
	p.post(p.refusedPath, map[string][]string{"csrf": {p.csrf}, "category": {"pay_later"}})
}

func TestASecondClickLeadsToTheSamePage(t *testing.T) {
	p := newWorld(t).newBrowser().checkout()
	first := p.toPage()
	wantPage(t, first, http.StatusOK, klarnasPage, "57.90 EUR")
	if again := p.toPage(); again.path != first.path || p.count(hostedpage.OperationCreateSession) != 1 {
		t.Errorf("it leads to %s and then to %s", first.path, again.path)
	}
	wantPage(t, p.get("/checkout"), http.StatusOK, "/checkout", "You were on Klarna’s page")
}

func TestADoubleClickLeadsToOnePage(t *testing.T) {
	atTwoProcesses(t, func(t *testing.T, one, other *world) {
		p := one.newBrowser().checkout()
		moved := p.at(other)
		var ends [6]response
		atOnce(len(ends), func(i int) { ends[i] = []*purchase{p, moved}[i%2].toPage() })
		for _, end := range ends {
			wantPage(t, end, http.StatusOK, ends[0].path, "No money moves")
		}
		if made := one.klarna.Created().HostedPages; made-p.count(hostedpage.OperationDisableSession) != 1 {
			t.Errorf("%d pages were made, and %d disabled", made, p.count(hostedpage.OperationDisableSession))
		}
	})
}

func TestAChangedCartClosesThePage(t *testing.T) {
	p := newWorld(t).newBrowser().checkout()
	old := p.onPage()
	p.setQuantity("mug", "3")
	if got := p.status(old); got != hostedpage.SessionStatusDisabled || p.isOpen(old) {
		t.Errorf("the page of the old cart is %s", got)
	}
	if page := p.get("/checkout"); strings.Contains(page.body, "You were on Klarna’s page") {
		t.Error("the checkout speaks of the page of the old cart")
	}
	wantPage(t, p.toPage(), http.StatusOK, klarnasPage, "67.50 EUR")
	fresh := p.onPage()
	wantPage(t, p.get("/checkout/"+p.record().id+"/page/back?page="+old), http.StatusOK, "/checkout", "Checkout")
	wantPage(t, p.follow(p.visit(fresh, klarnatest.HostedPageApprove)), http.StatusOK, anyOrder, "€67.50")
	p.wantOneOrder(byPage)
}

// The page cannot be disabled, so the cart stays as it is: it may be paid by now.
func TestACartDoesNotChangeWhileItsPageMayBePaid(t *testing.T) {
	p := newWorld(t).newBrowser().checkout()
	pageID := p.onPage()
	down := klarnatest.EmptyStatus(503)
	p.klarna.Fail(hostedpage.OperationDisableSession, down, down, down)
	p.klarna.Fail(hostedpage.OperationReadSession, down, down, down)
	wantPage(t, p.setQuantity("mug", "3"), http.StatusOK, "/problem/busy", "Your cart is as you left it")
	wantPage(t, p.get("/cart"), http.StatusOK, "/cart", "€57.90")
	p.visit(pageID, klarnatest.HostedPageApprove)
	wantPage(t, p.setQuantity("mug", "3"), http.StatusOK, anyOrder, "€57.90")
	p.wantOneOrder(byPage)
}

// A page of the old cart is made between the look at the pages and the change of the cart.
func TestAPageThatIsMadeWhileTheCartChangesIsClosed(t *testing.T) {
	atTwoProcesses(t, func(t *testing.T, one, other *world) {
		for range 10 {
			p := one.newBrowser().checkout()
			moved := p.at(other)
			together(func() { p.setQuantity("candle", "3") }, func() { moved.toPage() })
			page, err := one.shop.store.openPage(t.Context(), p.record().id)
			if err != nil {
				t.Fatal(err)
			}
			if page == nil {
				continue // the page was first
			}
			wantPage(t, p.follow(p.visit(page.id, klarnatest.HostedPageApprove)), http.StatusOK, anyOrder, "€82.70") // the change was
		}
	})
}

// The same, step by step: whichever is stored first, the other one notices it.
func TestAPageAndACartChangeNoticeEachOther(t *testing.T) {
	onBothDatabases(t, func(t *testing.T, database string) {
		p := newWorldOn(t, klarnatest.NewServer(), database).newBrowser().checkout()
		st, before := p.shop.store, p.record()
		p.setQuantity("mug", "3")
		page := &hostedPage{id: "page", checkoutID: before.id, url: "https://klarna.example/page", open: true, status: hostedpage.SessionStatusWaiting}
		if added, err := st.addPage(t.Context(), before, page); err != nil || added {
			t.Errorf("a page of the old cart is stored: %v", err)
		}
		if added, err := st.addPage(t.Context(), p.record(), page); err != nil || !added {
			t.Fatalf("a page of the new cart is not stored: %v", err)
		}
		if added, err := st.addPage(t.Context(), p.record(), &hostedPage{id: "another", checkoutID: before.id, open: true}); err != nil || added {
			t.Errorf("a second page is stored: %v", err)
		}
		sh, err := st.shopper(t.Context(), before.shopperID)
		if err != nil {
			t.Fatal(err)
		}
		if err := st.saveCart(t.Context(), sh, p.record()); !errors.Is(err, errChanged) {
			t.Errorf("the cart changes while a page is open: %v", err)
		}
		page.open = false
		if err := errors.Join(st.savePage(t.Context(), page), st.saveCart(t.Context(), sh, p.record())); err != nil {
			t.Error(err)
		}
	})
}

func TestPagesAreForgottenWithTheirCheckouts(t *testing.T) {
	onBothDatabases(t, func(t *testing.T, database string) {
		p := newWorldOn(t, klarnatest.NewServer(), database).newBrowser().checkout()
		pageID := p.onPage()
		p.call(p.statusURL(), "event", pageID, hostedpage.SessionStatusInProgress)
		if err := p.shop.store.forget(t.Context(), now().Add(time.Second)); err != nil {
			t.Fatal(err)
		}
		var pages, events int
		if err := p.shop.store.db.QueryRow(`SELECT (SELECT COUNT(*) FROM hosted_pages), (SELECT COUNT(*) FROM hosted_page_events)`).Scan(&pages, &events); err != nil {
			t.Fatal(err)
		}
		if pages != 0 || events != 0 {
			t.Errorf("%d pages and %d events are left", pages, events)
		}
	})
}

func TestAddressesForKlarnasPage(t *testing.T) {
	for name, change := range map[string]func(map[string][]string){
		"missing": func(form map[string][]string) { delete(form, "billing_address.city") },
		"blank":   func(form map[string][]string) { form["billing_address.email"] = []string{"  "} },
		"long": func(form map[string][]string) {
			form["billing_address.street_address"] = []string{strings.Repeat("x", 1000)}
		},
		"invalid": func(form map[string][]string) {
			form["billing_address.postal_code"] = []string{strings.Repeat("1", 99)}
		},
	} {
		t.Run(name, func(t *testing.T) {
			p := newWorld(t).newBrowser().checkout()
			form := p.addressForm()
			change(form)
			got := p.post("/checkout/"+p.record().id+"/page", form)
			wantPage(t, got, http.StatusOK, "/problem/address", "Nothing was ordered")
			if p.klarna.Created().HostedPages != 0 {
				t.Error("a page was made")
			}
			wantPage(t, p.toPage(), http.StatusOK, klarnasPage, "57.90 EUR")
		})
	}
}

func TestAnotherShopperDoesNotGetToThePage(t *testing.T) {
	w := newWorld(t)
	p, other := w.newBrowser().checkout(), w.newBrowser().checkout()
	back := p.visit(p.onPage(), klarnatest.HostedPageApprove)
	wantPage(t, other.follow(back), http.StatusNotFound, "/checkout/.*", "someone else")
	form := other.addressForm()
	wantPage(t, other.post("/checkout/"+p.record().id+"/page", form), http.StatusNotFound, "/checkout/.*", "someone else")
	form.Set("csrf", "forged")
	wantPage(t, p.post("/checkout/"+p.record().id+"/page", form), http.StatusForbidden, "/checkout/.*", "too old")
	// One's own checkout does not lead to another's page.
	_, query, _ := strings.Cut(back, "?")
	mine := "/checkout/" + other.record().id + "/page/success?" + query
	wantPage(t, other.get(mine), http.StatusOK, "/checkout", "Checkout")
	if p.order().state != "" || other.order().state != "" {
		t.Error("something was ordered")
	}
}

func TestAShopWithoutItsURLOffersNoPage(t *testing.T) {
	w := newWorld(t)
	p := w.newBrowser().checkout()
	w.shop.baseURL = ""
	if page := p.get("/checkout"); strings.Contains(page.body, "pay-on-page") {
		t.Error("it is offered")
	}
	wantPage(t, p.toPage(), http.StatusNotFound, "/checkout/.*/page", "There is nothing here")
}
