package preflight

import (
	"fmt"
	"math/big"

	"github.com/klarna-go/klarna-payments/klarna"
)

// line is one line of the cart, and its place.
type line struct {
	*klarna.OrderLine
	index int
}

func (l line) path(field string) string { return fmt.Sprintf("order_lines[%d].%s", l.index, field) }

func checkLine(l line, salesTax bool, report *Report) {
	checkLineTotal(l, report)
	if salesTax {
		checkNoLineTax(l, report)
	} else {
		checkLineTax(l, report)
	}
	checkSign(l, report)
}

// checkLineTotal: total_amount is quantity × unit_price − total_discount_amount. A difference of at most the quantity, as when
// a shop rounds the price of one piece, is a warning: the documentation of Klarna's SDK for Java (2020) allows it, and later
// documents do not mention it.
//
// When the four do not fit together, nobody can tell which of them is wrong: a price that is off by one and a total
// that is off by one look the same. The problem is that of total_amount, which is what Klarna calculates, and the message
// names the other three.
//
// Source: the OpenAPI document, at order_line.
func checkLineTotal(l line, report *Report) {
	want := new(big.Int).Mul(big.NewInt(l.Quantity), big.NewInt(l.UnitPrice))
	want.Sub(want, big.NewInt(l.TotalDiscountAmount))
	const found = "is %d, but quantity %d × unit_price %d − total_discount_amount %d is %v"
	switch off := new(big.Int).Sub(want, big.NewInt(l.TotalAmount)); {
	case off.Sign() == 0:
	case off.CmpAbs(big.NewInt(l.Quantity)) <= 0:
		report.warning(l.path("total_amount"), CodeLineRounding, found+", which Klarna tolerates up to the quantity",
			l.TotalAmount, l.Quantity, l.UnitPrice, l.TotalDiscountAmount, want)
	default:
		report.problem(l.path("total_amount"), CodeLineTotal, found, l.TotalAmount, l.Quantity, l.UnitPrice, l.TotalDiscountAmount, want)
	}
}

// checkSign: what takes off the order is not positive, and a surcharge is not negative. Other lines may be either, since
// Klarna's own samples have a discount of type physical. Only a positive discount was seen to be rejected, so the rest is a warning:
// a shop may sell what it calls a gift_card.
//
// Source: https://docs.klarna.com/payments/web-payments/additional-resources/use-cases/discounts
func checkSign(l line, report *Report) {
	switch l.Type {
	case klarna.OrderLineTypeDiscount:
		if l.TotalAmount > 0 {
			report.problem(l.path("total_amount"), CodeWrongSign,
				"of a discount line is %d, but must be 0 or less, by a negative unit_price", l.TotalAmount)
		}
	case klarna.OrderLineTypeGiftCard, klarna.OrderLineTypeStoreCredit:
		if l.TotalAmount > 0 {
			report.warning(l.path("total_amount"), CodeWrongSign,
				"of a %s line is %d, but should be 0 or less, by a negative unit_price", l.Type, l.TotalAmount)
		}
	case klarna.OrderLineTypeSurcharge:
		if l.TotalAmount < 0 {
			report.warning(l.path("total_amount"), CodeWrongSign,
				"of a %s line is %d, but should be 0 or more; what takes off is a discount line", l.Type, l.TotalAmount)
		}
	}
}
