package main

import (
	"slices"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/klarna-go/klarna-payments/klarna"
	"github.com/klarna-go/klarna-payments/klarna/klarnatest"
)

// TestInABrowser buys in the shop with a real browser, in every way that a purchase can end, and takes pictures.
func TestInABrowser(t *testing.T) {
	started, taken := startBrowser(t)
	var ran []string
	for _, step := range []struct {
		name   string
		do     func(*tab)
		expect []string // what the browser complains of, as it should
	}{
		{"cart", fillTheCart, nil},
		{"approve", approve, nil},
		{"decline", decline, nil},
		{"close", closeTheWindow, nil},
		{"invalid field", mistypeAField, nil},
		{"cart change", changeTheCart, nil},
		{"callback first", callbackFirst, nil},
		{"expired session", expiredSession, []string{"/kp/sandbox/session"}},
		{"cart changed elsewhere", changedElsewhere, nil},
		{"outcome unknown", outcomeUnknown, nil},
		{"Klarna not reached", notReached, []string{"/authorized"}},
		{"script missing", scriptMissing, []string{"/static/missing.js"}},
	} {
		t.Run(step.name, func(t *testing.T) {
			b := newTab(started, t, taken)
			step.do(b)
			b.noFaults(step.expect...)
			if !t.Failed() {
				ran = append(ran, step.name)
			}
		})
	}

	// What must have happened, whatever becomes of the list above.
	for _, name := range []string{"approve", "decline", "close", "invalid field", "cart change", "callback first", "expired session"} {
		if !slices.Contains(ran, name) {
			t.Errorf("the step %q is missing", name)
		}
	}
	wantScreenshots(t, taken,
		"goods", "cart", "cart-empty", "checkout", "window", "confirmation", "declined", "closed", "invalid-field", "cart-change",
		"callback-first", "expired", "cart-changed", "checking", "approved", "unavailable", "all-declined",
	)
}

func fillTheCart(b *tab) {
	b.open("/")
	b.read("h1", "kitchen table")
	b.follow(`[aria-label="Add Beeswax candle to the cart"]`)
	b.read("#total", "€62.90") // 29.00 and 24.00 and 9.90, and shipping is free
	b.follow("#less-mug")
	b.read("#total", "€53.30") // with shipping
	b.shot("cart")
	b.follow("#more-candle")
	b.read("#total", "€63.20")
	b.open("/")
	b.shot("goods")
	b.open("/cart")
	for _, product := range []string{"mug", "cookbook", "candle", "candle"} {
		b.follow("#less-" + product)
	}
	b.read("main", "It is empty.")
	b.shot("cart-empty")
}

func approve(b *tab) {
	b.open("/cart")
	b.click("#to-checkout")
	b.ready()
	b.read("#pay", "Pay €57.90 with Klarna")
	b.shot("checkout")
	b.openWindow()
	b.shotOfWindow("window")
	b.click(`[data-klarna-sandbox="approve"]`)
	b.read("h1", thanks)
	b.see("#order-id")
	b.shot("confirmation")
	b.wantOrders(1)
	b.open("/cart")
	b.read("main", "It is empty.")
}

func decline(b *tab) {
	b.open("/checkout")
	b.ready()
	b.inWindow("decline")
	b.read("h1", "Klarna declined this payment")
	b.shot("declined")
	b.click(".actions a") // choose another way to pay
	b.ready()
	b.gone(`[value="pay_later"]`)
	b.inWindow("decline")
	b.read("h1", "Klarna declined this payment")
	b.click(".actions a")
	b.ready()
	b.inWindow("decline")
	b.read("h1", "Klarna declined this payment")
	b.click(".actions a")
	b.read("main", "No way to pay is left")
	b.shot("all-declined")
	b.wantOrders(0)
}

func closeTheWindow(b *tab) {
	b.open("/checkout")
	b.ready()
	b.inWindow("close")
	b.see(`[data-notice="closed"]`)
	b.ready() // and may pay all the same
	b.shot("closed")
	b.wantOrders(0)
	b.inWindow("approve")
	b.read("h1", thanks)
	b.wantOrders(1)
}

