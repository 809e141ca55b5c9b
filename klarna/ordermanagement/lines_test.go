package ordermanagement_test

import (
	"fmt"
	"math"
	"math/big"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/klarna-go/klarna-payments/gen/types"
	"github.com/klarna-go/klarna-payments/klarna"
	"github.com/klarna-go/klarna-payments/klarna/ordermanagement"
)

func TestTwoOfThreeShirts(t *testing.T) {
	t.Parallel()
	shirts := ordermanagement.OrderLine{
		Name: "Shirt", Reference: "SH-1", Quantity: 3, UnitPrice: 3333, TotalDiscountAmount: 1000, TotalAmount: 8999, TaxRate: 1900, TotalTaxAmount: 1437,
	}
	part, rest := ordermanagement.SplitLine(shirts, 2)
	require.Equal(t, ordermanagement.OrderLine{
		Name: "Shirt", Reference: "SH-1", Quantity: 2, UnitPrice: 3333, TotalDiscountAmount: 667, TotalAmount: 5999, TaxRate: 1900, TotalTaxAmount: 958,
	}, part)
	require.Equal(t, ordermanagement.OrderLine{
		Name: "Shirt", Reference: "SH-1", Quantity: 1, UnitPrice: 3333, TotalDiscountAmount: 333, TotalAmount: 3000, TaxRate: 1900, TotalTaxAmount: 479,
	}, rest)
}

func TestSplitBeyondTheLineLeavesOneEmpty(t *testing.T) {
	t.Parallel()
	line := ordermanagement.OrderLine{Quantity: 2, UnitPrice: 100, TotalAmount: 190, TotalDiscountAmount: 10, TaxRate: 2500, TotalTaxAmount: 38}
	empty := ordermanagement.OrderLine{UnitPrice: 100, TaxRate: 2500}
	for quantity, whole := range map[int64]bool{2: true, 3: true, math.MaxInt64: true, 0: false, -1: false, math.MinInt64: false} {
		part, rest := ordermanagement.SplitLine(line, quantity)
		if whole {
			require.Equal(t, []ordermanagement.OrderLine{line, empty}, []ordermanagement.OrderLine{part, rest})
		} else {
			require.Equal(t, []ordermanagement.OrderLine{empty, line}, []ordermanagement.OrderLine{part, rest})
		}
	}
}

// anyLine draws a line that Klarna accepts: its tax is at most 1 off the exact one.
func anyLine(t *rapid.T) ordermanagement.OrderLine {
	l := ordermanagement.OrderLine{
		Type: ordermanagement.OrderLineTypePhysical, Name: "Thing", Reference: fmt.Sprint("R-", rapid.IntRange(0, 1e9).Draw(t, "reference")),
		Quantity: rapid.Int64Range(1, 400).Draw(t, "quantity"), UnitPrice: rapid.Int64Range(0, 99999).Draw(t, "price"),
		TaxRate: rapid.SampledFrom([]int32{0, 500, 700, 1900, 2000, 2500, 10000}).Draw(t, "rate"),
	}
	l.TotalDiscountAmount = rapid.Int64Range(0, l.Quantity*l.UnitPrice).Draw(t, "discount")
	l.TotalAmount = l.Quantity*l.UnitPrice - l.TotalDiscountAmount
	if rapid.Bool().Draw(t, "negative") {
		l.Type, l.UnitPrice, l.TotalDiscountAmount, l.TotalAmount = ordermanagement.OrderLineTypeDiscount, -l.UnitPrice, 0, -l.Quantity*l.UnitPrice
	}
	l.TotalTaxAmount = klarna.IncludedTax(l.TotalAmount, int64(l.TaxRate))
	if off := rapid.Int64Range(-1, 1).Draw(t, "off"); isTaxInside(l, l.TotalTaxAmount+off) {
		l.TotalTaxAmount += off
	}
	return l
}

// isTaxInside reports whether a tax is at most 1 off the exact one of a line's total.
func isTaxInside(l ordermanagement.OrderLine, tax int64) bool {
	divisor := big.NewInt(10000 + int64(l.TaxRate))
	given := new(big.Int).Mul(big.NewInt(tax), divisor)
	exact := new(big.Int).Mul(big.NewInt(l.TotalAmount), big.NewInt(int64(l.TaxRate)))
	return given.Sub(given, exact).CmpAbs(divisor) <= 0
}

