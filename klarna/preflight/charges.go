package preflight

import (
	"github.com/klarna-go/klarna-payments/klarna"
	"github.com/klarna-go/klarna-payments/klarna/customertoken"
)

// readCharge reads the charge of a customer token, whose money is that of an order of Payments. The request is nil for a nil
// pointer.
func readCharge(body any) (*request, bool) {
	switch body := body.(type) {
	case customertoken.OrderRequest:
		return readCharge(&body)
	case *customertoken.OrderRequest:
		if body == nil {
			return nil, true
		}
		urls := body.MerchantURLs
		return &request{
			contract: customerToken, schema: "customer_token_order", body: body, currency: body.PurchaseCurrency,
			urls: klarna.MerchantURLs{Authorization: urls.Authorization, Confirmation: urls.Confirmation, Push: urls.Push},
			cart: cart{amount: &body.OrderAmount, tax: &body.OrderTaxAmount, lines: body.OrderLines},
		}, true
	}
	return nil, false
}
