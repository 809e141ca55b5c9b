package ordermanagement

import (
	"slices"
	"time"
)

// CapturableAmount returns how much of an order can be captured at a time, in minor units: what is left of the authorization.
// It is 0 once the order has expired or was cancelled, and while its fraud check is PENDING or after it was REJECTED. Klarna lets
// a shop capture a rejected order for some hours, at the shop's own risk; RemainingAuthorizedAmount tells how much.
//
// Source: https://docs.klarna.com/order-management/manage-orders-with-the-api/capture-and-track-orders
func CapturableAmount(order Order, at time.Time) int64 {
	switch {
	case IsExpired(order, at), order.Status == OrderStatusCancelled:
		return 0
	case order.FraudStatus == FraudStatusPending, order.FraudStatus == FraudStatusRejected:
		return 0
	}
	return max(0, order.RemainingAuthorizedAmount)
}

// RefundableAmount returns how much of an order can be refunded, over all its captures, in minor units: what was captured and
// not refunded. A status does not tell, since a refund changes none.
func RefundableAmount(order Order) int64 {
	return max(0, order.CapturedAmount-order.RefundedAmount)
}

// RefundableAmountOf returns how much of one capture can be refunded, in minor units: what was captured and not refunded of
// it, and at most what can be refunded of the order. The latter is less after a refund that Klarna could not assign to a
// capture. It is 0 for a capture that the order does not have.
func RefundableAmountOf(order Order, captureID string) int64 {
	capture := captureOf(order, captureID)
	if capture == nil {
		return 0
	}
	return max(0, min(capture.CapturedAmount-capture.RefundedAmount, RefundableAmount(order)))
}

// CanCancel reports whether an order can be cancelled: nothing was captured, and something is left to release. Once something
// was captured, [Client.RefundOrder] returns the money, and [CanRelease] tells whether something is left to release besides.
//
// Source: https://docs.klarna.com/order-management/manage-orders-with-the-api/view-and-change-orders
func CanCancel(order Order) bool {
	return order.CapturedAmount == 0 && order.RemainingAuthorizedAmount > 0 &&
		order.Status != OrderStatusCancelled && order.Status != OrderStatusClosed && order.Status != OrderStatusExpired
}

// CanRelease reports whether [Client.ReleaseRemainingAuthorization] is possible: something was captured, and something is left.
func CanRelease(order Order) bool {
	return order.CapturedAmount > 0 && order.RemainingAuthorizedAmount > 0 && order.Status != OrderStatusCancelled
}

// IsExpired reports whether an order has expired at a time: what was not captured then cannot be captured any more, and the
// expiry cannot be extended. Expiry is usually at midnight UTC. What was captured can still be refunded. Klarna sends no notice,
// so a shop has to watch ExpiresAt.
//
// Source: https://docs.klarna.com/order-management/extended-authorization-expiration
func IsExpired(order Order, at time.Time) bool {
	return order.Status == OrderStatusExpired || !order.ExpiresAt.IsZero() && !at.Before(order.ExpiresAt.Time)
}

// RemainingCapture returns the request that captures what is left of an order. It lists the remaining lines if every earlier
// capture named its lines and these are lines of the order. Otherwise it has the amount only. The amount is 0 if nothing is
// left; do not send that.
func RemainingCapture(order Order) CaptureRequest {
	request := CaptureRequest{CapturedAmount: max(0, order.RemainingAuthorizedAmount)}
	var captured []OrderLine
	for _, capture := range order.Captures { // one without lines makes the sum wrong
		captured = append(captured, capture.OrderLines...)
	}
	request.OrderLines = remainingLines(order.OrderLines, captured, request.CapturedAmount)
	return request
}

// RemainingRefund returns the request that refunds what is left of a capture. It lists the remaining lines if nothing of the
// capture was refunded, or if all refunds of the order were of this capture and named their lines. Otherwise it has the amount
// only. The amount is 0 if nothing is left, or the order has no such capture; do not send that.
func RemainingRefund(order Order, captureID string) RefundRequest {
	request := RefundRequest{RefundedAmount: RefundableAmountOf(order, captureID)}
	capture := captureOf(order, captureID)
	if capture == nil {
		return request
	}
	var refunded []OrderLine
	if capture.RefundedAmount != 0 { // a refund does not name its capture: what was of another makes the sum wrong
		for _, refund := range order.Refunds {
			refunded = append(refunded, refund.OrderLines...)
		}
	}
	request.OrderLines = remainingLines(capture.OrderLines, refunded, request.RefundedAmount)
	return request
}

func captureOf(order Order, id string) *Capture {
	i := slices.IndexFunc(order.Captures, func(c Capture) bool { return c.CaptureID == id })
	if i < 0 {
		return nil
	}
	return &order.Captures[i]
}
