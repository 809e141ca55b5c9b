package main

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/klarna-go/klarna-payments/examples/internal/chromium"
	"github.com/klarna-go/klarna-payments/klarna"
	"github.com/klarna-go/klarna-payments/klarna/hostedpage"
	"github.com/klarna-go/klarna-payments/klarna/klarnatest"
	"github.com/klarna-go/klarna-payments/klarna/ordermanagement"
	"github.com/klarna-go/klarna-payments/klarna/preflight"
)

// open is the shop, served on loopback, on a fake server.
type open struct {
	*shop
	klarna *klarnatest.Server
	web    *httptest.Server
}

func newOpen(t *testing.T, mode hostedpage.PlaceOrderMode) *open {
	t.Helper()
	fake := klarnatest.NewServer()
	t.Cleanup(fake.Close)
	var s *shop
	web := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { s.handler().ServeHTTP(w, r) }))
	t.Cleanup(web.Close)
	s, err := newShop(fake.Client(klarna.WithPreflight(preflight.Check)), web.URL, mode)
	check(t, err)
	return &open{s, fake, web}
}

// purchase makes a page, and returns its id and the shop's reference.
func (o *open) buy(t *testing.T) (reference, pageID string) {
	t.Helper()
	reference = "R-1"
	page, err := o.createPage(t.Context(), reference)
	check(t, err)
	return reference, page.SessionID
}

// orderID waits for the order of a purchase.
func (o *open) orderID(t *testing.T, reference string) (id string) {
	t.Helper()
	eventually(t, "the purchase gets its order", func() bool {
		o.mu.Lock()
		p := o.purchases[reference]
		o.mu.Unlock()
		p.mu.Lock()
		defer p.mu.Unlock()
		id = p.orderID
		return id != ""
	})
	return id
}

func TestCallbackBringsTheOrderThoughTheShopperNeverReturns(t *testing.T) {
	t.Parallel()
	for mode, want := range map[hostedpage.PlaceOrderMode]ordermanagement.OrderStatus{
		hostedpage.PlaceOrderModeNone:         ordermanagement.OrderStatusAuthorized,
		hostedpage.PlaceOrderModePlaceOrder:   ordermanagement.OrderStatusAuthorized,
		hostedpage.PlaceOrderModeCaptureOrder: ordermanagement.OrderStatusCaptured,
	} {
		t.Run(string(mode), func(t *testing.T) {
			t.Parallel()
			o := newOpen(t, mode)
			o.klarna.SetCallbacks(klarnatest.CallbackPolicy{Twice: true})
			reference, pageID := o.buy(t)
			_, err := o.klarna.VisitHostedPage(pageID, klarnatest.HostedPageApprove)
			check(t, err)
			id := o.orderID(t, reference)
			check(t, o.klarna.WaitForCallbacks(t.Context()))
			equal(t, o.klarna.Created().Orders, 1)
			equal(t, o.klarna.Order(id).Status, want)
			equal(t, o.klarna.Order(id).MerchantReference1, reference)
		})
	}
}

func TestPollBringsTheOrderWithoutACallback(t *testing.T) {
	t.Parallel()
	for _, mode := range []hostedpage.PlaceOrderMode{hostedpage.PlaceOrderModeNone, hostedpage.PlaceOrderModePlaceOrder} {
		o := newOpen(t, mode)
		o.klarna.SetCallbacks(klarnatest.CallbackPolicy{Never: true})
		reference, pageID := o.buy(t)
		_, err := o.klarna.VisitHostedPage(pageID, klarnatest.HostedPageApprove)
		check(t, err)
		o.klarna.Fail(hostedpage.OperationReadSession, klarnatest.Status(401, "UNAUTHORIZED"))
		o.klarna.Fail(klarna.OperationCreateOrder, klarnatest.ResetAfter(), klarnatest.ResetAfter(), klarnatest.ResetAfter()) // of mode NONE
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() { o.poll(ctx, time.Millisecond); close(done) }()
		o.orderID(t, reference)
		cancel()
		<-done
		equal(t, o.klarna.Created().Orders, 1)
	}
}

func TestPageThatExpiresIsNotReadForEver(t *testing.T) {
	t.Parallel()
	o := newOpen(t, hostedpage.PlaceOrderModePlaceOrder)
	reference, _ := o.buy(t)
	o.klarna.Advance(48 * time.Hour)
	equal(t, o.settle(t.Context(), reference).over, true)
	before := len(o.klarna.Requests())
	o.settle(t.Context(), reference)
	equal(t, len(o.klarna.Requests()), before)
}

func TestOnlyKlarnasCallbackIsTaken(t *testing.T) {
	t.Parallel()
	o := newOpen(t, hostedpage.PlaceOrderModePlaceOrder)
	for path, want := range map[string]int{"/hooks/klarna/page": http.StatusForbidden, "/hooks/klarna/page?klarna_ref=R-1": http.StatusForbidden} {
		response, err := http.Post(o.web.URL+path, "application/json", strings.NewReader(`{"event_id":"e","session":{"session_id":"p","status":"COMPLETED"}}`))
		check(t, err)
		_ = response.Body.Close()
		equal(t, response.StatusCode, want)
	}
	signed, err := o.signer.Sign(o.web.URL+"/hooks/klarna/page", "R-1", time.Hour)
	check(t, err)
	response, err := http.Post(signed, "application/json", strings.NewReader(`{}`))
	check(t, err)
	_ = response.Body.Close()
	equal(t, response.StatusCode, http.StatusBadRequest)
	response, err = http.Get(o.web.URL + "/klarna/return?reference=unknown")
	check(t, err)
	_ = response.Body.Close()
	equal(t, response.StatusCode, http.StatusNotFound)
}

