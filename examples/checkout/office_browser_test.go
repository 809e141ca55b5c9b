package main

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"github.com/klarna-go/klarna-payments/klarna/klarnatest"
	"github.com/klarna-go/klarna-payments/klarna/ordermanagement"
)

// TestTheOfficeInABrowser takes an order from its purchase to the refund with a real browser, and takes pictures.
func TestTheOfficeInABrowser(t *testing.T) {
	started, taken := startBrowser(t)
	for _, step := range []struct {
		name string
		do   func(*tab)
	}{
		{"capture and refund", captureAndRefund},
		{"cancel", cancelAnOrder},
		{"outcome unknown", captureWithLostResponses},
		{"id unknown", resolveAnOrder},
	} {
		t.Run(step.name, func(t *testing.T) {
			b := newTab(started, t, taken)
			step.do(b)
			b.noFaults()
		})
	}
	wantScreenshots(t, taken, "office", "office-order", "office-part-captured", "office-refunded", "office-cancelled", "office-unknown", "office-unresolved")
}

// openOffice has shoppers order, and opens the list.
func (b *tab) openOffice(orders int) (newest *staff) {
	b.t.Helper()
	for range orders {
		newest = b.newStaff()
	}
	// The browser keeps the password, as it does when a person was asked for it.
	withPassword := strings.Replace(b.url, "http://", "http://office:"+b.shop.office.password+"@", 1)
	b.do("log in", chromedp.Navigate(withPassword+"/office"))
	b.open("/office")
	b.read("h1", "Orders")
	return newest
}

func (b *tab) fill(selector, value string) {
	b.t.Helper()
	b.see(selector)
	b.do("fill in "+selector, chromedp.SetValue(chromedp.CSS(selector), value))
}

func captureAndRefund(b *tab) {
	s := b.openOffice(3)
	b.follow(`a[href="` + officePath(s.number) + `"]`)
	b.read("h1", s.number)
	b.read("h1", "To capture")
	b.shot("office-order")

	b.fill(`#capture-form [data-line="mug"]`, "1")
	b.fill(`#capture-form [data-line="shipping"]`, "0")
	b.fill(`#tracking_number`, "JJD0099")
	b.follow("#capture")
	b.read(`[data-notice="good"]`, "€38.50 was captured")
	b.read("#left", "€19.40")
	b.shot("office-part-captured")

	b.follow("#capture") // all that is left
	b.read(`[data-notice="good"]`, "€19.40 was captured")
	b.click(`[data-capture] summary`)
	b.fill(`[data-refund] [data-line="cookbook"]`, "1")
	b.fill(`[data-refund] [name="description"]`, "The cookbook came back")
	b.follow(`[data-refund] button`)
	b.read(`[data-notice="good"]`, "€24.00 was refunded")
	b.read("#refunded", "€24.00")
	b.shot("office-refunded")
	wantAmounts(b.t, s.order(), 5790, 2400, 0)

	b.open("/office")
	b.read(".orders", "Part refunded")
	b.shot("office")
}

func cancelAnOrder(b *tab) {
	s := b.openOffice(1)
	b.open(officePath(s.number))
	b.follow("#cancel")
	b.read(`[data-notice="good"]`, "The order was cancelled")
	b.gone("#capture")
	b.shot("office-cancelled")
	if order := s.order(); order.Status != ordermanagement.OrderStatusCancelled {
		b.t.Errorf("the order is %s", order.Status)
	}
}

func resolveAnOrder(b *tab) {
	b.openOffice(0)
	p := b.unresolved(true, 61*time.Minute)
	b.open("/office")
	b.follow(`a[href="` + officePath(p.record().number) + `"]`)
	b.read("h1", "Id unknown")
	b.shot("office-unresolved")
	b.fill("#order_id", b.klarna.OrderIDs(p.record().sessionID)[0])
	b.follow("#resolve")
	b.read("h1", "To capture")
}

func captureWithLostResponses(b *tab) {
	s := b.openOffice(1)
	lost := klarnatest.ResetAfter()
	b.klarna.Fail(ordermanagement.OperationCaptureOrder, lost, lost, lost)
	b.open(officePath(s.number))
	b.fill(`#capture-form [data-line="mug"]`, "1")
	b.follow("#capture")
	b.read(`[data-notice="wait"]`, "the outcome is unknown")
	b.gone("#capture")
	b.shot("office-unknown")
	b.follow("#try-again")
	b.read(`[data-notice="good"]`, "was captured")
	if order := s.order(); len(order.Captures) != 1 {
		b.t.Error(fmt.Sprint(len(order.Captures), " captures"))
	}
}
