package preflight_test

import (
	"testing"

	"github.com/klarna-go/klarna-payments/klarna"
	"github.com/klarna-go/klarna-payments/klarna/preflight"
)

func usGoods() klarna.OrderLine {
	return klarna.CompleteLine(klarna.OrderLine{Type: klarna.OrderLineTypePhysical, Name: "Running shoe", Quantity: 2, UnitPrice: 10000})
}

func TestTaxInTheUSIsALine(t *testing.T) {
	t.Parallel()
	state, city := klarna.SalesTaxLine("Sales Tax", 1000), klarna.SalesTaxLine("Tax", 250)
	taxed := klarna.CompleteLine(klarna.OrderLine{Name: "Running shoe", Quantity: 1, UnitPrice: 10000, TaxRate: 1000})
	taxedTax := klarna.SalesTaxLine("Sales Tax", 1000)
	taxedTax.TotalTaxAmount = 1000
	both := klarna.SalesTaxLine("Sales Tax", 1000)
	for name, test := range map[string]struct {
		lines    []klarna.OrderLine
		tax      int64
		warnings []at
	}{
		"Klarna's sample":   {[]klarna.OrderLine{usGoods(), state}, 1000, nil},
		"two kinds of tax":  {[]klarna.OrderLine{usGoods(), state, city}, 1250, nil},
		"with a discount":   {[]klarna.OrderLine{usGoods(), klarna.DiscountLine("Voucher", 500, 0), state}, 1000, nil},
		"with a gift card":  {[]klarna.OrderLine{usGoods(), klarna.GiftCardLine("Card", 500), state}, 1000, nil},
		"nothing is taxed":  {[]klarna.OrderLine{usGoods()}, 0, nil},
		"tax without lines": {[]klarna.OrderLine{usGoods()}, 1000, []at{{"order_tax_amount", preflight.CodeNoLineTax}}},
		"tax of 0 twice":    {[]klarna.OrderLine{usGoods(), klarna.SalesTaxLine("Sales Tax", 0)}, 0, nil},
		"taxed goods": {[]klarna.OrderLine{taxed}, taxed.TotalTaxAmount, []at{
			{"order_lines[0].total_tax_amount", preflight.CodeLineTaxUS}, {"order_lines[0].tax_rate", preflight.CodeLineTaxUS},
		}},
		"taxed goods and a tax line": {[]klarna.OrderLine{taxed, both}, taxed.TotalTaxAmount + 1000, []at{
			{"order_lines[0].total_tax_amount", preflight.CodeLineTaxUS}, {"order_lines[0].tax_rate", preflight.CodeLineTaxUS},
		}},
		"taxed goods and the tax line's tax": {[]klarna.OrderLine{taxed, both}, 1000, []at{
			{"order_lines[0].total_tax_amount", preflight.CodeLineTaxUS}, {"order_lines[0].tax_rate", preflight.CodeLineTaxUS},
		}},
		"a taxed tax line": {[]klarna.OrderLine{usGoods(), taxedTax}, 1000, []at{
			{"order_lines[1].total_tax_amount", preflight.CodeLineTaxUS},
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			session := usSessionOf(test.lines)
			session.OrderTaxAmount = test.tax
			requireWarnings(t, session, test.warnings...)
			session.PurchaseCountry = "us"
			requireWarnings(t, session, test.warnings...)
		})
	}
}

// Klarna's page states at one place that order_amount is the lines plus the tax. Its sample, 20000 and 1000 to 21000, shows that
// the tax is a line like any other.
func TestTheTaxLineIsPartOfTheOrderAmountOnce(t *testing.T) {
	t.Parallel()
	session := usSessionOf([]klarna.OrderLine{usGoods(), klarna.SalesTaxLine("Sales Tax", 1000)})
	session.OrderAmount = 21000
	requireWarnings(t, session)
	session.OrderAmount = 22000
	requireProblems(t, session, at{"order_amount", preflight.CodeOrderAmount})
}

// An update need not repeat the country.
func TestASalesTaxLineIsEnoughToKnowTheUS(t *testing.T) {
	t.Parallel()
	lines := []klarna.OrderLine{usGoods(), klarna.SalesTaxLine("Sales Tax", 1000)}
	requireWarnings(t, klarna.CartUpdate(lines))

	lines[0].TaxRate, lines[0].TotalTaxAmount = 1000, 1818
	update := klarna.CartUpdate(lines)
	requireWarnings(t, update,
		at{"order_lines[0].total_tax_amount", preflight.CodeLineTaxUS}, at{"order_lines[0].tax_rate", preflight.CodeLineTaxUS})
	*update.OrderTaxAmount = 900
	requireProblems(t, update, at{"order_tax_amount", preflight.CodeOrderTaxAmount})
}

// Extensions in use send the tax of an order without that of its lines. Beside lines with tax it has to be their sum.
func TestTaxOfAnOrderWithoutTaxInItsLines(t *testing.T) {
	t.Parallel()
	line := klarna.CompleteLine(klarna.OrderLine{Name: "Running shoe", Quantity: 1, UnitPrice: 11900})
	session := sessionOf([]klarna.OrderLine{line})
	session.OrderTaxAmount = 1900
	requireWarnings(t, session, at{"order_tax_amount", preflight.CodeNoLineTax})

	session = sessionOf([]klarna.OrderLine{line, goods()})
	session.OrderTaxAmount += 1900
	requireProblems(t, session, at{"order_tax_amount", preflight.CodeOrderTaxAmount})
	session = usSessionOf([]klarna.OrderLine{usGoods(), klarna.SalesTaxLine("Sales Tax", 1000)})
	session.OrderTaxAmount = 900
	requireProblems(t, session, at{"order_tax_amount", preflight.CodeOrderTaxAmount})
}

func TestASalesTaxLineElsewhereIsOdd(t *testing.T) {
	t.Parallel()
	requireWarnings(t, sessionOf([]klarna.OrderLine{usGoods(), klarna.SalesTaxLine("Sales Tax", 1000)}),
		at{"order_lines[1].type", preflight.CodeSalesTax})
}

// Klarna was seen to accept a sales_tax line without an order_tax_amount, which is what a Go type makes of 0.
func TestAnOrderTaxAmountThatIsLeftOutIsAWarning(t *testing.T) {
	t.Parallel()
	session := usSessionOf([]klarna.OrderLine{usGoods(), klarna.SalesTaxLine("Sales Tax", 1000)})
	session.OrderTaxAmount = 0
	requireWarnings(t, session, at{"order_tax_amount", preflight.CodeNoOrderTax})
	requireWarnings(t, klarna.OrderFromSession(session), at{"order_tax_amount", preflight.CodeNoOrderTax})

	update := klarna.CartUpdate(session.OrderLines)
	update.PurchaseCountry, *update.OrderTaxAmount = "US", 0 // which is sent
	requireProblems(t, update, at{"order_tax_amount", preflight.CodeOrderTaxAmount})
}
