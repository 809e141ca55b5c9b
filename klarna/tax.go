package klarna

import (
	"math"
	"math/bits"
)

// basisPoints is 100 %.
const basisPoints = 10000

// IncludedTax is the tax inside a total that includes it, in minor units: 1900 of 11900 at a rate of 1900 (19 %). It is
// rounded to the nearest unit, halves away from zero, and is negative for a negative total. Klarna accepts what is at
// most 1 off. A rate of 0 or less has no tax.
//
// Never take total times rate for the tax: totals include it.
//
// Source: https://docs.klarna.com/klarna-payments/additional-resources/error-handling-and-validations/tax-handling/
func IncludedTax(total, taxRate int64) int64 {
	if taxRate <= 0 || total == 0 {
		return 0
	}
	// total - total × 10000 / (10000 + rate) is total × rate / (10000 + rate). The product takes 128 bits.
	rate, divisor := uint64(taxRate), uint64(taxRate)+basisPoints
	high, low := bits.Mul64(magnitude(total), rate)
	tax, rest := bits.Div64(high, low, divisor)
	if rest >= divisor-rest {
		tax++
	}
	if total < 0 {
		return -int64(tax) //nolint:gosec // G115: below 2^63, since tax is less than the total
	}
	return int64(tax) //nolint:gosec // G115: as above
}

// magnitude is the absolute value, which the lowest int64 has only without a sign.
func magnitude(n int64) uint64 {
	if n < 0 {
		return -uint64(n) //nolint:gosec // G115: the wrap-around is what gives the lowest int64 its magnitude
	}
	return uint64(n)
}

// add and multiply stop at the limits of int64. No amount that Klarna takes comes near them; a sum that wrapped around
// could look like one that does.
func add(a, b int64) int64 {
	sum := a + b
	switch {
	case a > 0 && b > 0 && sum < 0:
		return math.MaxInt64
	case a < 0 && b < 0 && sum >= 0:
		return math.MinInt64
	}
	return sum
}

func negate(n int64) int64 {
	if n == math.MinInt64 {
		return math.MaxInt64
	}
	return -n
}

func multiply(a, b int64) int64 {
	high, low := bits.Mul64(magnitude(a), magnitude(b))
	negative := (a < 0) != (b < 0)
	switch {
	case high != 0 || low > math.MaxInt64:
		if negative {
			return math.MinInt64
		}
		return math.MaxInt64
	case negative:
		return -int64(low)
	}
	return int64(low)
}
