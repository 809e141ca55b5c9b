package klarna_test

import (
	"fmt"

	"github.com/klarna-go/klarna-payments/klarna"
)

func ExampleIncludedTax() {
	fmt.Println(klarna.IncludedTax(11900, 1900)) // 19 % inside 119.00
	fmt.Println(klarna.IncludedTax(-1000, 2500)) // 25 % inside a discount of 10.00
	// Output:
	// 1900
	// -200
}

func ExampleCompleteLine() {
	line := klarna.CompleteLine(klarna.OrderLine{
		Name: "Running shoe", Quantity: 3, UnitPrice: 2500, TotalDiscountAmount: 500, TaxRate: 2000,
	})
	fmt.Println(line.TotalAmount, line.TotalTaxAmount)
	// Output: 7000 1167
}

// In the US the goods have no tax, and the tax is a line of its own.
func ExampleSalesTaxLine() {
	amount, tax := klarna.Totals([]klarna.OrderLine{
		klarna.CompleteLine(klarna.OrderLine{Name: "Running shoe", Quantity: 2, UnitPrice: 10000}),
		klarna.SalesTaxLine("Sales Tax", 1000),
	})
	fmt.Println(amount, tax)
	// Output: 21000 1000
}

func ExampleTotals() {
	amount, tax := klarna.Totals([]klarna.OrderLine{
		klarna.CompleteLine(klarna.OrderLine{Name: "Running shoe", Quantity: 1, UnitPrice: 11900, TaxRate: 1900}),
		klarna.CompleteLine(klarna.OrderLine{Name: "Book", Quantity: 1, UnitPrice: 1070, TaxRate: 700}),
		klarna.GiftCardLine("Gift card", 2000),
	})
	fmt.Println(amount, tax)
	// Output: 10970 1970
}
