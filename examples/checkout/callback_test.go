package main

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/klarna-go/klarna-payments/klarna"
	"github.com/klarna-go/klarna-payments/klarna/klarnatest"
)

func TestTheCallbackMayBeFirst(t *testing.T) {
	w := newWorld(t)
	p := w.newBrowser().checkout()
	w.klarna.SetCallbacks(klarnatest.CallbackPolicy{First: true, Timeout: time.Minute, Twice: true})
	token := p.approve()
	eventually(t, "the callback placed the order", func() bool { return w.orders() == 1 })
	wantPage(t, p.bring(token), http.StatusOK, anyOrder, "before your browser came back")
	if err := w.klarna.WaitForCallbacks(t.Context()); err != nil {
		t.Fatal(err)
	}
	if calls := w.count(klarna.OperationCreateOrder); calls != 1 {
		t.Errorf("Klarna was asked for %d orders", calls)
	}
	for _, callback := range w.klarna.Callbacks() {
		if callback.StatusCode != http.StatusNoContent {
			t.Errorf("the response to a callback is %v", callback)
		}
	}
}

func TestTheCallbackAloneIsEnough(t *testing.T) {
	w := newWorld(t)
	p := w.newBrowser().checkout()
	w.klarna.SetCallbacks(klarnatest.CallbackPolicy{})
	p.approve() // and the browser is closed
	eventually(t, "the callback placed the order", func() bool { return p.order().state == placed })
	wantPage(t, p.get(orderPath(p.record().number)), http.StatusOK, anyOrder, thanks)
}

func TestBrowserAndCallbackAtOnceAreOneOrder(t *testing.T) {
	w := newWorld(t)
	w.klarna.SetCallbacks(klarnatest.CallbackPolicy{Twice: true})
	for range 20 {
		before := w.count(klarna.OperationCreateOrder)
		p := w.newBrowser().checkout()
		wantPage(t, p.bring(p.approve()), http.StatusOK, anyOrder, thanks)
		if err := w.klarna.WaitForCallbacks(t.Context()); err != nil {
			t.Fatal(err)
		}
		if calls := w.count(klarna.OperationCreateOrder) - before; calls != 1 {
			t.Fatalf("Klarna was asked for %d orders", calls)
		}
	}
}

func TestACallbackThatIsNotSignedIsRejected(t *testing.T) {
	w := newWorld(t)
	p := w.newBrowser().checkout()
	body := `{"authorization_token":"` + p.approve() + `","session_id":"` + p.record().sessionID + `"}`
	signed, err := w.shop.signer.Sign(w.url+callbackPath, "another checkout", time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	for target, want := range map[string]int{
		w.url + callbackPath: http.StatusForbidden,
		w.url + callbackPath + "?klarna_ref=" + p.record().id + "&klarna_exp=9999999999&klarna_sig=x": http.StatusForbidden,
		signed: http.StatusNotFound,
	} {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, target, strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Content-Type", "application/json")
		if got := p.do(req); got.status != want {
			t.Errorf("the response to %s is %d, want %d", target, got.status, want)
		}
	}
	if w.count(klarna.OperationCreateOrder) != 0 {
		t.Error("an order was asked for")
	}
}
