package orderstate_test

import (
	"encoding/json"
	"strconv"
	"testing"
	"time"

	"github.com/klarna-go/klarna-payments/klarna/klarnatest/internal/orderstate"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// Whatever is done to an order, in whatever sequence and at whatever time: its amounts add up, a rejection changes nothing,
// and what is carried out changes the amounts by what was asked for.
func TestAmountsAlwaysAddUp(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		now := begin
		o := orderstate.New(now, orderstate.Placed{
			ID: "o", Amount: rapid.Int64Range(0, 50).Draw(t, "amount"), Country: rapid.SampledFrom([]string{"DE", "US"}).Draw(t, "country"),
			FraudStatus: rapid.SampledFrom([]string{"ACCEPTED", "PENDING", "REJECTED", "NEW"}).Draw(t, "fraud status"),
			AutoCapture: rapid.Bool().Draw(t, "auto-capture"),
		})
		requireConsistent(t, o.Snapshot(now))
		ids := 0
		newID := func() string { ids++; return strconv.Itoa(ids) }
		someCapture := func(t *rapid.T) string {
			return rapid.SampledFrom(append([]string{"unknown"}, captureIDs(o)...)).Draw(t, "capture")
		}
		// do carries out an operation and checks what it did to the order. changes are the differences of the amounts.
		do := func(t *rapid.T, change changes, operation func() *orderstate.Rejection) {
			before := o.Snapshot(now)
			printed := encode(t, before)
			rejected := operation()
			after := o.Snapshot(now)
			requireConsistent(t, after)
			if got := encode(t, before); got != printed {
				t.Fatalf("a snapshot changed from %s to %s", printed, got)
			}
			switch {
			case rejected != nil && encode(t, after) != printed:
				t.Fatalf("%v changed the order from %s to %s", rejected, printed, encode(t, after))
			case rejected == nil && difference(before, after) != change:
				t.Fatalf("the amounts changed by %+v, not %+v", difference(before, after), change)
			}
		}
		t.Repeat(map[string]func(*rapid.T){
			"capture": func(t *rapid.T) {
				amount := rapid.Int64Range(0, 60).Draw(t, "amount")
				request := orderstate.CaptureRequest{Amount: amount, Lines: drawLines(t)}
				do(t, changes{captured: amount, captures: 1}, func() *orderstate.Rejection { return o.AddCapture(now, newID(), request) })
			},
			"refund": func(t *rapid.T) {
				amount := rapid.Int64Range(0, 60).Draw(t, "amount")
				request := orderstate.RefundRequest{Amount: amount, Lines: drawLines(t)}
				if rapid.Bool().Draw(t, "lines add up") {
					request.Lines = []orderstate.Line{line(t, "a", "physical", amount)}
				}
				do(t, changes{refunded: amount, refunds: 1}, func() *orderstate.Rejection { return o.AddRefund(now, newID(), request) })
			},
			"update": func(t *rapid.T) {
				amount := rapid.Int64Range(0, 60).Draw(t, "amount")
				before := o.Snapshot(now)
				do(t, changes{amount: amount - before.Amount}, func() *orderstate.Rejection {
					return o.Update(now, orderstate.AuthorizationUpdate{Amount: amount, Lines: drawLines(t)})
				})
			},
			"cancel":  func(t *rapid.T) { do(t, changes{}, func() *orderstate.Rejection { return o.Cancel(now) }) },
			"release": func(t *rapid.T) { do(t, changes{}, func() *orderstate.Rejection { return o.Release(now) }) },
			"extend":  func(t *rapid.T) { do(t, changes{}, func() *orderstate.Rejection { return o.Extend(now) }) },
			"references": func(t *rapid.T) {
				do(t, changes{}, func() *orderstate.Rejection {
					return o.SetReferences(now, orderstate.References{MerchantReference1: new("r")})
				})
			},
			"customer": func(t *rapid.T) {
				city := rapid.SampledFrom([]string{"", "Berlin"}).Draw(t, "city")
				do(t, changes{}, func() *orderstate.Rejection {
					return o.SetCustomer(now, orderstate.CustomerDetails{ShippingAddress: orderstate.Address{"city": city}})
				})
			},
			"shipment": func(t *rapid.T) {
				id := someCapture(t)
				do(t, changes{}, func() *orderstate.Rejection {
					o.AddOrderShipments([]orderstate.Shipment{[]byte(`{}`)})
					return nil
				})
				do(t, changes{}, func() *orderstate.Rejection { return o.AddShipments(id, []orderstate.Shipment{[]byte(`{}`)}) })
			},
			"due date": func(t *rapid.T) {
				id, days := someCapture(t), rapid.SampledFrom([]int{2, 3, 10}).Draw(t, "days")
				do(t, changes{}, func() *orderstate.Rejection { return o.ExtendDueDate(id, days) })
			},
			"review": func(t *rapid.T) {
				decision := rapid.SampledFrom([]string{"ACCEPTED", "REJECTED"}).Draw(t, "decision")
				o.Decide(now, decision)
			},
			"time": func(t *rapid.T) {
				now = now.Add(time.Duration(rapid.Int64Range(0, int64(20*24*time.Hour)).Draw(t, "passed")))
			},
			"": func(t *rapid.T) { requireConsistent(t, o.Snapshot(now)) },
		})
	})
}

