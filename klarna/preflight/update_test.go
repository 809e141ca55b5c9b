package preflight_test

import (
	"testing"

	"github.com/klarna-go/klarna-payments/klarna"
	"github.com/klarna-go/klarna-payments/klarna/preflight"
)

func TestAnUpdateWithAPartOfTheCartIsOdd(t *testing.T) {
	t.Parallel()
	noLines := at{"order_lines", preflight.CodeCartIncomplete}
	noAmount := at{"order_amount", preflight.CodeCartIncomplete}
	noTax := at{"order_tax_amount", preflight.CodeCartIncomplete}
	for name, test := range map[string]struct {
		amount, tax, lines bool
		want               []at
	}{
		"nothing":          {},
		"all":              {amount: true, tax: true, lines: true},
		"amount":           {amount: true, want: []at{noLines}},
		"tax":              {tax: true, want: []at{noLines}},
		"amount and tax":   {amount: true, tax: true, want: []at{noLines}},
		"lines":            {lines: true, want: []at{noAmount, noTax}},
		"lines and tax":    {lines: true, tax: true, want: []at{noAmount}},
		"lines and amount": {lines: true, amount: true, want: []at{noTax}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			update := klarna.CartUpdate([]klarna.OrderLine{goods()})
			if !test.amount {
				update.OrderAmount = nil
			}
			if !test.tax {
				update.OrderTaxAmount = nil
			}
			if !test.lines {
				update.OrderLines = nil
			}
			requireWarnings(t, update, test.want...)
		})
	}
}

func TestAnUpdateAddsUp(t *testing.T) {
	t.Parallel()
	update := klarna.CartUpdate([]klarna.OrderLine{goods()})
	*update.OrderAmount += 2
	*update.OrderTaxAmount -= 2 // one is tolerated for a line
	requireProblems(t, update, at{"order_amount", preflight.CodeOrderAmount}, at{"order_tax_amount", preflight.CodeOrderTaxAmount})

	update.OrderAmount = nil
	requireProblems(t, update, at{"order_tax_amount", preflight.CodeOrderTaxAmount})
	update.OrderTaxAmount = nil
	requireProblems(t, update)
	update.OrderLines[0].TotalAmount += 1 + update.OrderLines[0].Quantity
	requireProblems(t, update, at{"order_lines[0].total_amount", preflight.CodeLineTotal})
}

// What is left out of an update stays as it is, so nothing can be missing; 0 is an amount like any other.
func TestAnUpdateMayLeaveEverythingOut(t *testing.T) {
	t.Parallel()
	requireWarnings(t, klarna.SessionUpdate{})
	requireWarnings(t, klarna.SessionUpdate{Locale: "de-DE"})
	requireWarnings(t, klarna.CartUpdate([]klarna.OrderLine{klarna.GiftCardLine("Card", 0)}))
}
