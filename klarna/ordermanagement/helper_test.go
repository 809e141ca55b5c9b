package ordermanagement_test

import (
	"embed"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/klarna-go/klarna-payments/internal/apitest"
	"github.com/klarna-go/klarna-payments/internal/wiretest"
	"github.com/klarna-go/klarna-payments/klarna"
	"github.com/klarna-go/klarna-payments/klarna/ordermanagement"
)

const (
	orderID   = "6c1f0f1e-3a52-4b7d-9c41-0d2f8a55b9e7"
	captureID = "b0a4f6d2-77c3-4f2b-8a0e-5f1f9e3d6c18"
	refundID  = "e2d7c9a0-1b64-4c3f-9f55-7a80c2b4d613"
)

var tested = apitest.API[ordermanagement.Client]{
	Contract: "order-management", Prefix: "ordermanagement.", Rows: ordermanagement.Operations, New: ordermanagement.New, Files: exampleFiles,
}

type operation = apitest.Operation[ordermanagement.Client]

func example(t testing.TB, name string) string {
	t.Helper()
	return tested.Example(t, name)
}

func decoded[T any](t testing.TB, name string) (value T) {
	t.Helper()
	tested.Decode(t, name, &value)
	return value
}

// operations are all operations.
func operations(t testing.TB) []operation {
	t.Helper()
	plain := wiretest.Line{Status: 204}
	change := func(name klarna.Operation, call func(*testing.T, *ordermanagement.Client, ...klarna.CallOption) error) operation {
		return operation{Name: name, Success: plain, Call: call}
	}
	list := example(t, "om_get_captures_response.json")
	return []operation{
		{Name: ordermanagement.OperationReadOrder, Success: wiretest.Line{Status: 200, Body: example(t, "om_get_order_response.json")},
			Call: func(t *testing.T, c *ordermanagement.Client, opts ...klarna.CallOption) error {
				order, err := c.ReadOrder(t.Context(), orderID, opts...)
				require.Equal(t, err != nil, order == nil)
				return err
			}},
		{Name: ordermanagement.OperationListCaptures, Success: wiretest.Line{Status: 200, Body: list},
			Call: func(t *testing.T, c *ordermanagement.Client, opts ...klarna.CallOption) error {
				captures, err := c.ListCaptures(t.Context(), orderID, opts...)
				require.Equal(t, err != nil, captures == nil)
				return err
			}},
		{Name: ordermanagement.OperationReadCapture, Success: wiretest.Line{Status: 200, Body: strings.Trim(strings.TrimSpace(list), "[]")},
			Call: func(t *testing.T, c *ordermanagement.Client, opts ...klarna.CallOption) error {
				capture, err := c.ReadCapture(t.Context(), orderID, captureID, opts...)
				require.Equal(t, err != nil, capture == nil)
				return err
			}},
		{Name: ordermanagement.OperationReadRefund, Success: wiretest.Line{Status: 200, Body: example(t, "om_get_refund_response.json")},
			Call: func(t *testing.T, c *ordermanagement.Client, opts ...klarna.CallOption) error {
				refund, err := c.ReadRefund(t.Context(), orderID, refundID, opts...)
				require.Equal(t, err != nil, refund == nil)
				return err
			}},
		{Name: ordermanagement.OperationDueDateOptions, Success: wiretest.Line{Status: 200, Body: example(t, "om_extend_due_date_options_response.json")},
			Call: func(t *testing.T, c *ordermanagement.Client, opts ...klarna.CallOption) error {
				options, err := c.DueDateOptions(t.Context(), orderID, captureID, opts...)
				require.Equal(t, err != nil, options == nil)
				return err
			}},
		{Name: ordermanagement.OperationCaptureOrder, Success: captured(),
			Call: func(t *testing.T, c *ordermanagement.Client, opts ...klarna.CallOption) error {
				id, err := c.CaptureOrder(t.Context(), orderID, decoded[ordermanagement.CaptureRequest](t, "om_capture_request.json"), opts...)
				require.Equal(t, err != nil, id == "")
				return err
			}},
		{Name: ordermanagement.OperationRefundOrder, Success: refunded(),
			Call: func(t *testing.T, c *ordermanagement.Client, opts ...klarna.CallOption) error {
				id, err := c.RefundOrder(t.Context(), orderID, decoded[ordermanagement.RefundRequest](t, "om_refund_request.json"), opts...)
				require.Equal(t, err != nil, id == "")
				return err
			}},
		change(ordermanagement.OperationCancelOrder, func(t *testing.T, c *ordermanagement.Client, opts ...klarna.CallOption) error {
			return c.CancelOrder(t.Context(), orderID, opts...)
		}),
		change(ordermanagement.OperationReleaseRemainingAuthorization, func(t *testing.T, c *ordermanagement.Client, opts ...klarna.CallOption) error {
			return c.ReleaseRemainingAuthorization(t.Context(), orderID, opts...)
		}),
		change(ordermanagement.OperationUpdateAuthorization, func(t *testing.T, c *ordermanagement.Client, opts ...klarna.CallOption) error {
			return c.UpdateAuthorization(t.Context(), orderID, decoded[ordermanagement.AuthorizationUpdate](t, "om_update_authorization_request.json"), opts...)
		}),
		change(ordermanagement.OperationExtendAuthorizationTime, func(t *testing.T, c *ordermanagement.Client, opts ...klarna.CallOption) error {
			return c.ExtendAuthorizationTime(t.Context(), orderID, opts...)
		}),
		change(ordermanagement.OperationUpdateMerchantReferences, func(t *testing.T, c *ordermanagement.Client, opts ...klarna.CallOption) error {
			return c.UpdateMerchantReferences(t.Context(), orderID, decoded[ordermanagement.MerchantReferences](t, "om_update_merchant_references_request.json"), opts...)
		}),
		change(ordermanagement.OperationUpdateCustomerDetails, func(t *testing.T, c *ordermanagement.Client, opts ...klarna.CallOption) error {
			return c.UpdateCustomerDetails(t.Context(), orderID, decoded[ordermanagement.CustomerDetails](t, "om_update_customer_details_request.json"), opts...)
		}),
		change(ordermanagement.OperationAddShippingInfo, func(t *testing.T, c *ordermanagement.Client, opts ...klarna.CallOption) error {
			return c.AddShippingInfo(t.Context(), orderID, captureID, parcels(t), opts...)
		}),
		change(ordermanagement.OperationAddOrderShippingInfo, func(t *testing.T, c *ordermanagement.Client, opts ...klarna.CallOption) error {
			return c.AddOrderShippingInfo(t.Context(), orderID, parcels(t), opts...)
		}),
		change(ordermanagement.OperationTriggerSendOut, func(t *testing.T, c *ordermanagement.Client, opts ...klarna.CallOption) error {
			return c.TriggerSendOut(t.Context(), orderID, captureID, opts...)
		}),
		change(ordermanagement.OperationExtendDueDate, func(t *testing.T, c *ordermanagement.Client, opts ...klarna.CallOption) error {
			return c.ExtendDueDate(t.Context(), orderID, captureID, 10, opts...)
		}),
		change(ordermanagement.OperationAcknowledgeOrder, func(t *testing.T, c *ordermanagement.Client, opts ...klarna.CallOption) error {
			return c.AcknowledgeOrder(t.Context(), orderID, opts...)
		}),
	}
}

