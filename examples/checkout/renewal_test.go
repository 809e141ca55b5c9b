package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/klarna-go/klarna-payments/klarna"
	"github.com/klarna-go/klarna-payments/klarna/customertoken"
	"github.com/klarna-go/klarna-payments/klarna/klarnatest"
)

func TestARenewalChargesWhatIsDueOnce(t *testing.T) {
	onBothDatabases(t, func(t *testing.T, database string) {
		s := newWorldOn(t, klarnatest.NewServer(), database).subscribe()
		wantText(t, s.run(), http.StatusOK, "0 charged, 0 declined, 0 open", "Nothing was due")
		s.letAMonthPass()
		wantText(t, s.run(), http.StatusOK, "1 charged, 0 declined, 0 open")
		wantText(t, s.run(), http.StatusOK, "0 charged")
		s.wantCreated(2, 1)
		sub, r := s.sub(), s.last()
		if sub.period != 3 || r.reference != s.number+"-2" || !sub.due.Equal(dueOf(sub.began, sub.plan, 3)) {
			t.Errorf("the next period is %d, due on %v", sub.period, sub.due)
		}
		order := s.klarna.Order(r.orderID)
		if order.OrderAmount != 1840 || order.MerchantReference1 != s.number+"-2" || order.OrderLines[0].Subscription.Name != plans["coffee"].Name {
			t.Errorf("the order is %v", order)
		}
		// It is captured like any other order, and the customer sees it.
		office := &staff{s.office, r.reference, r.orderID}
		wantText(t, office.get("/office"), http.StatusOK, r.reference, "To capture")
		wantText(t, office.send(office.form("capture")), http.StatusOK, "€18.40 was captured")
		wantPage(t, s.get(orderPath(r.reference)), http.StatusOK, orderPath(r.reference), "Coffee")
		contains(t, "the log", s.log.String(), sub.customerToken)
	})
}

func TestALostResponseIsRepeatedWithTheSameKey(t *testing.T) {
	down := klarnatest.Status(503, "SERVICE_UNAVAILABLE")
	for name, fault := range map[string]klarnatest.Fault{
		"charged, and the response was lost": klarnatest.ResetAfter(), "a half response": klarnatest.Truncate(), "it never arrived": down,
	} {
		t.Run(name, func(t *testing.T) {
			s := newWorld(t).subscribe()
			sent := s.recordCharges()
			s.letAMonthPass()
			s.klarna.Fail(customertoken.OperationCreateOrder, three(fault)...)
			wantText(t, s.run(), http.StatusOK, "0 charged, 0 declined, 1 open")
			s.wantStatus("Charge unknown", active)
			wantText(t, s.page(), http.StatusOK, "so it may have been carried out, or not")
			wantText(t, s.own(), http.StatusOK, "We are checking your payment", "Please do not pay again")
			wantText(t, s.run(), http.StatusOK, "1 charged, 0 declined, 0 open")
			s.wantCreated(2, 1)
			if keys := sent.of("order"); len(keys) != 4 || len(slices.Compact(keys)) != 1 {
				t.Errorf("the keys are %v", keys)
			}
		})
	}
}

// A process dies between writing a charge down and sending it, or while it sends it. Another one goes on with the key and the request
// that are stored.
func TestAChargeThatDiedWithItsProcess(t *testing.T) {
	for name, row := range map[string]struct{ began, arrived bool }{
		"before it was sent": {}, "before it arrived": {began: true}, "after it was carried out": {true, true},
	} {
		t.Run(name, func(t *testing.T) {
			onBothDatabases(t, func(t *testing.T, database string) {
				s := newWorldOn(t, klarnatest.NewServer(), database).subscribe()
				s.letAMonthPass()
				sub := s.sub()
				r := sub.newRenewal(0, "")
				r.request.MerchantReference2 = "as it was written down"
				if added, err := s.shop.store.addRenewal(t.Context(), sub, r); err != nil || !added {
					t.Fatal(added, err)
				}
				if row.began {
					if ours, err := s.shop.store.beginCharge(t.Context(), r); err != nil || !ours {
						t.Fatal(ours, err)
					}
				}
				if row.arrived {
					if _, err := s.shop.tokens.CreateOrder(t.Context(), sub.customerToken, r.request, klarna.WithIdempotencyKey(r.key)); err != nil {
						t.Fatal(err)
					}
				}
				s.world = s.restart()
				s.office = s.officeBrowser()
				sent := s.recordCharges()
				if row.began {
					wantText(t, s.run(), http.StatusOK, "0 charged, 0 declined, 1 open") // the other process may still be at it
					if _, err := s.shop.store.db.Exec(`UPDATE renewals SET attempted = $1`, now().Add(-sendingFor-time.Second)); err != nil {
						t.Fatal(err)
					}
				}
				wantText(t, s.run(), http.StatusOK, "1 charged, 0 declined, 0 open")
				s.wantCreated(2, 1)
				if keys := sent.of("order"); !slices.Equal(keys, []string{r.key}) {
					t.Errorf("the keys are %v, want %s", keys, r.key)
				}
				if order := s.klarna.Order(s.last().orderID); order.MerchantReference2 != r.request.MerchantReference2 {
					t.Errorf("the request was made anew: %q", order.MerchantReference2)
				}
			})
		})
	}
}

