package main

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/klarna-go/klarna-payments/klarna"
	"github.com/klarna-go/klarna-payments/klarna/hostedpage"
	"github.com/klarna-go/klarna-payments/klarna/klarnatest"
)

// statusURL is the URL that Klarna calls.
func (w *world) statusURL() string {
	w.t.Helper()
	page, _ := w.sentPage()
	return page.MerchantURLs.StatusUpdate
}

func TestARepeatedStatusCallbackIsRecognized(t *testing.T) {
	p := newWorld(t).newBrowser().checkout()
	p.klarna.SetCallbacks(klarnatest.CallbackPolicy{Twice: true})
	pageID := p.onPage()
	p.visit(pageID, klarnatest.HostedPageDecline)
	if err := p.klarna.WaitForCallbacks(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, callback := range p.klarna.Callbacks() {
		if callback.StatusCode != http.StatusNoContent {
			t.Errorf("the response to a callback is %v", callback)
		}
	}
	if n := len(p.klarna.Callbacks()); n != 4 { // opened and declined, each twice
		t.Fatalf("%d callbacks", n)
	}
	reads := func() int { return p.count(hostedpage.OperationReadSession) }
	eventually(t, "the page was read for both events", func() bool { return reads() == 2 })
	for range 3 {
		p.call(p.statusURL(), "event-1", pageID, hostedpage.SessionStatusInProgress)
	}
	eventually(t, "the page was read for the third event", func() bool { return reads() >= 3 })
	time.Sleep(100 * time.Millisecond)
	if n := reads(); n != 3 {
		t.Errorf("the page was read %d times for three events", n)
	}
	if p.order().state != "" || !p.isOpen(pageID) {
		t.Error("the declined page has ended")
	}
}

// A callback only says when to look.
func TestAStatusCallbackIsNotBelieved(t *testing.T) {
	w := newWorld(t)
	p, other := w.newBrowser().checkout(), w.newBrowser().checkout()
	other.onPage()
	foreign := w.statusURL()
	pageID := p.onPage()
	own := w.statusURL()
	unsigned, _, _ := strings.Cut(own, "?")
	elsewhere, err := w.shop.signer.Sign(w.url+callbackPath, p.record().id, time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	_, query, _ := strings.Cut(elsewhere, "?")
	for i, test := range []struct {
		name, target, pageID string
		want                 int
	}{
		{"not signed", unsigned, pageID, http.StatusForbidden},
		{"with the signature of another callback", unsigned + "?" + query, pageID, http.StatusForbidden},
		{"of another checkout", foreign, pageID, http.StatusNotFound},
		{"of a page that does not exist", own, "f0c3a5d7-8b1e-4692-9d04-2e6f7c8b1a35", http.StatusNotFound},
		{"without a page", own, "", http.StatusBadRequest},
		{"that lies", own, pageID, http.StatusNoContent},
	} {
		if got := p.call(test.target, "event-"+string(rune('a'+i)), test.pageID, hostedpage.SessionStatusCompleted); got.status != test.want {
			t.Errorf("the response to a callback %s is %d, want %d", test.name, got.status, test.want)
		}
	}
	eventually(t, "the page was read", func() bool { return w.count(hostedpage.OperationReadSession) > 0 })
	time.Sleep(100 * time.Millisecond)
	if w.count(klarna.OperationCreateOrder) != 0 || !p.isOpen(pageID) || w.count(hostedpage.OperationReadSession) != 1 {
		t.Errorf("%d orders were asked for, and %d pages read", w.count(klarna.OperationCreateOrder), w.count(hostedpage.OperationReadSession))
	}
	wantPage(t, p.follow(p.visit(pageID, klarnatest.HostedPageApprove)), http.StatusOK, anyOrder, thanks)
}

// The status that a late callback carries is old by then.
func TestALateStatusCallbackChangesNothing(t *testing.T) {
	p := newWorld(t).newBrowser().checkout()
	pageID := p.onPage()
	wantPage(t, p.follow(p.visit(pageID, klarnatest.HostedPageApprove)), http.StatusOK, anyOrder, thanks)
	for _, status := range []hostedpage.SessionStatus{"FAILED", "IN_PROGRESS", "COMPLETED", "OF_THE_FUTURE"} {
		if got := p.call(p.statusURL(), "event-"+status, pageID, status); got.status != http.StatusNoContent {
			t.Errorf("the response is %d", got.status)
		}
	}
	time.Sleep(100 * time.Millisecond)
	p.wantOneOrder(byPage)
}

func TestLogsHoldNoSecretsOfPages(t *testing.T) {
	w := newWorld(t)
	w.klarna.SetCallbacks(klarnatest.CallbackPolicy{First: true, Timeout: time.Minute})
	p := w.newBrowser().checkout()
	pageID := p.onPage()
	address := w.klarna.HostedPage(pageID).RedirectURL
	back := p.visit(pageID, klarnatest.HostedPageApprove)
	eventually(t, "the callback placed the order", func() bool { return p.order().state == placed })
	p.follow(back)
	token := w.klarna.HostedPage(pageID).Session.AuthorizationToken
	log := w.log.String()
	for _, secret := range []string{token, address, address[strings.LastIndex(address, "/"):], p.csrf, "klarna_sig", "shopper@shop.example", "Berlin"} {
		if strings.Contains(log, secret) {
			t.Errorf("the log holds %.12q", secret)
		}
	}
	for _, want := range []string{`route="POST /klarna/page"`, `route="POST /checkout/{id}/page"`, `route="GET /checkout/{id}/page/{how}"`, "operation=hostedpage.CreateSession"} {
		if !strings.Contains(log, want) {
			t.Errorf("the log lacks %s:\n%s", want, log)
		}
	}
}
