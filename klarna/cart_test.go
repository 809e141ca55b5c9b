package klarna_test

import (
	"encoding/json"
	"math"
	"reflect"
	"testing"

	"github.com/klarna-go/klarna-payments/klarna"
	"github.com/stretchr/testify/require"
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
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			amount, tax := klarna.Totals(test.lines)
			require.Equal(t, test.amount, amount)
			require.Equal(t, test.tax, tax)
		})
	}
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