// Two processes, and a timer in each, press the button at the same time.
func TestRunsInParallelChargeEachPeriodOnce(t *testing.T) {
	atTwoProcesses(t, func(t *testing.T, one, other *world) {
		var all []*subscriber
		for range 5 {
			all = append(all, one.subscribe())
		}
		all[4].decline("PAYMENT_METHOD_FAILED")
		for month := 1; month <= 3; month++ {
			all[0].letAMonthPass()
			one.klarna.Fail(customertoken.OperationCreateOrder, klarnatest.Delay(50*time.Millisecond), klarnatest.ResetAfter(), klarnatest.Delay(20*time.Millisecond))
			var runs []func()
			for range 3 {
				runs = append(runs, func() { _, _ = one.shop.renewDue(t.Context()) }, func() { _, _ = other.shop.renewDue(t.Context()) })
			}
			together(runs...)
			eventually(t, "all are charged", func() bool {
				done, err := other.shop.renewDue(t.Context())
				return err == nil && done.open == 0
			})
			one.wantCreated(5+4*month, 5)
			for _, s := range all[:4] {
				if sub := s.sub(); sub.period != int64(month+2) {
					t.Fatalf("the next period is %d in month %d", sub.period, month)
				}
			}
		}
		charges, err := one.shop.store.renewals(t.Context(), all[4].number, 2)
		if err != nil || len(charges) != 3 { // one in each month that passed
			t.Errorf("the declined period was charged %d times: %v", len(charges), err)
		}
	})
}

func TestDeclines(t *testing.T) {
	status := klarnatest.Status
	for name, row := range map[string]struct {
		fault   klarnatest.Fault
		state   subscriptionState
		text    string
		payable bool
	}{
		"failed":      {status(403, "PAYMENT_METHOD_FAILED"), active, "three days later, with a new key", true},
		"unavailable": {status(403, "UNAVAILABLE_PAYMENT_METHOD"), waiting, "confirm the payment in a new session", true},
		"currency":    {status(403, "PAYMENT_METHOD_CURRENCY_MISMATCH"), waiting, "pay in a new session", true},
		"suspended":   {status(403, "TOKEN_SUSPENDED"), stopped, "Ask Klarna", false},
		"cancelled":   {status(403, "TOKEN_CANCELED"), stopped, "cancel the subscription", false},
		"forbidden":   {status(403, "TOKEN_FORBIDDEN"), stopped, "another merchant id", false},
		"missing":     {status(404, "TOKEN_NOT_FOUND"), stopped, "credentials of the sign-up", false},
		"invalid":     {status(400, "BAD_VALUE", "Bad value: order_lines"), stopped, "correct the shop", false},
		"rejected":    {status(403, "SOMETHING_NEW"), stopped, "a reason that this shop does not know", false},
	} {
		t.Run(name, func(t *testing.T) {
			s := newWorld(t).subscribe()
			s.letAMonthPass()
			s.klarna.Fail(customertoken.OperationCreateOrder, row.fault)
			wantText(t, s.run(), http.StatusOK, "0 charged, 1 declined, 0 open")
			if sub := s.sub(); sub.state != row.state || sub.problem != name || sub.period != 2 {
				t.Fatalf("the subscription is %s because of %q", sub.state, sub.problem)
			}
			page := s.page()
			wantText(t, page, http.StatusOK, row.text, "Idempotency key "+s.number+"-2-charge-1")
			link := strings.Contains(page.body, s.shop.subscriptionPath(s.number))
			if pay := strings.Contains(s.own().body, `id="pay-now"`); link != row.payable || pay != row.payable {
				t.Errorf("the office shows the link: %v, the customer can pay: %v, want %v", link, pay, row.payable)
			}
			wantText(t, s.run(), http.StatusOK, "0 charged, 0 declined, 0 open") // not before somebody has looked, or three days later
			s.wantCreated(1, 1)

			// Whatever it was, it is solved: the next charge has a new key.
			sent := s.recordCharges()
			s.office.officeForm("/"+s.number+"/resume", "number", s.number)
			wantText(t, s.run(), http.StatusOK, "1 charged, 0 declined, 0 open")
			if keys := sent.of("order"); !slices.Equal(keys, []string{s.number + "-2-charge-2"}) {
				t.Errorf("the keys are %v", keys)
			}
			s.wantStatus("Active", active)
		})
	}
}

