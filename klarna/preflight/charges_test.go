package preflight_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/klarna-go/klarna-payments/klarna"
	"github.com/klarna-go/klarna-payments/klarna/customertoken"
	"github.com/klarna-go/klarna-payments/klarna/preflight"
)

// chargeRequests are the requests of the Customer Token API, as requests are those of Payments.
var chargeRequests = map[string]func() any{
	"customer_token_order": func() any {
		charge := customertoken.Renewal("EUR", subscribed().Subscription, goods())
		charge.Attachment = klarna.Attachment{Body: "{}", ContentType: "application/json"}
		charge.MerchantURLs = customertoken.MerchantURLs{Confirmation: "https://shop.example/thanks", Push: "https://shop.example/push"}
		return &charge
	},
}

func TestExamplesOfChargesAreInOrder(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"ct_create_order_request.json", "ct_create_order_request.on_demand_step_up.json"} {
		data, err := os.ReadFile(filepath.Join("..", "customertoken", "testdata", "examples", name))
		require.NoError(t, err)
		var charge customertoken.OrderRequest
		require.NoError(t, json.Unmarshal(data, &charge))
		requireWarnings(t, charge)
		requireWarnings(t, &charge)
	}
}

// The tax of a renewal that is rounded for the order as a whole is what shops were seen to get rejected for.
func TestMoneyOfAChargeIsChecked(t *testing.T) {
	t.Parallel()
	charge := func() customertoken.OrderRequest {
		return *chargeRequests["customer_token_order"]().(*customertoken.OrderRequest)
	}
	wrong := charge()
	wrong.OrderTaxAmount += 2
	requireProblems(t, wrong, at{"order_tax_amount", preflight.CodeOrderTaxAmount})
	wrong = charge()
	wrong.OrderAmount++
	requireProblems(t, wrong, at{"order_amount", preflight.CodeOrderAmount})
	wrong = charge()
	wrong.OrderLines[0].TotalTaxAmount += 5
	wrong.OrderTaxAmount += 5
	requireProblems(t, wrong, at{"order_lines[0].total_tax_amount", preflight.CodeLineTax})
	wrong = charge()
	wrong.MerchantURLs.Confirmation = "http://shop.example/"
	requireWarnings(t, wrong, at{"merchant_urls.confirmation", preflight.CodeNotHTTPS})
	var none *customertoken.OrderRequest
	requireProblems(t, none, at{"", preflight.CodeNotARequest})
}
