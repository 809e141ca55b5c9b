package preflight_test

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/klarna-go/klarna-payments/gen/types"
	"github.com/klarna-go/klarna-payments/klarna"
	"github.com/klarna-go/klarna-payments/klarna/ordermanagement"
	"github.com/klarna-go/klarna-payments/klarna/preflight"
)

// orderRequests are the requests of Order Management, as requests are those of Payments.
var orderRequests = map[string]func() any{
	"CaptureObject": func() any {
		request := ordermanagement.CaptureLines(blanket())
		request.ShippingInfo = []ordermanagement.ShippingInfo{{TrackingNumber: "1"}}
		return &request
	},
	"RefundObject": func() any {
		request := ordermanagement.RefundLines(blanket())
		return &request
	},
	"Update_authorization": func() any {
		return &ordermanagement.AuthorizationUpdate{OrderAmount: 9980, OrderLines: []ordermanagement.OrderLine{blanket()}}
	},
	"Update_merchant_references": func() any { return new(ordermanagement.MerchantReferences) },
	"UpdateConsumer":             func() any { return new(ordermanagement.CustomerDetails) },
}

func blanket() ordermanagement.OrderLine {
	return ordermanagement.OrderLine{
		Type: ordermanagement.OrderLineTypePhysical, Reference: "BLK-220", Name: "Wool blanket", Quantity: 2, UnitPrice: 4990,
		TaxRate: 1900, TotalAmount: 9980, TotalTaxAmount: 1593,
		Subscription: ordermanagement.Subscription{Name: "Blankets", Interval: "YEAR", IntervalCount: 1},
	}
}

func orderExample[T any](t testing.TB, name string) T {
	t.Helper()
	body, err := os.ReadFile(filepath.Join("..", "ordermanagement", "testdata", "examples", name))
	require.NoError(t, err)
	var value T
	require.NoError(t, json.Unmarshal(body, &value))
	return value
}

func TestExamplesOfOrderManagementAreInOrder(t *testing.T) {
	t.Parallel()
	for _, body := range []any{
		orderExample[ordermanagement.CaptureRequest](t, "om_capture_request.json"),
		orderExample[ordermanagement.CaptureRequest](t, "om_capture_request.minimal.json"),
		orderExample[ordermanagement.RefundRequest](t, "om_refund_request.json"),
		orderExample[ordermanagement.RefundRequest](t, "om_refund_request.return_fee.json"),
		orderExample[ordermanagement.AuthorizationUpdate](t, "om_update_authorization_request.json"),
		orderExample[ordermanagement.MerchantReferences](t, "om_update_merchant_references_request.json"),
		orderExample[ordermanagement.CustomerDetails](t, "om_update_customer_details_request.json"),
		ordermanagement.AuthorizationUpdate{}, // WithoutLines says whether it is meant
	} {
		requireWarnings(t, body)
	}
}

func TestNilPointerToAnOrderRequestIsAProblem(t *testing.T) {
	t.Parallel()
	for _, body := range []any{
		(*ordermanagement.CaptureRequest)(nil), (*ordermanagement.RefundRequest)(nil), (*ordermanagement.AuthorizationUpdate)(nil),
		(*ordermanagement.MerchantReferences)(nil), (*ordermanagement.CustomerDetails)(nil), ordermanagement.Order{},
	} {
		requireProblems(t, body, at{"", preflight.CodeNotARequest})
	}
}

