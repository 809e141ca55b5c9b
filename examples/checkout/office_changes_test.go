package main

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/klarna-go/klarna-payments/klarna"
	"github.com/klarna-go/klarna-payments/klarna/klarnatest"
	"github.com/klarna-go/klarna-payments/klarna/ordermanagement"
)

func wantAmounts(t *testing.T, order *ordermanagement.Order, captured, refunded, remaining int64) {
	t.Helper()
	if order.CapturedAmount != captured || order.RefundedAmount != refunded || order.RemainingAuthorizedAmount != remaining {
		t.Fatalf("captured %d, refunded %d, remaining %d; want %d, %d, %d",
			order.CapturedAmount, order.RefundedAmount, order.RemainingAuthorizedAmount, captured, refunded, remaining)
	}
}

func TestSomeLinesAreCapturedAndThenTheRest(t *testing.T) {
	s := newWorld(t).newStaff()
	sent := s.recordKeys()
	first := s.form("capture").with(map[string]string{"mug": "1", "cookbook": "1", "tracking_number": "JJD-1"})
	wantText(t, s.send(first), http.StatusOK, "€38.50 was captured", "Part captured", "dhl-germany JJD-1", "€19.40 is left")
	order := s.order()
	wantAmounts(t, order, 1450+2400, 0, 1450+490)
	if parcels := order.Captures[0].ShippingInfo; len(parcels) != 1 || parcels[0].TrackingNumber != "JJD-1" || len(order.Captures[0].OrderLines) != 2 {
		t.Errorf("the capture is %+v", order.Captures[0])
	}

	wantText(t, s.send(s.form("capture")), http.StatusOK, "€19.40 was captured", "All of it was captured.", "Nothing is left to release.")
	order = s.order()
	wantAmounts(t, order, 5790, 0, 0)
	var tax, want int64
	for _, capture := range order.Captures {
		for _, line := range capture.OrderLines {
			tax += line.TotalTaxAmount
		}
	}
	for _, line := range order.OrderLines {
		want += line.TotalTaxAmount
	}
	if tax != want || len(order.Captures) != 2 {
		t.Errorf("%d captures with tax %d, want %d", len(order.Captures), tax, want)
	}
	if keys := sent.of("captures"); len(keys) != 2 || keys[0] == keys[1] {
		t.Errorf("the keys are %q", keys)
	}
}

func TestALineIsRefundedWithItsTax(t *testing.T) {
	s := newWorld(t).newStaff()
	s.send(s.form("capture"))
	mug := s.order().Captures[0].OrderLines[0]
	for range 2 {
		f := s.form("refund").with(map[string]string{"mug": "1", "description": "One mug came back"})
		wantText(t, s.send(f), http.StatusOK, "€14.50 was refunded", "One mug came back")
	}
	order := s.order()
	wantAmounts(t, order, 5790, 2900, 0)
	var tax int64
	for _, refund := range order.Refunds {
		line := refund.OrderLines[0]
		if len(refund.OrderLines) != 1 || line.Reference != "mug" || line.Quantity != 1 || line.TotalAmount != 1450 {
			t.Errorf("the refund is %+v", refund)
		}
		tax += line.TotalTaxAmount
	}
	if tax != mug.TotalTaxAmount || order.Captures[0].RefundedAmount != 2900 {
		t.Errorf("the tax refunded is %d of %d; %d were assigned to the capture", tax, mug.TotalTaxAmount, order.Captures[0].RefundedAmount)
	}
	f := s.form("refund")
	if _, offered := f.lines["mug"]; offered {
		t.Error("mugs are still offered for a refund")
	}
	wantText(t, s.send(f.with(map[string]string{"cookbook": "1", "shipping": "1"})), http.StatusOK, "All that was captured of this order was refunded.", "Refunded")
}

