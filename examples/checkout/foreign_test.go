package main

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/klarna-go/klarna-payments/klarna"
)

// A token that leaks must not buy for whoever finds it.
func TestAnotherShoppersTokenIsRejected(t *testing.T) {
	for name, approvedToo := range map[string]bool{"who approved as well": true, "who did not": false} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			victim, thief := w.newBrowser().checkout(), w.newBrowser().checkout()
			token := victim.approve()
			if approvedToo {
				thief.approve()
			}
			got := thief.bring(token)
			if w.count(klarna.OperationCreateOrder) != 0 {
				t.Fatal("Klarna was asked for an order")
			}
			wantPage(t, got, http.StatusOK, "/problem/(foreign|expired)", "Nothing was ordered")
			wantPage(t, victim.bring(token), http.StatusOK, anyOrder, thanks)
		})
	}
}

func TestAnotherShoppersCheckoutIsNotThere(t *testing.T) {
	w := newWorld(t)
	victim, thief := w.newBrowser().checkout(), w.newBrowser().checkout()
	fields := url.Values{"csrf": {thief.csrf}, "authorization_token": {victim.approve()}, "category": {"pay_later"}}
	wantPage(t, thief.post(victim.authorizedPath, fields), http.StatusNotFound, ".*", "nothing here")
	wantPage(t, thief.post(victim.refusedPath, fields), http.StatusNotFound, ".*", "nothing here")
	wantPage(t, thief.get(victim.record().checkingPath()), http.StatusNotFound, ".*", "nothing here")

	victim.bring(victim.approve())
	wantPage(t, victim.get(orderPath(victim.record().number)), http.StatusOK, anyOrder, thanks)
	wantPage(t, thief.get(orderPath(victim.record().number)), http.StatusNotFound, anyOrder, "nothing here")
}

func TestAFormWithoutItsTokenDoesNothing(t *testing.T) {
	w := newWorld(t)
	p, other := w.newBrowser().checkout(), w.newBrowser().checkout()
	token := p.approve()
	for _, csrf := range []string{"", "x", other.csrf} {
		got := p.post(p.authorizedPath, url.Values{"csrf": {csrf}, "authorization_token": {token}})
		wantPage(t, got, http.StatusForbidden, ".*", "This page was too old")
		got = p.post("/cart", url.Values{"csrf": {csrf}, "product": {"mug"}, "quantity": {"9"}})
		wantPage(t, got, http.StatusForbidden, ".*", "This page was too old")
	}
	stranger := w.newBrowser()
	got := stranger.post(p.authorizedPath, url.Values{"csrf": {p.csrf}, "authorization_token": {token}})
	wantPage(t, got, http.StatusForbidden, ".*", "This page was too old")
	if w.count(klarna.OperationCreateOrder)+w.count(klarna.OperationUpdateSession) != 0 {
		t.Error("something was done")
	}
}

func TestAPostFromAnotherSiteDoesNothing(t *testing.T) {
	p := newWorld(t).newBrowser().checkout()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, p.url+p.authorizedPath,
		strings.NewReader(url.Values{"csrf": {p.csrf}, "authorization_token": {p.approve()}}.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("Origin", "https://elsewhere.example")
	if got := p.do(req); got.status != http.StatusForbidden {
		t.Errorf("the response is %d", got.status)
	}
}
