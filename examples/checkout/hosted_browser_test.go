package main

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/klarna-go/klarna-payments/klarna/hostedpage"
	"github.com/klarna-go/klarna-payments/klarna/klarnatest"
)

// TestKlarnasPageInABrowser pays on Klarna's page with a real browser, at both widths, in every way that it can end.
func TestKlarnasPageInABrowser(t *testing.T) {
	started, taken := startBrowser(t)
	for _, width := range []int64{desk, phone} {
		for _, step := range []struct {
			name   string
			do     func(*tab)
			expect []string // what the browser complains of, as it should
		}{
			{"approve", approveOnPage, nil},
			{"back, and the widget", backFromPage, nil},
			{"cancel", cancelOnPage, nil},
			{"decline, and approve", declineOnPage, nil},
			{"error", errorOnPage, nil},
			{"no way back, but a callback", noWayBack, nil},
			{"no way back, and no callback", neither, nil},
			{"no way back, but the browser's own", browsersOwnWayBack, nil},
			{"Klarna does not respond", waitForPage, nil},
			{"cart change", changeCartAfterPage, nil},
			{"address", addressForPage, nil},
			{"script missing", pageWithoutScript, []string{"/static/missing.js"}},
		} {
			t.Run(fmt.Sprintf("%s at %d", step.name, width), func(t *testing.T) {
				b := newTab(started, t, taken)
				b.only = width
				b.do("the width", chromedp.EmulateViewport(width, 900))
				step.do(b)
				b.noFaults(step.expect...)
			})
		}
	}
	wantScreenshots(t, taken,
		"hosted-choice", "hosted-page", "hosted-confirmation", "hosted-back", "hosted-cancelled", "hosted-declined", "hosted-error",
		"hosted-stayed", "hosted-last-order", "hosted-waiting",
	)
}

// toKlarnasPage goes there from the checkout.
func (b *tab) toKlarnasPage() {
	b.t.Helper()
	b.open("/checkout")
	b.ready()
	b.follow("#pay-on-page")
	b.read(`[data-klarna-sandbox="amount"]`, "57.90 EUR")
}

// onKlarnasPage presses a button there.
func (b *tab) onKlarnasPage(button string) {
	b.t.Helper()
	b.follow(`[data-klarna-sandbox="` + button + `"]`)
}

// stay presses a button there, with the way back lost.
func (b *tab) stay(button string) {
	b.t.Helper()
	b.click(`[data-klarna-sandbox="stay"]`)
	b.onKlarnasPage(button)
}

func approveOnPage(b *tab) {
	b.open("/checkout")
	b.ready()
	b.shot("hosted-choice")
	b.toKlarnasPage()
	b.shot("hosted-page")
	b.onKlarnasPage("approve")
	b.read("h1", thanks)
	b.see("#order-id")
	b.shot("hosted-confirmation")
	b.wantOrders(1)
	b.open("/cart")
	b.read("main", "It is empty.")
}

func backFromPage(b *tab) {
	b.toKlarnasPage()
	b.onKlarnasPage("back")
	b.ready()
	b.see("#on-page")
	b.shot("hosted-back")
	b.wantOrders(0)
	b.inWindow("approve")
	b.read("h1", thanks)
	b.wantOrders(1)
	eventually(b.t, "the page is disabled", func() bool { return b.count(hostedpage.OperationDisableSession) == 1 })
}

func cancelOnPage(b *tab) {
	b.toKlarnasPage()
	b.onKlarnasPage("cancel")
	b.read("h1", "You cancelled the payment")
	b.shot("hosted-cancelled")
	b.wantOrders(0)
	b.follow(".actions .second") // back to Klarna's page
	b.onKlarnasPage("approve")
	b.read("h1", thanks)
	b.wantOrders(1)
}

func declineOnPage(b *tab) {
	b.toKlarnasPage()
	b.onKlarnasPage("decline")
	b.read("h1", "Klarna declined this payment")
	b.shot("hosted-declined")
	b.wantOrders(0)
	b.follow(".actions a") // choose another way there
	b.onKlarnasPage("approve")
	b.read("h1", thanks)
	b.wantOrders(1)
	if n := b.count(hostedpage.OperationCreateSession); n != 1 {
		b.t.Errorf("%d pages were made", n)
	}
}

