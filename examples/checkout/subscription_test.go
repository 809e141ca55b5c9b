package main

import (
	"encoding/json"
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

func TestASignUpMakesTheTokenBeforeTheOrder(t *testing.T) {
	onBothDatabases(t, func(t *testing.T, database string) {
		s := newWorldOn(t, klarnatest.NewServer(), database).subscribe()
		var made []klarna.Operation
		for _, request := range s.klarna.Requests() {
			if op := request.Operation; op == klarna.OperationCreateCustomerToken || op == klarna.OperationCreateOrder {
				made = append(made, op)
			}
			var session klarna.SessionCreate
			if request.Operation == klarna.OperationCreateSession && json.Unmarshal(request.Body, &session) == nil && session.Intent != klarna.IntentBuyAndTokenize {
				t.Errorf("the intent is %q", session.Intent)
			}
		}
		if !slices.Equal(made, []klarna.Operation{klarna.OperationCreateCustomerToken, klarna.OperationCreateOrder}) {
			t.Errorf("it was made: %v", made)
		}
		s.wantCreated(1, 1)
		sub := s.sub()
		if sub.period != 2 || !sub.due.Equal(dueOf(sub.began, sub.plan, 2)) || s.klarna.CustomerToken(sub.customerToken) == nil {
			t.Errorf("the subscription is %v", sub)
		}
		for name, page := range map[string]response{"the confirmation": s.get(orderPath(s.number)), "the customer's page": s.own(), "the office": s.page(), "the list": s.office.get(officeSubscriptions)} {
			contains(t, name, page.body, sub.customerToken)
		}
		contains(t, "the log", s.log.String(), sub.customerToken)
		contains(t, "the log", s.log.String(), s.shop.secret(s.number))
	})
}

func TestTheIntentFollowsTheCart(t *testing.T) {
	w := newWorld(t)
	b := w.newBrowser()
	p := b.checkout()
	if intent := p.record().session.Intent; intent != "" {
		t.Errorf("mugs and a cookbook have the intent %q", intent)
	}
	p.setQuantity("coffee", "1")
	mixed := b.checkout()
	if mixed.record().session.Intent != klarna.IntentBuyAndDefaultTokenize || mixed.authorizedPath == p.authorizedPath {
		t.Errorf("a mixed cart has the intent %q", mixed.record().session.Intent)
	}
	wantText(t, b.get("/checkout"), http.StatusOK, "After this one, we charge €18.40 every month, until you cancel.")
	wantPage(t, mixed.bring(mixed.approve()), http.StatusOK, anyOrder, thanks)
	s := &subscriber{mixed, w.officeBrowser(), mixed.record().number}
	s.letAMonthPass()
	wantText(t, s.run(), http.StatusOK, "1 charged, 0 declined, 0 open")
	order := w.klarna.Order(s.last().orderID)
	if order.OrderAmount != 1840 || len(order.OrderLines) != 2 {
		t.Errorf("the renewal is %d, with %d lines", order.OrderAmount, len(order.OrderLines))
	}
}

func TestACustomerTokenWhoseOutcomeIsUnknown(t *testing.T) {
	lost, never := klarnatest.ResetAfter(), klarnatest.ResetBefore()
	down := klarnatest.Status(503, "SERVICE_UNAVAILABLE")
	usedUp := klarnatest.Status(403, "INVALID_OPERATION", "Authorization token already consumed")
	for name, row := range map[string]struct {
		faults []klarnatest.Fault
		calls  int
		ok     bool
	}{
		"it never arrived":                                  {[]klarnatest.Fault{never}, 2, true},
		"Klarna fails twice":                                {[]klarnatest.Fault{down, down}, 3, true},
		"it was made, and its response was lost":            {[]klarnatest.Fault{lost}, 2, true},
		"it was made, and Klarna does not return it again":  {[]klarnatest.Fault{lost, usedUp}, 2, false},
		"Klarna fails for longer":                           {three(down), 3, false},
		"a rejection after a failure, which proves nothing": {[]klarnatest.Fault{down, klarnatest.Status(403, "REJECTED")}, 2, false},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			p := w.signingUp()
			w.klarna.Fail(klarna.OperationCreateCustomerToken, row.faults...)
			token := p.approve()
			got := p.bring(token)
			if n := w.count(klarna.OperationCreateCustomerToken); n != row.calls {
				t.Errorf("%d calls, want %d", n, row.calls)
			}
			if row.ok {
				wantPage(t, got, http.StatusOK, anyOrder, "Your subscription")
				w.wantCreated(1, 1)
				return
			}
			wantPage(t, got, http.StatusOK, "/problem/lost", "You pay nothing")
			if w.orders() != 0 || w.count(klarna.OperationCancelAuthorization) != 1 {
				t.Error("something was ordered, or the approval was not released")
			}
			// The callback brings the same approval, or the browser once more: nothing begins anew.
			wantPage(t, p.bring(token), http.StatusOK, "/problem/lost", "Please approve once more")
			if n := w.count(klarna.OperationCreateCustomerToken); n != row.calls {
				t.Errorf("%d calls after all", n)
			}
			again := p.checkout() // the cart is as it was, and the session is another one
			if again.record().sessionID == p.record().sessionID {
				t.Error("it is the same session")
			}
			wantPage(t, again.bring(again.approve()), http.StatusOK, anyOrder, "Your subscription")
			if w.orders() != 1 {
				t.Errorf("%d orders", w.orders())
			}
		})
	}
}

