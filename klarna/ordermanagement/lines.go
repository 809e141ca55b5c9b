package ordermanagement

import (
	"math/bits"
	"slices"

	"github.com/klarna-go/klarna-payments/klarna"
)

// CaptureLines returns the request that captures these lines: its amount is the sum of their TotalAmount, in minor units.
func CaptureLines(lines ...OrderLine) CaptureRequest {
	return CaptureRequest{CapturedAmount: sum(lines), OrderLines: lines}
}

// RefundLines returns the request that refunds these lines: its amount is the sum of their TotalAmount, in minor units. Take
// them from the capture, not from the shop's catalogue, so that they have its references; [SplitLine] makes a line of some of its
// pieces. Add a [ReturnFeeLine] to take a fee off.
//
//	one, _ := ordermanagement.SplitLine(capture.OrderLines[0], 1)
//	request := ordermanagement.RefundLines(one)
func RefundLines(lines ...OrderLine) RefundRequest {
	return RefundRequest{RefundedAmount: sum(lines), OrderLines: lines}
}

// SplitLine splits a line in two: part has so many of its pieces, rest has the others. Discount, total and tax of both add up
// to the line's, to the last minor unit, however often a line is split. If the tax of the line is at most 1 off the exact one,
// as Klarna accepts it, so is the tax of both. All other fields are the line's.
//
// A quantity of 0 or less, or of the whole line or more, leaves one of the two empty: a line with quantity and amounts of 0.
func SplitLine(line OrderLine, quantity int64) (part, rest OrderLine) {
	part, rest = line, line
	switch {
	case quantity >= line.Quantity:
		rest.Quantity, rest.TotalDiscountAmount, rest.TotalAmount, rest.TotalTaxAmount = 0, 0, 0, 0
		return part, rest
	case quantity <= 0:
		part.Quantity, part.TotalDiscountAmount, part.TotalAmount, part.TotalTaxAmount = 0, 0, 0, 0
		return part, rest
	}
	part.Quantity, rest.Quantity = quantity, line.Quantity-quantity
	part.TotalDiscountAmount = share(line.TotalDiscountAmount, quantity, line.Quantity)
	rest.TotalDiscountAmount = line.TotalDiscountAmount - part.TotalDiscountAmount

	// A total that is off quantity × unit price − discount, as Klarna tolerates it, is off in both.
	off := line.TotalAmount - (line.Quantity*line.UnitPrice - line.TotalDiscountAmount)
	part.TotalAmount = quantity*line.UnitPrice - part.TotalDiscountAmount + share(off, quantity, line.Quantity)
	rest.TotalAmount = line.TotalAmount - part.TotalAmount

	part.TotalTaxAmount = splitTax(line, part)
	rest.TotalTaxAmount = line.TotalTaxAmount - part.TotalTaxAmount
	return part, rest
}

// splitTax returns the tax of a part of a line: the exact one, and half of what the line's tax is off. If that is at most 1,
// it is as much for the rest, and rounding leaves both at most 1 off. If it is more, each gets its share by quantity.
func splitTax(line, part OrderLine) int64 {
	rate := int64(max(0, line.TaxRate))
	divisor := basisPoints + rate // exact taxes are multiplied by it, so that nothing is rounded before the end
	exact, off := part.TotalAmount*rate, line.TotalTaxAmount*divisor-line.TotalAmount*rate
	if off < -divisor || off > divisor {
		return round(exact, divisor) + share(round(off, divisor), part.Quantity, line.Quantity)
	}
	return round(2*exact+off, 2*divisor)
}

// basisPoints is 100 %.
const basisPoints = 10000

