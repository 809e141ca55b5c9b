package main

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/klarna-go/klarna-payments/klarna"
	"github.com/klarna-go/klarna-payments/klarna/klarnatest"
)

func TestAnUnknownOutcomeIsNoFailure(t *testing.T) {
	lost := klarnatest.ResetAfter()
	never := klarnatest.Status(503, "INTERNAL_SERVER_ERROR", "Internal error")
	for name, test := range map[string]struct {
		faults []klarnatest.Fault
		ends   string
	}{
		"the order exists, its responses were lost": {[]klarnatest.Fault{lost, lost, lost}, thanks},
		"the order never arrived":                   {[]klarnatest.Fault{never, never, never}, thanks},
		"Klarna fails for longer":                   {[]klarnatest.Fault{never, never, never, never, never, never}, thanks},
		"Klarna rejects it in the end": {[]klarnatest.Fault{never, never, never,
			klarnatest.Status(403, "REJECTED", "Rejected")}, "Klarna declined this payment"},
		"a gateway has 403 for it": {[]klarnatest.Fault{never, never, never,
			klarnatest.HTMLStatus(403), klarnatest.EmptyStatus(403), klarnatest.HTMLStatus(403)}, "one of us is looking into it"},
		"a gateway has 404 for it": {[]klarnatest.Fault{never, never, never,
			klarnatest.HTMLStatus(404), klarnatest.EmptyStatus(404), klarnatest.HTMLStatus(404)}, "one of us is looking into it"},
		"a gateway is in the way for a while": {[]klarnatest.Fault{never, never, never,
			klarnatest.HTMLStatus(404), klarnatest.HTMLStatus(403)}, thanks},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.shop.settleWaits = []time.Duration{200 * time.Millisecond, time.Millisecond, time.Millisecond}
			p := w.newBrowser().checkout()
			w.klarna.Fail(klarna.OperationCreateOrder, test.faults...)
			got := p.bring(p.approve())
			wantPage(t, got, http.StatusOK, "/checkout/.*/checking", "We are checking your payment")
			if got.header.Get("Refresh") == "" || strings.Contains(strings.ToLower(got.body), "fail") {
				t.Error("the page does not wait, or speaks of failure")
			}
			wantPage(t, p.get("/checkout"), http.StatusOK, "/checkout/.*/checking", "We are checking")
			wantPage(t, p.setQuantity("mug", "7"), http.StatusOK, "/checkout/.*/checking", "We are checking")
			eventually(t, "the outcome", func() bool { return p.order().state != checking })
			if got := p.get(p.record().checkingPath()); !strings.Contains(got.body, test.ends) {
				t.Errorf("it ends at %s", got.path)
			}
			if w.orders() > 1 {
				t.Errorf("%d orders were placed", w.orders())
			}
		})
	}
}

func TestAnOutcomeThatStaysUnknown(t *testing.T) {
	w := newWorld(t)
	w.shop.settleWaits = []time.Duration{time.Millisecond}
	p := w.newBrowser().checkout()
	never := klarnatest.EmptyStatus(503)
	w.klarna.Fail(klarna.OperationCreateOrder, never, never, never, never, never, never)
	p.bring(p.approve())
	eventually(t, "giving up", func() bool { return p.order().state == unclear })
	wantPage(t, p.get(orderPath(p.record().number)), http.StatusOK, "/checkout/.*/checking", "one of us is looking into it")
	wantPage(t, p.get("/cart"), http.StatusOK, "/cart", "It is empty") // or it would be paid twice
}

// A rejection may be about the second copy of an order, and the session may not show the first one yet.
func TestOneLookAtTheSessionIsNotEnough(t *testing.T) {
	w := newWorld(t)
	w.shop.settleWaits = []time.Duration{time.Millisecond, 300 * time.Millisecond, time.Hour}
	p := w.newBrowser().checkout()
	never := klarnatest.Status(503, "INTERNAL_SERVER_ERROR", "Internal error")
	w.klarna.Fail(klarna.OperationCreateOrder, never, never, never, klarnatest.Status(404, "NOT_FOUND", "Invalid authorization token"))
	token := p.approve()
	reads := w.count(klarna.OperationReadSession)
	wantPage(t, p.bring(token), http.StatusOK, "/checkout/.*/checking", "We are checking your payment")
	eventually(t, "the first look", func() bool { return w.count(klarna.OperationReadSession) == reads+2 }) // and one by place
	if state := p.order().state; state != checking {
		t.Fatalf("it is settled: %v", state)
	}
	p.placeElsewhere(token)
	eventually(t, "the outcome", func() bool { return p.order().state == placed })
	wantPage(t, p.get("/cart"), http.StatusOK, "/cart", "It is empty")
}

// While the outcome is given up on, browser and callback still bring the token.
func TestGivingUpTakesTheShoppersTurn(t *testing.T) {
	w := newWorld(t)
	w.shop.settleWaits = []time.Duration{time.Millisecond}
	p := w.newBrowser().checkout()
	never := klarnatest.EmptyStatus(503)
	w.klarna.Fail(klarna.OperationCreateOrder, never, never, never, never, never, never)
	token := p.approve()
	p.bring(token)
	for p.order().state == checking {
		if err := w.shop.place(t.Context(), p.record().id, token, byCallback); err != nil {
			t.Fatal(err)
		}
	}
}

