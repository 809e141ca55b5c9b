package klarnatest_test

import (
	"context"
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/klarna-go/klarna-payments/klarna"
	"github.com/klarna-go/klarna-payments/klarna/klarnatest"
	"github.com/klarna-go/klarna-payments/klarna/ordermanagement"
	"github.com/stretchr/testify/require"
)

// orders returns a client of Order Management whose every exchange is checked against the contract, with one attempt.
func (s *shop) orders(opts ...klarna.Option) *ordermanagement.Client {
	s.t.Helper()
	return ordermanagement.New(s.checkedOnce("order-management", opts...))
}

// place places an order of 124.00 and returns its id.
func (s *shop) place(change ...func(*klarna.CreateOrderRequest)) string {
	s.t.Helper()
	_, token := s.openAndAuthorize(cart())
	request := orderOf(cart())
	for _, do := range change {
		do(&request)
	}
	return s.order(token, request).OrderID
}

// management sends a request of Order Management that the client would not send.
func (s *shop) management(method, path, body string, header ...string) response {
	s.t.Helper()
	return s.sendChecked("order-management", method, path, body, header...)
}

const ordersPath = "/ordermanagement/v1/orders/"

func TestAllOperationsOfOrderManagement(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	s := newShop(t)
	orders := s.orders()
	id := s.place(func(r *klarna.CreateOrderRequest) { r.BillingAddress, r.MerchantReference1 = home(), "100482" })
	parcel := []ordermanagement.ShippingInfo{{ShippingCompany: "dhl-germany", ShippingMethod: ordermanagement.ShippingMethodHome, TrackingNumber: "1"}}
	shoes := ordermanagement.OrderLine{
		Type: ordermanagement.OrderLineTypePhysical, Reference: "SHOE", Name: "Running shoe", Quantity: 1,
		UnitPrice: 11900, TaxRate: 1900, TotalAmount: 11900, TotalTaxAmount: 1900,
	}
	wrapping := ordermanagement.OrderLine{Name: "Wrapping", Quantity: 1, UnitPrice: 100, TotalAmount: 100}

	placed, err := orders.ReadOrder(ctx, id)
	require.NoError(t, err)
	require.Equal(t, ordermanagement.OrderStatusAuthorized, placed.Status)
	require.Equal(t, []int64{12400, 12400, 12400}, []int64{placed.OrderAmount, placed.OriginalOrderAmount, placed.RemainingAuthorizedAmount})
	require.Equal(t, []string{"EUR", "DE", "de-DE", "100482"}, []string{placed.PurchaseCurrency, placed.PurchaseCountry, placed.Locale, placed.MerchantReference1})
	require.Equal(t, "Fleet Foot", placed.OrderLines[0].ProductIdentifiers.Brand)
	require.Equal(t, "Chausseestr. 1", placed.ShippingAddress.StreetAddress, "the billing address is the shipping address")
	require.Equal(t, 28*24*time.Hour, placed.ExpiresAt.Sub(placed.CreatedAt.Truncate(24*time.Hour)))

	require.NoError(t, orders.AcknowledgeOrder(ctx, id))
	require.NoError(t, orders.AddOrderShippingInfo(ctx, id, parcel))
	require.NoError(t, orders.UpdateMerchantReferences(ctx, id, ordermanagement.MerchantReferences{MerchantReference2: new("web")}))
	require.NoError(t, orders.UpdateCustomerDetails(ctx, id, ordermanagement.CustomerDetails{ShippingAddress: ordermanagement.AddressUpdate{City: new("Bonn")}}))
	require.NoError(t, orders.UpdateAuthorization(ctx, id, ordermanagement.AuthorizationUpdate{OrderAmount: 12000, OrderLines: []ordermanagement.OrderLine{shoes, wrapping}}))
	require.NoError(t, orders.ExtendAuthorizationTime(ctx, id))
	captureID, err := orders.CaptureOrder(ctx, id, ordermanagement.CaptureRequest{
		CapturedAmount: 11900, Reference: "SHP-1", OrderLines: []ordermanagement.OrderLine{shoes}, ShippingInfo: parcel,
	})
	require.NoError(t, err)
	require.NoError(t, orders.AddShippingInfo(ctx, id, captureID, parcel))
	require.NoError(t, orders.TriggerSendOut(ctx, id, captureID))
	options, err := orders.DueDateOptions(ctx, id, captureID)
	require.NoError(t, err)
	require.Equal(t, "EUR", options.Currency)
	require.NoError(t, orders.ExtendDueDate(ctx, id, captureID, options.Options[0].NumberOfDays))
	require.NoError(t, orders.ReleaseRemainingAuthorization(ctx, id))
	refundID, err := orders.RefundOrder(ctx, id, ordermanagement.RefundRequest{RefundedAmount: 11900, OrderLines: []ordermanagement.OrderLine{shoes}, Reference: "RMA-1"})
	require.NoError(t, err)

	captured, err := orders.ReadCapture(ctx, id, captureID)
	require.NoError(t, err)
	require.Equal(t, "SHP-1", captured.Reference)
	require.Equal(t, "Bonn", captured.ShippingAddress.City)
	require.Equal(t, []ordermanagement.OrderLine{shoes}, captured.OrderLines)
	require.Len(t, captured.ShippingInfo, 2)
	require.EqualValues(t, 11900, captured.RefundedAmount, "the refund is assigned to the capture")
	list, err := orders.ListCaptures(ctx, id)
	require.NoError(t, err)
	require.Equal(t, []ordermanagement.Capture{*captured}, list)
	refund, err := orders.ReadRefund(ctx, id, refundID)
	require.NoError(t, err)
	require.Equal(t, "RMA-1", refund.Reference)

	order, err := orders.ReadOrder(ctx, id)
	require.NoError(t, err)
	require.Equal(t, ordermanagement.OrderStatusCaptured, order.Status)
	require.Equal(t, []int64{12000, 12400, 11900, 11900, 0}, []int64{
		order.OrderAmount, order.OriginalOrderAmount, order.CapturedAmount, order.RefundedAmount, order.RemainingAuthorizedAmount,
	})
	require.Equal(t, []string{"100482", "web", "Bonn"}, []string{order.MerchantReference1, order.MerchantReference2, order.ShippingAddress.City})
	require.Len(t, order.ShippingInfo, 1)
	require.Equal(t, order, s.server.Order(id))
	require.Nil(t, s.server.Order("unknown"))

	other := s.place()
	require.NoError(t, orders.CancelOrder(ctx, other))
	require.Equal(t, ordermanagement.OrderStatusCancelled, s.server.Order(other).Status)
	require.Equal(t, klarnatest.Created{Sessions: 2, Orders: 2, Captures: 1, Refunds: 1}, s.server.Created())

	used := map[klarna.Operation]bool{}
	for _, request := range s.server.Requests() {
		used[request.Operation] = strings.HasPrefix(string(request.Operation), "ordermanagement.")
	}
	maps.DeleteFunc(used, func(_ klarna.Operation, ours bool) bool { return !ours })
	require.Len(t, used, 18, "every operation: %v", slices.Sorted(maps.Keys(used)))
}

