package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/klarna-go/klarna-payments/klarna"
	"github.com/klarna-go/klarna-payments/klarna/klarnatest"
	"github.com/klarna-go/klarna-payments/klarna/ordermanagement"
)

// afterTheOrder ships an order in two parcels, and refunds a pair of shoes that returns.
func afterTheOrder(ctx context.Context, p *printer, client *klarna.Client, server *klarnatest.Server, orderID string) error {
	p.title("The shop ships, and takes one pair back")
	orders := ordermanagement.New(client)
	order, err := showAmounts(ctx, p, orders, orderID)
	if err != nil {
		return err
	}
	captureID, err := shipOne(ctx, p, orders, server, order)
	if err != nil {
		return err
	}
	if order, err = showAmounts(ctx, p, orders, orderID); err != nil {
		return err
	}
	if len(order.Captures) != 1 {
		return fmt.Errorf("the order has %d captures, not 1", len(order.Captures))
	}
	p.step("", "one capture: nothing was captured twice")
	if err := shipRest(ctx, p, orders, order); err != nil {
		return err
	}
	return refundOne(ctx, p, orders, orderID, captureID)
}

// shipOne captures one pair of shoes. The response is lost, so it makes the same call again: in a shop minutes later, or after
// a crash, with the key that was stored with the shipment. It allows one attempt only to show that. By default the client
// retries by itself, with the same key.
func shipOne(ctx context.Context, p *printer, orders *ordermanagement.Client, server *klarnatest.Server, order *ordermanagement.Order) (captureID string, err error) {
	const trackingNumber = "00340434292135100186"
	one, _ := ordermanagement.SplitLine(order.OrderLines[0], 1)
	request := ordermanagement.CaptureLines(one)
	request.ShippingInfo = []ordermanagement.ShippingInfo{{
		ShippingCompany: "dhl-germany", ShippingMethod: ordermanagement.ShippingMethodHome, TrackingNumber: trackingNumber,
	}}
	key := klarna.WithIdempotencyKey("shipment-1")
	p.step("One pair ships", "%s to capture, tracking number %s", money(request.CapturedAmount), trackingNumber)

	server.Fail(ordermanagement.OperationCaptureOrder, klarnatest.ResetAfter())
	_, err = orders.CaptureOrder(ctx, order.OrderID, request, key, klarna.WithMaxAttempts(1))
	if !errors.Is(err, klarna.ErrOutcomeUnknown) {
		return "", fmt.Errorf("a lost response did not leave the outcome unknown: %w", err)
	}
	p.step("Response lost", "the shop cannot know whether it was captured (klarna.ErrOutcomeUnknown)")

	captureID, err = orders.CaptureOrder(ctx, order.OrderID, request, key)
	if err != nil {
		return "", err
	}
	p.step("Called again", "with the same idempotency key")
	p.step("Captured", "%s", captureID)
	return captureID, nil
}

// shipRest captures what is left: the other pair, and the shipping.
func shipRest(ctx context.Context, p *printer, orders *ordermanagement.Client, order *ordermanagement.Order) error {
	request := ordermanagement.RemainingCapture(*order)
	p.step("The rest ships", "%s to capture", money(request.CapturedAmount))
	captureID, err := orders.CaptureOrder(ctx, order.OrderID, request, klarna.WithIdempotencyKey("shipment-2"))
	if err != nil {
		return err
	}
	p.step("Captured", "%s", captureID)
	_, err = showAmounts(ctx, p, orders, order.OrderID)
	return err
}

// refundOne refunds one pair of a capture, with its tax.
func refundOne(ctx context.Context, p *printer, orders *ordermanagement.Client, orderID, captureID string) error {
	capture, err := orders.ReadCapture(ctx, orderID, captureID)
	if err != nil {
		return err
	}
	one, _ := ordermanagement.SplitLine(capture.OrderLines[0], 1)
	request := ordermanagement.RefundLines(one)
	p.step("One pair returns", "%s to refund, including %s tax", money(request.RefundedAmount), money(one.TotalTaxAmount))
	refundID, err := orders.RefundOrder(ctx, orderID, request, klarna.WithIdempotencyKey("return-1"))
	if err != nil {
		return err
	}
	p.step("Refunded", "%s", refundID)
	_, err = showAmounts(ctx, p, orders, orderID)
	return err
}

// showAmounts reads an order and prints its amounts. No call needs this read to be confirmed.
func showAmounts(ctx context.Context, p *printer, orders *ordermanagement.Client, orderID string) (*ordermanagement.Order, error) {
	order, err := orders.ReadOrder(ctx, orderID)
	if err != nil {
		return nil, err
	}
	p.step("Amounts", "captured %s, left to capture %s, refunded %s",
		money(order.CapturedAmount), money(order.RemainingAuthorizedAmount), money(order.RefundedAmount))
	return order, nil
}
