package main

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/klarna-go/klarna-payments/klarna"
	"github.com/klarna-go/klarna-payments/klarna/customertoken"
	"github.com/klarna-go/klarna-payments/klarna/klarnatest"
)

// The first request may have charged the customer, and the later ones were not looked at.
func TestAChargeThatMayHaveHappenedIsNotCalledUnsent(t *testing.T) {
	s := newWorld(t).subscribe()
	s.letAMonthPass()
	s.klarna.Fail(customertoken.OperationCreateOrder, append(three(klarnatest.ResetAfter()), klarnatest.Status(401, "UNAUTHORIZED"))...)
	wantText(t, s.run(), http.StatusOK, "1 open")
	wantText(t, s.run(), http.StatusOK, "1 open")
	page := s.page()
	wantText(t, page, http.StatusOK, "so it may have been carried out, or not", "UNAUTHORIZED")
	if strings.Contains(page.body, "Nothing was charged") {
		t.Error("the office claims that nothing was charged")
	}
	wantText(t, s.run(), http.StatusOK, "1 charged")
	s.wantCreated(2, 1)
}

// A run has read a subscription before it was cancelled.
func TestARunDoesNotChargeWhatWasCancelledMeanwhile(t *testing.T) {
	for name, row := range map[string]struct {
		sent   bool
		orders int
	}{
		"before the charge was sent": {false, 1}, "after it was sent, with an unknown outcome": {true, 2},
	} {
		t.Run(name, func(t *testing.T) {
			onBothDatabases(t, func(t *testing.T, database string) {
				s := newWorldOn(t, klarnatest.NewServer(), database).subscribe()
				s.letAMonthPass()
				if row.sent {
					s.klarna.Fail(customertoken.OperationCreateOrder, three(klarnatest.ResetAfter())...)
					wantText(t, s.run(), http.StatusOK, "1 open")
				}
				sub := s.sub()
				r := sub.newRenewal(0, "")
				if row.sent {
					r = s.last()
				} else if added, err := s.shop.store.addRenewal(t.Context(), sub, r); err != nil || !added {
					t.Fatal(added, err)
				}
				if err := s.shop.store.cancelSubscription(t.Context(), s.number); err != nil {
					t.Fatal(err)
				}
				if err := s.shop.sendCharge(t.Context(), sub, r); err != nil {
					t.Fatal(err)
				}
				if paid := s.last().state == renewalPaid; paid != row.sent {
					t.Errorf("the charge is %s", s.last().state)
				}
				s.wantCreated(row.orders, 1)
			})
		})
	}
}

// The customer signs up anew to pay for a period, and cancels before the outcome of that order is known.
func TestTheNewTokenOfACancelledSubscriptionIsCancelled(t *testing.T) {
	s := newWorld(t).subscribe()
	old := s.sub().customerToken
	s.letAMonthPass()
	s.decline("UNAVAILABLE_PAYMENT_METHOD")
	s.run()
	s.klarna.Fail(customertoken.OperationCreateOrder, klarnatest.Status(403, "UNAVAILABLE_PAYMENT_METHOD"))
	s.payNow()
	p := s.payment()
	goOn := s.holdOrders(0) // the process takes its time
	if err := s.shop.intend(t.Context(), p.record(), p.approve(), byBrowser); err != nil {
		t.Fatal(err)
	}
	if err := s.shop.store.cancelSubscription(t.Context(), s.number); err != nil {
		t.Fatal(err)
	}
	goOn()
	eventually(t, "the outcome", func() bool {
		_, err := s.shop.renewDue(t.Context())
		return err == nil && s.last().state == renewalPaid
	})
	var fresh string
	if err := s.shop.store.db.QueryRow(`SELECT customer_token FROM subscription_checkouts WHERE checkout_id = $1`, p.record().id).Scan(&fresh); err != nil || fresh == old {
		t.Fatal("there is no new token: ", err)
	}
	if _, err := s.shop.renewDue(t.Context()); err != nil {
		t.Fatal(err)
	}
	s.klarna.Advance(2 * time.Second)
	for _, token := range []string{old, fresh} {
		if status := s.klarna.CustomerToken(token).Status; status != customertoken.TokenStatusCancelled {
			t.Errorf("a token is %s", status)
		}
	}
	if s.sub().state != cancelled || s.count(klarna.OperationCreateCustomerToken) != 2 {
		t.Errorf("the subscription is %s", s.sub().state)
	}
}