func TestEachCaptureHasItsOwnRefunds(t *testing.T) {
	s := newWorld(t).newStaff()
	s.send(s.form("capture").with(map[string]string{"mug": "2"}))
	s.send(s.form("capture"))
	refunds := forms(s.page(), "refund")
	if len(refunds) != 2 || len(refunds[0].lines) != 1 || len(refunds[1].lines) != 2 {
		t.Fatalf("the refund forms are %+v", refunds)
	}
	s.send(refunds[0].with(map[string]string{"mug": "1"}))
	s.send(refunds[1].with(map[string]string{"shipping": "1"})) // seen before the first
	wantAmounts(t, s.order(), 5790, 1450, 0)
	s.send(forms(s.page(), "refund")[1].with(map[string]string{"shipping": "1"}))
	wantAmounts(t, s.order(), 5790, 1940, 0)
	refunds = forms(s.page(), "refund")
	if _, shipping := refunds[1].lines["shipping"]; shipping || len(refunds[1].lines) != 1 || len(refunds[0].lines) != 1 {
		t.Errorf("the refund forms are %+v", refunds)
	}

	// A refund that this shop did not make, and that Klarna does not assign: what is left of which line is unknown.
	if _, err := s.shop.office.orders.RefundOrder(t.Context(), s.orderID, ordermanagement.RefundRequest{RefundedAmount: 3000}); err != nil {
		t.Fatal(err)
	}
	wantText(t, s.page(), http.StatusOK, "Up to €8.50 of this capture can be refunded. Which of these lines were refunded already is unknown.")
	f := forms(s.page(), "refund")[0]
	wantText(t, s.send(f.with(map[string]string{"mug": "1"})), http.StatusUnprocessableEntity, "These lines are €14.50, but only €8.50 can be refunded", "Klarna would reject it")
	wantAmounts(t, s.order(), 5790, 4940, 0)
}

// Klarna assigns a refund by the references of its lines, and these are the same in both captures.
func TestAllCanBeRefundedWhicheverCaptureKlarnaAssignsItTo(t *testing.T) {
	s := newWorld(t).newStaff()
	s.send(s.form("capture").with(map[string]string{"mug": "1"}))
	s.send(s.form("capture"))
	s.send(forms(s.page(), "refund")[1].with(map[string]string{"mug": "1"})) // of the second capture
	for range 2 {
		for _, f := range forms(s.page(), "refund") {
			for _, field := range f.lines {
				f.fields.Set(field, "1")
			}
			s.send(f)
		}
	}
	wantAmounts(t, s.order(), 5790, 5790, 0)
}

func TestCancelAndRelease(t *testing.T) {
	w := newWorld(t)
	s := w.newStaff()
	wantText(t, s.page(), http.StatusOK, "Klarna would reject a release. Cancel the order instead.")
	wantText(t, s.send(s.form("cancel")), http.StatusOK, "The order was cancelled: €57.90 was released", "The order was cancelled, so nothing can be captured.", "Nothing is left to release.")
	wantAmounts(t, s.order(), 0, 0, 0)

	s = w.newStaff()
	s.send(s.form("capture").with(map[string]string{"cookbook": "1"}))
	wantText(t, s.page(), http.StatusOK, "Klarna would reject a cancellation. Refund what was captured, and release what is left.")
	wantText(t, s.send(s.form("release")), http.StatusOK, "€33.90 was released", "Nothing is left to capture: what was not captured was released")
	wantAmounts(t, s.order(), 2400, 0, 0)
}

func TestWhatCannotBeCapturedIsExplained(t *testing.T) {
	t.Run("in review", func(t *testing.T) {
		w := newWorld(t)
		w.klarna.SetFraudStatus(klarna.FraudStatusPending)
		wantText(t, w.newStaff().page(), http.StatusOK, "In review", "Klarna is still reviewing this order", "Do not ship it yet.")
	})
	t.Run("expired", func(t *testing.T) {
		w := newWorld(t)
		s := w.newStaff()
		f := s.form("capture")
		w.klarna.Advance(28 * 24 * time.Hour)
		wantText(t, s.send(f), http.StatusConflict, "The order has changed", "The order has expired")
		if s.count(ordermanagement.OperationCaptureOrder) != 0 {
			t.Error("it was sent")
		}
	})
}

