package main

import (
	"errors"
	"net/http"
	"sync/atomic"
	"testing"

	"github.com/klarna-go/klarna-payments/klarna/klarnatest"
	"github.com/klarna-go/klarna-payments/klarna/ordermanagement"
)

func TestADoubleClickCapturesOnce(t *testing.T) {
	s := newWorld(t).newStaff()
	f := s.form("capture").with(map[string]string{"mug": "1"})
	var ends [8]response
	atOnce(len(ends), func(i int) { ends[i] = s.send(f) })
	for _, end := range ends {
		wantText(t, end, http.StatusOK, "€14.50 was captured")
	}
	wantAmounts(t, s.order(), 1450, 0, 4340)
	if n := s.count(ordermanagement.OperationCaptureOrder); n != 1 {
		t.Errorf("%d requests", n)
	}
}

func TestAReloadKeepsTheKey(t *testing.T) {
	s := newWorld(t).newStaff()
	if a, b := s.form("capture"), s.form("capture"); a.fields.Get("key") != b.fields.Get("key") {
		t.Error("a reload has another key")
	}
	if a, b := s.form("capture"), s.form("cancel"); a.fields.Get("key") == b.fields.Get("key") {
		t.Error("two forms have the same key")
	}
}

func TestAnotherWindowIsNoDoubleClick(t *testing.T) {
	s := newWorld(t).newStaff()
	one, other := s.form("capture"), s.form("capture")
	old := s.form("cancel")
	s.send(one.with(map[string]string{"mug": "1"}))
	wantText(t, s.send(other.with(map[string]string{"cookbook": "1"})), http.StatusConflict, "Another window was faster")
	wantText(t, s.send(old), http.StatusConflict, "The order has changed", "nothing was sent to Klarna")
	wantAmounts(t, s.order(), 1450, 0, 4340)

	// Somebody captured in Klarna's portal.
	f := s.form("capture")
	if _, err := s.shop.office.orders.CaptureOrder(t.Context(), s.orderID, ordermanagement.CaptureRequest{CapturedAmount: 1000}); err != nil {
		t.Fatal(err)
	}
	wantText(t, s.send(f), http.StatusConflict, "The order has changed")
	wantText(t, s.send(s.form("capture")), http.StatusOK, "€33.40 was captured") // without lines, since what is left of them is unknown
	wantAmounts(t, s.order(), 5790, 0, 0)
}

func TestAnUnknownOutcomeIsRetriedWithTheSameKey(t *testing.T) {
	lost, never := klarnatest.ResetAfter(), klarnatest.Status(503, "TEMPORARILY_UNAVAILABLE", "Temporarily unavailable")
	for name, fault := range map[string]klarnatest.Fault{"the response was lost": lost, "the request never arrived": never} {
		t.Run(name, func(t *testing.T) {
			s := newWorld(t).newStaff()
			sent := s.recordKeys()
			s.klarna.Fail(ordermanagement.OperationCaptureOrder, fault, fault, fault)
			f := s.form("capture").with(map[string]string{"mug": "1"})
			got := s.send(f)
			wantText(t, got, http.StatusOK, "The capture of €14.50: the outcome is unknown", `id="try-again"`, "nothing else of this order can be changed")
			if len(forms(got, "cancel"))+len(forms(got, "refund"))+len(forms(got, "release")) != 0 {
				t.Error("something else can be done meanwhile")
			}
			wantText(t, s.get("/office"), http.StatusOK, "Change unknown")
			again := s.form("capture") // the page was loaded again
			if len(again.lines) != 0 || again.fields.Get("key") != f.fields.Get("key") {
				t.Error("it is not the same key, or other lines could be chosen")
			}
			wantText(t, s.send(again), http.StatusOK, "€14.50 was captured")
			wantAmounts(t, s.order(), 1450, 0, 4340)
			keys := sent.of("captures")
			for _, key := range keys {
				if key != f.fields.Get("key") {
					t.Errorf("a request has the key %q", key)
				}
			}
			if len(keys) != 4 || len(s.order().Captures) != 1 {
				t.Errorf("%d requests, %d captures", len(keys), len(s.order().Captures))
			}
		})
	}
	t.Run("before anything else", func(t *testing.T) {
		s := newWorld(t).newStaff()
		s.klarna.Fail(ordermanagement.OperationCaptureOrder, never, never, never)
		cancel := s.form("cancel") // in another window
		s.send(s.form("capture"))
		wantText(t, s.send(cancel), http.StatusConflict, "the outcome is unknown")
		if s.count(ordermanagement.OperationCancelOrder) != 0 {
			t.Error("the order was cancelled while a capture may be under way")
		}
	})
	t.Run("by the form itself", func(t *testing.T) { // such as by the browser's back button
		s := newWorld(t).newStaff()
		s.klarna.Fail(ordermanagement.OperationCaptureOrder, lost, lost, lost)
		f, cancel := s.form("capture").with(map[string]string{"mug": "1"}), s.form("cancel")
		s.send(f)
		wantText(t, s.send(cancel), http.StatusConflict, "the outcome is unknown")
		wantText(t, s.send(f), http.StatusOK, "€14.50 was captured")
		wantAmounts(t, s.order(), 1450, 0, 4340)
	})
}

