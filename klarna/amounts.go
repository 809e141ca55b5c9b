package klarna

import (
	"math"
	"math/bits"
)

// Totals returns what the order amount and the order tax amount of these lines must be, in minor units: the sum of their
// TotalAmount, and the sum of their TotalTaxAmount. A line of type sales_tax, as in the US, is tax as a whole.
//
// Sums saturate at [math.MinInt64] and [math.MaxInt64]. So does a sum with an amount that is saturated itself, whatever the
// other lines are. Klarna accepts no such amount, and package preflight rejects it with the code overflow.
//
// Source: https://docs.klarna.com/klarna-payments/additional-resources/error-handling-and-validations/tax-handling/
func Totals(lines []OrderLine) (amount, tax int64) {
	var amountSum, taxSum sum
	for i := range lines {
		amountSum.add(lines[i].TotalAmount)
		if lines[i].Type == OrderLineTypeSalesTax {
			taxSum.add(lines[i].TotalAmount)
		} else {
			taxSum.add(lines[i].TotalTaxAmount)
		}
	}
	return amountSum.amount(), taxSum.amount()
}

// CompleteLine fills in TotalAmount and TotalTaxAmount from Quantity, UnitPrice, TotalDiscountAmount and TaxRate, the way
// Klarna checks them. Amounts are in minor units and include tax, the rate is in basis points (1900 is 19 %); in the US
// the rate is 0, and tax is a line of its own ([SalesTaxLine]). All other fields stay as they are.
//
//	line := klarna.CompleteLine(klarna.OrderLine{Name: "Running shoe", Quantity: 2, UnitPrice: 11900, TaxRate: 1900})
//
// Overflow saturates, as in [Totals].
func CompleteLine(line OrderLine) OrderLine {
	total := sum{exact: multiply(line.Quantity, line.UnitPrice), overflow: isOverflow(line.Quantity) || isOverflow(line.UnitPrice)}
	total.subtract(line.TotalDiscountAmount)
	line.TotalAmount = total.amount()
	line.TotalTaxAmount = IncludedTax(line.TotalAmount, line.TaxRate)
	return line
}

// IncludedTax returns the tax inside a total that includes it, in minor units: 1900 of 11900 at a rate of 1900 (19 %). It is
// rounded to the nearest unit, halves away from zero, and is negative for a negative total. Klarna accepts what is at most 1
// off. A rate of 0 or less has no tax. Overflow saturates, as in [Totals].
//
// Never take total times rate for the tax: totals include it.
//
// Source: https://docs.klarna.com/klarna-payments/additional-resources/error-handling-and-validations/tax-handling/
func IncludedTax(total, taxRate int64) int64 {
	switch {
	case taxRate <= 0 || total == 0:
		return 0
	case isOverflow(total) && total > 0:
		return math.MaxInt64
	case isOverflow(total):
		return math.MinInt64
	}
	// total - total × 10000 / (10000 + rate) is total × rate / (10000 + rate). The product takes 128 bits.
	rate, divisor := uint64(taxRate), uint64(taxRate)+basisPoints
	high, low := bits.Mul64(uint64(max(total, -total)), rate) //nolint:gosec // G115: neither is negative
	tax, rest := bits.Div64(high, low, divisor)
	if rest >= divisor-rest {
		tax++
	}
	if total < 0 {
		return -int64(tax) //nolint:gosec // G115: below 2^63, since tax is less than the total
	}
	return int64(tax) //nolint:gosec // G115: as above
}

// basisPoints is 100 %.
const basisPoints = 10000

// DiscountLine returns a line that takes an amount off the order: a voucher of 5.00 is 500, in minor units with the tax in
// it. The rate is that of the goods, in basis points. A discount over goods of several rates has to be split, one line for
// each rate.
//
// Source: https://docs.klarna.com/payments/web-payments/additional-resources/use-cases/discounts
func DiscountLine(name string, amount, taxRate int64) OrderLine {
	return negativeLine(OrderLineTypeDiscount, name, amount, taxRate)
}

// GiftCardLine returns a line that pays an amount of the order by a gift card, in minor units. A gift card has no tax.
func GiftCardLine(name string, amount int64) OrderLine {
	return negativeLine(OrderLineTypeGiftCard, name, amount, 0)
}

// StoreCreditLine returns a line that pays an amount of the order from the shopper's credit with the shop, in minor units.
// It has no tax.
func StoreCreditLine(name string, amount int64) OrderLine {
	return negativeLine(OrderLineTypeStoreCredit, name, amount, 0)
}