func TestMoneyOfCapturesRefundsAndUpdates(t *testing.T) {
	t.Parallel()
	fee := ordermanagement.OrderLine{Type: ordermanagement.OrderLineTypeReturnFee, Name: "Return label", Quantity: 1, UnitPrice: -295, TotalAmount: -295}
	noFee := ordermanagement.OrderLine{Type: ordermanagement.OrderLineTypeReturnFee, Name: "Return label", Quantity: 1}
	for name, test := range map[string]struct {
		body any
		want []at
	}{
		"a capture of nothing":       {ordermanagement.CaptureRequest{}, []at{{"captured_amount", preflight.CodeZeroAmount}}},
		"a refund of nothing":        {ordermanagement.RefundRequest{}, []at{{"refunded_amount", preflight.CodeZeroAmount}}},
		"a negative capture":         {ordermanagement.CaptureRequest{CapturedAmount: -1}, []at{{"captured_amount", preflight.CodeTooSmall}}},
		"a return fee":               {ordermanagement.RefundLines(blanket(), fee), nil},
		"a return fee of 0":          {ordermanagement.RefundLines(blanket(), noFee), []at{{"order_lines[1].total_amount", preflight.CodeWrongSign}}},
		"a quantity unit too long":   {ordermanagement.CaptureRequest{CapturedAmount: 1, Reference: string(make([]byte, 256))}, []at{{"reference", preflight.CodeTooLong}}},
		"goods with US tax":          {ordermanagement.CaptureLines(usLine("physical", 2000), usLine("sales_tax", 100)), nil},
		"goods of the US without it": {ordermanagement.CaptureLines(usLine("physical", 2000)), nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			requireProblems(t, test.body, test.want...)
		})
	}
}

// Klarna was seen to accept lines that do not add up, so they are no reason to stop a request.
func TestLinesOfCapturesRefundsAndUpdatesThatDoNotAddUpAreWarnings(t *testing.T) {
	t.Parallel()
	wrongLine := blanket()
	wrongLine.TotalAmount, wrongLine.TotalTaxAmount = 9983, 1900 // of 2 pieces
	fee := ordermanagement.OrderLine{Type: ordermanagement.OrderLineTypeReturnFee, Name: "Return label", Quantity: 1, UnitPrice: -295, TotalAmount: -295}
	discount := ordermanagement.OrderLine{Type: ordermanagement.OrderLineTypeDiscount, Name: "Voucher", Quantity: 1, UnitPrice: 5, TotalAmount: 5}
	lines := func(all ...ordermanagement.OrderLine) []ordermanagement.OrderLine { return all }
	for name, test := range map[string]struct {
		body any
		want []at
	}{
		"another capture's amount": {ordermanagement.CaptureRequest{CapturedAmount: 9981, OrderLines: lines(blanket())}, []at{{"captured_amount", preflight.CodeCapturedAmount}}},
		"another refund's amount":  {ordermanagement.RefundRequest{RefundedAmount: 9979, OrderLines: lines(blanket())}, []at{{"refunded_amount", preflight.CodeRefundedAmount}}},
		"another order's amount":   {ordermanagement.AuthorizationUpdate{OrderAmount: 1, OrderLines: lines(blanket())}, []at{{"order_amount", preflight.CodeOrderAmount}}},
		"a wrong line": {ordermanagement.CaptureLines(blanket(), wrongLine), []at{
			{"order_lines[1].total_amount", preflight.CodeLineTotal}, {"order_lines[1].total_tax_amount", preflight.CodeLineTax},
		}},
		"a positive discount":       {ordermanagement.RefundLines(blanket(), discount), []at{{"order_lines[1].total_amount", preflight.CodeWrongSign}}},
		"a return fee of a capture": {ordermanagement.CaptureLines(blanket(), fee), []at{{"order_lines[1].type", preflight.CodeReturnFee}}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			requireWarnings(t, test.body, test.want...)
		})
	}
}

func usLine(kind ordermanagement.OrderLineType, amount int64) ordermanagement.OrderLine {
	return ordermanagement.OrderLine{Type: kind, Name: "Line", Quantity: 1, UnitPrice: amount, TotalAmount: amount}
}

// recent is the order of the example, before it expires.
func recent(t *testing.T) ordermanagement.Order {
	t.Helper()
	order := orderExample[ordermanagement.Order](t, "om_get_order_response.json")
	order.ExpiresAt = types.Time{Time: time.Now().Add(time.Hour)}
	return order
}

func requireCodes(t *testing.T, err error, want ...at) {
	t.Helper()
	if len(want) == 0 {
		require.NoError(t, err)
		return
	}
	var found *preflight.Error
	require.ErrorAs(t, err, &found)
	require.ElementsMatch(t, want, whereOf(found.Problems))
}

