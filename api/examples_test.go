package api_test

import (
	"fmt"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/stretchr/testify/require"

	"github.com/klarna-go/klarna-payments/api"
)

// withoutExample returns the bodies that show nothing.
func withoutExample(doc *openapi3.T) []string {
	var faults []string
	for where, body := range bodies(doc) {
		if len(body.Examples) == 0 {
			faults = append(faults, where)
		}
	}
	return faults
}

// wrongSums returns the carts whose amount or tax is not that of their lines. Klarna rejects those with BAD_VALUE, and
// people copy examples.
func wrongSums(doc *openapi3.T) []string {
	var faults []string
	for where, body := range bodies(doc) {
		for name, example := range body.Examples {
			cart, _ := example.Value.Value.(map[string]any)
			lines, ok := cart["order_lines"].([]any)
			if !ok {
				continue
			}
			var total, tax float64
			for _, one := range lines {
				line := one.(map[string]any)
				total += number(line["total_amount"])
				tax += number(line["total_tax_amount"])
				if line["type"] == "sales_tax" {
					tax += number(line["total_amount"])
				}
			}
			amount := "order_amount" // a capture and a refund have one of their own
			for _, name := range []string{"refunded_amount", "captured_amount", "order_amount"} {
				if body.Schema.Value.Properties[name] != nil {
					amount = name
				}
			}
			for field, want := range map[string]float64{amount: total, "order_tax_amount": tax} {
				_, declared := body.Schema.Value.Properties[field]
				if got := number(cart[field]); declared && got != want {
					faults = append(faults, fmt.Sprintf("%s %s: %s is %v, the lines add up to %v", where, name, field, got, want))
				}
			}
		}
	}
	return faults
}

// number is an amount of an example, 0 when it is left out.
func number(value any) float64 {
	n, _ := value.(float64)
	return n
}

func TestTheAmountOfACaptureAndOfARefundIsThatOfTheirLines(t *testing.T) {
	t.Parallel()
	doc := load(t, api.ContractNamed("order-management"))
	require.Empty(t, wrongSums(doc))
	example(doc, "captureOrder", "parcel")["captured_amount"] = 1.0
	example(doc, "refundOrder", "line")["refunded_amount"] = 2.0
	require.ElementsMatch(t, []string{
		"captureOrder request parcel: captured_amount is 1, the lines add up to 10470",
		"refundOrder request line: refunded_amount is 2, the lines add up to 4990",
	}, wrongSums(doc))
}