func TestAnInvalidFormIsNotSent(t *testing.T) {
	s := newWorld(t).newStaff()
	for name, test := range map[string]struct {
		quantities map[string]string
		text       string
	}{
		"nothing":     {nil, "No line was chosen"},
		"too many":    {map[string]string{"mug": "3"}, `Of "Stoneware mug" there can be 0 to 2.`},
		"less than 0": {map[string]string{"mug": "-1"}, "there can be 0 to 2"},
		"no number":   {map[string]string{"mug": "1e1"}, "there can be 0 to 2"},
	} {
		t.Run(name, func(t *testing.T) {
			f := s.form("capture")
			wantText(t, s.send(f.with(test.quantities)), http.StatusUnprocessableEntity, "Nothing was sent to Klarna", test.text)
			if s.form("capture").fields.Get("key") != f.fields.Get("key") {
				t.Error("the form has another key")
			}
		})
	}
	wantText(t, s.post(officePath(s.number)+"/explode", nil), http.StatusNotFound, "nothing here")
	if s.count(ordermanagement.OperationCaptureOrder) != 0 {
		t.Error("something was captured")
	}
}

func TestARejectionIsExplainedAndTheNextFormHasANewKey(t *testing.T) {
	for name, test := range map[string]struct {
		op    klarna.Operation
		form  string
		fault klarnatest.Fault
		text  string
	}{
		"capture":        {ordermanagement.OperationCaptureOrder, "capture", klarnatest.Status(403, "CAPTURE_NOT_ALLOWED", "No"), "more than what is left to capture, or the order has expired"},
		"cancel":         {ordermanagement.OperationCancelOrder, "cancel", klarnatest.Status(403, "CANCEL_NOT_ALLOWED", "No"), "something was captured, or the order is closed"},
		"unknown order":  {ordermanagement.OperationCaptureOrder, "capture", klarnatest.Status(404, "NO_SUCH_ORDER", "No"), "Klarna does not know this order"},
		"invalid":        {ordermanagement.OperationCaptureOrder, "capture", klarnatest.Status(422, "UNPROCESSABLE_ENTITY", "No"), "cannot use what was sent"},
		"no credentials": {ordermanagement.OperationCaptureOrder, "capture", klarnatest.Status(401, "UNAUTHORIZED"), "rejected the shop’s credentials"},
		"another reason": {ordermanagement.OperationCaptureOrder, "capture", klarnatest.Status(403, "MERCHANT_INACTIVE"), "Klarna rejected it. Nothing was changed."},
	} {
		t.Run(name, func(t *testing.T) {
			s := newWorld(t).newStaff()
			s.klarna.Fail(test.op, test.fault)
			f := s.form(test.form)
			got := s.send(f)
			wantText(t, got, http.StatusOK, "was not carried out", test.text, "correlation id")
			// The same form once more ends at the same rejection, without another request.
			wantText(t, s.send(f), http.StatusOK, "was not carried out")
			if n := s.count(test.op); n != 1 {
				t.Errorf("%d requests", n)
			}
			again := s.form(test.form)
			if again.fields.Get("key") == f.fields.Get("key") {
				t.Error("the form has the key of the rejection")
			}
			if got := s.send(again); strings.Contains(got.body, "was not carried out") {
				t.Error("the next form is rejected too")
			}
		})
	}
	t.Run("refund and release", func(t *testing.T) {
		s := newWorld(t).newStaff()
		s.send(s.form("capture").with(map[string]string{"mug": "2"}))
		s.klarna.Fail(ordermanagement.OperationRefundOrder, klarnatest.Status(403, "REFUND_NOT_ALLOWED", "No"))
		wantText(t, s.send(s.form("refund").with(map[string]string{"mug": "1"})), http.StatusOK, "The refund of €14.50 was not carried out", "more than what was captured and not refunded yet")
		s.klarna.Fail(ordermanagement.OperationReleaseRemainingAuthorization, klarnatest.Status(403, "NOT_ALLOWED", "No"))
		wantText(t, s.send(s.form("release")), http.StatusOK, "The release of €28.90 was not carried out", "nothing is left to release")
	})
}