// changes are differences between two states of an order.
type changes struct {
	amount, captured, refunded int64
	captures, refunds          int
}

func difference(before, after *orderstate.Order) changes {
	return changes{
		after.Amount - before.Amount, after.CapturedAmount - before.CapturedAmount, after.RefundedAmount - before.RefundedAmount,
		len(after.Captures) - len(before.Captures), len(after.Refunds) - len(before.Refunds),
	}
}

func requireConsistent(t *rapid.T, o *orderstate.Order) {
	var captured, assigned, refunded int64
	for _, c := range o.Captures {
		captured, assigned = captured+c.Amount, assigned+c.Refunded
		if c.Amount < 1 || c.Refunded < 0 || c.Refunded > c.Amount {
			t.Fatalf("%d of a capture of %d is refunded", c.Refunded, c.Amount)
		}
	}
	for _, r := range o.Refunds {
		refunded += r.Amount
	}
	open := o.Status == orderstate.Authorized || o.Status == orderstate.PartCaptured
	none := o.Status == orderstate.Authorized || o.Status == orderstate.Cancelled || o.Status == orderstate.Expired
	switch {
	case captured != o.CapturedAmount || refunded != o.RefundedAmount || assigned > refunded || refunded > captured:
		t.Fatalf("captured %d, refunded %d, of captures %d: %+v", captured, refunded, assigned, o)
	case open && o.Amount != o.CapturedAmount+o.Remaining, !open && o.Remaining != 0, o.Remaining < 0, o.Amount < captured:
		t.Fatalf("the amounts of an order that is %s do not add up: %+v", o.Status, o)
	case none != (captured == 0), o.Status == orderstate.PartCaptured && o.Remaining == 0:
		t.Fatalf("the order is %s, and %d is captured and %d left", o.Status, captured, o.Remaining)
	}
}

func captureIDs(o *orderstate.Order) (ids []string) {
	for _, c := range o.Captures {
		ids = append(ids, c.ID)
	}
	return ids
}

func drawLines(t *rapid.T) (lines []orderstate.Line) {
	for range rapid.IntRange(0, 2).Draw(t, "lines") {
		lines = append(lines, line(t,
			rapid.SampledFrom([]string{"", "a", "b"}).Draw(t, "reference"),
			rapid.SampledFrom([]string{"physical", "return_fee"}).Draw(t, "type"),
			rapid.Int64Range(-10, 60).Draw(t, "total")))
	}
	return lines
}

func line(t require.TestingT, reference, kind string, total int64) (l orderstate.Line) {
	raw, err := json.Marshal(map[string]any{"reference": reference, "type": kind, "total_amount": total, "tax_rate": 1900})
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(raw, &l))
	return l
}

func encode(t require.TestingT, value any) string {
	raw, err := json.Marshal(value)
	require.NoError(t, err)
	return string(raw)
}