func mistypeAField(b *tab) {
	b.open("/checkout")
	b.ready()
	b.mistype("billing_address.postal_code")
	b.see(`[data-notice="invalid"]`)
	b.see(`#postal_code[aria-invalid]:focus`)
	b.shot("invalid-field")
	b.wantOrders(0)
	b.do("correct it", chromedp.SendKeys(chromedp.CSS("#postal_code"), "7"))
	b.gone(`[aria-invalid]`)

	b.mistype("customer.date_of_birth") // the shop does not ask for it
	b.see(`[data-notice="invalid-elsewhere"]`)
	b.inWindow("approve")
	b.read("h1", thanks)
	b.wantOrders(1)
}

func changeTheCart(b *tab) {
	b.open("/checkout")
	b.ready()
	b.read(`[data-klarna-sandbox="amount"]`, "57.90")
	b.click("#more-mug")
	b.read("#pay", "Pay €67.50 with Klarna")
	b.ready()
	b.read(`[data-klarna-sandbox="amount"]`, "67.50") // the widget was loaded again
	b.see("#more-mug:focus")
	b.read("#cart-count", "4")
	b.shot("cart-change")
	b.inWindow("approve")
	b.read("h1", thanks)
	b.read("#total", "€67.50")
	b.wantOrders(1)
	if n := b.count(klarna.OperationUpdateSession); n != 1 {
		b.t.Errorf("the session was updated %d times", n)
	}
}

func callbackFirst(b *tab) {
	b.klarna.SetCallbacks(klarnatest.CallbackPolicy{First: true, Timeout: time.Minute})
	b.open("/checkout")
	b.ready()
	b.inWindow("approve")
	b.read("h1", thanks)
	b.see("#by-callback")
	b.shot("callback-first")
	b.wantOrders(1)
	if n := b.count(klarna.OperationCreateOrder); n != 1 {
		b.t.Errorf("Klarna was asked for %d orders", n)
	}
}

func expiredSession(b *tab) {
	b.open("/checkout")
	b.ready()
	b.klarna.Advance(49 * time.Hour)
	b.click("#pay")
	b.read("h1", "The time to pay ran out")
	b.shot("expired")
	b.click(".actions a") // start again
	b.ready()
	b.inWindow("approve")
	b.read("h1", thanks)
	b.wantOrders(1)
}

// changedElsewhere is a cart that changes in another tab, after the approval and before the shop has heard of it.
func changedElsewhere(b *tab) {
	b.open("/checkout")
	b.ready()
	b.until("the other tab", `() => {
		const submit = HTMLFormElement.prototype.submit;
		const cart = new FormData(document.querySelector('#more-mug').form);
		cart.set('quantity', '4');
		HTMLFormElement.prototype.submit = function () {
			fetch('/cart', { method: 'POST', body: new URLSearchParams(cart) }).then(() => submit.call(this));
		};
		return true;
	}`)
	b.inWindow("approve")
	b.read("h1", "Your cart is not the one you approved")
	b.shot("cart-changed")
	b.wantOrders(0)
	b.click(".actions a")
	b.ready()
	b.inWindow("approve")
	b.read("h1", thanks)
	b.wantOrders(1)
}

func outcomeUnknown(b *tab) {
	lost := klarnatest.ResetAfter()
	b.klarna.Fail(klarna.OperationCreateOrder, lost, lost, lost, lost, lost, lost, lost, lost, lost) // for about 7 s
	b.open("/checkout")
	b.ready()
	b.inWindow("approve")
	b.read("h1", "We are checking your payment")
	b.shot("checking")
	b.read("h1", thanks) // the page looks by itself
	b.wantOrders(1)
}

// notReached is an approval that the shop cannot check yet, and a shopper who sends it once more.
func notReached(b *tab) {
	b.open("/checkout")
	b.ready()
	down := klarnatest.EmptyStatus(503)
	b.klarna.Fail(klarna.OperationReadSession, down, down, down)
	b.inWindow("approve")
	b.read("h1", "Your order is not placed yet")
	b.shot("approved")
	b.click("#order-now")
	b.read("h1", thanks)
	b.wantOrders(1)
}

func scriptMissing(b *tab) {
	b.shop.payments.script = b.url + "/static/missing.js"
	b.open("/checkout")
	b.see(`[data-notice="unavailable"]`)
	b.shot("unavailable")
	b.follow("#more-mug") // the cart works without it
	b.read("#total", "€67.50")
}

func (b *tab) wantOrders(n int) {
	b.t.Helper()
	if got := b.orders(); got != n {
		b.t.Errorf("%d orders were placed, want %d", got, n)
	}
}