func TestAfterFourDeclinesTheCustomerHasToAct(t *testing.T) {
	s := newWorld(t).subscribe()
	s.letAMonthPass()
	s.decline("PAYMENT_METHOD_FAILED")
	for charge := 1; charge <= 4; charge++ {
		if s.sub().state != active {
			t.Fatalf("it is %s before charge %d", s.sub().state, charge)
		}
		wantText(t, s.run(), http.StatusOK, "1 declined")
		if due := time.Until(s.sub().due); charge < 4 && (due < chargeAgainAfter-time.Minute || due > chargeAgainAfter) {
			t.Errorf("the next charge is due in %v", due)
		}
		if _, err := s.shop.store.db.Exec(`UPDATE subscriptions SET due = $1`, now()); err != nil {
			t.Fatal(err)
		}
	}
	wantText(t, s.run(), http.StatusOK, "0 charged, 0 declined, 0 open")
	s.wantStatus("Needs customer", waiting)
}

func TestWhatKlarnaDidNotLookAtKeepsItsKey(t *testing.T) {
	for name, fault := range map[string]klarnatest.Fault{
		"too many calls": klarnatest.TooManyRequests(0), "wrong credentials": klarnatest.Status(401, "UNAUTHORIZED"), "a page of a proxy": klarnatest.HTMLStatus(403),
	} {
		t.Run(name, func(t *testing.T) {
			s := newWorld(t).subscribe()
			sent := s.recordCharges()
			s.letAMonthPass()
			s.klarna.Fail(customertoken.OperationCreateOrder, three(fault)...)
			wantText(t, s.run(), http.StatusOK, "0 charged, 0 declined, 1 open")
			eventually(t, "the faults are over", func() bool { s.run(); return s.last().state == renewalPaid })
			if keys := slices.Compact(sent.of("order")); len(keys) != 1 {
				t.Errorf("the keys are %v", keys)
			}
			s.wantCreated(2, 1)
		})
	}
}

