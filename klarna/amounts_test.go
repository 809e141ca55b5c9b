package klarna_test

import (
	"encoding/json"
	"math"
	"math/big"
	"reflect"
	"testing"
	"testing/quick"

	"github.com/klarna-go/klarna-payments/klarna"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func TestCompleteLineFillsInTotalAndTax(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		line       klarna.OrderLine
		total, tax int64
	}{
		"plain":            {klarna.OrderLine{Quantity: 1, UnitPrice: 11900, TaxRate: 1900}, 11900, 1900},
		"several":          {klarna.OrderLine{Quantity: 3, UnitPrice: 333, TaxRate: 2500}, 999, 200},
		"discount":         {klarna.OrderLine{Quantity: 1, UnitPrice: 2500, TaxRate: 2000, TotalDiscountAmount: 500}, 2000, 333},
		"no tax":           {klarna.OrderLine{Quantity: 2, UnitPrice: 10000}, 20000, 0},
		"nothing":          {klarna.OrderLine{TaxRate: 1900}, 0, 0},
		"given totals":     {klarna.OrderLine{Quantity: 1, UnitPrice: 100, TotalAmount: 7, TotalTaxAmount: 7}, 100, 0},
		"negative":         {klarna.OrderLine{Quantity: 1, UnitPrice: -1000, TaxRate: 2500}, -1000, -200},
		"beyond int64":     {klarna.OrderLine{Quantity: math.MaxInt64, UnitPrice: 2}, math.MaxInt64, 0},
		"below int64":      {klarna.OrderLine{Quantity: math.MaxInt64, UnitPrice: -2}, math.MinInt64, 0},
		"discount too low": {klarna.OrderLine{Quantity: 1, UnitPrice: 5, TotalDiscountAmount: math.MinInt64}, math.MaxInt64, 0},
		"price and discount beyond int64": {
			klarna.OrderLine{Quantity: 4, UnitPrice: math.MaxInt64 / 2, TotalDiscountAmount: math.MaxInt64 - 500}, math.MaxInt64, 0},
		"only the price beyond int64": {
			klarna.OrderLine{Quantity: 2, UnitPrice: 1 << 62, TotalDiscountAmount: math.MaxInt64 - 2, TaxRate: 1900}, 3, 0},
		"price that overflowed":      {klarna.OrderLine{Quantity: 1, UnitPrice: math.MaxInt64, TotalDiscountAmount: math.MaxInt64 - 500}, math.MaxInt64, 0},
		"discount that overflowed":   {klarna.OrderLine{Quantity: 2, UnitPrice: 1 << 62, TotalDiscountAmount: math.MaxInt64}, math.MaxInt64, 0},
		"quantity that overflowed":   {klarna.OrderLine{Quantity: math.MinInt64}, math.MaxInt64, 0},
		"tax of what overflowed":     {klarna.OrderLine{Quantity: math.MaxInt64, UnitPrice: 2, TaxRate: 1900}, math.MaxInt64, math.MaxInt64},
		"tax of what overflowed, -1": {klarna.OrderLine{Quantity: math.MaxInt64, UnitPrice: -2, TaxRate: 1900}, math.MinInt64, math.MinInt64},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test.line.Name, test.line.Reference = "Shoe", "AD1"
			got := klarna.CompleteLine(test.line)
			require.Equal(t, test.total, got.TotalAmount)
			require.Equal(t, test.tax, got.TotalTaxAmount)
			got.TotalAmount, got.TotalTaxAmount = test.line.TotalAmount, test.line.TotalTaxAmount
			require.Equal(t, test.line, got, "nothing else changes")
		})
	}
}

func TestLinesThatTakeOffAreNegative(t *testing.T) {
	t.Parallel()
	for _, amount := range []int64{500, -500} {
		require.Equal(t, klarna.OrderLine{
			Type: klarna.OrderLineTypeDiscount, Name: "Voucher", Quantity: 1, UnitPrice: -500, TaxRate: 2500, TotalAmount: -500, TotalTaxAmount: -100,
		}, klarna.DiscountLine("Voucher", amount, 2500))
		require.Equal(t, klarna.OrderLine{
			Type: klarna.OrderLineTypeGiftCard, Name: "Gift card", Quantity: 1, UnitPrice: -500, TotalAmount: -500,
		}, klarna.GiftCardLine("Gift card", amount))
		require.Equal(t, klarna.OrderLine{
			Type: klarna.OrderLineTypeStoreCredit, Name: "Credit", Quantity: 1, UnitPrice: -500, TotalAmount: -500,
		}, klarna.StoreCreditLine("Credit", amount))
	}
	require.Equal(t, klarna.OrderLine{
		Type: klarna.OrderLineTypeSalesTax, Name: "Sales Tax", Quantity: 1, UnitPrice: 1000, TotalAmount: 1000,
	}, klarna.SalesTaxLine("Sales Tax", 1000))
}

