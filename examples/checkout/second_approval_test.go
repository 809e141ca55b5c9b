package main

import (
	"errors"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/klarna-go/klarna-payments/klarna"
	"github.com/klarna-go/klarna-payments/klarna/hostedpage"
	"github.com/klarna-go/klarna-payments/klarna/klarnatest"
)

// The shopper approves in the widget, and then on Klarna's page. Until the first order is rejected, the approval of the page waits.
func TestTheApprovalOfAPageIsKeptWhileAnotherOneIsOrdered(t *testing.T) {
	w := newWorld(t)
	p := w.newBrowser().checkout()
	pageID := p.onPage()
	goOn := w.holdOrders(0)
	if err := w.shop.intend(t.Context(), p.record(), p.approve(), byBrowser); err != nil {
		t.Fatal(err)
	}
	back := p.visit(pageID, klarnatest.HostedPageApprove) // which replaces the first approval
	wantPage(t, p.follow(back), http.StatusOK, "/checkout/.*/checking", "We are checking")
	goOn()
	eventually(t, "the outcome", func() bool { return p.order().state == placed })
	w.shop.lookAtPages(t.Context(), 0)
	if n := w.count(klarna.OperationCancelAuthorization); n != 0 {
		t.Errorf("%d approvals were cancelled, and one was to be ordered with", n)
	}
	page, err := w.shop.pages.ReadSession(t.Context(), pageID)
	if err != nil || page.Status != hostedpage.SessionStatusCompleted || p.record().tried != approvalOf(page.AuthorizationToken) || w.orders() != 1 {
		t.Errorf("%d orders, and not with the approval of the page: %v", w.orders(), err)
	}
	if p.isOpen(pageID) {
		t.Error("the page is still looked at")
	}
}

// The first order was rejected, and Klarna cannot be reached when the approval of the page is to be used: it still waits.
func TestTheWayBackReportsNoFailureWhileAnApprovalWaits(t *testing.T) {
	w := withoutBackground(t)
	p := w.newBrowser().checkout()
	back := p.rejectWhileAPageWaits()
	w.klarna.Fail(klarna.OperationReadSession, three(klarnatest.EmptyStatus(503))...)
	wantPage(t, p.follow(back), http.StatusOK, "/checkout/.*/checking", "We are checking")
	if err := w.shop.useWaiting(t.Context(), p.record().id); err != nil {
		t.Fatal(err)
	}
	wantPage(t, p.follow(back), http.StatusOK, anyOrder, thanks)
	if w.orders() != 1 || w.count(klarna.OperationCancelAuthorization) != 0 {
		t.Errorf("%d orders, and %d approvals were cancelled", w.orders(), w.count(klarna.OperationCancelAuthorization))
	}
}

// A customer pays for a period, and approves twice. Klarna rejects the order of the first approval, which had claimed the period.
func TestASecondApprovalPaysForThePeriodOfTheFirst(t *testing.T) {
	s, p := newWorld(t).payingPresent()
	goOn := s.holdOrders(0) // the process takes its time
	if err := s.shop.intend(t.Context(), p.record(), p.approve(), byCallback); err != nil {
		t.Fatal(err)
	}
	second := p.approve()
	goOn()
	wantPage(t, s.bringPayment(p, second), http.StatusOK, s.shop.subscriptionPath(s.number), "Klarna has confirmed it")
	s.wantCreated(2, 1)
	s.wantStatus("Active", active)
	if s.count(klarna.OperationCancelAuthorization) != 0 {
		t.Error("an approval was cancelled")
	}
}

// Klarna makes no customer token, so the approval can become no order, and it is not brought again and again.
func TestAnApprovalWithoutACustomerTokenIsOver(t *testing.T) {
	rejected := klarnatest.Status(403, "FORBIDDEN")
	t.Run("on Klarna's page", func(t *testing.T) {
		p := newWorld(t).signingUp()
		pageID := p.onPage()
		p.klarna.Fail(klarna.OperationCreateCustomerToken, rejected)
		back := p.visit(pageID, klarnatest.HostedPageApprove)
		wantPage(t, p.follow(back), http.StatusOK, "/problem/unsubscribed", "Klarna did not set up your subscription")
		p.shop.lookAtPages(t.Context(), 0)
		if n := p.count(klarna.OperationCreateCustomerToken); n != 1 || p.isOpen(pageID) || p.order().state != "" {
			t.Errorf("%d requests for a customer token, or the page is still open", n)
		}
	})
	t.Run("on Klarna's page, and the token is lost", func(t *testing.T) {
		p := newWorld(t).signingUp()
		pageID := p.onPage()
		p.klarna.Fail(klarna.OperationCreateCustomerToken, three(klarnatest.EmptyStatus(503))...)
		p.follow(p.visit(pageID, klarnatest.HostedPageApprove))
		if p.isOpen(pageID) || p.record().state != ended {
			t.Errorf("the page is still open, or the checkout is %s", p.record().state)
		}
	})
	t.Run("after it waited", func(t *testing.T) {
		w := withoutBackground(t) // it would bring the approval as well, and ask Klarna once more
		p := w.signingUp()
		if err := w.shop.intend(t.Context(), p.record(), p.approve(), byCallback); err != nil {
			t.Fatal(err)
		}
		w.klarna.Fail(klarna.OperationCreateCustomerToken, rejected)
		p.bring(p.approve())
		if c := p.record(); !c.payable() || c.problem != "unsubscribed" || p.order().state != "" {
			t.Errorf("the checkout is %s, the problem %q, and the order %q", c.state, c.problem, p.order().state)
		}
		if n := p.count(klarna.OperationCreateCustomerToken); n != 2 {
			t.Errorf("%d requests for a customer token", n)
		}
	})
}