// ReturnFeeLine returns the line that takes a fee off a refund of an order, and whether Klarna supports it: the order was
// captured as a whole, in one capture, in one of 15 countries, and the fee is more than 0. The fee is in minor units with the
// tax in it, the rate in basis points. The amount refunded is the sum of all lines, as [RefundLines] makes it.
//
// Source: https://docs.klarna.com/order-management/manage-orders-with-the-api/refund-orders-and-manage-authorizations
func ReturnFeeLine(order Order, name string, fee, taxRate int64) (line OrderLine, supported bool) {
	if fee <= 0 || len(order.Captures) != 1 || order.CapturedAmount != order.OrderAmount ||
		!slices.Contains(returnFeeCountries, order.PurchaseCountry) {
		return OrderLine{}, false
	}
	return OrderLine{
		Type: OrderLineTypeReturnFee, Name: name, Quantity: 1, UnitPrice: -fee, TaxRate: int32(taxRate), //nolint:gosec // G115: a rate is below 2^31
		TotalAmount: -fee, TotalTaxAmount: klarna.IncludedTax(-fee, taxRate),
	}, true
}

var returnFeeCountries = []string{"AT", "AU", "CZ", "DE", "DK", "ES", "FI", "FR", "GR", "IE", "IT", "NL", "NO", "PT", "SE"}

// remainingLines returns what is left of some lines, if that can be told: every line that is gone is one of them, and what is
// left adds up to an amount. Lines of the same product become one.
func remainingLines(lines, gone []OrderLine, amount int64) []OrderLine {
	type product struct {
		Type            OrderLineType
		Reference, Name string
		UnitPrice       int64
		TaxRate         int32
	}
	of := func(l OrderLine) product {
		return product{Type: l.Type, Reference: l.Reference, Name: l.Name, UnitPrice: l.UnitPrice, TaxRate: l.TaxRate}
	}
	left := make([]OrderLine, 0, len(lines))
	index := map[product]int{}
	for _, line := range lines {
		if i, ok := index[of(line)]; ok {
			addLine(&left[i], line, 1)
			continue
		}
		index[of(line)] = len(left)
		left = append(left, line)
	}
	for _, line := range gone {
		i, ok := index[of(line)]
		if !ok {
			return nil
		}
		addLine(&left[i], line, -1)
	}
	if slices.ContainsFunc(left, func(l OrderLine) bool {
		return l.Quantity < 0 || l.Quantity == 0 && (l.TotalAmount != 0 || l.TotalTaxAmount != 0) || l.TotalDiscountAmount < 0
	}) {
		return nil
	}
	left = slices.DeleteFunc(left, func(l OrderLine) bool { return l.Quantity == 0 })
	if len(left) == 0 || sum(left) != amount {
		return nil
	}
	return left
}

// addLine adds a number of times what another line of the same product has.
func addLine(to *OrderLine, line OrderLine, times int64) {
	to.Quantity += times * line.Quantity
	to.TotalDiscountAmount += times * line.TotalDiscountAmount
	to.TotalAmount += times * line.TotalAmount
	to.TotalTaxAmount += times * line.TotalTaxAmount
}

func sum(lines []OrderLine) int64 {
	var total int64
	for i := range lines {
		total += lines[i].TotalAmount
	}
	return total
}

// share returns amount × part ÷ whole, rounded. whole is more than part, and part is not negative.
func share(amount, part, whole int64) int64 {
	high, low := bits.Mul64(magnitude(amount), magnitude(part))
	result, rest := bits.Div64(high, low, magnitude(whole))
	return signed(result, rest, whole, amount < 0)
}

// round returns n ÷ divisor, rounded to the nearest unit, halves away from zero.
func round(n, divisor int64) int64 {
	return signed(magnitude(n)/magnitude(divisor), magnitude(n)%magnitude(divisor), divisor, n < 0)
}

func signed(result, rest uint64, divisor int64, negative bool) int64 {
	if rest >= magnitude(divisor)-rest {
		result++
	}
	if negative {
		return -int64(result) //nolint:gosec // G115: at most the magnitude of what was divided
	}
	return int64(result) //nolint:gosec // G115: as above
}

func magnitude(n int64) uint64 {
	if n < 0 {
		return -uint64(n) //nolint:gosec // G115: the wrap-around gives the lowest int64 its magnitude
	}
	return uint64(n)
}