// A rejection after an unknown outcome may be about the second request. A person finds out what became of the first.
func TestARejectionAfterAnUnknownOutcomeIsClosedByAPerson(t *testing.T) {
	down := klarnatest.Status(503, "SERVICE_UNAVAILABLE")
	open := func(t *testing.T) *subscriber {
		s := newWorld(t).subscribe()
		s.letAMonthPass()
		s.klarna.Fail(customertoken.OperationCreateOrder, append(three(down), klarnatest.Status(403, "TOKEN_SUSPENDED"))...)
		wantText(t, s.run(), http.StatusOK, "1 open")
		wantText(t, s.run(), http.StatusOK, "1 open")
		wantText(t, s.page(), http.StatusOK, "That does not prove that the first one had no effect", "TOKEN_SUSPENDED")
		return s
	}
	t.Run("there is no order", func(t *testing.T) {
		s := open(t)
		s.office.officeForm("/"+s.number+"/close", "key", s.last().key, "exists", "no")
		wantText(t, s.run(), http.StatusOK, "1 charged")
		if r := s.last(); r.charge != 2 || r.key == s.number+"-2-charge-1" {
			t.Errorf("charge %d has the key %s", r.charge, r.key)
		}
		s.wantCreated(2, 1)
	})
	t.Run("there is one", func(t *testing.T) {
		s := open(t)
		s.office.officeForm("/"+s.number+"/close", "key", "another", "exists", "no")
		if s.last().state != renewalUnresolved {
			t.Fatal("another charge was closed")
		}
		for wrong, text := range map[string]string{
			"b4bd3423-24e3-4faf-9a8f-3b0d9c2b7d1e": "Klarna has no order with this id", s.order().orderID: "has another order number",
		} {
			got := s.office.officeForm("/"+s.number+"/close", "key", s.last().key, "exists", "yes", "order_id", wrong)
			wantText(t, got, http.StatusUnprocessableEntity, text)
		}
		if s.last().state != renewalUnresolved {
			t.Fatal("a wrong id was stored")
		}
		charged, err := s.shop.tokens.CreateOrder(t.Context(), s.sub().customerToken, s.last().request, klarna.WithIdempotencyKey("the-first-request"))
		if err != nil {
			t.Fatal(err)
		}
		id := charged.OrderID
		s.office.officeForm("/"+s.number+"/close", "key", s.last().key, "exists", "yes", "order_id", id)
		wantText(t, s.run(), http.StatusOK, "0 charged, 0 declined, 0 open")
		s.wantStatus("Active", active)
		if o, err := s.shop.store.order(t.Context(), s.number+"-2"); err != nil || o.orderID != id || s.sub().period != 3 {
			t.Errorf("the order is %v: %v", o, err)
		}
		s.wantCreated(2, 1)
	})
	t.Run("a bad value holds for all attempts", func(t *testing.T) {
		s := newWorld(t).subscribe()
		s.letAMonthPass()
		s.klarna.Fail(customertoken.OperationCreateOrder, append(three(down), klarnatest.Status(400, "BAD_VALUE", "Bad value: order_lines"))...)
		s.run()
		wantText(t, s.run(), http.StatusOK, "1 declined")
	})
	t.Run("Klarna returns the decline of the first for its key", func(t *testing.T) {
		s := newWorld(t).subscribe()
		s.letAMonthPass()
		s.decline("PAYMENT_METHOD_FAILED")
		s.klarna.Fail(customertoken.OperationCreateOrder, three(klarnatest.ResetAfter())...)
		wantText(t, s.run(), http.StatusOK, "1 open")
		wantText(t, s.run(), http.StatusOK, "1 declined")
	})
	t.Run("Klarna has forgotten the key", func(t *testing.T) {
		s := newWorld(t).subscribe()
		s.letAMonthPass()
		s.klarna.Fail(customertoken.OperationCreateOrder, three(klarnatest.ResetAfter())...)
		s.run()
		s.office.officeForm("/"+s.number+"/close", "key", s.last().key, "exists", "no")
		if strings.Contains(s.page().body, "There is no such order") || s.last().state != renewalUnresolved {
			t.Error("it was closed, though the same key can still tell")
		}
		if _, err := s.shop.store.db.Exec(`UPDATE renewals SET sent = $1`, now().Add(-keyLifetime)); err != nil {
			t.Fatal(err)
		}
		wantText(t, s.run(), http.StatusOK, "1 open")
		wantText(t, s.page(), http.StatusOK, "has forgotten the key since", "There is no such order")
		s.wantCreated(2, 1)
	})
}