// Each part is a line that Klarna accepts by itself, and all parts add up to the line.
func TestSplitAgainAndAgainAddsUp(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		whole := anyLine(t)
		parts := []ordermanagement.OrderLine{whole}
		for range rapid.IntRange(1, 60).Draw(t, "splits") {
			i := rapid.IntRange(0, len(parts)-1).Draw(t, "which")
			if parts[i].Quantity < 2 {
				continue
			}
			part, rest := ordermanagement.SplitLine(parts[i], rapid.Int64Range(1, parts[i].Quantity-1).Draw(t, "quantity"))
			parts[i] = part
			parts = append(parts, rest)
		}
		var added ordermanagement.OrderLine
		for _, p := range parts {
			if p.TotalAmount != p.Quantity*p.UnitPrice-p.TotalDiscountAmount {
				t.Fatalf("%+v: the total is wrong", p)
			}
			if !isTaxInside(p, p.TotalTaxAmount) {
				t.Fatalf("%+v: the tax is wrong", p)
			}
			if p.TotalDiscountAmount < 0 || p.Quantity < 1 {
				t.Fatalf("%+v: a sign is wrong", p)
			}
			added.Quantity += p.Quantity
			added.TotalDiscountAmount += p.TotalDiscountAmount
			added.TotalAmount += p.TotalAmount
			added.TotalTaxAmount += p.TotalTaxAmount
		}
		if added.Quantity != whole.Quantity || added.TotalDiscountAmount != whole.TotalDiscountAmount ||
			added.TotalAmount != whole.TotalAmount || added.TotalTaxAmount != whole.TotalTaxAmount {
			t.Fatalf("the parts add up to %+v, not to %+v", added, whole)
		}
	})
}

// Whatever the numbers are, nothing is lost and nothing panics.
func TestSplitOfAnyNumbersAddsUp(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		whole := ordermanagement.OrderLine{
			Quantity: rapid.Int64().Draw(t, "quantity"), UnitPrice: rapid.Int64().Draw(t, "price"), TaxRate: rapid.Int32().Draw(t, "rate"),
			TotalAmount: rapid.Int64().Draw(t, "total"), TotalDiscountAmount: rapid.Int64().Draw(t, "discount"), TotalTaxAmount: rapid.Int64().Draw(t, "tax"),
		}
		part, rest := ordermanagement.SplitLine(whole, rapid.Int64().Draw(t, "part"))
		if part.Quantity+rest.Quantity != whole.Quantity || part.TotalAmount+rest.TotalAmount != whole.TotalAmount ||
			part.TotalDiscountAmount+rest.TotalDiscountAmount != whole.TotalDiscountAmount || part.TotalTaxAmount+rest.TotalTaxAmount != whole.TotalTaxAmount {
			t.Fatalf("%+v and %+v do not add up to %+v", part, rest, whole)
		}
	})
}

func TestTotalThatIsOffIsSharedByQuantity(t *testing.T) {
	t.Parallel()
	part, rest := ordermanagement.SplitLine(ordermanagement.OrderLine{Quantity: 10, UnitPrice: 100, TotalAmount: 1010}, 5)
	require.EqualValues(t, 505, part.TotalAmount)
	require.EqualValues(t, 505, rest.TotalAmount)
}

func TestTaxThatIsFarOffIsSharedByQuantity(t *testing.T) {
	t.Parallel()
	part, rest := ordermanagement.SplitLine(ordermanagement.OrderLine{Quantity: 10, UnitPrice: 100, TotalAmount: 1000, TotalTaxAmount: 500}, 1)
	require.EqualValues(t, 50, part.TotalTaxAmount)
	require.EqualValues(t, 450, rest.TotalTaxAmount)
}

// ledger is Klarna's side of an order, as far as amounts and lines go.
type ledger struct{ ordermanagement.Order }

func (l *ledger) capture(request ordermanagement.CaptureRequest) {
	l.CapturedAmount += request.CapturedAmount
	l.RemainingAuthorizedAmount -= request.CapturedAmount
	l.Captures = append(l.Captures, ordermanagement.Capture{
		CaptureID: fmt.Sprint("c-", len(l.Captures)), CapturedAmount: request.CapturedAmount, OrderLines: request.OrderLines,
	})
}

