package main

import (
	"net/http"
	"net/http/httptest"
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
	rejected := klarnatest.Status(403, "REJECTED", "Rejected")
	for name, test := range map[string]struct {
		faults []klarnatest.Fault
		ends   string
	}{
		"the order exists, its responses were lost": {[]klarnatest.Fault{lost, lost, lost}, thanks},
		"Klarna fails for longer":                   {[]klarnatest.Fault{never, never, never, never, never, never}, thanks},
		"Klarna rejects it in the end":              {[]klarnatest.Fault{never, never, never, rejected, rejected, rejected, rejected, rejected}, "Klarna declined this payment"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			p := w.newBrowser().checkout()
			w.klarna.Fail(klarna.OperationCreateOrder, test.faults...)
			goOn := w.holdOrders(3) // the attempts of the first call
			got := p.bring(p.approve())
			wantPage(t, got, http.StatusOK, "/checkout/.*/checking", "We are checking your payment")
			if got.header.Get("Refresh") == "" || strings.Contains(strings.ToLower(got.body), "fail") {
				t.Error("the page does not wait, or speaks of failure")
			}
			wantPage(t, p.get("/checkout"), http.StatusOK, "/checkout/.*/checking", "We are checking")
			wantPage(t, p.setQuantity("mug", "7"), http.StatusOK, "/checkout/.*/checking", "We are checking")
			goOn()
			eventually(t, "the outcome", func() bool { return p.order().state != checking })
			if got := p.get(p.record().checkingPath()); !strings.Contains(got.body, test.ends) {
				t.Errorf("it ends at %s", got.path)
			}
			if w.orders() > 1 {
				t.Errorf("%d orders were placed", w.orders())
			}
			left := w.klarna.PendingFaults()[klarna.OperationCreateOrder]
			if rejections := len(test.faults) - 3; test.ends != thanks && len(left) < rejections {
				w.klarna.Reset() // how many rejections it takes depends on the time between two looks at the session
			}
		})
	}
}

// Klarna is not reached for longer than the approval lives, and then nobody can find out any more, or only a person can.
func TestAnOutcomeThatStaysUnknown(t *testing.T) {
	for name, test := range map[string]struct {
		exists    bool
		away      time.Duration
		state     orderState
		path, ask string
	}{
		"there may be an order":                     {false, 49 * time.Hour, unclear, "/checkout/.*/checking", "one of us is looking into it"},
		"there is an order whose id cannot be read": {true, 61 * time.Minute, placed, anyOrder, thanks},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := newWorld(t).unresolved(test.exists, test.away)
			if o := p.order(); o.state != test.state || o.orderID != "" {
				t.Errorf("the order is %+v", o)
			}
			wantPage(t, p.get(orderPath(p.record().number)), http.StatusOK, test.path, test.ask)
			wantPage(t, p.get("/cart"), http.StatusOK, "/cart", "It is empty") // or it would be paid twice
			if id := p.order().orderID; id != "" {
				t.Errorf("the id is %s", id)
			}
		})
	}
}