func TestTheCustomerConfirmsADeclinedRenewal(t *testing.T) {
	onBothDatabases(t, func(t *testing.T, database string) {
		s := newWorldOn(t, klarnatest.NewServer(), database).subscribe()
		token := s.sub().customerToken
		s.letAMonthPass()
		s.decline("UNAVAILABLE_PAYMENT_METHOD")
		s.run()
		s.wantStatus("Needs customer", waiting)
		if s.last().stepUpID != "" {
			t.Error("the customer was not present")
		}
		wantPage(t, s.payNow(), http.StatusOK, s.shop.subscriptionPath(s.number)+"/checkout", "Pay for your subscription")
		r := s.last()
		if r.request.StepUp != customertoken.StepUpSupported || r.stepUpID == "" || r.key != s.number+"-2-charge-2" {
			t.Fatalf("the charge with the customer present is %v", r)
		}
		wantText(t, s.page(), http.StatusOK, "there is a step-up id")
		p := s.payment()
		session := p.record().session
		if session.StepUpID != r.stepUpID || session.Customer.CustomerToken != token || session.Intent != klarna.IntentBuyAndTokenize {
			t.Errorf("the session confirms %q with the intent %s", session.StepUpID, session.Intent)
		}
		// Pressed once more, the button leads to the same session, and charges nothing.
		wantPage(t, s.payNow(), http.StatusOK, s.shop.subscriptionPath(s.number)+"/checkout", "Pay for your subscription")
		if s.last().key != r.key || s.payment().authorizedPath != p.authorizedPath {
			t.Error("there was another charge, or there is another session")
		}
		got := s.bringPayment(p, p.approve())
		wantPage(t, got, http.StatusOK, s.shop.subscriptionPath(s.number), "Klarna has confirmed it")
		s.wantCreated(2, 1)
		if sub := s.sub(); sub.state != active || sub.period != 3 || sub.customerToken != token {
			t.Errorf("the subscription is %s, and its next period %d", sub.state, sub.period)
		}
		for name, page := range map[string]response{"the customer's page": got, "the office": s.page()} {
			contains(t, name, page.body, token)
		}
		contains(t, "the log", s.log.String(), token)
		contains(t, "the log", s.log.String(), s.shop.secret(s.number))

		s.letAMonthPass() // and the token charges the new card
		wantText(t, s.run(), http.StatusOK, "1 charged")
		s.wantCreated(3, 1)
	})
}

// A subscription's token may get no step_up_id. Then the customer signs up anew, and the new token replaces the old one.
func TestWithoutStepUpTheCustomerSignsUpAnew(t *testing.T) {
	s := newWorld(t).subscribe()
	old := s.sub().customerToken
	s.letAMonthPass()
	s.decline("UNAVAILABLE_PAYMENT_METHOD")
	s.run()
	s.klarna.Fail(customertoken.OperationCreateOrder, klarnatest.Status(403, "UNAVAILABLE_PAYMENT_METHOD"))
	s.payNow()
	p := s.payment()
	if session := p.record().session; session.StepUpID != "" || session.Customer.CustomerToken != "" || session.Intent != klarna.IntentBuyAndTokenize {
		t.Errorf("the session confirms %q with the intent %s", session.StepUpID, session.Intent)
	}
	wantPage(t, s.bringPayment(p, p.approve()), http.StatusOK, s.shop.subscriptionPath(s.number), "Klarna has confirmed it")
	s.wantCreated(2, 2)
	if s.sub().customerToken == old {
		t.Error("the token is the old one")
	}
	s.letAMonthPass()
	wantText(t, s.run(), http.StatusOK, "1 charged")
	s.klarna.Advance(2 * time.Second)
	if status := s.klarna.CustomerToken(old).Status; status != customertoken.TokenStatusCancelled {
		t.Errorf("the old token is %s", status)
	}
	if status := s.klarna.CustomerToken(s.sub().customerToken).Status; status != customertoken.TokenStatusActive {
		t.Errorf("the new token is %s", status)
	}
}

// The card works again by the time that the customer presses the button.
func TestTheCustomerPaysWithoutASession(t *testing.T) {
	s := newWorld(t).declined("PAYMENT_METHOD_FAILED")
	s.decline("")
	wantPage(t, s.payNow(), http.StatusOK, s.shop.subscriptionPath(s.number), "It is paid")
	s.wantCreated(2, 1)
	wantText(t, s.run(), http.StatusOK, "0 charged")
}

func TestADeclinedPaymentCanBeRepeated(t *testing.T) {
	s, p := newWorld(t).payingPresent()
	s.klarna.Fail(klarna.OperationCreateOrder, klarnatest.Status(403, "REJECTED"))
	wantText(t, s.bringPayment(p, p.approve()), http.StatusOK, "The payment did not work", "Nothing was charged")
	wantText(t, s.page(), http.StatusOK, "The customer’s payment was declined", "the customer paid in a session")
	id := strings.Split(p.authorizedPath, "/")[2]
	s.post(s.shop.subscriptionPath(s.number)+"/checkout/"+id+"/unavailable", url.Values{"csrf": {s.csrf}, "category": {"pay_later"}})
	s.payNow()
	again := s.payment()
	if again.authorizedPath == p.authorizedPath {
		t.Error("the widget offers nothing in this session any more")
	}
	wantPage(t, s.bringPayment(again, again.approve()), http.StatusOK, s.shop.subscriptionPath(s.number), "Klarna has confirmed it")
	s.wantCreated(2, 1)
}