func (l *ledger) refund(capture int, request ordermanagement.RefundRequest) {
	l.RefundedAmount += request.RefundedAmount
	l.Captures[capture].RefundedAmount += request.RefundedAmount
	l.Refunds = append(l.Refunds, ordermanagement.Refund{RefundedAmount: request.RefundedAmount, OrderLines: request.OrderLines})
}

func anyOrder(t *rapid.T) *ledger {
	l := new(ledger)
	for range rapid.IntRange(1, 6).Draw(t, "lines") {
		line := anyLine(t)
		if line.TotalAmount < 0 {
			line = ordermanagement.OrderLine{Name: "Shipping", Type: ordermanagement.OrderLineTypeShippingFee, Quantity: 1, UnitPrice: 490, TotalAmount: 490, TaxRate: 1900, TotalTaxAmount: 78}
		}
		l.OrderLines = append(l.OrderLines, line)
		l.OrderAmount += line.TotalAmount
	}
	l.RemainingAuthorizedAmount = l.OrderAmount
	return l
}

// An order that is captured in random parts and then refunded in random parts ends at nothing, with exact lines all along.
func TestCapturesAndRefundsInPartsAddUp(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		l := anyOrder(t)
		open := append([]ordermanagement.OrderLine(nil), l.OrderLines...)
		take := func(from []ordermanagement.OrderLine) (taken []ordermanagement.OrderLine) {
			for i := range from {
				part, rest := ordermanagement.SplitLine(from[i], rapid.Int64Range(0, from[i].Quantity).Draw(t, "take"))
				from[i] = rest
				if part.Quantity > 0 {
					taken = append(taken, part)
				}
			}
			return taken
		}
		for range rapid.IntRange(0, 3).Draw(t, "captures") {
			if lines := take(open); len(lines) > 0 {
				l.capture(ordermanagement.CaptureLines(lines...))
			}
		}
		if last := ordermanagement.RemainingCapture(l.Order); last.CapturedAmount > 0 {
			if !sumsTo(last.OrderLines, last.CapturedAmount) {
				t.Fatalf("what is left has no lines: %+v", last)
			}
			l.capture(last)
		}
		if l.CapturedAmount != l.OrderAmount || l.RemainingAuthorizedAmount != 0 {
			t.Fatalf("captured %d of %d", l.CapturedAmount, l.OrderAmount)
		}
		for i := range l.Captures {
			left := append([]ordermanagement.OrderLine(nil), l.Captures[i].OrderLines...)
			for range rapid.IntRange(0, 3).Draw(t, "refunds") {
				if lines := take(left); len(lines) > 0 {
					l.refund(i, ordermanagement.RefundLines(lines...))
				}
			}
			if last := ordermanagement.RemainingRefund(l.Order, l.Captures[i].CaptureID); last.RefundedAmount > 0 {
				if len(l.Captures) == 1 && !sumsTo(last.OrderLines, last.RefundedAmount) {
					t.Fatalf("what is left has no lines: %+v", last)
				}
				l.refund(i, last)
			}
			if ordermanagement.RefundableAmountOf(l.Order, l.Captures[i].CaptureID) != 0 {
				t.Fatalf("capture %d is not refunded as a whole: %+v", i, l.Captures[i])
			}
		}
		if l.RefundedAmount != l.OrderAmount || ordermanagement.RefundableAmount(l.Order) != 0 {
			t.Fatalf("refunded %d of %d", l.RefundedAmount, l.OrderAmount)
		}
	})
}

func sumsTo(lines []ordermanagement.OrderLine, amount int64) bool {
	for _, l := range lines {
		amount -= l.TotalAmount
	}
	return amount == 0 && len(lines) > 0
}

