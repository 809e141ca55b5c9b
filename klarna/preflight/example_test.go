package preflight_test

import (
	"errors"
	"fmt"

	"github.com/klarna-go/klarna-payments/klarna"
	"github.com/klarna-go/klarna-payments/klarna/preflight"
)

// The tax was calculated on the total, which contains it already: 19 % of 11900 and not of 10000.
func ExampleCheck() {
	err := preflight.Check(klarna.SessionCreate{
		PurchaseCountry:  "DE",
		PurchaseCurrency: "EUR",
		OrderAmount:      11900,
		OrderTaxAmount:   2261,
		OrderLines: []klarna.OrderLine{{
			Name: "Running shoe", Quantity: 1, UnitPrice: 11900, TaxRate: 1900, TotalAmount: 11900, TotalTaxAmount: 2261,
		}},
	})
	var rejected *preflight.Error
	if errors.As(err, &rejected) {
		for _, problem := range rejected.Problems {
			fmt.Println(problem.Path)
			fmt.Println(problem.Code)
			fmt.Println(problem.Message)
		}
	}
	// Output:
	// order_lines[0].total_tax_amount
	// line_tax
	// order_lines[0].total_tax_amount is 2261, but the tax inside total_amount 11900 at tax_rate 1900 is 1900 (1 more or less is accepted)
}

// A report also has what is odd and not wrong.
func ExampleInspect() {
	lines := []klarna.OrderLine{
		klarna.CompleteLine(klarna.OrderLine{Name: "Running shoe", Quantity: 1, UnitPrice: 11900, TaxRate: 1900}),
		klarna.DiscountLine("Voucher", 1190, 1900),
	}
	amount, tax := klarna.Totals(lines)
	report := preflight.Inspect(klarna.SessionCreate{
		PurchaseCountry:  "SE",
		PurchaseCurrency: "EUR",
		OrderAmount:      amount,
		OrderTaxAmount:   tax,
		OrderLines:       lines,
		MerchantURLs:     klarna.MerchantURLs{Confirmation: "http://localhost:8080/thanks"},
	})
	fmt.Println(len(report.Problems), "problems")
	for _, warning := range report.Warnings {
		fmt.Println(warning.Message)
	}
	// Output:
	// 0 problems
	// merchant_urls.confirmation is not an https URL, which Klarna asks for
	// purchase_currency is "EUR", but SE pays in SEK
}