// What Klarna was seen to send: everything in the header, no body, no Content-Type, an absolute Location.
func TestACaptureIsInTheHeader(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	id := s.place()
	for _, row := range []struct{ path, header, body string }{
		{"captures", "Capture-Id", `{"captured_amount":500}`},
		{"refunds", "Refund-Id", `{"refunded_amount":500}`},
	} {
		got := s.management("POST", ordersPath+id+"/"+row.path, row.body)
		require.Equal(t, 201, got.status)
		require.Empty(t, got.body)
		require.Equal(t, "0", got.header.Get("Content-Length"))
		require.NotContains(t, got.header, "Content-Type")
		require.Regexp(t, uuid, got.header.Get(row.header))
		require.Regexp(t, uuid, got.header.Get("Klarna-Correlation-Id"))
		require.Equal(t, s.server.URL+ordersPath+id+"/"+row.path+"/"+got.header.Get(row.header), got.header.Get("Location"))
		require.Equal(t, "50, 50;w=1", got.header.Get("X-Ratelimit-Limit"))
		require.Contains(t, got.header.Get("Cache-Control"), "no-store")
	}
	got := s.management("POST", ordersPath+id+"/acknowledge", "", "Content-Type", "")
	require.Equal(t, 204, got.status)
	require.NotContains(t, got.header, "Content-Type")
	got = s.management("GET", ordersPath+id, "")
	require.Equal(t, "application/json;charset=utf-8", got.header.Get("Content-Type"))
	require.Regexp(t, `"expires_at":"\d{4}-\d\d-\d\dT00:00:00\.000Z"`, got.body)
	require.Contains(t, got.body, `"merchant_data":""`)
}

