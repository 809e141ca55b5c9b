package preflight_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/klarna-go/klarna-payments/klarna"
	"github.com/klarna-go/klarna-payments/klarna/preflight"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// A single amount that is off by 2 or more is named: by a problem, or by a warning if the lines have no tax, or have it in a line
// of its own. What names it is the amount's own. For a unit
// price or a discount it is that of the line's total_amount, and its message names both: when the four numbers of a
// line do not fit together, nobody can tell which is wrong, and total_amount is the one that Klarna calculates.
func TestAnAmountThatIsOffIsNamed(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		session := drawSession(t)
		update := klarna.CartUpdate(session.OrderLines)
		update.PurchaseCountry = session.PurchaseCountry
		index := rapid.IntRange(0, len(session.OrderLines)-1).Draw(t, "line")
		line := &session.OrderLines[index] // which is the line of order and update as well

		lineTax := preflight.CodeLineTax
		if session.PurchaseCountry == "US" {
			lineTax = preflight.CodeLineTaxUS
		}
		orderTax := preflight.CodeOrderTaxAmount
		if !taxed(session.OrderLines) {
			orderTax = preflight.CodeNoLineTax
		}
		own := fmt.Sprintf("order_lines[%d].", index)
		amounts := []amount{
			{"order_amount", preflight.CodeOrderAmount, "order_amount", []*int64{&session.OrderAmount, update.OrderAmount}},
			{"order_tax_amount", orderTax, "order_tax_amount", []*int64{&session.OrderTaxAmount, update.OrderTaxAmount}},
			{own + "total_amount", preflight.CodeLineTotal, "total_amount", []*int64{&line.TotalAmount}},
			{own + "total_tax_amount", lineTax, "total_tax_amount", []*int64{&line.TotalTaxAmount}},
			{own + "total_amount", preflight.CodeLineTotal, "total_discount_amount", []*int64{&line.TotalDiscountAmount}},
		}
		if line.Quantity != 0 { // the price of nothing does not matter
			amounts = append(amounts, amount{own + "total_amount", preflight.CodeLineTotal, "unit_price", []*int64{&line.UnitPrice}})
		}
		moved := rapid.SampledFrom(amounts).Draw(t, "amount")
		// What is tolerated: one minor unit for each line, or for each piece.
		least := 1 + max(1, int64(len(session.OrderLines)))
		if moved.code == preflight.CodeLineTotal {
			least = 1 + max(1, line.Quantity)
		}
		by := rapid.OneOf(
			rapid.Int64Range(least, least+100), rapid.Int64Range(-least-100, -least), rapid.Int64Range(least, 1<<62), rapid.Int64Range(-1<<62, -least),
		).Draw(t, "by")
		for _, number := range moved.numbers {
			*number += by
		}

		for _, body := range []any{session, klarna.OrderFromSession(session), update} {
			report := preflight.Inspect(body)
			found := slices.Concat(report.Problems, report.Warnings)
			require.True(t, moved.isNamed(found), "%s by %d: %v", moved.field, by, found)
		}
	})
}

func taxed(lines []klarna.OrderLine) bool {
	return slices.ContainsFunc(lines, func(l klarna.OrderLine) bool {
		return l.TotalTaxAmount != 0 || l.TaxRate != 0 || l.Type == klarna.OrderLineTypeSalesTax && l.TotalAmount != 0
	})
}

// amount is a number of a cart, and the problem or warning that it makes when it is off.
type amount struct {
	path    string
	code    string
	field   string
	numbers []*int64
}

func (a amount) isNamed(problems []preflight.Problem) bool {
	for _, problem := range problems {
		if problem.Path == a.path && problem.Code == a.code && strings.Contains(problem.Message, a.field) {
			return true
		}
	}
	return false
}

// String is for a failure.
func (a amount) String() string { return a.field }
