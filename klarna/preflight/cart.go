package preflight

import (
	"math"
	"math/big"
	"strings"

	"github.com/klarna-go/klarna-payments/klarna"
)

// checkCart checks the money of an order: each line for itself, and the order against its lines. Sums are exact, so no
// amount is so large that a wrong sum could wrap around into a right one.
func checkCart(request *request, report *Report) {
	cart := &request.cart
	if cart.update {
		checkComplete(cart, report)
	}
	checkOverflow(cart, report)
	if len(cart.lines) == 0 {
		return // form reports it where there must be some
	}
	salesTax := taxedLikeUS(request)
	checkSalesTaxCountry(request, report)
	checkOrderAmount(cart, report)
	checkOrderTax(request, salesTax, report)
	for i := range cart.lines {
		checkLine(line{&cart.lines[i], i}, salesTax, report)
	}
}

// checkOverflow rejects numbers at the limits of int64. No amount that is meant comes near them: they are what
// [klarna.CompleteLine] and [klarna.Totals] return for an amount that does not fit. The other rules may not reject them,
// such as an order_amount, for which the contract has no maximum, or a discount that is compared with its own price.
func checkOverflow(cart *cart, report *Report) {
	add := func(path string, n int64) {
		report.problem(path, CodeOverflow, "is %d, which stands for a number that does not fit into 64 bits", n)
	}
	if cart.amount != nil && isOverflow(*cart.amount) {
		add("order_amount", *cart.amount)
	}
	if cart.tax != nil && isOverflow(*cart.tax) {
		add("order_tax_amount", *cart.tax)
	}
	for i := range cart.lines {
		l := line{&cart.lines[i], i}
		for _, number := range []struct {
			field string
			n     int64
		}{
			{"quantity", l.Quantity},
			{"unit_price", l.UnitPrice},
			{"total_amount", l.TotalAmount},
			{"total_discount_amount", l.TotalDiscountAmount},
			{"total_tax_amount", l.TotalTaxAmount},
		} {
			if isOverflow(number.n) {
				add(l.path(number.field), number.n)
			}
		}
	}
}

// isOverflow counts the negative of MaxInt64 too: it is what [klarna.DiscountLine] makes of it.
func isOverflow(n int64) bool { return n == math.MaxInt64 || n <= -math.MaxInt64 }

// taxedLikeUS reports whether the tax of the order is in lines of its own. It is in the US; and where there is such a line,
// that is what the request means to do, whatever its country. An update may leave the country out.
//
// Source: https://docs.klarna.com/klarna-payments/additional-resources/error-handling-and-validations/tax-handling/
func taxedLikeUS(request *request) bool {
	return strings.EqualFold(request.country, "US") || hasSalesTax(request.cart.lines)
}

func hasSalesTax(lines []klarna.OrderLine) bool {
	for i := range lines {
		if lines[i].Type == klarna.OrderLineTypeSalesTax {
			return true
		}
	}
	return false
}

// checkSalesTaxCountry warns of a sales_tax line outside the US. That it is wrong there is inferred: Klarna describes such
// lines for the US only.
func checkSalesTaxCountry(request *request, report *Report) {
	if request.country == "" || strings.EqualFold(request.country, "US") {
		return
	}
	for i := range request.cart.lines {
		if request.cart.lines[i].Type == klarna.OrderLineTypeSalesTax {
			l := line{&request.cart.lines[i], i}
			report.warning(l.path("type"), CodeSalesTax, "is sales_tax, which is meant for orders in the US")
		}
	}
}

// checkOrderAmount: order_amount is the sum of the lines, the sales_tax lines included. That Klarna checks it is inferred
// from its error texts and from every sample.
func checkOrderAmount(cart *cart, report *Report) {
	if cart.amount == nil {
		return
	}
	want := sum(cart.lines, func(l *klarna.OrderLine) int64 { return l.TotalAmount })
	if want.Cmp(big.NewInt(*cart.amount)) != 0 {
		report.problem("order_amount", CodeOrderAmount,
			"is %d, but total_amount of all lines adds up to %v", *cart.amount, want)
	}
}

// checkOrderTax: order_tax_amount is the sum of the lines' tax, or of the sales_tax lines in the US.
//
// Klarna's page allows a difference as large as the number of items, which is read as the number of lines: it is a warning.
// So is an order without an order_tax_amount: Klarna was seen to accept one with a sales_tax line. That it does so without
// such a line is inferred, since the document does not require the field. A request of a Go type leaves 0 out.
//
// Source: https://docs.klarna.com/klarna-payments/additional-resources/error-handling-and-validations/tax-handling/
func checkOrderTax(request *request, salesTax bool, report *Report) {
	cart := &request.cart
	if cart.tax == nil {
		return
	}
	what, of := "total_tax_amount of all lines", func(l *klarna.OrderLine) int64 { return l.TotalTaxAmount }
	if salesTax {
		what, of = "total_amount of the sales_tax lines", func(l *klarna.OrderLine) int64 {
			if l.Type == klarna.OrderLineTypeSalesTax {
				return l.TotalAmount
			}
			return 0
		}
	}
	want := sum(cart.lines, of)
	switch off := new(big.Int).Sub(want, big.NewInt(*cart.tax)); {
	case off.Sign() == 0:
	case off.CmpAbs(big.NewInt(int64(len(cart.lines)))) <= 0:
		report.warning("order_tax_amount", CodeTaxRounding,
			"is %d, but %s adds up to %v, which Klarna tolerates up to the number of lines", *cart.tax, what, want)
	case *cart.tax == 0 && !cart.update && request.contract == payments: // a charge sends 0
		report.warning("order_tax_amount", CodeNoOrderTax, "is left out, but %s adds up to %v", what, want)
	default:
		report.problem("order_tax_amount", CodeOrderTaxAmount, "is %d, but %s adds up to %v", *cart.tax, what, want)
	}
}

// sum adds one number of all lines up.
func sum(lines []klarna.OrderLine, of func(*klarna.OrderLine) int64) *big.Int {
	total := new(big.Int)
	for i := range lines {
		total.Add(total, big.NewInt(of(&lines[i])))
	}
	return total
}