func TestTotalsAddUpWhatKlarnaAddsUp(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		lines       []klarna.OrderLine
		amount, tax int64
	}{
		"none": {nil, 0, 0},
		"with tax and a discount": {[]klarna.OrderLine{
			klarna.CompleteLine(klarna.OrderLine{Quantity: 2, UnitPrice: 11900, TaxRate: 1900}), klarna.DiscountLine("Voucher", 1190, 1900),
		}, 22610, 3610},
		"US: the tax line is tax, and part of the amount": {[]klarna.OrderLine{
			klarna.CompleteLine(klarna.OrderLine{Quantity: 2, UnitPrice: 10000}), klarna.SalesTaxLine("Sales Tax", 1000),
		}, 21000, 1000},
		"beyond int64": {[]klarna.OrderLine{
			{TotalAmount: math.MaxInt64, TotalTaxAmount: math.MaxInt64}, {TotalAmount: 1, TotalTaxAmount: 1},
		}, math.MaxInt64, math.MaxInt64},
		"below int64": {[]klarna.OrderLine{
			{TotalAmount: math.MinInt64, TotalTaxAmount: math.MinInt64}, {TotalAmount: -1, TotalTaxAmount: -1},
		}, math.MinInt64, math.MinInt64},
		"beyond int64 and back": {[]klarna.OrderLine{
			{TotalAmount: math.MaxInt64 - 1, TotalTaxAmount: 7}, {TotalAmount: 2}, {TotalAmount: 2 - math.MaxInt64},
		}, 3, 7},
		"a line that overflowed, and what takes it off again": {[]klarna.OrderLine{
			{TotalAmount: math.MaxInt64, TotalTaxAmount: math.MaxInt64}, {TotalAmount: 500 - math.MaxInt64, TotalTaxAmount: 80 - math.MaxInt64},
		}, math.MaxInt64, math.MaxInt64},
		"two that overflowed in opposite ways": {[]klarna.OrderLine{
			{TotalAmount: math.MaxInt64}, klarna.DiscountLine("Voucher", math.MaxInt64, 0), {TotalAmount: 11900, TotalTaxAmount: 1900},
		}, math.MaxInt64, 1900},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			amount, tax := klarna.Totals(test.lines)
			require.Equal(t, test.amount, amount)
			require.Equal(t, test.tax, tax)
		})
	}
}

// overflows are numbers that did not fit into an int64, or are what a helper makes of one.
var overflows = []int64{math.MaxInt64, -math.MaxInt64, math.MinInt64}

func isOverflow(n int64) bool { return n == math.MaxInt64 || n <= -math.MaxInt64 }