func errorOnPage(b *tab) {
	b.toKlarnasPage()
	b.onKlarnasPage("error")
	b.read("h1", "Something went wrong on Klarna’s page")
	b.shot("hosted-error")
	b.follow(".actions .second") // pay in the shop
	b.ready()
	b.wantOrders(0)
}

func noWayBack(b *tab) {
	b.klarna.SetCallbacks(klarnatest.CallbackPolicy{})
	b.toKlarnasPage()
	b.stay("approve")
	b.read("main", "You can close this window")
	b.shot("hosted-stayed")
	eventually(b.t, "the callback placed the order", func() bool { return b.orders() == 1 && b.openPages() == 0 })
	b.open("/cart")
	b.see("#last-order")
	b.shot("hosted-last-order")
	b.follow("#last-order")
	b.read("h1", thanks)
	b.see("#by-callback")
	b.wantOrders(1)
}

func neither(b *tab) {
	b.shop.background.Go(func() { b.shop.watchPages(b.shop.running, 200*time.Millisecond) })
	b.toKlarnasPage()
	b.stay("approve")
	eventually(b.t, "the shop looked at the page", func() bool { return b.orders() == 1 && b.openPages() == 0 })
	b.open("/checkout")
	b.follow("#last-order")
	b.read("h1", thanks)
	b.wantOrders(1)
}

func browsersOwnWayBack(b *tab) {
	b.toKlarnasPage()
	b.stay("approve")
	b.do("two pages back", chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
		_, err := chromedp.Evaluate[bool](`history.go(-2), true`)(ctx, t)
		return err
	}))
	b.read("h1", thanks)
	b.wantOrders(1)
}

func waitForPage(b *tab) {
	b.toKlarnasPage()
	lost := klarnatest.ResetAfter()
	b.klarna.Fail(hostedpage.OperationReadSession, lost, lost, lost)
	b.onKlarnasPage("approve")
	b.read("h1", "We are waiting for Klarna")
	b.shot("hosted-waiting")
	b.read("h1", thanks) // the page looks by itself
	b.wantOrders(1)
}

func changeCartAfterPage(b *tab) {
	b.toKlarnasPage()
	b.onKlarnasPage("back")
	b.ready()
	b.click("#more-mug")
	b.read("#pay", "Pay €67.50 with Klarna")
	b.ready()
	b.gone("#on-page")
	b.follow("#pay-on-page")
	b.read(`[data-klarna-sandbox="amount"]`, "67.50 EUR")
	b.onKlarnasPage("approve")
	b.read("h1", thanks)
	b.read("#total", "€67.50")
	b.wantOrders(1)
	if n := b.count(hostedpage.OperationCreateSession); n != 2 {
		b.t.Errorf("%d pages were made for two carts", n)
	}
}

func addressForPage(b *tab) {
	b.open("/checkout")
	b.ready()
	b.until("an empty field", `() => !(document.querySelector("#city").value = "")`)
	b.click("#pay-on-page")
	b.see(`#city[aria-invalid]:focus`)
	b.do("the town", chromedp.SendKeys(chromedp.CSS("#city"), "Bonn"))
	b.follow("#pay-on-page")
	b.onKlarnasPage("approve")
	b.read("h1", thanks)
	b.wantOrders(1)
}

// pageWithoutScript is where a content blocker keeps Klarna's widget away.
func pageWithoutScript(b *tab) {
	b.shop.payments.script = b.url + "/static/missing.js"
	b.open("/checkout")
	b.see(`[data-notice="unavailable"]`)
	b.follow("#pay-on-page")
	b.onKlarnasPage("approve")
	b.read("h1", thanks)
	b.wantOrders(1)
}

// openPages is how many pages the shop looks at.
func (w *world) openPages() (n int) {
	w.t.Helper()
	if err := w.shop.store.db.QueryRow(`SELECT COUNT(*) FROM hosted_pages WHERE open`).Scan(&n); err != nil {
		w.t.Fatal(err)
	}
	return n
}