func TestOrderManagementRejects(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	id := s.place()
	const unknown = "11111111-2222-4333-8444-555555555555"
	capture := s.management("POST", ordersPath+id+"/captures", `{"captured_amount":500}`).header.Get("Capture-Id")
	long := strings.Repeat("x", 101)
	for _, row := range []struct {
		name, method, path, body string
		want                     rejection
	}{
		{"an id that is no UUID", "GET", "1", "", rejection{400, "INVALID_ORDER_ID", "Order ID must be a valid UUID."}},
		{"an unknown order", "GET", unknown, "", rejection{404, "NO_SUCH_ORDER", "Order " + unknown + " cannot be found"}},
		{"an unknown order to acknowledge", "POST", unknown + "/acknowledge", "", rejection{404, "NO_SUCH_ORDER", "Order " + unknown + " cannot be found. Acknowledgement not possible"}},
		{"an unknown order to refund", "POST", unknown + "/refunds", `{"refunded_amount":1}`, rejection{404, "NOT_FOUND", "Order " + unknown + " cannot be found"}},
		{"a parcel of an unknown order", "POST", unknown + "/captures/c/shipping-info", `{"shipping_info":[{}]}`,
			rejection{404, "NO_SUCH_ORDER", "Order " + unknown + " cannot be found. Shipping info cannot be added to capture c"}},
		{"an unknown capture", "GET", id + "/captures/" + unknown, "", rejection{404, "NO_SUCH_CAPTURE", "Capture could not be found."}},
		{"an unknown refund", "GET", id + "/refunds/r", "", rejection{404, "NOT_FOUND", "Refund r cannot be found for order " + id}},
		{"too much", "POST", id + "/captures", `{"captured_amount":11901}`,
			rejection{403, "CAPTURE_NOT_ALLOWED", "Captured amount is higher than the remaining authorized amount. Capture not possible."}},
		{"a refund of too much", "POST", id + "/refunds", `{"refunded_amount":501}`,
			rejection{403, "REFUND_NOT_ALLOWED", "Over refund is not allowed. Refund not possible."}},
		{"cancel after a capture", "POST", id + "/cancel", "", rejection{403, "CANCEL_NOT_ALLOWED", "Order has previous captures. Cancel not possible"}},
		{"less than is captured", "PATCH", id + "/authorization", `{"order_amount":499}`,
			rejection{403, "NOT_ALLOWED", "Resulting authorization amount 499 cannot be less than the captured amount 500 for order. Update not allowed."}},
		{"an address without a city", "PATCH", id + "/customer-details", `{"shipping_address":{"city":""}}`, rejection{422, "INVALID_ADDRESS", "The address is invalid"}},
		{"no body", "POST", id + "/captures", "", rejection{400, "BAD_REQUEST", ""}},
		{"an array", "POST", id + "/captures/" + capture + "/shipping-info", `[{}]`, rejection{400, "BAD_REQUEST", ""}},
		{"a missing member", "POST", id + "/captures", `{}`, rejection{422, "UNPROCESSABLE_ENTITY", "'captured_amount' must not be null"}},
		{"a refund of nothing", "POST", id + "/refunds", `{}`, rejection{422, "UNPROCESSABLE_ENTITY", "'refunded_amount' must not be null"}},
		{"no parcels", "POST", id + "/captures/" + capture + "/shipping-info", `{}`, rejection{422, "UNPROCESSABLE_ENTITY", "'shipping_info' must not be null"}},
		{"a negative amount", "POST", id + "/refunds", `{"refunded_amount":-1}`, rejection{422, "UNPROCESSABLE_ENTITY", "The refunded_amount value is invalid"}},
		{"a fraction", "POST", id + "/captures", `{"captured_amount":1.5}`, rejection{422, "UNPROCESSABLE_ENTITY", "The captured_amount value is invalid"}},
		{"a number in scientific notation", "POST", id + "/captures", `{"captured_amount":1e2}`, rejection{422, "UNPROCESSABLE_ENTITY", "The captured_amount value is invalid"}},
		{"an unknown member", "POST", id + "/captures", `{"captured_amount":1,"amount":1}`, rejection{422, "UNPROCESSABLE_ENTITY", "The amount value is invalid"}},
		{"a value that is too long", "POST", id + "/shipping-info", `{"shipping_info":[{"shipping_company":"dhl"},{"shipping_company":"` + long + `"}]}`,
			rejection{422, "UNPROCESSABLE_ENTITY", "The size of the shipping_info/shipping_company value must be between 0 and 100"}},
		{"no parcels", "POST", id + "/shipping-info", `{"shipping_info":[]}`, rejection{422, "UNPROCESSABLE_ENTITY", "The size of the shipping_info value must be between 1 and 500"}},
		{"too many parcels", "POST", id + "/shipping-info", `{"shipping_info":[` + strings.Repeat("{},", 500) + `{}]}`,
			rejection{422, "UNPROCESSABLE_ENTITY", "The size of the shipping_info value must be between 0 and 500"}},
		{"far too many parcels", "POST", id + "/shipping-info", `{"shipping_info":[` + strings.Repeat("1,", 1000) + `1]}`,
			rejection{422, "UNPROCESSABLE_ENTITY", "The shipping_info value is invalid"}},
		{"a wrong line", "POST", id + "/captures", `{"captured_amount":1,"order_lines":[{"name":"x","quantity":1,"unit_price":1,"total_amount":1},{"name":"x","quantity":-1,"unit_price":1,"total_amount":1}]}`,
			rejection{422, "UNPROCESSABLE_ENTITY", "The order_lines/quantity value is invalid"}},
		{"days that are not offered", "PATCH", id + "/captures/" + capture + "/extend-due-date", `{"number_of_days":3}`, rejection{403, "NOT_ALLOWED", "Due date cannot be extended by 3 days."}},
		{"an unknown capture to send out", "POST", id + "/captures/c/trigger-send-out", "", rejection{404, "NO_SUCH_CAPTURE", "Capture could not be found."}},
		{"more than 1 MB", "POST", id + "/captures", `{"captured_amount":1,"description":"` + strings.Repeat("x", 1<<20) + `"}`, rejection{413, "REQUEST_TOO_LARGE", "Request is too large"}},
	} {
		t.Run(row.name, func(t *testing.T) {
			before := s.server.Order(id)
			got := s.management(row.method, ordersPath+row.path, row.body)
			requireResponse(t, got, row.want)
			require.Equal(t, before, s.server.Order(id), "a rejection changes nothing")
		})
	}
	requireResponse(t, s.management("POST", ordersPath+id+"/captures", `{"captured_amount":1}`, "Content-Type", "text/plain"), rejection{400, "BAD_REQUEST", ""})
	requireResponse(t, s.management("GET", ordersPath+id, "", "Authorization", ""), rejection{401, "UNAUTHORIZED", ""})

	s.server.SetRateLimit(0, 1)
	s.management("GET", ordersPath+id, "")
	requireResponse(t, s.management("GET", ordersPath+id, ""), rejection{429, "TOO_MANY_REQUESTS", "Too many requests"})
}

