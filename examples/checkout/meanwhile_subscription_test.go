package main

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/klarna-go/klarna-payments/klarna"
	"github.com/klarna-go/klarna-payments/klarna/customertoken"
	"github.com/klarna-go/klarna-payments/klarna/klarnatest"
)

// The customer approved while a charge of the same period was open, and then that charge is declined.
func TestAPeriodIsNotCalledPaidAfterItsChargeWasDeclined(t *testing.T) {
	s, p := newWorld(t).payingPresent()
	approval := p.approve()
	s.office.officeForm("/"+s.number+"/resume", "number", s.number)
	s.klarna.Fail(customertoken.OperationCreateOrder, three(noResponse)...)
	wantText(t, s.run(), http.StatusOK, "1 open")
	got := s.bringPayment(p, approval)
	wantText(t, got, http.StatusOK, "We are checking your payment")
	s.decline("PAYMENT_METHOD_FAILED")
	s.run()
	if s.last().state != renewalDeclined {
		t.Fatalf("the charge is %s", s.last().state)
	}
	for _, query := range []string{"", "?problem=paid", "?paid=2"} {
		if page := s.get(s.shop.subscriptionPath(s.number) + query); strings.Contains(page.body, "It is paid") {
			t.Errorf("the customer reads that it is paid: %q", query)
		}
	}
}

// The order of the customer's first approval was rejected, and the second one waits.
func TestAWaitingApprovalOfAPeriod(t *testing.T) {
	s, p := newWorld(t).payingPresent()
	s.shop.stop()
	second := p.rejectWhileAnotherWaits(rejectsOrder)
	path := s.shop.subscriptionPath(s.number)
	for name, got := range map[string]response{
		"the page": s.own(), "the widget": s.get(path + "/checkout"),
		"the widget offers nothing": s.post(path+"/checkout/"+p.record().id+"/unavailable", url.Values{"csrf": {s.csrf}}),
	} {
		wantPage(t, got, http.StatusOK, path, "We are checking your payment")
		if got.header.Get("Refresh") == "" {
			t.Errorf("%s: the page does not look again", name)
		}
	}
	wantText(t, s.office.get(officeSubscriptions), http.StatusOK, ">Being paid</p>")
	page := s.page()
	wantText(t, page, http.StatusOK, "The customer has approved a payment", ">Being paid</span>")
	if len(forms(page, "resume")) != 0 {
		t.Error("the office may charge the period as well")
	}
	p.wantOrderOfWaiting(second)
	s.wantCreated(2, 1)
}

// The order of a payment is rejected while the customer waits for it.
func TestARejectedPaymentLeadsBackToTheSubscription(t *testing.T) {
	s, p := newWorld(t).payingPresent()
	goOn := s.holdOrders(0)
	wantText(t, s.bringPayment(p, p.approve()), http.StatusOK, "We are checking your payment")
	s.klarna.Fail(klarna.OperationCreateOrder, rejectsOrder)
	goOn()
	eventually(t, "the outcome", func() bool { return p.record().problem != "" })
	path := s.shop.subscriptionPath(s.number)
	wantPage(t, p.get(p.record().checkingPath()), http.StatusOK, path, "The payment did not work")
	if err := s.shop.store.end(t.Context(), p.record()); err != nil {
		t.Fatal(err)
	}
	wantPage(t, p.get(p.record().checkingPath()), http.StatusOK, path, "The payment did not work")
	s.wantCreated(1, 1)
}

