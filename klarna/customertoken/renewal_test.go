package customertoken_test

import (
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/klarna-go/klarna-payments/klarna"
	"github.com/klarna-go/klarna-payments/klarna/customertoken"
	"github.com/klarna-go/klarna-payments/klarna/preflight"
)

var monthly = klarna.Subscription{Name: "Monthly plan", Interval: klarna.SubscriptionIntervalMonth, IntervalCount: 1}

func TestRenewalIsKlarnasOwnSample(t *testing.T) {
	t.Parallel()
	got := customertoken.Renewal("EUR", monthly, klarna.OrderLine{
		Type: klarna.OrderLineTypeDigital, Reference: "SUB-M", Name: "Monthly plan, March", Quantity: 1, UnitPrice: 1299, TaxRate: 1900,
	})
	got.AutoCapture, got.MerchantReference1, got.MerchantReference2 = true, "SUB-7781-2026-03", "renewal-3"
	require.Equal(t, renewal(t), got)
}

func TestRenewalPutsTheSubscriptionOnGoodsOnly(t *testing.T) {
	t.Parallel()
	yearly := klarna.Subscription{Name: "Insurance", Interval: klarna.SubscriptionIntervalYear, IntervalCount: 1}
	lines := []klarna.OrderLine{
		{Name: "Coffee", Quantity: 2, UnitPrice: 999, TaxRate: 700},
		{Type: klarna.OrderLineTypePhysical, Name: "Cup", Quantity: 1, UnitPrice: 500, TaxRate: 1900},
		{Type: klarna.OrderLineTypeDigital, Name: "Cover", Quantity: 1, UnitPrice: 300, TaxRate: 1900, Subscription: yearly},
		{Type: klarna.OrderLineTypeShippingFee, Name: "Parcel", Quantity: 1, UnitPrice: 490, TaxRate: 1900},
		klarna.DiscountLine("Loyal customer", 200, 700),
		klarna.SalesTaxLine("Tax", 10),
		{Type: "a_kind_to_come", Name: "New", Quantity: 1, UnitPrice: 1},
	}
	before := append([]klarna.OrderLine(nil), lines...)
	got := customertoken.Renewal("EUR", monthly, lines...)
	var subscriptions []string
	for _, line := range got.OrderLines {
		subscriptions = append(subscriptions, line.Subscription.Name)
	}
	require.Equal(t, []string{"Monthly plan", "Monthly plan", "Insurance", "", "", "", ""}, subscriptions)
	require.Equal(t, before, lines, "the caller's lines stay as they are")

	for _, line := range customertoken.Renewal("EUR", klarna.Subscription{}, before[0]).OrderLines {
		require.Zero(t, line.Subscription)
	}
}

// Rounding the tax of the sum differs from summing the rounded tax of the lines, by up to half a unit for each line.
func TestRenewalTakesTheTaxFromTheLines(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(2026, 11))
	differs := 0
	for range 500 {
		var lines []klarna.OrderLine
		for range 1 + random.IntN(12) {
			lines = append(lines, klarna.OrderLine{Name: "Goods", Quantity: 1 + random.Int64N(5), UnitPrice: 1 + random.Int64N(9999), TaxRate: 1900})
		}
		charge := customertoken.Renewal("EUR", monthly, lines...)
		require.NoError(t, preflight.Check(charge))
		if charge.OrderTaxAmount != klarna.IncludedTax(charge.OrderAmount, 1900) {
			differs++
		}
	}
	require.Positive(t, differs, "of 500 renewals, the tax of the order as a whole is another one")
}
