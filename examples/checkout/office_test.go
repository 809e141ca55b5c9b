package main

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/klarna-go/klarna-payments/klarna"
	"github.com/klarna-go/klarna-payments/klarna/klarnatest"
	"github.com/klarna-go/klarna-payments/klarna/ordermanagement"
)

func TestTheOfficeListsOrdersAsKlarnaHasThem(t *testing.T) {
	w := newWorld(t)
	empty := w.newBrowser()
	empty.client.Transport = withPassword(w.shop.office.password)
	wantText(t, empty.get("/office"), http.StatusOK, "Nobody has ordered yet.")

	first, second := w.newStaff(), w.newStaff()
	second.send(second.form("cancel"))
	got := first.get("/office")
	wantText(t, got, http.StatusOK, first.number, second.number, "To capture", "Cancelled", "€57.90")
	if strings.Index(got.body, second.number) > strings.Index(got.body, first.number) {
		t.Error("the newest order is not the first")
	}

	down := klarnatest.EmptyStatus(503)
	w.klarna.Fail(ordermanagement.OperationReadOrder, down, down, down, down, down, down)
	wantText(t, first.get("/office"), http.StatusOK, first.number, second.number, "Not read")
	w.klarna.Fail(ordermanagement.OperationReadOrder, down, down, down)
	wantText(t, first.page(), http.StatusServiceUnavailable, "The order could not be read")
	wantText(t, first.get(officePath("EX-NOTHING")), http.StatusNotFound, "There is no such order")
}

func TestTheOfficeListsManyOrders(t *testing.T) {
	w := newWorld(t)
	for range ordersPerPage {
		w.newStaff()
	}
	s := w.newStaff()
	wantText(t, s.get("/office"), http.StatusOK, s.number, "Older orders")
	got := s.get("/office?page=2")
	wantText(t, got, http.StatusOK, "Newer orders")
	if strings.Contains(got.body, s.number) || strings.Count(got.body, "<li>") != 1 {
		t.Error("the second page has not the oldest order alone")
	}
	wantText(t, s.get("/office?page=-9"), http.StatusOK, s.number)
}

// An order whose outcome is unknown, or whose id was lost, is listed all the same.
func TestTheOfficeListsOrdersThatItCannotRead(t *testing.T) {
	w := newWorld(t)
	s := w.newStaff()
	lost := w.newBrowser().checkout()
	lost.placeElsewhere(lost.approve())
	lost.get("/checkout")
	w.klarna.Fail(klarna.OperationCreateOrder, three(klarnatest.EmptyStatus(503))...)
	goOn := w.holdOrders(3)
	unknown := w.newBrowser().checkout()
	unknown.bring(unknown.approve())

	wantText(t, s.get("/office"), http.StatusOK, "Outcome unknown", "Id unknown", "To capture")
	wantText(t, s.get(officePath(unknown.record().number)), http.StatusOK, "has not confirmed this order yet", "Do not ship it")
	wantText(t, s.get(officePath(lost.record().number)), http.StatusOK, "its id is unknown")
	goOn()
	eventually(t, "the outcome", func() bool { return unknown.order().state == placed })
	wantText(t, s.get(officePath(unknown.record().number)), http.StatusOK, "To capture")
}

func TestTheOfficeNeedsItsPassword(t *testing.T) {
	w := newWorld(t)
	s := w.newStaff()
	f := s.form("capture")
	for name, transport := range map[string]http.RoundTripper{
		"none": http.DefaultTransport, "empty": withPassword(""), "wrong": withPassword(w.shop.office.password + "A"),
		"a part": withPassword(w.shop.office.password[:8]),
	} {
		t.Run(name, func(t *testing.T) {
			b := w.newBrowser()
			b.client.Transport = transport
			for _, got := range []response{b.get("/office"), b.get(officePath(s.number)), b.post(f.path, f.fields)} {
				wantText(t, got, http.StatusUnauthorized, "needs a password")
				if got.header.Get("WWW-Authenticate") == "" || strings.Contains(got.body, s.number) {
					t.Error("the browser is not asked, or the page shows an order")
				}
			}
		})
	}
	if w.count(ordermanagement.OperationCaptureOrder) != 0 {
		t.Error("something was captured")
	}
	if strings.Contains(w.log.String(), w.shop.office.password) {
		t.Error("the log holds the password")
	}
}

func TestAnotherSiteCannotPostToTheOffice(t *testing.T) {
	s := newWorld(t).newStaff()
	f := s.form("capture")
	for name, header := range map[string][2]string{
		"by its origin":       {"Origin", "https://elsewhere.example"},
		"by the fetch's site": {"Sec-Fetch-Site", "cross-site"},
	} {
		t.Run(name, func(t *testing.T) {
			req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.url+f.path, strings.NewReader(f.fields.Encode()))
			if err != nil {
				t.Fatal(err)
			}
			req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			req.Header.Set(header[0], header[1])
			if got := s.do(req); got.status != http.StatusForbidden {
				t.Errorf("the response is %d", got.status)
			}
		})
	}
	// Without the key of a form there is nothing to post either.
	for _, key := range []string{"", "made-up"} {
		wantText(t, s.post(f.path, url.Values{"key": {key}, "seen": f.fields["seen"]}), http.StatusConflict, "This page was too old")
	}
	if s.count(ordermanagement.OperationCaptureOrder) != 0 {
		t.Error("something was captured")
	}
}

func TestStatusInWords(t *testing.T) {
	now := time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)
	for want, order := range map[string]ordermanagement.Order{
		"To capture":    {RemainingAuthorizedAmount: 100, OrderAmount: 100},
		"Part captured": {RemainingAuthorizedAmount: 60, CapturedAmount: 40, OrderAmount: 100, Status: "PART_CAPTURED"},
		"Captured":      {CapturedAmount: 100, OrderAmount: 100, Status: "CLOSED"},
		"Part refunded": {CapturedAmount: 100, RefundedAmount: 1, OrderAmount: 100, Status: "CAPTURED"},
		"Refunded":      {CapturedAmount: 100, RefundedAmount: 100, OrderAmount: 100, Status: "CAPTURED"},
		"Cancelled":     {OrderAmount: 100, Status: "CANCELLED"},
		"Expired":       {OrderAmount: 100, Status: "EXPIRED"},
		"In review":     {RemainingAuthorizedAmount: 100, OrderAmount: 100, FraudStatus: "PENDING"},
		"Rejected":      {RemainingAuthorizedAmount: 100, OrderAmount: 100, FraudStatus: "REJECTED"},
	} {
		if got := statusOf(&order, now); got.Text != want {
			t.Errorf("got %q, want %q", got.Text, want)
		}
		// Each order has something that can be done, or why it cannot.
		if want == "To capture" || want == "Part captured" {
			continue
		}
		if captureObstacle(&order, now) == "" {
			t.Errorf("%s: it can be captured", want)
		}
	}
}
