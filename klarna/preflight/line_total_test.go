package preflight_test

import (
	"math"
	"slices"
	"testing"

	"github.com/klarna-go/klarna-payments/klarna"
	"github.com/klarna-go/klarna-payments/klarna/preflight"
	"github.com/stretchr/testify/require"
)

func TestTotalIsQuantityTimesPriceLessDiscount(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		quantity, price, discount, total int64
		wrong, warned                    bool
	}{
		"one":                       {quantity: 1, price: 2500, total: 2500},
		"several":                   {quantity: 3, price: 333, total: 999},
		"discount":                  {quantity: 1, price: 2500, discount: 500, total: 2000},
		"none":                      {quantity: 0, price: 2500, total: 0},
		"negative price":            {quantity: 1, price: -500, total: -500},
		"discount over price":       {quantity: 1, price: 500, discount: 700, total: -200},
		"one too much":              {quantity: 1, price: 2500, total: 2501, warned: true},
		"two too little":            {quantity: 1, price: 2500, total: 2498, wrong: true},
		"four off three pieces":     {quantity: 3, price: 2500, total: 7504, wrong: true},
		"one off no piece":          {quantity: 0, price: 2500, total: 1, wrong: true},
		"one too little":            {quantity: 1, price: 2500, total: 2499, warned: true},
		"three off three pieces":    {quantity: 3, price: 2500, total: 7503, warned: true},
		"discount not taken off":    {quantity: 1, price: 2500, discount: 500, total: 2500, wrong: true},
		"discount added":            {quantity: 1, price: 2500, discount: 500, total: 3000, wrong: true},
		"quantity forgotten":        {quantity: 2, price: 2500, total: 2500, wrong: true},
		"sign":                      {quantity: 1, price: 500, total: -500, wrong: true},
		"wraps around to the total": {quantity: 1 << 32, price: 1 << 27, discount: 0, total: math.MinInt64, wrong: true},
		"wraps around to 0":         {quantity: 1 << 62, price: 4, total: 0, wrong: true},
		"wraps around from below":   {quantity: 1, price: -2, discount: math.MaxInt64, total: math.MaxInt64, wrong: true},
		"stops at the limit":        {quantity: math.MaxInt64, price: 3, total: math.MaxInt64, wrong: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			lines := []klarna.OrderLine{{
				Name: "Shoe", Quantity: test.quantity, UnitPrice: test.price, TotalDiscountAmount: test.discount, TotalAmount: test.total,
			}}
			report := preflight.Inspect(sessionOf(lines))
			found, warned := whereOf(report.Problems), whereOf(report.Warnings)
			require.Equal(t, test.warned, slices.Contains(warned, at{"order_lines[0].total_amount", preflight.CodeLineRounding}))
			if test.wrong {
				require.Contains(t, found, at{"order_lines[0].total_amount", preflight.CodeLineTotal})
			} else {
				require.NotContains(t, found, at{"order_lines[0].total_amount", preflight.CodeLineTotal})
			}
		})
	}
}

func TestTheMessageOfATotalNamesAllFourNumbers(t *testing.T) {
	t.Parallel()
	line := klarna.OrderLine{Name: "Shoe", Quantity: math.MaxInt64, UnitPrice: 3, TotalDiscountAmount: 4, TotalAmount: 2}
	require.Contains(t, preflight.Inspect(sessionOf([]klarna.OrderLine{line})).Problems, preflight.Problem{
		Path: "order_lines[0].total_amount", Code: preflight.CodeLineTotal,
		Message: "order_lines[0].total_amount is 2, but quantity 9223372036854775807 × unit_price 3 − total_discount_amount 4 is 27670116110564327417",
	})
}