func TestRemainingCaptureOfTheExample(t *testing.T) {
	t.Parallel()
	order := decoded[ordermanagement.Order](t, "om_get_order_response.json")
	request := ordermanagement.RemainingCapture(order)
	require.EqualValues(t, 3150, request.CapturedAmount)
	require.Equal(t, order.OrderLines[1:2], request.OrderLines)

	for name, change := range map[string]func(*ordermanagement.Order){
		"a capture without lines":       func(o *ordermanagement.Order) { o.Captures[0].OrderLines = nil },
		"another product was captured":  func(o *ordermanagement.Order) { o.Captures[0].OrderLines[0].Reference = "OTHER" },
		"more than ordered":             func(o *ordermanagement.Order) { o.Captures[0].OrderLines[0].Quantity = 3 },
		"the amount is not the lines'":  func(o *ordermanagement.Order) { o.RemainingAuthorizedAmount = 3149 },
		"money without a piece is left": func(o *ordermanagement.Order) { o.Captures[0].OrderLines[0].TotalAmount-- },
		"tax without a piece is left":   func(o *ordermanagement.Order) { o.Captures[0].OrderLines[0].TotalTaxAmount-- },
		"no lines":                      func(o *ordermanagement.Order) { o.OrderLines = nil },
	} {
		order := decoded[ordermanagement.Order](t, "om_get_order_response.json")
		change(&order)
		request := ordermanagement.RemainingCapture(order)
		require.Equal(t, order.RemainingAuthorizedAmount, request.CapturedAmount, name)
		require.Empty(t, request.OrderLines, name)
	}
	order.RemainingAuthorizedAmount = -1
	require.Zero(t, ordermanagement.RemainingCapture(order).CapturedAmount)
}

func TestRemainingRefundOfTheExample(t *testing.T) {
	t.Parallel()
	order := decoded[ordermanagement.Order](t, "om_get_order_response.json")
	request := ordermanagement.RemainingRefund(order, captureID)
	require.EqualValues(t, 5480, request.RefundedAmount)
	require.Len(t, request.OrderLines, 2)
	require.EqualValues(t, 1, request.OrderLines[0].Quantity)
	require.EqualValues(t, 796, request.OrderLines[0].TotalTaxAmount)
	require.Equal(t, "BLK-220", request.OrderLines[0].Reference)
	require.EqualValues(t, 2, order.Captures[0].OrderLines[0].Quantity, "the order stays as it is")

	require.Zero(t, ordermanagement.RemainingRefund(order, "other"))
	order.Refunds[0].OrderLines = nil
	require.Empty(t, ordermanagement.RemainingRefund(order, captureID).OrderLines)

	// A second capture, of another blanket of the same kind: a refund may have been of either.
	order = decoded[ordermanagement.Order](t, "om_get_order_response.json")
	order.Captures = append(order.Captures, ordermanagement.Capture{CaptureID: "c-2", CapturedAmount: 9980, OrderLines: order.OrderLines[:1]})
	order.CapturedAmount += 9980
	require.Equal(t, order.OrderLines[:1], ordermanagement.RemainingRefund(order, "c-2").OrderLines, "nothing of it was refunded")
	require.Len(t, ordermanagement.RemainingRefund(order, captureID).OrderLines, 2, "all refunds were of it")
	order.Captures[1].RefundedAmount = 4990
	order.RefundedAmount += 4990
	order.Refunds = append(order.Refunds, order.Refunds[0])
	require.Empty(t, ordermanagement.RemainingRefund(order, captureID).OrderLines)
	require.Equal(t, ordermanagement.RefundRequest{RefundedAmount: 4990}, ordermanagement.RemainingRefund(order, "c-2"))
}

func TestReturnFeeOfTheExample(t *testing.T) {
	t.Parallel()
	order := decoded[ordermanagement.Order](t, "om_get_order_response.json")
	_, supported := ordermanagement.ReturnFeeLine(order, "Return label", 295, 0)
	require.False(t, supported, "the order is not captured as a whole")
	order.CapturedAmount = order.OrderAmount
	fee, supported := ordermanagement.ReturnFeeLine(order, "Return label", 295, 0)
	require.True(t, supported)
	blanket, _ := ordermanagement.SplitLine(order.OrderLines[0], 1)
	want := decoded[ordermanagement.RefundRequest](t, "om_refund_request.return_fee.json")
	want.Reference, want.Description = "", ""
	want.OrderLines[0].TotalTaxAmount = blanket.TotalTaxAmount
	require.Equal(t, want, ordermanagement.RefundLines(blanket, fee))

	fee, _ = ordermanagement.ReturnFeeLine(order, "Return label", 119, 1900)
	require.EqualValues(t, -19, fee.TotalTaxAmount)
	for name, change := range map[string]func(*ordermanagement.Order){
		"country":      func(o *ordermanagement.Order) { o.PurchaseCountry = "US" },
		"two captures": func(o *ordermanagement.Order) { o.Captures = append(o.Captures, ordermanagement.Capture{}) },
		"no capture":   func(o *ordermanagement.Order) { o.Captures = nil },
	} {
		other := order
		change(&other)
		_, supported := ordermanagement.ReturnFeeLine(other, "Return label", 295, 0)
		require.False(t, supported, name)
	}
	for _, fee := range []int64{0, -295} {
		_, supported := ordermanagement.ReturnFeeLine(order, "Return label", fee, 0)
		require.False(t, supported, fee)
	}
}

