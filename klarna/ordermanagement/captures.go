package ordermanagement

import (
	"context"

	gen "github.com/klarna-go/klarna-payments/gen/ordermanagement"
	"github.com/klarna-go/klarna-payments/klarna"
)

// CaptureOrder captures an order, or a part of it, and returns the id of the capture. Capture what ships when it ships: each
// capture has its own invoice. CapturedAmount is in minor units, and at most the order's RemainingAuthorizedAmount;
// [RemainingCapture] captures what is left. Name the lines: the shopper sees them, and refunds are assigned by them.
//
// Set a key of the shipment's own with [klarna.WithIdempotencyKey], so that a crash and a restart capture once; the package
// documentation says more. CaptureOrder returns an error that wraps ErrCaptureNotAllowed if the amount is too high, or the order
// has expired, was cancelled or is pending, and klarna.ErrNotFound for an unknown order. If the attempts end ambiguously, or
// Klarna confirms a capture without its id, it wraps klarna.ErrOutcomeUnknown.
//
// Source: https://docs.klarna.com/order-management/manage-orders-with-the-api/capture-and-track-orders
func (c *Client) CaptureOrder(ctx context.Context, orderID string, capture CaptureRequest, opts ...klarna.CallOption) (captureID string, err error) {
	req, err := gen.NewCaptureOrderRequest(server, orderID, nil, capture)
	return c.create(ctx, captureOrder, req, err, &capture, opts)
}

// ListCaptures lists the captures of an order.
//
// It returns klarna.ErrNotFound for an unknown order.
//
// Source: the operation getCaptures of api/order-management.yaml.
func (c *Client) ListCaptures(ctx context.Context, orderID string, opts ...klarna.CallOption) ([]Capture, error) {
	req, err := gen.NewGetCapturesRequest(server, orderID)
	captures, err := receive[[]Capture](ctx, c, listCaptures, req, err, opts)
	if err != nil {
		return nil, err
	}
	return *captures, nil
}

// ReadCapture reads one capture of an order.
//
// It returns klarna.ErrInvalidID for a malformed id, and klarna.ErrNotFound for an unknown order or capture.
//
// Source: the operation getCapture of api/order-management.yaml.
func (c *Client) ReadCapture(ctx context.Context, orderID, captureID string, opts ...klarna.CallOption) (*Capture, error) {
	req, err := gen.NewGetCaptureRequest(server, orderID, captureID)
	return receive[Capture](ctx, c, readCapture, req, err, opts)
}

// RefundOrder refunds what was captured, or a part of it, and returns the id of the refund. RefundedAmount is in minor
// units; all refunds together are at most what was captured. Klarna finds the capture by the references of the lines, which
// must be those of the capture exactly, and only if the lines add up to the amount; [RefundLines] and [RemainingRefund]
// ensure both. Otherwise it puts the refund against the order as a whole.
//
// Set a key of the return's own with [klarna.WithIdempotencyKey]. RefundOrder returns an error that wraps ErrRefundNotAllowed if
// the amount is too high or nothing was captured, and klarna.ErrNotFound for an unknown order. If the attempts end ambiguously,
// or Klarna confirms a refund without its id, it wraps klarna.ErrOutcomeUnknown.
//
// Source: https://docs.klarna.com/order-management/manage-orders-with-the-api/refund-orders-and-manage-authorizations
func (c *Client) RefundOrder(ctx context.Context, orderID string, refund RefundRequest, opts ...klarna.CallOption) (refundID string, err error) {
	req, err := gen.NewRefundOrderRequest(server, orderID, nil, refund)
	return c.create(ctx, refundOrder, req, err, &refund, opts)
}

// ReadRefund reads one refund of an order. It does not say which capture the refund was assigned to.
//
// It returns klarna.ErrInvalidID for a malformed id, and klarna.ErrNotFound for an unknown order or refund.
//
// Source: the operation getRefund of api/order-management.yaml.
func (c *Client) ReadRefund(ctx context.Context, orderID, refundID string, opts ...klarna.CallOption) (*Refund, error) {
	req, err := gen.NewGetRefundRequest(server, orderID, refundID)
	return receive[Refund](ctx, c, readRefund, req, err, opts)
}

// AddShippingInfo adds parcels to a capture. What was added before stays, and nothing can be removed. ShippingCompany is a
// code of Klarna's list of carriers, such as dhl-germany.
//
// It returns klarna.ErrNotFound for an unknown capture, and klarna.ErrInvalidRequest for a value that is too long (422).
//
// Source: the operation appendShippingInfo of api/order-management.yaml.
func (c *Client) AddShippingInfo(ctx context.Context, orderID, captureID string, parcels []ShippingInfo, opts ...klarna.CallOption) error {
	body := shippingInfo(parcels)
	req, err := gen.NewAppendShippingInfoRequest(server, orderID, captureID, nil, body)
	return c.change(ctx, addShippingInfo, req, err, &body, opts)
}

// TriggerSendOut makes Klarna resend its notice of a capture to the shopper.
//
// It returns klarna.ErrNotFound for an unknown capture.
//
// Source: the operation triggerSendOut of api/order-management.yaml.
func (c *Client) TriggerSendOut(ctx context.Context, orderID, captureID string, opts ...klarna.CallOption) error {
	req, err := gen.NewTriggerSendOutRequest(server, orderID, captureID, nil)
	return c.change(ctx, triggerSendOut, req, err, nil, opts)
}

// DueDateOptions reads by how many days the due date of a capture can be extended, and which fee the shop pays, in minor
// units. There are options only where the shopper pays later.
//
// Source: the operation getOptionsForExtendDueDate of api/order-management.yaml.
func (c *Client) DueDateOptions(ctx context.Context, orderID, captureID string, opts ...klarna.CallOption) (*DueDateOptions, error) {
	req, err := gen.NewGetOptionsForExtendDueDateRequest(server, orderID, captureID)
	return receive[DueDateOptions](ctx, c, dueDateOptions, req, err, opts)
}

// ExtendDueDate extends the due date of a capture by the days of one of its [Client.DueDateOptions]. The shop pays the fee.
//
// It returns klarna.ErrForbidden if the number of days is not one of the options (inferred).
//
// Source: the operation extendDueDate of api/order-management.yaml.
func (c *Client) ExtendDueDate(ctx context.Context, orderID, captureID string, numberOfDays int32, opts ...klarna.CallOption) error {
	body := gen.ExtendDueDateRequest{NumberOfDays: numberOfDays}
	req, err := gen.NewExtendDueDateRequest(server, orderID, captureID, nil, body)
	return c.change(ctx, extendDueDate, req, err, &body, opts)
}
