package ordermanagement_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"

	"github.com/klarna-go/klarna-payments/klarna"
	"github.com/klarna-go/klarna-payments/klarna/ordermanagement"
)

// Goods ship: capture their lines, with a key of the shipment's own that is stored before the call.
func ExampleClient_CaptureOrder() {
	orders, closeServer := exampleOrders()
	defer closeServer()

	ctx := context.Background()
	order, err := orders.ReadOrder(ctx, "6c1f0f1e-3a52-4b7d-9c41-0d2f8a55b9e7")
	if err != nil {
		fmt.Println(err)
		return
	}
	request := ordermanagement.CaptureLines(order.OrderLines[0]) // the blankets
	request.Reference = "SHP-88121"                              // stands in the settlement file
	request.ShippingInfo = []ordermanagement.ShippingInfo{{
		ShippingCompany: "dhl-germany", ShippingMethod: ordermanagement.ShippingMethodHome, TrackingNumber: "00340434292135100186",
	}}
	captureID, err := orders.CaptureOrder(ctx, order.OrderID, request, klarna.WithIdempotencyKey("shipment-88121"))
	switch {
	case errors.Is(err, klarna.ErrOutcomeUnknown):
		// It may have been captured. Make the same call with the same key later, within 24 hours.
	case errors.Is(err, ordermanagement.ErrCaptureNotAllowed):
		// Nothing was captured: the order has expired, was cancelled, or has less left.
	case err != nil:
		fmt.Println(err)
	default:
		fmt.Println("captured", request.CapturedAmount, "as", captureID)
	}
	// Output: captured 9980 as b0a4f6d2-77c3-4f2b-8a0e-5f1f9e3d6c18
}

// One of two blankets returns, and the shopper pays for the label.
func ExampleClient_RefundOrder() {
	orders, closeServer := exampleOrders()
	defer closeServer()

	ctx := context.Background()
	order, err := orders.ReadOrder(ctx, "6c1f0f1e-3a52-4b7d-9c41-0d2f8a55b9e7")
	if err != nil {
		fmt.Println(err)
		return
	}
	blanket, _ := ordermanagement.SplitLine(order.Captures[0].OrderLines[0], 1) // with the capture's reference
	lines := []ordermanagement.OrderLine{blanket}
	if fee, supported := ordermanagement.ReturnFeeLine(*order, "Return label", 295, 0); supported {
		lines = append(lines, fee)
	}
	request := ordermanagement.RefundLines(lines...)
	refundID, err := orders.RefundOrder(ctx, order.OrderID, request, klarna.WithIdempotencyKey("return-2047"))
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println("refunded", request.RefundedAmount, "as", refundID)
	// Output: refunded 4990 as e2d7c9a0-1b64-4c3f-9f55-7a80c2b4d613
}

// An order is not wanted any more: cancel what was not captured, return what was.
func ExampleCanCancel() {
	orders, closeServer := exampleOrders()
	defer closeServer()

	ctx := context.Background()
	order, err := orders.ReadOrder(ctx, "6c1f0f1e-3a52-4b7d-9c41-0d2f8a55b9e7")
	if err != nil {
		fmt.Println(err)
		return
	}
	if ordermanagement.CanCancel(*order) {
		err = orders.CancelOrder(ctx, order.OrderID)
		fmt.Println("cancelled", err)
		return
	}
	for _, capture := range order.Captures {
		request := ordermanagement.RemainingRefund(*order, capture.CaptureID)
		if request.RefundedAmount == 0 {
			continue
		}
		_, err = orders.RefundOrder(ctx, order.OrderID, request, klarna.WithIdempotencyKey("undo-"+capture.CaptureID))
		fmt.Println("refunded", request.RefundedAmount, err)
	}
	if ordermanagement.CanRelease(*order) {
		err = orders.ReleaseRemainingAuthorization(ctx, order.OrderID)
		fmt.Println("released", order.RemainingAuthorizedAmount, err)
	}
	// Output:
	// refunded 5480 <nil>
	// released 3150 <nil>
}

// Two of three shirts ship today.
func ExampleSplitLine() {
	shirts := ordermanagement.OrderLine{
		Name: "Shirt", Quantity: 3, UnitPrice: 3333, TotalDiscountAmount: 1000, TotalAmount: 8999, TaxRate: 1900, TotalTaxAmount: 1437,
	}
	part, rest := ordermanagement.SplitLine(shirts, 2)
	fmt.Println(part.Quantity, part.TotalDiscountAmount, part.TotalAmount, part.TotalTaxAmount)
	fmt.Println(rest.Quantity, rest.TotalDiscountAmount, rest.TotalAmount, rest.TotalTaxAmount)
	// Output:
	// 2 667 5999 958
	// 1 333 3000 479
}

// A shop's order number changes, and its second reference is cleared.
func ExampleClient_UpdateMerchantReferences() {
	orders, closeServer := exampleOrders()
	defer closeServer()

	err := orders.UpdateMerchantReferences(context.Background(), "6c1f0f1e-3a52-4b7d-9c41-0d2f8a55b9e7", ordermanagement.MerchantReferences{
		MerchantReference1: new("100482-B"), MerchantReference2: new(""),
	})
	fmt.Println(err)
	// Output: <nil>
}

// exampleOrders returns a client of a server in place of Klarna, with the order of the examples: the two blankets and the
// shipping are captured, one blanket is refunded, and a cushion is left.
func exampleOrders() (*ordermanagement.Client, func()) {
	body, err := exampleFiles.ReadFile("testdata/examples/om_get_order_response.json")
	if err != nil {
		panic(err)
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.Method == http.MethodGet:
			_, _ = w.Write(body)
		case strings.HasSuffix(r.URL.Path, "/captures"):
			w.Header().Set("Capture-Id", "b0a4f6d2-77c3-4f2b-8a0e-5f1f9e3d6c18")
			w.WriteHeader(http.StatusCreated)
		case strings.HasSuffix(r.URL.Path, "/refunds"):
			w.Header().Set("Refund-Id", "e2d7c9a0-1b64-4c3f-9f55-7a80c2b4d613")
			w.WriteHeader(http.StatusCreated)
		default:
			w.WriteHeader(http.StatusNoContent)
		}
	}))
	client, err := klarna.New(klarna.Environment(server.URL), klarna.APIKey("klarna_test_api_example"))
	if err != nil {
		panic(err)
	}
	return ordermanagement.New(client), server.Close
}