func TestARejectedCustomerTokenOrdersNothing(t *testing.T) {
	for name, fault := range map[string]klarnatest.Fault{
		"not allowed": klarnatest.Status(403, "NOT_ALLOWED"), "no tokens for this": klarnatest.Status(400, "BAD_REQUEST"),
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			p := w.signingUp()
			w.klarna.Fail(klarna.OperationCreateCustomerToken, fault)
			token := p.approve()
			wantPage(t, p.bring(token), http.StatusOK, "/problem/unsubscribed", "we did not order, and you pay nothing")
			w.wantCreated(0, 0)
			wantPage(t, p.bring(token), http.StatusOK, anyOrder, "Your subscription") // the approval is still good
			w.wantCreated(1, 1)
		})
	}
}

// Browser and callback bring the same approval to two processes.
func TestOneOfTwoProcessesMakesTheToken(t *testing.T) {
	atTwoProcesses(t, func(t *testing.T, one, other *world) {
		for range 5 {
			p := one.signingUp()
			moved := p.at(other)
			token := p.approve()
			together(func() { p.bring(token) }, func() { moved.bring(token) }, func() { p.bring(token) })
			if tokens := one.klarna.CustomerTokens(token); len(tokens) != 1 || p.order().state != placed {
				t.Fatalf("%d tokens, and the order is %q", len(tokens), p.order().state)
			}
		}
		one.wantCreated(5, 5)
	}, klarnatest.WithRepeatedCustomerTokens())
}

// A process dies while it asks for the customer token. Another one goes on when the approval is brought once more.
func TestASignUpThatDiedWithItsProcess(t *testing.T) {
	onBothDatabases(t, func(t *testing.T, database string) {
		const another = "Tea, every month" // for which Klarna does not return the token of the first request
		for name, description := range map[string]string{
			"before the call": "", "after the call": plans["coffee"].Name, "after the call, and the token is not returned again": another,
		} {
			t.Run(name, func(t *testing.T) {
				before := newWorldOn(t, klarnatest.NewServer(), database)
				p := before.signingUp()
				token := p.approve()
				c := p.record()
				if begun, err := before.shop.store.beginSignUp(t.Context(), c, token); err != nil || !begun.ours {
					t.Fatal(begun, err)
				}
				if description != "" {
					if _, err := before.shop.klarna.CreateCustomerToken(t.Context(), token, klarna.CustomerTokenCreationRequest{
						Description: description, IntendedUse: klarna.IntendedUseSubscription,
						PurchaseCountry: "DE", PurchaseCurrency: "EUR", Locale: "en-DE",
					}); err != nil {
						t.Fatal(err)
					}
				}
				after := before.restart()
				if begun, err := after.shop.store.beginSignUp(t.Context(), c, token); err != nil || begun.ours {
					t.Fatalf("another process may still be asking: %v %v", begun, err)
				}
				if _, err := after.shop.store.db.Exec(`UPDATE subscription_checkouts SET asked = $1`, now().Add(-sendingFor-time.Second)); err != nil {
					t.Fatal(err)
				}
				moved := p.at(after)
				if description == another {
					wantPage(t, moved.bring(token), http.StatusOK, "/problem/lost", "You pay nothing")
					after.wantCreated(0, 1)
					return
				}
				wantPage(t, moved.bring(token), http.StatusOK, anyOrder, "Your subscription")
				after.wantCreated(1, 1)
			})
		}
	})
}