// The customer approves in the session, and the office charges the period before the approval arrives: it is paid once.
func TestACustomerAndARunPayAPeriodOnce(t *testing.T) {
	atTwoProcesses(t, func(t *testing.T, one, other *world) {
		t.Run("one after the other", func(t *testing.T) {
			s, p := one.payingPresent()
			approval := p.approve()
			s.decline("")
			s.office.officeForm("/"+s.number+"/resume", "number", s.number)
			before := one.klarna.Created().Orders
			wantText(t, s.run(), http.StatusOK, "1 charged")
			wantText(t, s.bringPayment(p, approval), http.StatusOK, "It is paid")
			if orders := one.klarna.Created().Orders - before; orders != 1 || s.sub().period != 3 {
				t.Errorf("%d orders, and the next period is %d", orders, s.sub().period)
			}
			if s.count(klarna.OperationCancelAuthorization) != 1 {
				t.Error("the approval was not released")
			}
		})
		t.Run("at once", func(t *testing.T) {
			for range 5 {
				s, p := one.payingPresent()
				approval := p.approve()
				s.decline("")
				s.office.officeForm("/"+s.number+"/resume", "number", s.number)
				before := one.klarna.Created().Orders
				together(
					func() { s.bringPayment(p, approval) },
					func() { _, _ = one.shop.renewDue(t.Context()) },
					func() { _, _ = other.shop.renewDue(t.Context()) },
				)
				eventually(t, "the outcome", func() bool {
					_, err := other.shop.renewDue(t.Context())
					return err == nil && s.sub().period == 3
				})
				if orders := one.klarna.Created().Orders - before; orders != 1 {
					t.Fatalf("%d orders", orders)
				}
			}
		})
	})
}

func TestFormsOfOtherSitesChargeNothing(t *testing.T) {
	s := newWorld(t).subscribe()
	s.letAMonthPass()
	for _, path := range []string{"/run", "/month", "/" + s.number + "/resume", "/" + s.number + "/cancel", "/" + s.number + "/close", "/" + s.number + "/sandbox"} {
		wantText(t, s.office.post(officeSubscriptions+path, url.Values{"form": {"guessed"}}), http.StatusForbidden, "Nothing was sent to Klarna")
		wantText(t, s.newBrowser().post(officeSubscriptions+path, url.Values{}), http.StatusUnauthorized, "needs a password")
	}
	s.wantCreated(1, 1)
	s.wantStatus("Due", active)
}

func TestAViewerHasTheSandboxDecline(t *testing.T) {
	s := newWorld(t).subscribe()
	s.letAMonthPass()
	for i, row := range []struct{ change, want string }{
		{"UNAVAILABLE_PAYMENT_METHOD", "Needs customer"}, {"PAYMENT_METHOD_FAILED", "Declined"}, {"SUSPENDED", "Stopped"}, {"ACTIVE", "Active"},
	} {
		s.office.officeForm("/"+s.number+"/sandbox", "change", row.change)
		if i > 0 {
			s.office.officeForm("/"+s.number+"/resume", "number", s.number)
		}
		s.run()
		wantText(t, s.page(), http.StatusOK, ">"+row.want+"</span>")
	}
	s.wantCreated(2, 1)
	// On Klarna there is nothing of this.
	s.shop.payments.sandbox, s.shop.payments.server = false, nil
	for _, text := range []string{"/sandbox", "/month"} {
		for _, page := range []response{s.page(), s.office.get(officeSubscriptions)} {
			if strings.Contains(page.body, text+`"`) {
				t.Errorf("the office has a form for %s", text)
			}
		}
	}
}

// What is stored is what was sent, so that a repeated request is the same.
func TestAStoredChargeIsTheSameRequest(t *testing.T) {
	s := newWorld(t).subscribe()
	charge := s.sub().newRenewal(0, customertoken.StepUpSupported)
	var stored customertoken.OrderRequest
	text, err := json.Marshal(charge.request)
	if err == nil {
		err = json.Unmarshal(text, &stored)
	}
	if err != nil || fmt.Sprint(stored) != fmt.Sprint(charge.request) {
		t.Errorf("%v is stored as %v: %v", charge.request, stored, err)
	}
}