// changing are the operations that change something.
func changing(t testing.TB) []operation {
	t.Helper()
	var all []operation
	for _, op := range operations(t) {
		if op.Success.Status != 200 {
			all = append(all, op)
		}
	}
	return all
}

// noType is the header of a response whose body has no type.
var noType = http.Header{"Content-Type": nil}

// captured and refunded are what Klarna was seen to respond with: no body, no Content-Type, and an absolute Location.
func captured() wiretest.Line {
	return wiretest.Line{Status: 201, Header: http.Header{
		"Capture-Id": {captureID}, "Location": {"https://api.playground.klarna.com/ordermanagement/v1/orders/" + orderID + "/captures/" + captureID},
	}}
}

func refunded() wiretest.Line {
	return wiretest.Line{Status: 201, Header: http.Header{
		"Refund-Id": {refundID}, "Location": {"https://api.playground.klarna.com/ordermanagement/v1/orders/" + orderID + "/refunds/" + refundID},
	}}
}

func parcels(t testing.TB) []ordermanagement.ShippingInfo {
	t.Helper()
	body := decoded[struct {
		ShippingInfo []ordermanagement.ShippingInfo `json:"shipping_info"`
	}](t, "om_shipping_info_request.json")
	return body.ShippingInfo
}

//go:embed testdata/examples
var exampleFiles embed.FS