// Lines of any size, and what takes them off again, never add up to something else than the exact sum, other than to a
// limit of int64; and once a line has overflowed, no other line brings the total back.
func TestAnOverflowNeverLooksLikeAnAmount(t *testing.T) {
	t.Parallel()
	number := rapid.OneOf(
		rapid.Int64(), rapid.Int64Range(-1000, 1000), rapid.SampledFrom(overflows),
		rapid.Custom(func(t *rapid.T) int64 {
			return math.MaxInt64 - rapid.Int64Range(1, 20_000).Draw(t, "below the upper limit")
		}),
		rapid.Custom(func(t *rapid.T) int64 {
			return -math.MaxInt64 + rapid.Int64Range(1, 20_000).Draw(t, "above the lower limit")
		}),
	)
	exactly := func(t *rapid.T, got int64, want *big.Int, overflow bool) {
		switch {
		case overflow && !isOverflow(got):
			t.Fatalf("%d looks like an amount, but a part of it overflowed", got)
		case !overflow && want.IsInt64() && got != want.Int64():
			t.Fatalf("%d is not %v", got, want)
		case !want.IsInt64() && got != map[int]int64{1: math.MaxInt64, -1: math.MinInt64}[want.Sign()]:
			t.Fatalf("%d stands for %v", got, want)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		amount, tax := new(big.Int), new(big.Int)
		var amountOverflow, taxOverflow bool
		var lines []klarna.OrderLine
		for range rapid.IntRange(1, 6).Draw(t, "lines") {
			line := klarna.OrderLine{
				Quantity: number.Draw(t, "quantity"), UnitPrice: number.Draw(t, "unit price"),
				TotalDiscountAmount: number.Draw(t, "discount"), TaxRate: rapid.Int64Range(0, 10000).Draw(t, "rate"),
			}
			overflow := isOverflow(line.Quantity) || isOverflow(line.UnitPrice) || isOverflow(line.TotalDiscountAmount)
			want := new(big.Int).Mul(big.NewInt(line.Quantity), big.NewInt(line.UnitPrice))
			want.Sub(want, big.NewInt(line.TotalDiscountAmount))
			switch rapid.IntRange(0, 3).Draw(t, "kind") {
			case 0:
				line = klarna.CompleteLine(line)
				exactly(t, line.TotalAmount, want, overflow)
				if isOverflow(line.TotalAmount) && line.TaxRate > 0 && !isOverflow(line.TotalTaxAmount) {
					t.Fatalf("the tax %d looks like an amount, but the total overflowed", line.TotalTaxAmount)
				}
			case 1: // a helper keeps an overflow one
				line = klarna.DiscountLine("Voucher", line.UnitPrice, line.TaxRate)
				if isOverflow(line.UnitPrice) && !isOverflow(line.TotalAmount) {
					t.Fatalf("the discount %d looks like an amount", line.TotalAmount)
				}
			case 2:
				line = klarna.SalesTaxLine("Sales Tax", line.UnitPrice)
			default:
				line.TotalAmount, line.TotalTaxAmount = line.UnitPrice, line.TotalDiscountAmount
			}
			lines = append(lines, line)
			lineTax := line.TotalTaxAmount
			if line.Type == klarna.OrderLineTypeSalesTax {
				lineTax = line.TotalAmount
			}
			amount.Add(amount, big.NewInt(line.TotalAmount))
			tax.Add(tax, big.NewInt(lineTax))
			amountOverflow = amountOverflow || isOverflow(line.TotalAmount)
			taxOverflow = taxOverflow || isOverflow(lineTax)
		}
		gotAmount, gotTax := klarna.Totals(lines)
		exactly(t, gotAmount, amount, amountOverflow)
		exactly(t, gotTax, tax, taxOverflow)
	})
}

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
		// near the limits of int64
		{math.MaxInt64 - 1, 10000, 4611686018427387903}, {1 - math.MaxInt64, 10000, -4611686018427387903},
		{math.MaxInt64 - 1, math.MaxInt64, math.MaxInt64 - 10001}, {1 - math.MaxInt64, math.MaxInt64, 10001 - math.MaxInt64},
		// an overflow stays one
		{math.MaxInt64, 1900, math.MaxInt64}, {math.MinInt64, 1900, math.MinInt64}, {-math.MaxInt64, 1, math.MinInt64}, {math.MaxInt64, 0, 0},
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
		total /= 2 // what is at the limits is an overflow
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

func TestOrderFromSessionCarriesAllThatBothHave(t *testing.T) {
	t.Parallel()
	session := decodeExample[klarna.SessionCreate](t, "session_create.json")
	order := reflect.ValueOf(klarna.OrderFromSession(session))
	shared := 0
	for i := range order.NumField() {
		name := order.Type().Field(i).Name
		if field := reflect.ValueOf(session).FieldByName(name); field.IsValid() {
			require.Equal(t, field.Interface(), order.Field(i).Interface(), name)
			require.False(t, field.IsZero(), "the example has no %s", name)
			shared++
		} else {
			require.Equal(t, "AutoCapture", name)
		}
	}
	require.Equal(t, 14, shared)
}

func TestCartUpdateMovesAmountTaxAndLinesTogether(t *testing.T) {
	t.Parallel()
	update := klarna.CartUpdate([]klarna.OrderLine{klarna.GiftCardLine("Gift card", 0)})
	encoded, err := json.Marshal(update)
	require.NoError(t, err)
	require.JSONEq(t, `{"order_amount":0,"order_tax_amount":0,"order_lines":[{"type":"gift_card","name":"Gift card","quantity":1,"unit_price":0,"total_amount":0}]}`, string(encoded))
}
