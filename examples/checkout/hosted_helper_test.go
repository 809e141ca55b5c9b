package main

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"

	"github.com/klarna-go/klarna-payments/klarna/hostedpage"
	"github.com/klarna-go/klarna-payments/klarna/klarnatest"
)

const klarnasPage = "/hpp/payments/.*"

// addressForm is what the address form posts.
func (p *purchase) addressForm() url.Values {
	return url.Values{
		"csrf":                        {p.csrf},
		"billing_address.given_name":  {"Example"},
		"billing_address.family_name": {"Shopper"}, "billing_address.street_address": {"Example Street 1"},
		"billing_address.postal_code": {"10115"}, "billing_address.city": {"Berlin"},
		"billing_address.email": {"shopper@shop.example"}, "billing_address.phone": {"+49 30 901820"},
	}
}

// toPage clicks on "Pay on Klarna's page", and follows where it leads.
func (p *purchase) toPage() response {
	p.t.Helper()
	return p.post(strings.TrimSuffix(p.authorizedPath, "authorized")+"page", p.addressForm())
}

// onPage is toPage, for who gets there. It returns the page's id.
func (p *purchase) onPage() (pageID string) {
	p.t.Helper()
	wantPage(p.t, p.toPage(), http.StatusOK, klarnasPage, "No money moves")
	page, err := p.shop.store.openPage(p.t.Context(), p.record().id)
	if err != nil || page == nil {
		p.t.Fatal("the page that is open is not stored: ", err)
	}
	return page.id
}

// visit does something on a page, and returns where Klarna sends the browser.
func (p *purchase) visit(pageID string, action klarnatest.HostedPageAction) (location string) {
	p.t.Helper()
	location, err := p.klarna.VisitHostedPage(pageID, action)
	if err != nil {
		p.t.Fatal(err)
	}
	return location
}

// follow goes where Klarna's page sends the browser.
func (p *purchase) follow(location string) response {
	p.t.Helper()
	req, err := http.NewRequestWithContext(p.t.Context(), http.MethodGet, location, nil)
	if err != nil {
		p.t.Fatal(err)
	}
	return p.do(req)
}

// status is what Klarna has of a page.
func (w *world) status(pageID string) hostedpage.SessionStatus {
	w.t.Helper()
	page := w.klarna.HostedPage(pageID)
	if page == nil {
		w.t.Fatal("there is no such page")
	}
	return page.Session.Status
}

// isOpen reports whether the shop still looks at a page.
func (p *purchase) isOpen(pageID string) bool {
	p.t.Helper()
	page, err := p.shop.store.page(p.t.Context(), p.record().id, pageID)
	if err != nil || page == nil {
		p.t.Fatal("the page is not stored: ", err)
	}
	return page.open
}

// sentPage is the last page that the shop asked for.
func (w *world) sentPage() (page hostedpage.SessionRequest, body string) {
	w.t.Helper()
	for _, request := range w.klarna.Requests() {
		if request.Operation == hostedpage.OperationCreateSession {
			body = string(request.Body)
		}
	}
	if err := json.Unmarshal([]byte(body), &page); err != nil {
		w.t.Fatal(err)
	}
	return page, body
}

// call posts a status callback.
func (p *purchase) call(target, eventID, pageID string, status hostedpage.SessionStatus) response {
	p.t.Helper()
	body, err := json.Marshal(hostedpage.StatusCallback{EventID: eventID, Session: hostedpage.Session{SessionID: pageID, Status: status}})
	if err != nil {
		p.t.Fatal(err)
	}
	req, err := http.NewRequestWithContext(p.t.Context(), http.MethodPost, target, strings.NewReader(string(body)))
	if err != nil {
		p.t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	return p.do(req)
}