// The shopper approves a sign-up twice, and two processes bring the approvals at the same moment.
func TestTheOrderHasTheCustomerTokenOfItsOwnApproval(t *testing.T) {
	onBothDatabases(t, func(t *testing.T, database string) {
		w := newWorldOn(t, klarnatest.NewServer(), database)
		customerToken := func(p *purchase) (token string) {
			t.Helper()
			const query = `SELECT customer_token FROM subscription_checkouts WHERE checkout_id = $1`
			if err := w.shop.store.db.QueryRowContext(t.Context(), query, p.record().id).Scan(&token); err != nil {
				t.Fatal(err)
			}
			return token
		}
		t.Run("the second one comes when the first is ordered", func(t *testing.T) {
			p := w.signingUp()
			defer w.holdOrders(0)()
			c := p.record() // as the second process has read it, before
			if err := w.shop.intend(t.Context(), p.record(), p.approve(), byBrowser); err != nil {
				t.Fatal(err)
			}
			made := customerToken(p)
			if err := w.shop.signUp(t.Context(), c, p.approve()); err != nil {
				t.Fatal(err)
			}
			if made == "" || customerToken(p) != made {
				t.Error("the customer token of the order was replaced")
			}
		})
		t.Run("the second one comes before the first is ordered", func(t *testing.T) {
			p := w.signingUp()
			c := p.record() // as the first process has read it
			first := p.approve()
			if err := w.shop.signUp(t.Context(), c, first); err != nil {
				t.Fatal(err)
			}
			second := p.approve()
			if err := w.shop.signUp(t.Context(), c, second); err != nil {
				t.Fatal(err)
			}
			err := w.shop.writeOrder(t.Context(), c, first, byBrowser, klarna.CreateOrderRequest{})
			if !errors.Is(err, errTokenReplaced) || p.record().state != open {
				t.Errorf("the checkout is %s: %v", p.record().state, err)
			}
			wantPage(t, p.bring(second), http.StatusOK, anyOrder, "Your subscription")
			if sub, err := w.shop.store.subscription(t.Context(), c.number); err != nil || sub.customerToken != customerToken(p) {
				t.Errorf("the subscription has another customer token: %v", err)
			}
		})
	})
}

func TestASignUpIsPaidOnKlarnasPage(t *testing.T) {
	p := newWorld(t).signingUp()
	pageID := p.onPage()
	wantPage(t, p.follow(p.visit(pageID, klarnatest.HostedPageApprove)), http.StatusOK, anyOrder, "Your subscription")
	p.wantOneOrder(byPage)
	p.wantCreated(1, 1)
	s := &subscriber{p, p.officeBrowser(), p.record().number}
	s.letAMonthPass()
	wantText(t, s.run(), http.StatusOK, "1 charged")
	s.wantCreated(2, 1)
}

// The link of a subscription works everywhere: the customer opened the session on one device, and pays on another.
func TestAPeriodIsPaidOnAnotherDevice(t *testing.T) {
	s := newWorld(t).declined("UNAVAILABLE_PAYMENT_METHOD")
	s.payNow()
	path := s.shop.subscriptionPath(s.number)
	other := *s
	other.purchase = &purchase{browser: s.newBrowser()}
	other.csrf = find(t, other.get(path).body, `name="csrf" value="([^"]+)"`)
	goOn := s.holdOrders(0)
	p := other.payment()
	got := other.bringPayment(p, p.approve())
	wantPage(t, got, http.StatusOK, path, "We are checking your payment")
	if got.header.Get("Refresh") == "" {
		t.Error("the page does not look again")
	}
	goOn()
	eventually(t, "the outcome", func() bool { return strings.Contains(other.get(path+"?paid=2").body, "It is paid") })
	s.wantCreated(2, 1)
}

// The callback alone brings the approval of a period that a run has charged meanwhile.
func TestAnApprovalOfAPaidPeriodIsLetGoOf(t *testing.T) {
	s, p := newWorld(t).payingPresent()
	approval := p.approve()
	s.decline("")
	s.office.officeForm("/"+s.number+"/resume", "number", s.number)
	wantText(t, s.run(), http.StatusOK, "1 charged")
	if err := s.shop.placeOfWidget(t.Context(), p.record(), approval, byCallback); !errors.Is(err, errPeriodPaid) {
		t.Error(err)
	}
	if s.count(klarna.OperationCancelAuthorization) != 1 {
		t.Error("the approval was not released")
	}
	s.wantCreated(2, 1)
}

// Klarna cannot be reached when an approval arrives from another device than the one of the session.
func TestAnApprovalIsBroughtAgainFromAnotherDevice(t *testing.T) {
	s, _ := newWorld(t).payingPresent()
	path := s.shop.subscriptionPath(s.number)
	other := *s
	other.purchase = &purchase{browser: s.newBrowser()}
	other.csrf = find(t, other.get(path).body, `name="csrf" value="([^"]+)"`)
	p := other.payment()
	approval := p.approve()
	s.klarna.Fail(klarna.OperationReadSession, three(klarnatest.EmptyStatus(503))...)
	got := other.bringPayment(p, approval)
	wantText(t, got, http.StatusServiceUnavailable, "Your approval is still good")
	again := find(t, got.body, `action="([^"]+/authorized)"`)
	wantPage(t, other.post(again, url.Values{"csrf": {other.csrf}, "authorization_token": {approval}}), http.StatusOK, path, "Klarna has confirmed it")
	s.wantCreated(2, 1)
}
