package main

import (
	"context"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/klarna-go/klarna-payments/klarna/customertoken"
	"github.com/klarna-go/klarna-payments/klarna/klarnatest"
)

// TestSubscriptionsInABrowser signs up for a subscription with a real browser, renews it, and pays for it after a decline. It takes
// pictures.
func TestSubscriptionsInABrowser(t *testing.T) {
	started, taken := startBrowser(t)
	for _, step := range []struct {
		name string
		do   func(*tab)
	}{
		{"sign up and renew", signUpAndRenew},
		{"confirm a declined renewal", confirmADeclinedRenewal},
		{"outcome unknown", renewWithLostResponses},
		{"cancel", cancelASubscription},
	} {
		t.Run(step.name, func(t *testing.T) {
			b := newTab(started, t, taken)
			step.do(b)
			b.noFaults()
		})
	}
	wantScreenshots(t, taken,
		"subscription-checkout", "subscription-confirmation", "subscription", "subscription-declined", "subscription-pay", "subscription-paid",
		"subscription-cancelled", "office-subscriptions", "office-subscriptions-empty", "office-subscription-declined",
		"office-subscription-confirmed", "office-subscription-unknown",
	)
}

// anotherStep gives what follows as much time as a step has.
func (b *tab) anotherStep() {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.tabCtx, stepTimeout)
	b.t.Cleanup(cancel)
	b.ctx = ctx
}

// signUp puts coffee into an empty cart, and approves. It returns the number of the subscription.
func (b *tab) signUp() (number string) {
	b.t.Helper()
	b.open("/")
	b.follow(`[aria-label="Subscribe to Coffee"]`)
	for _, product := range []string{"mug", "mug", "cookbook"} {
		b.follow("#less-" + product)
	}
	b.read("#renews", "€18.40 every month, until you cancel")
	b.click("#to-checkout")
	b.ready()
	if !b.taken["subscription-checkout-desktop"] {
		b.shot("subscription-checkout")
	}
	b.inWindow("approve")
	b.read("h1", thanks)
	b.see("#subscription")
	b.anotherStep()
	number, err := chromedp.Run(b.ctx, chromedp.Evaluate[string](`document.getElementById("order-number").innerText`))
	if err != nil {
		b.giveUp("read the number", err)
	}
	return number
}

// toSubscriptions opens the list in the back office.
func (b *tab) toSubscriptions() {
	b.t.Helper()
	withPassword := strings.Replace(b.url, "http://", "http://office:"+b.shop.office.password+"@", 1)
	b.do("log in", chromedp.Navigate(withPassword+"/office"))
	b.open("/office")
	b.follow(`nav a[href="` + officeSubscriptions + `"]`)
	b.read("h1", "Subscriptions")
}

func signUpAndRenew(b *tab) {
	b.toSubscriptions()
	b.read("main", "Nobody has subscribed yet.")
	b.shot("office-subscriptions-empty")
	b.signUp()
	b.shot("subscription-confirmation")
	b.follow("#subscription")
	b.see("#due")
	b.shot("subscription")

	b.toSubscriptions()
	b.follow("#run")
	b.read(`[data-notice="good"]`, "0 charged")
	b.follow("#month")
	b.read(".orders", "Due")
	b.follow("#run")
	b.read(`[data-notice="good"]`, "1 charged, 0 declined, 0 open")
	b.read(".orders", "Active")
	b.shot("office-subscriptions")
	b.wantCreated(2, 1)
	b.follow(".orders a")
	b.read(`[data-charge="Paid"]`, "€18.40")
	b.follow(`[data-charge="Paid"] a`)
	b.read("h1", "To capture")
}

func confirmADeclinedRenewal(b *tab) {
	number := b.signUp()
	b.toSubscriptions()
	b.follow(".orders a")
	b.follow(`[value="UNAVAILABLE_PAYMENT_METHOD"]`)
	b.open(officeSubscriptions)
	b.follow("#month")
	b.follow("#run")
	b.read(`[data-notice="bad"]`, "0 charged, 1 declined, 0 open")
	b.follow(".orders a")
	b.read("h1", "Needs customer")
	b.read(`[data-notice="bad"]`, "Send them the link")
	b.shot("office-subscription-declined")

	b.anotherStep()
	b.follow("#customer-link")
	b.read(`[data-notice="bad"]`, "the card may have expired")
	b.shot("subscription-declined")
	b.follow("#pay-now")
	b.read("h1", "Pay for your subscription")
	b.ready()
	b.read("#pay", "Pay €18.40 with Klarna")
	b.shot("subscription-pay")
	b.inWindow("decline")
	b.read(`[data-notice="bad"]`, "The payment did not work")
	b.follow("#pay-now")
	b.ready()
	b.inWindow("approve")
	b.read(`[data-notice="good"]`, "It is paid")
	b.shot("subscription-paid")
	b.wantCreated(2, 1)

	b.anotherStep()
	b.open(officeSubscriptionPath(number))
	b.read("h1", "Active")
	b.read(`[data-charge="Paid"]`, "the customer paid in a session")
	b.read(`[data-charge="Declined"]`, "there is a step-up id")
	b.shot("office-subscription-confirmed")
	b.open(officeSubscriptions)
	b.follow("#month")
	b.follow("#run")
	b.read(`[data-notice="good"]`, "1 charged") // the token charges the new card
	b.wantCreated(3, 1)
}

func renewWithLostResponses(b *tab) {
	number := b.signUp()
	b.toSubscriptions()
	b.follow("#month")
	lost := klarnatest.ResetAfter()
	b.klarna.Fail(customertoken.OperationCreateOrder, lost, lost, lost)
	b.follow("#run")
	b.read(`[data-notice="wait"]`, "1 open")
	b.open(officeSubscriptionPath(number))
	b.read(`[data-notice="wait"]`, "The outcome is unknown")
	b.shot("office-subscription-unknown")
	b.open(officeSubscriptions)
	b.follow("#run")
	b.read(`[data-notice="good"]`, "1 charged")
	b.wantCreated(2, 1)
}

func cancelASubscription(b *tab) {
	b.signUp()
	b.follow("#subscription")
	b.follow("#cancel-subscription")
	b.read(`[data-notice="wait"]`, "We do not charge you any more")
	b.shot("subscription-cancelled")
}