func requireResponse(t *testing.T, got response, want rejection) {
	t.Helper()
	var body struct {
		Code          string   `json:"error_code"`
		Messages      []string `json:"error_messages"`
		CorrelationID string   `json:"correlation_id"`
	}
	require.NoError(t, json.Unmarshal([]byte(got.body), &body), got.body)
	require.NotNil(t, body.Messages, "an empty list, not null")
	require.Equal(t, want, rejection{got.status, body.Code, strings.Join(withoutWarnings(body.Messages), "; ")})
	require.Equal(t, got.header.Get("Klarna-Correlation-Id"), body.CorrelationID)
}

func TestUnknownFieldsAreDroppedWhereTheyAreAllowed(t *testing.T) {
	t.Parallel()
	s := newLenientShop(t)
	id := s.place()
	got := s.management("POST", ordersPath+id+"/captures", `{"captured_amount":1,"x":1,"order_lines":[{"name":"x","quantity":1,"unit_price":1,"total_amount":1,"y":1}]}`)
	require.Equal(t, 201, got.status)
	require.Equal(t, 200, s.management("GET", ordersPath+id, "").status, "the response has no unknown field")
}

// Every fault works on every operation, and those that lose the response leave what was done.
func TestFaultsOfOrderManagement(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	s := newShop(t)
	orders := ordermanagement.New(once(t, s.server, 2*time.Second))
	id := s.place()
	for _, row := range []struct {
		fault    klarnatest.Fault
		captured bool
		want     []error
	}{
		{klarnatest.Status(503, "TEMPORARILY_UNAVAILABLE", "Temporarily unavailable"), false, []error{klarna.ErrServer, klarna.ErrOutcomeUnknown}},
		{klarnatest.Status(503, "TEMPORARILY_UNAVAILABLE").Handled(), true, []error{klarna.ErrServer, klarna.ErrOutcomeUnknown}},
		{klarnatest.Status(409, "CONFLICT"), false, []error{klarna.ErrConflict}},
		{klarnatest.EmptyStatus(201), false, []error{klarna.ErrUnexpectedResponse, klarna.ErrOutcomeUnknown}},
		{klarnatest.HTMLStatus(502), false, []error{klarna.ErrServer, klarna.ErrOutcomeUnknown}},
		{klarnatest.TooManyRequests(1), false, []error{klarna.ErrRateLimited}},
		{klarnatest.ResetBefore(), false, []error{klarna.ErrOutcomeUnknown}},
		{klarnatest.ResetAfter(), true, []error{klarna.ErrOutcomeUnknown}},
		{klarnatest.Truncate(), true, []error{klarna.ErrOutcomeUnknown}},
		{klarnatest.Delay(10 * time.Millisecond), true, nil},
		{klarnatest.Drip(10 * time.Millisecond), true, nil},
		{klarnatest.Delay(patience), true, []error{context.DeadlineExceeded, klarna.ErrOutcomeUnknown}},
	} {
		before := s.server.Order(id).CapturedAmount
		s.server.Fail(ordermanagement.OperationCaptureOrder, row.fault)
		_, err := orders.CaptureOrder(ctx, id, ordermanagement.CaptureRequest{CapturedAmount: 1})
		if row.want == nil {
			require.NoError(t, err, row.fault)
		}
		for _, want := range row.want {
			require.ErrorIs(t, err, want, row.fault)
		}
		require.Equal(t, row.captured, s.server.Order(id).CapturedAmount == before+1, row.fault)
	}
	require.Empty(t, s.server.PendingFaults())

	s.server.Fail(ordermanagement.OperationCaptureOrder, klarnatest.Endless())
	captureID, err := orders.CaptureOrder(ctx, id, ordermanagement.CaptureRequest{CapturedAmount: 1})
	if err == nil { // what came with 2xx is not lost to its body
		require.NotEmpty(t, captureID)
	} else {
		require.ErrorIs(t, err, klarna.ErrOutcomeUnknown)
	}
}