// Between the two times that the page reads, the order may be placed or rejected: nobody must be told that a person looks into it.
func TestTheCheckingPageLooksAgainUnlessAPersonHasToLook(t *testing.T) {
	w := newWorld(t)
	for state, waits := range map[orderState]bool{checking: true, placed: true, unclear: false} {
		page := httptest.NewRecorder()
		w.shop.renderChecking(page, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", nil), new(shopper), &order{state: state})
		asks := strings.Contains(page.Body.String(), "one of us is looking into it")
		if again := page.Header().Get("Refresh") != ""; again != waits || asks == waits {
			t.Errorf("%s: the page looks again: %t; it names a person: %t", state, again, asks)
		}
	}
}

// The order is rejected between the two times that the page reads: the checkout is the older one, and the order is gone.
func TestAnOrderThatIsRejectedMeanwhileIsNoFault(t *testing.T) {
	w := newWorld(t)
	p := w.newBrowser().checkout()
	defer w.holdOrders(0)()
	p.bring(p.approve())
	if _, err := w.shop.store.db.Exec(`DELETE FROM orders`); err != nil {
		t.Fatal(err)
	}
	wantPage(t, p.get("/checkout"), http.StatusOK, "/checkout/.*/checking", "We are checking your payment")
}

// Nothing was written down yet, but the approval is good, and the callback may still bring it.
func TestAnApprovalThatCannotBeCheckedYetIsNoFailure(t *testing.T) {
	w := newWorld(t)
	p := w.newBrowser().checkout()
	token := p.approve()
	down := klarnatest.EmptyStatus(503)
	w.klarna.Fail(klarna.OperationReadSession, down, down, down)
	got := p.bring(token)
	wantPage(t, got, http.StatusServiceUnavailable, p.authorizedPath, "Your approval is still good")
	if strings.Contains(got.body, "Nothing was ordered") {
		t.Error("the page claims that nothing was ordered")
	}
	if find(t, got.body, `name="authorization_token" value="([^"]+)"`) != token {
		t.Error("the page does not bring the approval once more")
	}
	wantPage(t, p.bring(token), http.StatusOK, anyOrder, thanks)
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
		goOn := p.holdOrders(1)
		wantPage(t, p.bring(p.approve()), http.StatusOK, "/checkout/.*/checking", "We are checking")
		goOn()
		eventually(t, "the outcome", func() bool { return p.order().state == placed })
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
	t.Run("reading the session fails with it", func(t *testing.T) {
		p := newWorld(t).newBrowser().checkout()
		p.klarna.Fail(klarna.OperationReadSession, klarnatest.Status(404, "SESSION_COMPLETED", "Session has already been completed"))
		wantPage(t, p.bring(p.approve()), http.StatusOK, anyOrder, thanks)
	})
}

// The process may die between any two transactions, so an order that the shop did not place is stored with its state in one.
func TestAnOrderThatSomethingElsePlacedIsNeverHalfStored(t *testing.T) {
	w := newWorld(t)
	p := w.newBrowser().checkout()
	p.placeElsewhere(p.approve())
	if _, err := w.shop.store.db.Exec(`CREATE TRIGGER dies BEFORE UPDATE ON orders BEGIN SELECT RAISE(ABORT, 'the process dies'); END`); err != nil {
		t.Fatal(err)
	}
	p.get("/checkout")
	if o := p.order(); o.state == checking {
		t.Error("the order is checking, and nothing goes on with it")
	}
	if _, err := w.shop.store.db.Exec(`DROP TRIGGER dies`); err != nil {
		t.Fatal(err)
	}
	wantPage(t, p.get("/checkout"), http.StatusOK, anyOrder, thanks)
}

func TestProblemsByKind(t *testing.T) {
	for name, test := range map[string]struct {
		fault      klarnatest.Fault
		times      int
		path, text string
	}{
		"rejected":         {klarnatest.Status(403, "REJECTED", "Rejected"), 1, "/problem/declined", "Klarna declined"},
		"not allowed":      {klarnatest.Status(403, "MERCHANT_INACTIVE"), 1, "/problem/rejected", "rejected the order"},
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
		p.approve()
		wantPage(t, p.bring(""), http.StatusOK, "/problem/foreign", "not for this cart")
	})
}

func TestAnOrderUnderReview(t *testing.T) {
	p := newWorld(t).newBrowser().checkout()
	p.klarna.SetFraudStatus(klarna.FraudStatusPending)
	wantPage(t, p.bring(p.approve()), http.StatusOK, anyOrder, "Your order is being reviewed")
}

// The shopper approved twice, and Klarna rejects the order of the first approval since there is a second one.
func TestASecondApprovalIsUsedWhenTheFirstWasReplaced(t *testing.T) {
	w := newWorld(t)
	p := w.newBrowser().checkout()
	c := p.record()
	goOn := w.holdOrders(0) // this process takes its time between writing down and sending
	if err := w.shop.intend(t.Context(), c, p.approve(), byCallback); err != nil {
		t.Fatal(err)
	}
	second := p.approve()
	goOn()
	wantPage(t, p.bring(second), http.StatusOK, anyOrder, thanks)
	if w.orders() != 1 || w.count(klarna.OperationCreateOrder) != 2 {
		t.Errorf("%d orders of %d requests", w.orders(), w.count(klarna.OperationCreateOrder))
	}
}

