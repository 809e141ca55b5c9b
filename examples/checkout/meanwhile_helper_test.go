package main

import (
	"errors"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/klarna-go/klarna-payments/klarna"
	"github.com/klarna-go/klarna-payments/klarna/klarnatest"
	"github.com/klarna-go/klarna-payments/klarna/ordermanagement"
)

var (
	rejectsOrder = klarnatest.Status(403, "REJECTED", "Rejected")
	noResponse   = klarnatest.EmptyStatus(503)
)

// transport is a RoundTripper that can do something before or after a request.
type transport func(r *http.Request) (*http.Response, error)

func (t transport) RoundTrip(r *http.Request) (*http.Response, error) { return t(r) }

// through has the shop send its requests by way of a transport, and the office with them.
func (w *world) through(t transport) {
	client := w.klarna.Client(quickly, klarna.WithHTTPClient(&http.Client{Transport: t}))
	w.shop.klarna, w.shop.office.orders = client, ordermanagement.New(client)
}

// whenSent does something once, right after Klarna has responded to a request of an operation, and before the shop reads that.
func (w *world) whenSent(op klarna.Operation, do func()) {
	var done atomic.Bool
	w.through(func(r *http.Request) (*http.Response, error) {
		before := w.count(op)
		resp, err := http.DefaultTransport.RoundTrip(r)
		if w.count(op) > before && done.CompareAndSwap(false, true) {
			do()
		}
		return resp, err
	})
}

// unreachableAfter lets the shop read or update its sessions at Klarna so many times, and then not any more until back is called.
func (w *world) unreachableAfter(calls int) (back func()) {
	var called atomic.Int64
	w.through(func(r *http.Request) (*http.Response, error) {
		if strings.Contains(r.URL.Path, "/payments/v1/sessions/") && called.Add(1) > int64(calls) {
			return nil, errors.New("Klarna cannot be reached")
		}
		return http.DefaultTransport.RoundTrip(r)
	})
	return func() { w.through(http.DefaultTransport.RoundTrip) }
}

// rejectWhileAPageWaits brings an approval of the widget, and then one of Klarna's page, which waits while the order of the first one
// is rejected. It returns the way back from the page. The background has to be stopped.
func (p *purchase) rejectWhileAPageWaits() (back string) {
	p.t.Helper()
	pageID := p.onPage()
	goOn := p.holdOrders(0)
	if err := p.shop.intend(p.t.Context(), p.record(), p.approve(), byBrowser); err != nil {
		p.t.Fatal(err)
	}
	back = p.visit(pageID, klarnatest.HostedPageApprove)
	wantPage(p.t, p.follow(back), http.StatusOK, "/checkout/.*/checking", "We are checking")
	goOn()
	p.rejectOrder(rejectsOrder)
	return back
}

// rejectOrder has Klarna reject the order that is open.
func (p *purchase) rejectOrder(fault klarnatest.Fault) {
	p.t.Helper()
	p.klarna.Fail(klarna.OperationCreateOrder, fault)
	if _, err := p.shop.goOnWith(p.t.Context(), p.record()); err != nil {
		p.t.Fatal(err)
	}
}

// rejectWhileAnotherWaits brings two approvals. The order of the first one is rejected, and the second one waits to become an order. The
// background has to be stopped.
func (p *purchase) rejectWhileAnotherWaits(fault klarnatest.Fault) (second string) {
	p.t.Helper()
	ctx := p.t.Context()
	goOn := p.holdOrders(0)
	if err := p.shop.intend(ctx, p.record(), p.approve(), byBrowser); err != nil {
		p.t.Fatal(err)
	}
	second = p.approve()
	if err := p.shop.place(ctx, p.record().id, second, byCallback); err != nil {
		p.t.Fatal(err)
	}
	goOn()
	p.rejectOrder(fault)
	if c := p.record(); c.state != open || c.waiting != second {
		p.t.Fatalf("the checkout is %s, and %q waits", c.state, c.waiting)
	}
	return second
}

// wantOrderOfWaiting goes on with the approval that waits, and checks that it is the one that was ordered with.
func (p *purchase) wantOrderOfWaiting(approval string) {
	p.t.Helper()
	if err := p.shop.useWaiting(p.t.Context(), p.record().id); err != nil {
		p.t.Fatal(err)
	}
	if c := p.record(); p.order().state != placed || c.tried != approvalOf(approval) {
		p.t.Errorf("the order is %q, of another approval: %t", p.order().state, c.tried != approvalOf(approval))
	}
}

// withoutBackground is a world whose background is stopped: what it would do is done by the test, at the moment that matters.
func withoutBackground(t *testing.T) *world {
	t.Helper()
	w := newWorld(t)
	w.shop.stop()
	return w
}