// A cart change finds that the cart is paid. The shopper must not get to pay again.
func TestACartThatAnotherProcessOrderedCannotChange(t *testing.T) {
	for name, quantity := range map[string]string{"another quantity": "7", "none": "0"} {
		t.Run(name, func(t *testing.T) {
			p := newWorld(t).newBrowser().checkout()
			p.placeElsewhere(p.approve())
			wantPage(t, p.setQuantity("mug", quantity), http.StatusOK, anyOrder, thanks)
			wantPage(t, p.get("/cart"), http.StatusOK, "/cart", "It is empty")
			if sessions := p.count(klarna.OperationCreateSession); sessions != 1 || p.orders() != 1 {
				t.Errorf("%d sessions, %d orders", sessions, p.orders())
			}
		})
	}
	t.Run("to nothing", func(t *testing.T) {
		p := newWorld(t).newBrowser().checkout()
		p.setQuantity("cookbook", "0")
		p.placeElsewhere(p.approve())
		wantPage(t, p.setQuantity("mug", "0"), http.StatusOK, anyOrder, thanks)
	})
	t.Run("the session cannot be read", func(t *testing.T) {
		p := newWorld(t).newBrowser().checkout()
		down := klarnatest.EmptyStatus(503)
		p.klarna.Fail(klarna.OperationUpdateSession, down, down, down)
		p.klarna.Fail(klarna.OperationReadSession, klarnatest.HTMLStatus(404))
		wantPage(t, p.setQuantity("mug", "7"), http.StatusOK, "/problem/busy", "Your cart is as you left it")
		wantPage(t, p.get("/cart"), http.StatusOK, "/cart", "€57.90") // with two mugs
		if p.record().state != open {
			t.Error("the checkout has ended, though an order of it may exist")
		}
	})
}

// Another process of the shop, or an attempt whose response was lost, has placed the order.
func TestAnOrderThatExistsAlreadyIsNoFailure(t *testing.T) {
	t.Run("Klarna reports it", func(t *testing.T) {
		p := newWorld(t).newBrowser().checkout()
		p.klarna.Fail(klarna.OperationCreateOrder, klarnatest.Status(403, "INVALID_OPERATION", "Authorization token already consumed"))
		wantPage(t, p.bring(p.approve()), http.StatusOK, anyOrder, thanks)
	})
	t.Run("the session shows it", func(t *testing.T) {
		p := newWorld(t).newBrowser().checkout()
		token := p.approve()
		p.placeElsewhere(token)
		wantPage(t, p.get("/checkout"), http.StatusOK, anyOrder, thanks)
	})
	t.Run("the session shows it, for a token that is not its own", func(t *testing.T) {
		p := newWorld(t).newBrowser().checkout()
		p.placeElsewhere(p.approve())
		wantPage(t, p.bring("00000000-0000-4000-8000-000000000000"), http.StatusOK, anyOrder, thanks)
	})
	t.Run("and the same order returns its id", func(t *testing.T) {
		p := newWorld(t).newBrowser().checkout()
		token := p.approve()
		p.placeElsewhere(token)
		wantPage(t, p.bring(token), http.StatusOK, anyOrder, "order-id")
	})
	t.Run("reading the session fails with it", func(t *testing.T) {
		p := newWorld(t).newBrowser().checkout()
		p.klarna.Fail(klarna.OperationReadSession, klarnatest.Status(404, "SESSION_COMPLETED", "Session has already been completed"))
		wantPage(t, p.bring(p.approve()), http.StatusOK, anyOrder, thanks)
	})
}

func TestProblemsByKind(t *testing.T) {
	for name, test := range map[string]struct {
		fault      klarnatest.Fault
		times      int
		path, text string
	}{
		"rejected":         {klarnatest.Status(403, "REJECTED", "Rejected"), 1, "/problem/declined", "Klarna declined"},
		"not allowed":      {klarnatest.Status(403, "MERCHANT_INACTIVE"), 1, "/problem/rejected", "rejected the order"},
		"too many calls":   {klarnatest.TooManyRequests(0), 3, "/problem/busy", "cannot be reached"},
		"bad value":        {klarnatest.Status(400, "BAD_VALUE", "Bad value: order_lines"), 1, "/problem/ours", "wrong on our side"},
		"wrong password":   {klarnatest.Status(401, "UNAUTHORIZED"), 1, "/problem/ours", "wrong on our side"},
		"unknown approval": {klarnatest.Status(404, "NOT_FOUND", "Invalid authorization token"), 1, "/problem/expired", "ran out"},
	} {
		t.Run(name, func(t *testing.T) {
			p := newWorld(t).newBrowser().checkout()
			for range test.times {
				p.klarna.Fail(klarna.OperationCreateOrder, test.fault)
			}
			wantPage(t, p.bring(p.approve()), http.StatusOK, test.path, test.text)
		})
	}
	t.Run("no session", func(t *testing.T) {
		w := newWorld(t)
		down := klarnatest.HTMLStatus(502)
		w.klarna.Fail(klarna.OperationCreateSession, down, down, down)
		wantPage(t, w.newBrowser().get("/checkout"), http.StatusServiceUnavailable, "/checkout", "Klarna cannot be reached")
	})
	t.Run("nobody knows why the widget is gone", func(t *testing.T) {
		p := newWorld(t).newBrowser().checkout()
		down := klarnatest.EmptyStatus(503)
		p.klarna.Fail(klarna.OperationReadSession, down, down, down)
		got := p.post(p.refusedPath, url.Values{"csrf": {p.csrf}, "category": {"pay_later"}})
		wantPage(t, got, http.StatusOK, "/problem/busy", "cannot be reached")
	})
	t.Run("no token", func(t *testing.T) {
		p := newWorld(t).newBrowser().checkout()
		wantPage(t, p.bring(""), http.StatusOK, "/problem/foreign", "not for this cart")
	})
}

func TestAnOrderUnderReview(t *testing.T) {
	p := newWorld(t).newBrowser().checkout()
	p.klarna.SetFraudStatus(klarna.FraudStatusPending)
	wantPage(t, p.bring(p.approve()), http.StatusOK, anyOrder, "Your order is being reviewed")
}