// The token was made, and then Klarna rejected the order: nothing began, and the token is cancelled.
func TestATokenWithoutAnOrderIsCancelled(t *testing.T) {
	w := newWorld(t)
	p := w.signingUp()
	w.klarna.Fail(klarna.OperationCreateOrder, klarnatest.Status(403, "REJECTED"))
	first := p.approve()
	wantText(t, p.bring(first), http.StatusOK, "Klarna declined")
	old := w.klarna.CustomerTokens(first)[0]

	second := p.approve()
	wantPage(t, p.bring(second), http.StatusOK, anyOrder, "Your subscription")
	s := &subscriber{p, w.officeBrowser(), p.record().number}
	s.run()
	w.klarna.Advance(2 * time.Second)
	if status := w.klarna.CustomerToken(old).Status; status != customertoken.TokenStatusCancelled {
		t.Errorf("the token of the first approval is %s", status)
	}
	if status := w.klarna.CustomerToken(s.sub().customerToken).Status; status != customertoken.TokenStatusActive {
		t.Errorf("the token of the subscription is %s", status)
	}

	// Somebody else leaves for good.
	p = w.signingUp()
	w.klarna.Fail(klarna.OperationCreateOrder, klarnatest.Status(403, "REJECTED"))
	left := p.approve()
	p.bring(left)
	s.run()
	if _, err := w.shop.store.db.Exec(`UPDATE subscription_checkouts SET asked = $1`, now().Add(-3*time.Hour)); err != nil {
		t.Fatal(err)
	}
	w.klarna.Advance(2 * time.Second)
	if status := w.klarna.CustomerToken(w.klarna.CustomerTokens(left)[0]).Status; status != customertoken.TokenStatusActive {
		t.Errorf("the order could still be placed, and the token is %s", status)
	}
	s.run()
	w.klarna.Advance(2 * time.Second)
	if status := w.klarna.CustomerToken(w.klarna.CustomerTokens(left)[0]).Status; status != customertoken.TokenStatusCancelled {
		t.Errorf("the token of who left is %s", status)
	}
	if status := w.klarna.CustomerToken(s.sub().customerToken).Status; status != customertoken.TokenStatusActive {
		t.Errorf("the token of the subscription is %s", status)
	}
}

func TestACancelledSubscriptionIsNotCharged(t *testing.T) {
	s := newWorld(t).subscribe()
	s.letAMonthPass()
	down := klarnatest.Status(503, "SERVICE_UNAVAILABLE")
	s.klarna.Fail(customertoken.OperationCancelToken, three(down)...)
	got := s.post(s.shop.subscriptionPath(s.number)+"/cancel", url.Values{"csrf": {s.csrf}})
	wantText(t, got, http.StatusOK, "It is cancelled", "We do not charge you any more")
	eventually(t, "Klarna was asked", func() bool { return s.count(customertoken.OperationCancelToken) == 3 })
	if status := s.klarna.CustomerToken(s.sub().customerToken).Status; status != customertoken.TokenStatusActive {
		t.Errorf("Klarna has cancelled the token: %s", status)
	}
	wantText(t, s.run(), http.StatusOK, "0 charged, 0 declined, 0 open") // and asks Klarna once more to cancel the token
	s.klarna.Advance(2 * time.Second)
	if status := s.klarna.CustomerToken(s.sub().customerToken).Status; status != customertoken.TokenStatusCancelled {
		t.Errorf("the token is %s", status)
	}
	s.wantStatus("Cancelled", cancelled)
	s.wantCreated(1, 1)
}

func TestALinkWithAnotherSecretFindsNothing(t *testing.T) {
	s := newWorld(t).subscribe()
	path := s.shop.subscriptionPath(s.number)
	for _, wrong := range []string{path[:len(path)-1] + "x", strings.Replace(path, s.number, "EX-AAAAAAAA", 1)} {
		wantPage(t, s.get(wrong), http.StatusNotFound, wrong, "There is nothing here")
		wantPage(t, s.post(wrong+"/cancel", url.Values{"csrf": {s.csrf}}), http.StatusNotFound, wrong+"/cancel", "There is nothing here")
	}
	if s.sub().state != active {
		t.Error("it was cancelled")
	}
	// The right one works on another device.
	wantPage(t, s.newBrowser().get(path), http.StatusOK, path, "Cancel the subscription")
}

func TestPeriodsFollowFromTheFirst(t *testing.T) {
	day := func(text string) time.Time {
		at, err := time.Parse(time.DateOnly, text)
		if err != nil {
			t.Fatal(err)
		}
		return at
	}
	for _, row := range []struct {
		began    string
		interval klarna.SubscriptionInterval
		count    int
		period   int64
		want     string
	}{
		{"2026-01-15", klarna.SubscriptionIntervalMonth, 1, 2, "2026-02-15"},
		{"2026-01-31", klarna.SubscriptionIntervalMonth, 1, 2, "2026-02-28"},
		{"2026-01-31", klarna.SubscriptionIntervalMonth, 1, 3, "2026-03-31"},
		{"2026-01-31", klarna.SubscriptionIntervalMonth, 3, 2, "2026-04-30"},
		{"2028-02-29", klarna.SubscriptionIntervalYear, 1, 2, "2029-02-28"},
		{"2026-12-30", klarna.SubscriptionIntervalWeek, 2, 2, "2027-01-13"},
		{"2026-12-30", klarna.SubscriptionIntervalDay, 1, 4, "2027-01-02"},
	} {
		got := dueOf(day(row.began), klarna.Subscription{Interval: row.interval, IntervalCount: row.count}, row.period)
		if got.Format(time.DateOnly) != row.want {
			t.Errorf("period %d of %d %s from %s on begins on %s, want %s", row.period, row.count, row.interval, row.began, got.Format(time.DateOnly), row.want)
		}
	}
}