// A rejection proves nothing about the request whose outcome is unknown.
func TestARejectedRetryLeavesTheOutcomeUnknown(t *testing.T) {
	rejected := klarnatest.Status(403, "CAPTURE_NOT_ALLOWED", "Capture not allowed")
	for name, test := range map[string]struct {
		first, retry klarnatest.Fault
		text         string
	}{
		"the amounts show the capture":        {klarnatest.ResetAfter(), rejected, "€14.50 was captured"},
		"the amounts do not show the capture": {klarnatest.ResetBefore(), rejected, "That does not prove that the first one had no effect."},
		"the first request may still run":     {klarnatest.ResetBefore(), klarnatest.Status(409, "CONFLICT"), "That does not prove that the first one had no effect."},
	} {
		t.Run(name, func(t *testing.T) {
			s := newWorld(t).newStaff()
			s.klarna.Fail(ordermanagement.OperationCaptureOrder, test.first, test.first, test.first, test.retry)
			s.send(s.form("capture").with(map[string]string{"mug": "1"}))
			wantText(t, s.send(s.form("capture")), http.StatusOK, test.text)
		})
	}
	t.Run("a person closes it", func(t *testing.T) {
		s := newWorld(t).newStaff()
		never := klarnatest.ResetBefore()
		s.klarna.Fail(ordermanagement.OperationCaptureOrder, never, never, never, rejected)
		f := s.form("capture").with(map[string]string{"mug": "1"})
		if got := s.send(f); len(forms(got, "close")) != 0 {
			t.Error("it can be closed before it was retried")
		}
		got := s.send(s.form("capture"))
		wantText(t, got, http.StatusOK, "Before it, €0.00 was captured, €0.00 refunded and €57.90 left; now it is €0.00, €0.00 and €57.90")
		wantText(t, s.send(s.form("close")), http.StatusOK, "Capture these")
		again := s.form("capture")
		if again.fields.Get("key") == f.fields.Get("key") {
			t.Error("the form has the old key")
		}
		wantText(t, s.send(again.with(map[string]string{"mug": "2"})), http.StatusOK, "€29.00 was captured")
	})
}

// Klarna forgets a key after a day, and the same request would be another one then.
func TestAnUnknownOutcomeIsNotRetriedAfterADay(t *testing.T) {
	s := newWorld(t).newStaff()
	lost := klarnatest.ResetAfter()
	s.klarna.Fail(ordermanagement.OperationCaptureOrder, lost, lost, lost)
	f := s.form("capture").with(map[string]string{"mug": "1"})
	s.send(f)
	if _, err := s.shop.store.db.ExecContext(t.Context(), `UPDATE changes SET sent = $1`, now().Add(-keyLifetime)); err != nil {
		t.Fatal(err)
	}
	got := s.send(f)
	wantText(t, got, http.StatusOK, "has forgotten the key", "now it is €14.50")
	if len(forms(got, "capture")) != 0 || s.count(ordermanagement.OperationCaptureOrder) != 3 {
		t.Error("it is sent again")
	}
	s.send(s.form("close"))
	wantText(t, s.send(s.form("capture")), http.StatusOK, "€43.40 was captured")
}

// Another form of the order is carried out while this one reads it.
func TestAFormThatAnotherOneOvertakesSaysSo(t *testing.T) {
	w := newWorld(t)
	s := w.newStaff()
	capture, cancel := s.form("capture"), s.form("cancel")
	w.whenSent(ordermanagement.OperationReadOrder, func() { s.send(capture) })
	wantText(t, s.send(cancel), http.StatusConflict, "This page was too old")
	if order := s.order(); order.CapturedAmount == 0 || order.RemainingAuthorizedAmount != 0 {
		t.Errorf("the order is %v", order)
	}
}

// The same form is posted twice, and only the second post cannot read the order.
func TestARepeatedFormEndsAtTheOutcomeOfTheFirst(t *testing.T) {
	w := newWorld(t)
	s := w.newStaff()
	capture := s.form("capture")
	var overtaken atomic.Bool
	var failed atomic.Int64 // attempts of the second post
	w.through(func(r *http.Request) (*http.Response, error) {
		if r.Method != http.MethodGet || failed.Load() == 3 {
			return http.DefaultTransport.RoundTrip(r)
		}
		if overtaken.CompareAndSwap(false, true) {
			failed.Store(3) // the first post reads the order
			s.send(capture)
			failed.Store(0)
		}
		failed.Add(1)
		return nil, errors.New("Klarna cannot be reached")
	})
	wantText(t, s.send(capture), http.StatusOK, "€57.90 was captured")
}