// negativeLine returns a line of negative amounts, whichever sign the amount has.
func negativeLine(kind OrderLineType, name string, amount, taxRate int64) OrderLine {
	if amount > 0 {
		amount = -amount
	}
	return CompleteLine(OrderLine{Type: kind, Name: name, Quantity: 1, UnitPrice: amount, TaxRate: taxRate})
}

// SalesTaxLine returns the line that is the tax of an order in the US, in minor units. Its goods then have no tax of their own.
func SalesTaxLine(name string, amount int64) OrderLine {
	return OrderLine{Type: OrderLineTypeSalesTax, Name: name, Quantity: 1, UnitPrice: amount, TotalAmount: amount}
}

// OrderFromSession returns the order that matches the cart of a session. session must be the cart as it is now: apply every
// [Client.UpdateSession] to it as well, or CreateOrder fails with ErrConflict. MerchantURLs and merchant references
// are copied, and may be changed. Amounts, lines, country and currency must not be. Keep the addresses, unless the browser passed
// some to authorize: then use those of [Client.ReadSession]. The order shares its slices with session.
func OrderFromSession(session SessionCreate) CreateOrderRequest {
	return CreateOrderRequest{
		BillingAddress:         session.BillingAddress,
		CustomPaymentMethodIDs: session.CustomPaymentMethodIDs,
		Customer:               session.Customer,
		Locale:                 session.Locale,
		MerchantData:           session.MerchantData,
		MerchantReference1:     session.MerchantReference1,
		MerchantReference2:     session.MerchantReference2,
		MerchantURLs:           session.MerchantURLs,
		OrderAmount:            session.OrderAmount,
		OrderLines:             session.OrderLines,
		OrderTaxAmount:         session.OrderTaxAmount,
		PurchaseCountry:        session.PurchaseCountry,
		PurchaseCurrency:       session.PurchaseCurrency,
		ShippingAddress:        session.ShippingAddress,
	}
}

// CartUpdate returns the update that moves a session to these lines: amount, tax and lines together, since Klarna checks them
// against each other. The update shares the slice with the caller.
func CartUpdate(lines []OrderLine) SessionUpdate {
	amount, tax := Totals(lines)
	return SessionUpdate{OrderAmount: &amount, OrderTaxAmount: &tax, OrderLines: lines}
}

// isOverflow reports whether an amount stands for one that did not fit into an int64. The negative of [math.MaxInt64]
// counts: it is what [DiscountLine] makes of it.
func isOverflow(n int64) bool { return n == math.MaxInt64 || n <= -math.MaxInt64 }

// sum adds amounts up. It is exact, so the order of the amounts does not matter, and only the result can overflow.
type sum struct {
	exact    int128
	overflow bool // one of the amounts was an overflow
}

func (s *sum) add(n int64) {
	s.exact = s.exact.add(widen(n))
	s.overflow = s.overflow || isOverflow(n)
}

func (s *sum) subtract(n int64) {
	s.exact = s.exact.add(widen(n).negate())
	s.overflow = s.overflow || isOverflow(n)
}

// amount returns the sum, or the limit of int64 that is on its side of 0.
func (s *sum) amount() int64 {
	low := int64(s.exact.low) //nolint:gosec // G115: the lower half, with its sign
	switch {
	case s.exact.high == low>>63 && !s.overflow:
		return low
	case s.exact.high < 0:
		return math.MinInt64
	}
	return math.MaxInt64
}

// int128 is an integer of 128 bits in two's complement. It holds the product of two int64, and more sums of them than
// there is memory for lines.
type int128 struct {
	high int64
	low  uint64
}

func widen(n int64) int128 { return int128{n >> 63, uint64(n)} } //nolint:gosec // G115: two's complement

func multiply(a, b int64) int128 {
	high, low := bits.Mul64(uint64(a), uint64(b)) //nolint:gosec // G115: two's complement, corrected below
	product := int128{int64(high), low}           //nolint:gosec // G115: as above
	if a < 0 {
		product.high -= b
	}
	if b < 0 {
		product.high -= a
	}
	return product
}

func (a int128) add(b int128) int128 {
	low, carry := bits.Add64(a.low, b.low, 0)
	return int128{a.high + b.high + int64(carry), low} //nolint:gosec // G115: carry is 0 or 1
}

func (a int128) negate() int128 { return int128{^a.high, ^a.low}.add(int128{0, 1}) }
