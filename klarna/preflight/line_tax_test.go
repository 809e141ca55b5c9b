package preflight_test

import (
	"fmt"
	"math"
	"testing"

	"github.com/klarna-go/klarna-payments/klarna"
	"github.com/klarna-go/klarna-payments/klarna/preflight"
	"github.com/stretchr/testify/require"
)

func TestTaxIsInsideTheTotal(t *testing.T) {
	t.Parallel()
	wrong := true
	for _, test := range []struct {
		total, rate, tax int64
		wrong            bool
	}{
		// Samples of Klarna's page on tax, and two recorded calls that Klarna took.
		{59500, 2000, 9917, false}, {2900, 2000, 483, false}, {9500, 2500, 1900, false}, {9999, 2500, 2000, false},
		{25000, 2500, 5000, false}, {-1000, 2500, -200, false}, {-300, 1000, -27, false},
		{9999, 2300, 1870, false}, {12300, 2300, 2300, false},
		// The page calls these rejected, but for other totals than its sample has.
		{59500, 2500, 11900, false}, {2900, 2500, 580, false},
		// A small amount, where the honest tax is another rate: 20 of 99 is 25.3 %.
		{99, 2500, 20, false},

		// Tax on top of the total, as shops calculate that take it for a net amount.
		{50000, 1000, 5000, wrong}, {50000, 1000, 4545, false}, {2500, 1900, 475, wrong}, {2500, 1900, 399, false},
		{59500, 2000, 11900, wrong}, {-1000, 2500, -250, wrong},

		// 1 more or less than the exact tax, and no more. 12345 at 19 % has 1971.05…
		{12345, 1900, 1970, wrong}, {12345, 1900, 1971, false}, {12345, 1900, 1972, false}, {12345, 1900, 1973, wrong},
		{-12345, 1900, -1970, wrong}, {-12345, 1900, -1971, false}, {-12345, 1900, -1972, false}, {-12345, 1900, -1973, wrong},
		// 11900 at 19 % has 1900.
		{11900, 1900, 1898, wrong}, {11900, 1900, 1899, false}, {11900, 1900, 1901, false}, {11900, 1900, 1902, wrong},
		{-11900, 1900, -1898, wrong}, {-11900, 1900, -1899, false}, {-11900, 1900, -1901, false}, {-11900, 1900, -1902, wrong},
		{-11900, 1900, 1900, wrong},

		{10000, 0, 0, false}, {10000, 0, 1, false}, {10000, 0, -1, false}, {10000, 0, 2, wrong}, {10000, 0, -2, wrong},
		{0, 1900, 0, false}, {0, 1900, 1, false}, {0, 1900, -1, false}, {0, 1900, 2, wrong},

		// At the limits, where 64 bits are too few.
		{math.MaxInt64, 10000, math.MaxInt64 / 2, false}, {math.MaxInt64, 10000, math.MaxInt64/2 - 1, wrong},
		{math.MinInt64, 10000, math.MinInt64 / 2, false}, {math.MinInt64, 10000, math.MinInt64/2 + 2, wrong},
		{math.MaxInt64, 1900, math.MinInt64, wrong}, {1, math.MaxInt64, 1, false}, {math.MinInt64, math.MaxInt64, math.MaxInt64, wrong},
	} {
		t.Run(fmt.Sprint(test.total, " at ", test.rate, " with ", test.tax), func(t *testing.T) {
			t.Parallel()
			line := klarna.OrderLine{
				Name: "Shoe", Quantity: 1, UnitPrice: test.total, TotalAmount: test.total, TaxRate: test.rate, TotalTaxAmount: test.tax,
			}
			found := whereOf(preflight.Inspect(sessionOf([]klarna.OrderLine{line})).Problems)
			if test.wrong {
				require.Contains(t, found, at{"order_lines[0].total_tax_amount", preflight.CodeLineTax})
			} else {
				require.NotContains(t, found, at{"order_lines[0].total_tax_amount", preflight.CodeLineTax})
			}
		})
	}
}

// A negative rate is rejected as such. There is no tax inside a total at it.
func TestANegativeRateIsOneProblem(t *testing.T) {
	t.Parallel()
	for _, rate := range []int64{-1, -10000, -10001, math.MinInt64} {
		line := klarna.OrderLine{Name: "Shoe", Quantity: 1, UnitPrice: 100, TotalAmount: 100, TaxRate: rate, TotalTaxAmount: 19}
		requireProblems(t, sessionOf([]klarna.OrderLine{line}), at{"order_lines[0].tax_rate", preflight.CodeTooSmall})
	}
}

func TestCreditIsNotTaxed(t *testing.T) {
	t.Parallel()
	for _, kind := range []klarna.OrderLineType{klarna.OrderLineTypeGiftCard, klarna.OrderLineTypeStoreCredit} {
		line := klarna.CompleteLine(klarna.OrderLine{Type: kind, Name: "Card", Quantity: 1, UnitPrice: -1000})
		requireWarnings(t, sessionOf([]klarna.OrderLine{goods(), line}))

		// One of Klarna's samples does tax a gift card.
		line.TaxRate, line.TotalTaxAmount = 2500, -200
		requireWarnings(t, sessionOf([]klarna.OrderLine{goods(), line}),
			at{"order_lines[1].total_tax_amount", preflight.CodeCreditTax})

		line.TotalTaxAmount = -250
		requireProblems(t, sessionOf([]klarna.OrderLine{goods(), line}),
			at{"order_lines[1].total_tax_amount", preflight.CodeLineTax})
	}
}
