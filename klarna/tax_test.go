package klarna_test

import (
	"math"
	"math/big"
	"testing"
	"testing/quick"

	"github.com/klarna-go/klarna-payments/klarna"
	"github.com/stretchr/testify/require"
)

func TestIncludedTaxIsTheTaxThatKlarnaComputes(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ total, rate, tax int64 }{
		// samples of Klarna's documentation
		{59500, 2000, 9917}, {2900, 2000, 483}, {9500, 2500, 1900}, {9999, 2500, 2000}, {25000, 2500, 5000},
		{-1000, 2500, -200}, {-300, 1000, -27},
		// recorded calls that Klarna accepted
		{9999, 2300, 1870}, {12300, 2300, 2300},
		// not total times rate
		{50000, 1000, 4545}, {2000, 2000, 333},
		// halves go away from zero: 21 × 500/10500 is 1, 105 × 10000/20000 is 52.5
		{21, 500, 1}, {105, 10000, 53}, {-105, 10000, -53},
		// no tax
		{0, 1900, 0}, {1000, 0, 0}, {1000, -1900, 0},
		// the limits of int64
		{math.MaxInt64, 10000, 4611686018427387904}, {math.MinInt64, 10000, -4611686018427387904},
		{math.MaxInt64, math.MaxInt64, math.MaxInt64 - 10000}, {math.MinInt64, math.MaxInt64, -(math.MaxInt64 - 9999)},
	} {
		require.Equal(t, test.tax, klarna.IncludedTax(test.total, test.rate), "%d at %d", test.total, test.rate)
	}
}

func TestIncludedTaxIsTheExactQuotientRounded(t *testing.T) {
	t.Parallel()
	exact := func(total, rate int64) bool {
		if rate < 0 {
			rate = -(rate + 1)
		}
		if rate == 0 {
			return klarna.IncludedTax(total, rate) == 0
		}
		// |2·tax·(10000+rate) - 2·total·rate| ≤ 10000+rate, in whole numbers of any size
		divisor := new(big.Int).Add(big.NewInt(10000), big.NewInt(rate))
		tax := new(big.Int).Mul(big.NewInt(2), big.NewInt(klarna.IncludedTax(total, rate)))
		tax.Mul(tax, divisor)
		product := new(big.Int).Mul(big.NewInt(2), big.NewInt(total))
		product.Mul(product, big.NewInt(rate))
		return tax.Sub(tax, product).CmpAbs(divisor) <= 0
	}
	require.NoError(t, quick.Check(exact, &quick.Config{MaxCount: 20_000}))
	within := func(total int32, rate uint16) bool { return exact(int64(total), int64(rate)%10001) }
	require.NoError(t, quick.Check(within, &quick.Config{MaxCount: 20_000}))
}
