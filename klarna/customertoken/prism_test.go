package customertoken_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/klarna-go/klarna-payments/internal/apitest"
	"github.com/klarna-go/klarna-payments/internal/prismtest"
	"github.com/klarna-go/klarna-payments/klarna"
	"github.com/klarna-go/klarna-payments/klarna/customertoken"
)

func TestIndependentServerAcceptsEveryRequest(t *testing.T) {
	t.Parallel()
	all := operations(t)
	require.Len(t, all, 3)
	url, tokens := tested.RequireIndependent(t, all, 2)
	onDemand := decoded[customertoken.OrderRequest](t, "ct_create_order_request.on_demand_step_up.json")
	onDemand.Locale = "de-DE"
	onDemand.MerchantURLs = customertoken.MerchantURLs{Confirmation: "https://shop.example/thanks"}
	onDemand.ShippingAddress = klarna.Address{GivenName: "Alex", StreetAddress: "Chausseestr. 1", PostalCode: "10115", City: "Berlin", Country: "DE"}
	_, err := tokens.CreateOrder(t.Context(), customerToken, onDemand)
	apitest.RequireAccepted(t, err, "on demand")
	mixed := customertoken.Renewal("EUR", monthly, klarna.OrderLine{Name: "Coffee", Quantity: 2, UnitPrice: 999, TaxRate: 700}, klarna.DiscountLine("Loyal", 100, 700))
	_, err = tokens.CreateOrder(t.Context(), customerToken, mixed)
	apitest.RequireAccepted(t, err, "a renewal of several lines")

	token := "/customer-token/v1/tokens/" + customerToken
	for _, wrong := range [][2]string{
		{"POST " + token + "/order", `{}`},
		{"POST " + token + "/order", `{"order_amount":0,"order_tax_amount":0,"purchase_currency":"EUR","order_lines":[{"name":"a","quantity":1,"unit_price":0,"total_amount":0}]}`},
		{"POST " + token + "/order", `{"order_amount":1,"order_tax_amount":0,"purchase_currency":"EUR","order_lines":[]}`},
		{"POST " + token + "/order", `{"order_amount":1,"order_tax_amount":0,"purchase_currency":"EURO","order_lines":[{"name":"a","quantity":1,"unit_price":1,"total_amount":1}]}`},
		{"PATCH " + token + "/status", `{"status":"ACTIVE"}`},
		{"POST " + token + "/status", `{"status":"CANCELLED"}`},
		{"POST " + token + "/orders", `{}`},
	} {
		prismtest.RequireRejected(t, url, wrong[0], wrong[1])
	}
}