func TestAmountsTellWhatAnOrderAllows(t *testing.T) {
	t.Parallel()
	expiry := time.Date(2026, 3, 30, 0, 0, 0, 0, time.UTC)
	before, after := expiry.Add(-time.Nanosecond), expiry
	placed := func(change func(*ordermanagement.Order)) ordermanagement.Order {
		o := ordermanagement.Order{
			OrderAmount: 100, RemainingAuthorizedAmount: 100, Status: ordermanagement.OrderStatusAuthorized,
			FraudStatus: ordermanagement.FraudStatusAccepted, ExpiresAt: types.Time{Time: expiry},
		}
		if change != nil {
			change(&o)
		}
		return o
	}
	amounts := func(captured, refunded, remaining int64) func(*ordermanagement.Order) {
		return func(o *ordermanagement.Order) {
			o.CapturedAmount, o.RefundedAmount, o.RemainingAuthorizedAmount = captured, refunded, remaining
		}
	}
	for name, test := range map[string]struct {
		order                  ordermanagement.Order
		at                     time.Time
		capturable, refundable int64
		cancel, release, over  bool
	}{
		"placed":              {placed(nil), before, 100, 0, true, false, false},
		"placed, expired":     {placed(nil), after, 0, 0, true, false, true},
		"part captured":       {placed(amounts(40, 0, 60)), before, 60, 40, false, true, false},
		"part refunded":       {placed(amounts(40, 10, 60)), before, 60, 30, false, true, false},
		"captured":            {placed(amounts(100, 0, 0)), before, 0, 100, false, false, false},
		"captured, expired":   {placed(amounts(100, 0, 0)), after, 0, 100, false, false, true},
		"all refunded":        {placed(amounts(100, 100, 0)), before, 0, 0, false, false, false},
		"more than captured":  {placed(amounts(100, 101, -1)), before, 0, 0, false, false, false},
		"part, closed":        {placed(func(o *ordermanagement.Order) { amounts(40, 0, 60)(o); o.Status = "CLOSED" }), before, 60, 40, false, true, false},
		"closed":              {placed(func(o *ordermanagement.Order) { o.Status = "CLOSED" }), before, 100, 0, false, false, false},
		"cancelled":           {placed(func(o *ordermanagement.Order) { o.Status = "CANCELLED" }), before, 0, 0, false, false, false},
		"expired by status":   {placed(func(o *ordermanagement.Order) { o.Status = "EXPIRED" }), before, 0, 0, false, false, true},
		"pending":             {placed(func(o *ordermanagement.Order) { o.FraudStatus = "PENDING" }), before, 0, 0, true, false, false},
		"rejected":            {placed(func(o *ordermanagement.Order) { o.FraudStatus = "REJECTED" }), before, 0, 0, true, false, false},
		"no expiry is stated": {placed(func(o *ordermanagement.Order) { o.ExpiresAt = types.Time{} }), after, 100, 0, true, false, false},
	} {
		require.Equal(t, test.capturable, ordermanagement.CapturableAmount(test.order, test.at), name)
		require.Equal(t, test.refundable, ordermanagement.RefundableAmount(test.order), name)
		require.Equal(t, test.cancel, ordermanagement.CanCancel(test.order), name)
		require.Equal(t, test.release, ordermanagement.CanRelease(test.order), name)
		require.Equal(t, test.over, ordermanagement.IsExpired(test.order, test.at), name)
	}
}

func TestRefundableAmountOfACapture(t *testing.T) {
	t.Parallel()
	order := decoded[ordermanagement.Order](t, "om_get_order_response.json")
	require.EqualValues(t, 5480, ordermanagement.RefundableAmountOf(order, captureID))
	order.RefundedAmount = 9990 // a refund was put against the order as a whole
	require.EqualValues(t, 480, ordermanagement.RefundableAmountOf(order, captureID))
	require.Zero(t, ordermanagement.RefundableAmountOf(order, "other"))
	order.Captures[0].RefundedAmount = 10471
	require.Zero(t, ordermanagement.RefundableAmountOf(order, captureID))
}
