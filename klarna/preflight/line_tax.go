package preflight

import (
	"math/big"

	"github.com/klarna-go/klarna-payments/klarna"
)

// checkLineTax: total_tax_amount is the tax inside total_amount, to within 1.
//
// Source: the OpenAPI document, at total_tax_amount. Klarna's page on tax compares rates instead, which would reject
// the honestly rounded tax of a small amount: 20 inside 99 at 25 % is 25.3 %.
func checkLineTax(l line, report *Report) {
	if l.TaxRate < 0 {
		return // form reports it
	}
	if !isTaxInside(l.TotalAmount, l.TaxRate, l.TotalTaxAmount) {
		report.problem(l.path("total_tax_amount"), CodeLineTax,
			"is %d, but the tax inside total_amount %d at tax_rate %d is %d (1 more or less is accepted)",
			l.TotalTaxAmount, l.TotalAmount, l.TaxRate, klarna.IncludedTax(l.TotalAmount, l.TaxRate))
		return
	}
	switch l.Type {
	case klarna.OrderLineTypeGiftCard, klarna.OrderLineTypeStoreCredit:
		// One of Klarna's samples taxes a gift card; everything else states that it has no tax.
		if l.TotalTaxAmount != 0 {
			report.warning(l.path("total_tax_amount"), CodeCreditTax,
				"of a %s line is %d, but paying by it is not taxed", l.Type, l.TotalTaxAmount)
		}
	}
}

// isTaxInside reports whether |tax − (total − total × 10000 / (10000 + rate))| ≤ 1, with both sides multiplied by
// 10000 + rate, so that nothing is rounded.
func isTaxInside(total, rate, tax int64) bool {
	divisor := new(big.Int).Add(big.NewInt(10000), big.NewInt(rate))
	given := new(big.Int).Mul(big.NewInt(tax), divisor)
	exact := new(big.Int).Mul(big.NewInt(total), big.NewInt(rate))
	return given.Sub(given, exact).CmpAbs(divisor) <= 0
}

// checkNoLineTax: where sales_tax lines hold the tax, no line has tax of its own. They themselves have none either. That is what
// Klarna describes for the US; that it rejects anything else is not known, so it is a warning.
//
// Source: https://docs.klarna.com/klarna-payments/additional-resources/error-handling-and-validations/tax-handling/
func checkNoLineTax(l line, report *Report) {
	const found = "is %d, but should be 0 or left out: the tax is a line of type sales_tax, as in the US"
	if l.TotalTaxAmount != 0 {
		report.warning(l.path("total_tax_amount"), CodeLineTaxUS, found, l.TotalTaxAmount)
	}
	if l.TaxRate != 0 {
		report.warning(l.path("tax_rate"), CodeLineTaxUS, found, l.TaxRate)
	}
}
