package ordermanagement_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/klarna-go/klarna-payments/internal/prismtest"
	"github.com/klarna-go/klarna-payments/klarna/ordermanagement"
)

func TestIndependentServerAcceptsEveryRequest(t *testing.T) {
	t.Parallel()
	all := operations(t)
	require.Len(t, all, 18)
	url, orders := tested.RequireIndependent(t, all, 5)
	_, err := orders.CaptureOrder(t.Context(), orderID, decoded[ordermanagement.CaptureRequest](t, "om_capture_request.minimal.json"))
	require.NoError(t, err)
	_, err = orders.RefundOrder(t.Context(), orderID, decoded[ordermanagement.RefundRequest](t, "om_refund_request.return_fee.json"))
	require.NoError(t, err)

	order := "/ordermanagement/v1/orders/" + orderID
	for _, wrong := range [][2]string{
		{"POST " + order + "/captures", ""},
		{"POST " + order + "/captures", `{}`},
		{"POST " + order + "/captures", `{"captured_amount":"1"}`},
		{"POST " + order + "/refunds", `{"refunded_amount":-1}`},
		{"POST " + order + "/captures/" + captureID + "/shipping-info", `[{}]`},
		{"POST " + order + "/shipping-info", `{"shipping_info":[]}`},
		{"PATCH " + order + "/authorization", `{"order_amount":1,"order_lines":[{"name":"a","quantity":1,"unit_price":1}]}`},
		{"POST " + order + "/authorization", `{"order_amount":1}`},
		{"POST " + order + "/release-remaining-amount", ""},
	} {
		prismtest.RequireRejected(t, url, wrong[0], wrong[1])
	}
}