// Two processes find out that an approval was rejected, and one of them stores it late: after the next approval was ordered with.
func TestALateRejectionLeavesTheNextOrderAlone(t *testing.T) {
	w := newWorld(t)
	p := w.newBrowser().checkout()
	w.klarna.Fail(klarna.OperationCreateOrder, klarnatest.Status(403, "REJECTED", "Rejected"))
	p.bring(p.approve())
	late, err := w.shop.book.Lookup(t.Context(), p.record().number)
	if err != nil {
		t.Fatal(err)
	}
	goOn := w.holdOrders(0)
	if err := w.shop.intend(t.Context(), p.record(), p.approve(), byCallback); err != nil {
		t.Fatal(err)
	}
	if err := w.shop.record(t.Context(), p.record().number, late); err != nil {
		t.Fatal(err)
	}
	if p.order().state == "" || p.record().state != ordered {
		t.Error("the second order is gone")
	}
	goOn()
	eventually(t, "the outcome", func() bool { return p.order().state == placed })
}

// The same approval may come any number of times after Klarna rejected it.
func TestARejectedApprovalStaysRejected(t *testing.T) {
	w := newWorld(t)
	p := w.newBrowser().checkout()
	w.klarna.Fail(klarna.OperationCreateOrder, klarnatest.Status(403, "REJECTED", "Rejected"))
	token := p.approve()
	for range 3 {
		wantPage(t, p.bring(token), http.StatusOK, "/problem/declined", "Klarna declined this payment")
	}
	if calls := w.count(klarna.OperationCreateOrder); calls != 1 || p.record().state != open {
		t.Errorf("%d requests, and the checkout is %s", calls, p.record().state)
	}
	wantPage(t, p.bring(p.approve()), http.StatusOK, anyOrder, thanks)
}

// While the order of an approval is open, a later approval waits, and nothing reports a failure, whatever becomes of the first one.
func TestALaterApprovalWaits(t *testing.T) {
	t.Run("and is used", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		p := w.newBrowser().checkout()
		w.klarna.Fail(klarna.OperationCreateOrder, three(klarnatest.EmptyStatus(503))...)
		goOn := w.holdOrders(3)
		first := p.approve()
		if err := w.shop.place(t.Context(), p.record().id, first, byCallback); err != nil {
			t.Fatal(err)
		}
		second := p.approve() // which replaces the first one
		wantPage(t, p.bring(second), http.StatusOK, "/checkout/.*/checking", "We are checking")
		goOn()
		eventually(t, "the outcome", func() bool {
			got := p.get(p.record().checkingPath())
			if strings.Contains(got.body, "Nothing was ordered") {
				t.Fatalf("a failure is reported:\n%s", got.body)
			}
			return p.order().state == placed
		})
		if c := p.record(); w.orders() != 1 || c.tried != approvalOf(second) || c.waiting != "" {
			t.Errorf("%d orders, and %q is left", w.orders(), c.waiting)
		}
	})
	t.Run("and is not used after an order", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		p := w.newBrowser().checkout()
		w.klarna.Fail(klarna.OperationCreateOrder, three(klarnatest.ResetAfter())...)
		goOn := w.holdOrders(3)
		p.bring(p.approve())
		if err := w.shop.place(t.Context(), p.record().id, "00000000-0000-4000-8000-000000000000", byCallback); err != nil {
			t.Fatal(err)
		}
		goOn()
		eventually(t, "the outcome", func() bool { return p.order().state == placed })
		if c := p.record(); w.orders() != 1 || c.waiting != "" {
			t.Errorf("%d orders, and %q is left", w.orders(), c.waiting)
		}
	})
	t.Run("and is erased if it is good for nothing", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		p := w.newBrowser().checkout()
		c := p.record()
		goOn := w.holdOrders(0)
		if err := w.shop.intend(t.Context(), c, p.approve(), byCallback); err != nil {
			t.Fatal(err)
		}
		p.approve() // so that the first one is rejected, and what is brought is not the newest
		goOn()
		got := p.bring("00000000-0000-4000-8000-000000000000")
		if got.path != "/problem/foreign" && got.path != p.record().checkingPath() {
			t.Errorf("it ends at %s", got.path)
		}
		eventually(t, "the outcome", func() bool { return p.record().payable() })
		if c := p.record(); c.waiting != "" || c.problem != "foreign" {
			t.Errorf("the problem is %q, and %q is left", c.problem, c.waiting)
		}
	})
}
