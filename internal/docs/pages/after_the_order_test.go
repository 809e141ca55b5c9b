package pages

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/klarna-go/klarna-payments/klarna"
	"github.com/klarna-go/klarna-payments/klarna/ordermanagement"
)

// The functions of this file hold what docs/after-the-order.md quotes.

// quote: ship
// shipment is a row of the shop's database. Its key is stored with it, before the first call.
type shipment struct {
	OrderID, Number, Key, TrackingNumber string
	Lines                                []ordermanagement.OrderLine // lines of the order, or parts of them
}

func ship(ctx context.Context, orders *ordermanagement.Client, s shipment) error {
	request := ordermanagement.CaptureLines(s.Lines...) // the amount is the sum of the lines
	request.Reference = s.Number
	request.ShippingInfo = []ordermanagement.ShippingInfo{{
		ShippingCompany: "dhl-germany", ShippingMethod: ordermanagement.ShippingMethodHome, TrackingNumber: s.TrackingNumber,
	}}
	captureID, err := orders.CaptureOrder(ctx, s.OrderID, request, klarna.WithIdempotencyKey(s.Key))
	switch {
	case errors.Is(err, klarna.ErrOutcomeUnknown): // first: the error matches other variables as well
		return callAgain(s) // with the same key and the same request, within 24 hours
	case errors.Is(err, ordermanagement.ErrCaptureNotAllowed):
		return hold(s) // nothing was captured: read the order for the reason
	case err != nil:
		return err
	}
	return captured(s, captureID)
}

// end of quote

func newOrders(client *klarna.Client) *ordermanagement.Client {
	// quote: client
	orders := ordermanagement.New(client)
	// end of quote
	return orders
}

func shipParts(ctx context.Context, orders *ordermanagement.Client, orderID string) (today ordermanagement.CaptureRequest, err error) {
	// quote: parts
	order, err := orders.ReadOrder(ctx, orderID)
	if err != nil {
		return today, err
	}
	one, _ := ordermanagement.SplitLine(order.OrderLines[0], 1) // one of two pairs of shoes
	today = ordermanagement.CaptureLines(one, order.OrderLines[1])
	// end of quote
	return today, nil
}

func shipRest(ctx context.Context, orders *ordermanagement.Client, orderID, key string) (captureID string, err error) {
	// quote: rest
	order, err := orders.ReadOrder(ctx, orderID)
	if err != nil {
		return "", err
	}
	captureID, err = orders.CaptureOrder(ctx, orderID, ordermanagement.RemainingCapture(*order), klarna.WithIdempotencyKey(key))
	// end of quote
	return captureID, err
}

func refundOne(ctx context.Context, orders *ordermanagement.Client, orderID, captureID, key string) (refundID string, err error) {
	// quote: refund
	capture, err := orders.ReadCapture(ctx, orderID, captureID)
	if err != nil {
		return "", err
	}
	one, _ := ordermanagement.SplitLine(capture.OrderLines[0], 1)
	request := ordermanagement.RefundLines(one) // the amount and the tax of one pair
	request.Reference = "RET-2047"
	refundID, err = orders.RefundOrder(ctx, orderID, request, klarna.WithIdempotencyKey(key))
	// end of quote
	return refundID, err
}

func refundWithFee(order *ordermanagement.Order) ordermanagement.RefundRequest {
	// quote: fee
	lines := slices.Clone(order.Captures[0].OrderLines)
	if fee, supported := ordermanagement.ReturnFeeLine(*order, "Return label", 295, 1900); supported {
		lines = append(lines, fee)
	}
	request := ordermanagement.RefundLines(lines...)
	// end of quote
	return request
}

// quote: expiry
// watchExpiry runs every day, over the orders of which something has not been captured.
func watchExpiry(open []openOrder, now time.Time) {
	for _, order := range open {
		if order.ExpiresAt.Sub(now) < 4*24*time.Hour {
			notify(order) // ship it, extend it or release it
		}
	}
}

// end of quote

func extend(ctx context.Context, orders *ordermanagement.Client, orderID string) error {
	// quote: extend
	err := orders.ExtendAuthorizationTime(ctx, orderID)
	if errors.Is(err, ordermanagement.ErrNotAllowed) {
		return fmt.Errorf("ship by the present date: %w", err)
	}
	if err != nil {
		return err
	}
	order, err := orders.ReadOrder(ctx, orderID) // the call above does not return the new date
	if err != nil {
		return err
	}
	return storeExpiry(orderID, order.ExpiresAt.Time)
	// end of quote
}

func withoutSoldOut(ctx context.Context, orders *ordermanagement.Client, orderID, reference string) error {
	// quote: soldOut
	order, err := orders.ReadOrder(ctx, orderID)
	if err != nil {
		return err
	}
	update := ordermanagement.AuthorizationUpdate{OrderAmount: order.OrderAmount}
	for _, line := range order.OrderLines {
		if line.Reference == reference { // sold out
			update.OrderAmount -= line.TotalAmount
			continue
		}
		update.OrderLines = append(update.OrderLines, line)
	}
	err = orders.UpdateAuthorization(ctx, orderID, update)
	// end of quote
	return err
}

func undo(ctx context.Context, orders *ordermanagement.Client, orderID string) error {
	// quote: undo
	order, err := orders.ReadOrder(ctx, orderID)
	if err != nil {
		return err
	}
	if ordermanagement.CanCancel(*order) {
		return orders.CancelOrder(ctx, orderID)
	}
	for _, capture := range order.Captures {
		request := ordermanagement.RemainingRefund(*order, capture.CaptureID)
		if request.RefundedAmount == 0 {
			continue
		}
		_, err := orders.RefundOrder(ctx, orderID, request, klarna.WithIdempotencyKey("undo-"+capture.CaptureID))
		if err != nil {
			return err
		}
	}
	if ordermanagement.CanRelease(*order) {
		return orders.ReleaseRemainingAuthorization(ctx, orderID)
	}
	// end of quote
	return nil
}

func wasCaptured(ctx context.Context, orders *ordermanagement.Client, s shipment) (captureID string, err error) {
	// quote: lookup
	captures, err := orders.ListCaptures(ctx, s.OrderID)
	if err != nil {
		return "", err
	}
	for _, c := range captures {
		if c.Reference == s.Number {
			return c.CaptureID, nil // it was captured
		}
	}
	// end of quote
	return "", nil
}

// What the shop has of its own.
type openOrder struct {
	ID        string
	ExpiresAt time.Time
}

var (
	callAgain   = func(shipment) error { return nil }
	hold        = func(shipment) error { return nil }
	captured    = func(shipment, string) error { return nil }
	notify      = func(openOrder) {}
	storeExpiry = func(string, time.Time) error { return nil }
)