// A second approval arrives when the token of the first is lost. It must not begin a sign-up in a checkout that is about to end.
func TestASignUpIsLostTogetherWithItsCheckout(t *testing.T) {
	w := withoutBackground(t)
	p := w.signingUp()
	if _, err := w.shop.store.db.Exec(`CREATE TRIGGER dies BEFORE UPDATE ON checkouts WHEN NEW.state = 'ended' BEGIN SELECT RAISE(ABORT, 'the process dies'); END`); err != nil {
		t.Fatal(err)
	}
	w.klarna.Fail(klarna.OperationCreateCustomerToken, klarnatest.ResetAfter(), klarnatest.ResetAfter(), klarnatest.Status(403, "FORBIDDEN"))
	err := w.shop.signUp(t.Context(), p.record(), p.approve())
	var state tokenState
	scanErr := w.shop.store.db.QueryRowContext(t.Context(), `SELECT token_state FROM subscription_checkouts WHERE checkout_id = $1`, p.record().id).Scan(&state)
	if !errors.Is(err, errTokenLost) || scanErr != nil || state == tokenLost || p.record().state != open {
		t.Errorf("the checkout is %s, and its token %s: %v, %v", p.record().state, state, err, scanErr)
	}
}

// Two approvals pay for one period. The order of the first is rejected after the second has looked whether the period is paid.
func TestAnApprovalPaysForThePeriodThatARejectedOneHadClaimed(t *testing.T) {
	s, p := newWorld(t).payingPresent()
	s.shop.stop()
	ctx, c := t.Context(), p.record() // as the process with the second approval has read it
	goOn := s.holdOrders(0)
	if err := s.shop.intend(ctx, p.record(), p.approve(), byCallback); err != nil {
		t.Fatal(err)
	}
	second := p.approve()
	goOn()
	// What intend does with the second one, step by step.
	if err := s.shop.settlePaidInSessions(ctx); err != nil {
		t.Fatal(err)
	}
	p.rejectOrder(rejectsOrder)
	session, err := s.shop.klarna.ReadSession(ctx, c.sessionID)
	if err = errors.Join(err, s.shop.signUp(ctx, c, second)); err != nil {
		t.Fatal(err)
	}
	if err := s.shop.writeOrder(ctx, c, second, byBrowser, klarna.OrderFromApproved(c.session, *session)); err != nil {
		t.Fatal(err)
	}
	if _, err := s.shop.goOnWith(ctx, p.record()); err != nil {
		t.Fatal(err)
	}
	wantText(t, s.get(s.shop.subscriptionPath(s.number)+"?paid=2"), http.StatusOK, "It is paid")
	s.wantCreated(2, 1)
}

// The period is paid between the two times that the page reads.
func TestThePageOfASubscriptionLooksAgainWhenItWasPaidMeanwhile(t *testing.T) {
	s, p := newWorld(t).payingPresent()
	sh, err := s.shop.store.shopper(t.Context(), p.record().shopperID)
	if err != nil {
		t.Fatal(err)
	}
	before := s.sub()
	wantText(t, s.bringPayment(p, p.approve()), http.StatusOK, "It is paid")
	page := httptest.NewRecorder()
	s.shop.showSubscription(page, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/?paid=2", nil), sh, before)
	if strings.Contains(page.Body.String(), "did not work") || page.Header().Get("Refresh") == "" {
		t.Errorf("the customer reads that it did not work:\n%s", page.Body)
	}
}

// No run repeats a charge of a subscription that was cancelled, and the office must not wait for one.
func TestTheOfficeClosesTheOpenChargeOfACancelledSubscription(t *testing.T) {
	s := newWorld(t).subscribe()
	s.letAMonthPass()
	s.klarna.Fail(customertoken.OperationCreateOrder, three(noResponse)...)
	wantText(t, s.run(), http.StatusOK, "1 open")
	wantText(t, s.page(), http.StatusOK, "The next run sends the same request")
	if err := s.shop.store.cancelSubscription(t.Context(), s.number); err != nil {
		t.Fatal(err)
	}
	sent := s.count(customertoken.OperationCreateOrder)
	s.run()
	if s.count(customertoken.OperationCreateOrder) != sent {
		t.Error("a run has sent it")
	}
	page := s.page()
	wantText(t, page, http.StatusOK, "so no run sends the charge again")
	if strings.Contains(page.body, "The next run sends") {
		t.Error("the office reads that the next run sends it")
	}
}