func TestCaptureHasToFitTheOrder(t *testing.T) {
	t.Parallel()
	order := recent(t)
	rest := ordermanagement.RemainingCapture(order)
	requireCodes(t, preflight.CheckCapture(order, rest))
	requireCodes(t, preflight.CheckCapture(order, ordermanagement.CaptureRequest{CapturedAmount: 3151}), at{"captured_amount", preflight.CodeTooMuch})
	rest.CapturedAmount++
	requireCodes(t, preflight.CheckCapture(order, rest), at{"captured_amount", preflight.CodeTooMuch})
	rest.CapturedAmount--

	for _, change := range []func(*ordermanagement.Order){
		func(o *ordermanagement.Order) { o.ExpiresAt = types.Time{Time: time.Now().Add(-time.Second)} },
		func(o *ordermanagement.Order) { o.Status = ordermanagement.OrderStatusCancelled },
		func(o *ordermanagement.Order) { o.FraudStatus = ordermanagement.FraudStatusPending },
	} {
		other := order
		change(&other)
		requireCodes(t, preflight.CheckCapture(other, rest), at{"captured_amount", preflight.CodeWrongState})
	}
	order.RemainingAuthorizedAmount = 0
	requireCodes(t, preflight.CheckCapture(order, rest), at{"captured_amount", preflight.CodeTooMuch})
}

func TestRefundHasToFitTheOrder(t *testing.T) {
	t.Parallel()
	order := recent(t)
	rest := ordermanagement.RemainingRefund(order, order.Captures[0].CaptureID)
	requireCodes(t, preflight.CheckRefund(order, rest))
	requireCodes(t, preflight.CheckRefund(order, ordermanagement.RefundRequest{RefundedAmount: 5481}), at{"refunded_amount", preflight.CodeTooMuch})
	withFee := orderExample[ordermanagement.RefundRequest](t, "om_refund_request.return_fee.json")
	requireCodes(t, preflight.CheckRefund(order, withFee), at{"order_lines[1].type", preflight.CodeReturnFee})
	order.OrderAmount = order.CapturedAmount
	requireCodes(t, preflight.CheckRefund(order, withFee))
	order.CapturedAmount = 0
	requireCodes(t, preflight.CheckRefund(order, ordermanagement.RefundRequest{RefundedAmount: 1}), at{"refunded_amount", preflight.CodeWrongState})
}

func TestEveryBodyOfOrderManagementIsCheckedByTheClient(t *testing.T) {
	t.Parallel()
	client, err := klarna.New(klarna.PlaygroundEU, klarna.APIKey("klarna_test_api_x"), klarna.WithPreflight(preflight.Check))
	require.NoError(t, err)
	orders := ordermanagement.New(client)
	_, captureErr := orders.CaptureOrder(t.Context(), "o", ordermanagement.CaptureRequest{})
	_, refundErr := orders.RefundOrder(t.Context(), "o", ordermanagement.RefundRequest{})
	long := string(make([]byte, 2000))
	for name, err := range map[string]error{
		"capture": captureErr, "refund": refundErr,
		"update":     orders.UpdateAuthorization(t.Context(), "o", ordermanagement.AuthorizationUpdate{OrderAmount: -1}, ordermanagement.WithoutLines()),
		"references": orders.UpdateMerchantReferences(t.Context(), "o", ordermanagement.MerchantReferences{MerchantReference1: &long}),
		"details":    orders.UpdateCustomerDetails(t.Context(), "o", ordermanagement.CustomerDetails{ShippingAddress: ordermanagement.AddressUpdate{City: &long}}),
		"no parcels": orders.AddShippingInfo(t.Context(), "o", "c", nil),
		"parcels":    orders.AddOrderShippingInfo(t.Context(), "o", []ordermanagement.ShippingInfo{{TrackingNumber: long}}),
	} {
		require.ErrorIs(t, err, klarna.ErrInvalidRequest, name)
		require.ErrorIs(t, err, klarna.ErrNotSent, name)
		var found *preflight.Error
		require.ErrorAs(t, err, &found, name)
		require.NotEqual(t, preflight.CodeNotARequest, found.Problems[0].Code, name)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel() // any number of days is in order, and the call goes on
	require.ErrorIs(t, orders.ExtendDueDate(ctx, "o", "c", 10), context.Canceled)
}
