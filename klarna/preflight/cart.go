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

// checkOrderTax: order_tax_amount is the sum of the lines' tax, or of the sales_tax lines in the US. There it may also be that of
// both, or of the lines alone if they have tax of their own, which is a warning.
//
// Klarna's page allows a difference as large as the number of items, which is read as the number of lines: it is a warning.
// So is an order without an order_tax_amount: Klarna was seen to accept one with a sales_tax line, and one in the US without tax
// anywhere. That it does so elsewhere is inferred, since the document does not require the field. A request of a Go type leaves 0
// out. So is an order_tax_amount while no line has tax, which extensions in use send (inferred).
//
// Source: https://docs.klarna.com/klarna-payments/additional-resources/error-handling-and-validations/tax-handling/
func checkOrderTax(request *request, salesTax bool, report *Report) {
	cart := &request.cart
	if cart.tax == nil {
		return
	}
	what := "total_tax_amount of all lines"
	want := sum(cart.lines, func(l *klarna.OrderLine) int64 { return l.TotalTaxAmount })
	sums := []*big.Int{want}
	if salesTax {
		what = "total_amount of the sales_tax lines"
		inLines := want
		want = sum(cart.lines, func(l *klarna.OrderLine) int64 {
			if l.Type == klarna.OrderLineTypeSalesTax {
				return l.TotalAmount
			}
			return 0
		})
		sums = []*big.Int{want}
		if inLines.Sign() != 0 {
			sums = append(sums, inLines, new(big.Int).Add(want, inLines))
		}
	}
	switch off := distance(*cart.tax, sums); {
	case off.Sign() == 0:
	case off.Cmp(big.NewInt(int64(len(cart.lines)))) <= 0:
		report.warning("order_tax_amount", CodeTaxRounding,
			"is %d, but %s adds up to %v, which Klarna tolerates up to the number of lines", *cart.tax, what, want)
	case *cart.tax == 0 && !cart.update && request.contract == payments: // a charge sends 0
		report.warning("order_tax_amount", CodeNoOrderTax, "is left out, but %s adds up to %v", what, want)
	case !hasTax(cart.lines):
		report.warning("order_tax_amount", CodeNoLineTax, "is %d, but no line has tax", *cart.tax)
	default:
		report.problem("order_tax_amount", CodeOrderTaxAmount, "is %d, but %s adds up to %v", *cart.tax, what, want)
	}
}

// distance is how far a number is from the nearest of the sums.
func distance(n int64, sums []*big.Int) *big.Int {
	var least *big.Int
	for _, sum := range sums {
		if off := new(big.Int).Sub(sum, big.NewInt(n)); least == nil || off.CmpAbs(least) < 0 {
			least = off.Abs(off)
		}
	}
	return least
}

// hasTax reports whether a line has tax, or is one.
func hasTax(lines []klarna.OrderLine) bool {
	for i := range lines {
		if l := &lines[i]; l.TaxRate != 0 || l.TotalTaxAmount != 0 || l.Type == klarna.OrderLineTypeSalesTax && l.TotalAmount != 0 {
			return true
		}
	}
	return false
}

// sum adds one number of all lines up.
func sum(lines []klarna.OrderLine, of func(*klarna.OrderLine) int64) *big.Int {
	total := new(big.Int)
	for i := range lines {
		total.Add(total, big.NewInt(of(&lines[i])))
	}
	return total
}