// screenshots is where the pictures go, at the root of the repository. Git ignores it.
const screenshots = "../../screenshots"

// tab is a browser at the shop.
type tab struct {
	*open
	t     *testing.T
	ctx   context.Context
	width int
}

func at(name string) string { return fmt.Sprintf(`[data-klarna-sandbox=%q]`, name) }

func (b *tab) do(actions ...chromedp.Action[chromedp.Void]) {
	b.t.Helper()
	if err := chromedp.Do(b.ctx, actions...); err != nil {
		b.t.Fatal(err)
	}
}

// until waits for a condition in the page. A page that is just being left has none.
func (b *tab) until(condition string) {
	b.t.Helper()
	for {
		if is, err := chromedp.Run(b.ctx, chromedp.Evaluate[bool](condition)); err == nil && is {
			return
		} else if b.ctx.Err() != nil {
			page, _ := chromedp.Run(context.WithoutCancel(b.ctx), chromedp.Evaluate[string](`location.href + "\n" + document.body.innerText`))
			b.t.Fatalf("at %d: %s: %v\n%s", b.width, condition, err, page)
		}
		time.Sleep(10 * time.Millisecond)
	}
}

func (b *tab) see(selector string) {
	b.t.Helper()
	b.until(fmt.Sprintf(`document.readyState === "complete" && !!document.querySelector(%q)`, selector))
}

// follow clicks what leads to another page, and waits for that.
func (b *tab) follow(selector string) {
	b.t.Helper()
	b.see(selector)
	b.until(`window.leaving = true`)
	b.do(chromedp.Click(chromedp.CSS(selector)))
	b.until(`!window.leaving && document.readyState === "complete"`)
}

func (b *tab) read(text string) {
	b.t.Helper()
	b.until(fmt.Sprintf(`document.body.innerText.includes(%q)`, text))
}

// pay goes to the shop, and on to Klarna's page.
func (b *tab) pay() {
	b.t.Helper()
	b.do(chromedp.Navigate(b.web.URL))
	b.follow("button")
	b.see(at("approve"))
}

func (b *tab) picture(name string) {
	b.t.Helper()
	b.until(`document.documentElement.scrollWidth <= innerWidth`) // nothing is beside the screen
	png, err := chromedp.Run(b.ctx, chromedp.FullScreenshot(100))
	if err == nil {
		err = os.MkdirAll(screenshots, 0o755)
	}
	if err == nil {
		err = os.WriteFile(filepath.Join(screenshots, fmt.Sprintf("hosted-page-%s-%d.png", name, b.width)), png, 0o600)
	}
	if err != nil {
		b.t.Fatal(err)
	}
}

// The page as a person sees it, on a desktop and on a phone.
func TestPageInTheBrowser(t *testing.T) {
	t.Parallel()
	started := chromium.Start(t)
	for _, width := range []int{1280, 375} {
		ctx, cancel := context.WithTimeout(started, time.Minute)
		defer cancel()
		b := &tab{newOpen(t, hostedpage.PlaceOrderModePlaceOrder), t, ctx, width}
		b.do(chromedp.EmulateViewport(int64(width), 800))
		b.pay()
		b.picture("open")
		b.until(`[...document.querySelectorAll("button, label")].every((e) => e.getBoundingClientRect().height >= 44)`) // a finger fits

		b.follow(at("decline"))
		b.read("Klarna declined the payment")
		b.pay()
		b.follow(at("cancel"))
		b.read("The shoe is not paid.")
		b.pay()
		b.follow(at("error"))
		b.read("The shoe is not paid.")
		b.pay()
		b.follow(at("back"))
		b.read("A running shoe")

		b.pay()
		b.do(chromedp.Click(chromedp.CSS(at("stay"))))
		b.follow(at("decline"))
		b.see(at("status"))
		b.picture("declined")
		b.follow(at("approve")) // the shopper chooses again on the same page
		b.read("Thank you. Your order is ")
		equal(t, b.klarna.Created().Orders, 1)

		b.pay()
		b.do(chromedp.Click(chromedp.CSS(at("stay"))))
		b.follow(at("approve"))
		b.read("The payment is approved. You can close this window.")
		b.picture("approved")
		equal(t, b.klarna.Created().Orders, 2)
		eventually(t, "the callback tells the shop", func() bool { return b.orders() == 2 })
		b.do(chromedp.Reload())
		b.read("This purchase is paid already.")

		b.do(chromedp.Navigate(b.klarna.URL + "/hpp/payments/unknown"))
		b.read("This page was not found.")
		b.picture("not-found")
	}
}

// eventually waits for a condition.
func eventually(t *testing.T, what string, is func() bool) {
	t.Helper()
	for deadline := time.Now().Add(10 * time.Second); !is(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal(what + ": it did not")
		}
	}
}

func equal[T comparable](t *testing.T, got, want T) {
	t.Helper()
	if got != want {
		t.Fatalf("it is %v, not %v", got, want)
	}
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// orders counts the purchases that have an order.
func (o *open) orders() (n int) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, p := range o.purchases {
		p.mu.Lock()
		if p.orderID != "" {
			n++
		}
		p.mu.Unlock()
	}
	return n
}
