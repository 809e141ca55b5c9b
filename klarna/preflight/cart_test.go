package preflight_test

import (
	"math"
	"testing"

	"github.com/klarna-go/klarna-payments/klarna"
	"github.com/klarna-go/klarna-payments/klarna/preflight"
	"github.com/stretchr/testify/require"
)

func TestOrderAmountIsTheSumOfTheLines(t *testing.T) {
	t.Parallel()
	for off, want := range map[int64][]at{
		0: nil, 1: {{"order_amount", preflight.CodeOrderAmount}}, -1: {{"order_amount", preflight.CodeOrderAmount}},
	} {
		session := sessionOf([]klarna.OrderLine{goods(), klarna.DiscountLine("Voucher", 500, 1900), klarna.GiftCardLine("Card", 100)})
		session.OrderAmount += off
		requireProblems(t, session, want...)
		requireProblems(t, klarna.OrderFromSession(session), want...)
	}
}

// Klarna's page tolerates one minor unit for each line.
func TestOrderTaxIsTheSumOfTheLines(t *testing.T) {
	t.Parallel()
	for _, lines := range []int{1, 2, 20} {
		most := int64(lines)
		for off, code := range map[int64]string{
			0: "", 1: preflight.CodeTaxRounding, -1: preflight.CodeTaxRounding, most: preflight.CodeTaxRounding, -most: preflight.CodeTaxRounding,
			most + 1: preflight.CodeOrderTaxAmount, -most - 1: preflight.CodeOrderTaxAmount, 1000: preflight.CodeOrderTaxAmount,
		} {
			session := sessionOf(repeat(goods(), lines))
			session.OrderTaxAmount += off
			switch code {
			case "":
				requireWarnings(t, session)
			case preflight.CodeTaxRounding:
				requireWarnings(t, session, at{"order_tax_amount", code})
			default:
				requireProblems(t, session, at{"order_tax_amount", code})
			}
		}
	}
}

// Sums that leave int64 do not come back into it on the other side.
func TestSumsDoNotWrapAround(t *testing.T) {
	t.Parallel()
	half := klarna.OrderLine{
		Name: "Half of all", Quantity: 1, UnitPrice: math.MaxInt64, TotalAmount: math.MaxInt64, TotalTaxAmount: math.MaxInt64,
	}
	session := sessionOf([]klarna.OrderLine{half, half, {Name: "Two", Quantity: 1, UnitPrice: 2, TotalAmount: 2, TotalTaxAmount: 12}})
	session.OrderAmount, session.OrderTaxAmount = 0, 10 // what int64 makes of the sums
	report := preflight.Inspect(session)
	require.Contains(t, report.Problems, preflight.Problem{
		Path: "order_amount", Code: preflight.CodeOrderAmount,
		Message: "order_amount is 0, but total_amount of all lines adds up to 18446744073709551616",
	})
	require.Contains(t, whereOf(report.Problems), at{"order_tax_amount", preflight.CodeOrderTaxAmount})

	session.OrderAmount, session.OrderTaxAmount = klarna.Totals(session.OrderLines) // which stops at the limit
	require.Contains(t, whereOf(preflight.Inspect(session).Problems), at{"order_amount", preflight.CodeOrderAmount})

	session.OrderTaxAmount = math.MinInt64
	require.Contains(t, whereOf(preflight.Inspect(session).Problems), at{"order_tax_amount", preflight.CodeOrderTaxAmount})
}

// What did not fit into an int64 is named as such, wherever it stands and whatever fits together with it.
func TestAnOverflowIsAProblem(t *testing.T) {
	t.Parallel()
	overflow := func(body any) (paths []string) {
		for _, problem := range preflight.Inspect(body).Problems {
			if problem.Code == preflight.CodeOverflow {
				paths = append(paths, problem.Path)
			}
		}
		return paths
	}
	for name, test := range map[string]struct {
		lines []klarna.OrderLine
		want  []string
	}{
		"a line that cannot be multiplied": {
			[]klarna.OrderLine{klarna.CompleteLine(klarna.OrderLine{Name: "Shoe", Quantity: 1 << 40, UnitPrice: 1 << 40, TaxRate: 1900})},
			[]string{"order_amount", "order_tax_amount", "order_lines[0].total_amount", "order_lines[0].total_tax_amount"},
		},
		"and a discount that takes it off again": {
			[]klarna.OrderLine{
				klarna.CompleteLine(klarna.OrderLine{Name: "Shoe", Quantity: 1 << 40, UnitPrice: 1 << 40}),
				klarna.DiscountLine("Voucher", math.MaxInt64-500, 0),
			},
			[]string{"order_amount", "order_lines[0].total_amount"},
		},
		"lines that cannot be added up": {
			repeat(klarna.OrderLine{Name: "Shoe", Quantity: 1, UnitPrice: math.MaxInt64 - 1, TotalAmount: math.MaxInt64 - 1}, 2),
			[]string{"order_amount"},
		},
		"a line that fits by itself": {
			[]klarna.OrderLine{klarna.DiscountLine("Voucher", math.MaxInt64, 0)},
			[]string{"order_amount", "order_lines[0].unit_price", "order_lines[0].total_amount"},
		},
		"a discount, a quantity": {
			[]klarna.OrderLine{{Name: "Shoe", Quantity: math.MaxInt64, UnitPrice: 1, TotalDiscountAmount: math.MaxInt64}},
			[]string{"order_lines[0].quantity", "order_lines[0].total_discount_amount"},
		},
		"the largest numbers that are none": {
			[]klarna.OrderLine{{Name: "Shoe", Quantity: 1, UnitPrice: 1 - math.MaxInt64, TotalAmount: math.MaxInt64 - 1}}, nil,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			session := sessionOf(test.lines)
			require.ElementsMatch(t, test.want, overflow(session))
			require.ElementsMatch(t, test.want, overflow(klarna.OrderFromSession(session)))
			require.ElementsMatch(t, test.want, overflow(klarna.CartUpdate(test.lines)))
		})
	}
	amount := int64(math.MaxInt64)
	require.Contains(t, preflight.Inspect(klarna.SessionUpdate{OrderAmount: &amount}).Problems, preflight.Problem{
		Path: "order_amount", Code: preflight.CodeOverflow,
		Message: "order_amount is 9223372036854775807, which stands for a number that does not fit into 64 bits",
	})
}

// Without lines there is nothing to add up, and that they are missing is problem enough.
func TestNoLinesAreOneProblem(t *testing.T) {
	t.Parallel()
	session := sessionOf(nil)
	session.OrderAmount, session.OrderTaxAmount = 100, 19
	requireProblems(t, session, at{"order_lines", preflight.CodeMissing})
	session.OrderLines = []klarna.OrderLine{}
	requireProblems(t, session, at{"order_lines", preflight.CodeTooFew})
}
