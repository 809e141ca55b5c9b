package main

import (
	"errors"
	"fmt"
	"time"

	"github.com/klarna-go/klarna-payments/klarna"
	"github.com/klarna-go/klarna-payments/klarna/ordermanagement"
)

// status is where an order stands, in words.
type status struct{ Text, Tone string }

// statusOf goes by the amounts: Klarna has no status for a refunded order, and the meaning of CLOSED is not documented.
func statusOf(order *ordermanagement.Order, at time.Time) status {
	switch {
	case order.Status == ordermanagement.OrderStatusCancelled:
		return status{"Cancelled", "over"}
	case order.CapturedAmount == 0 && ordermanagement.IsExpired(*order, at):
		return status{"Expired", "bad"}
	case order.CapturedAmount == 0 && order.FraudStatus == ordermanagement.FraudStatusPending:
		return status{"In review", "wait"}
	case order.CapturedAmount == 0 && order.FraudStatus == ordermanagement.FraudStatusRejected:
		return status{"Rejected", "bad"}
	case order.CapturedAmount == 0:
		return status{"To capture", "todo"}
	case ordermanagement.RefundableAmount(*order) == 0:
		return status{"Refunded", "over"}
	case ordermanagement.CapturableAmount(*order, at) > 0:
		return status{"Part captured", "todo"}
	case order.RefundedAmount > 0:
		return status{"Part refunded", "good"}
	}
	return status{"Captured", "good"}
}

// captureObstacle returns why Klarna would reject a capture, or an empty string.
func captureObstacle(order *ordermanagement.Order, at time.Time) string {
	switch {
	case ordermanagement.CapturableAmount(*order, at) > 0:
		return ""
	case order.Status == ordermanagement.OrderStatusCancelled:
		return "The order was cancelled, so nothing can be captured. Do not ship it."
	case order.RemainingAuthorizedAmount == 0 && order.CapturedAmount == order.OrderAmount:
		return "All of it was captured."
	case order.RemainingAuthorizedAmount == 0 && order.CapturedAmount > 0:
		return "Nothing is left to capture: what was not captured was released, or has expired."
	case ordermanagement.IsExpired(*order, at):
		return "The order has expired, so nothing can be captured any more. Do not ship it: the shopper has to order again."
	case order.FraudStatus == ordermanagement.FraudStatusPending:
		return "Klarna is still reviewing this order, and rejects captures meanwhile. Do not ship it yet."
	case order.FraudStatus == ordermanagement.FraudStatusRejected:
		return "Klarna rejected this order after a review. Do not ship it: cancel it."
	}
	return "Nothing is left to capture."
}

// refundObstacle returns why Klarna would reject a refund of a capture, or an empty string.
func refundObstacle(order *ordermanagement.Order, captureID string) string {
	switch {
	case ordermanagement.RefundableAmountOf(*order, captureID) > 0:
		return ""
	case order.CapturedAmount == 0:
		return "Nothing was captured, so there is nothing to refund. Cancel the order instead."
	case ordermanagement.RefundableAmount(*order) == 0:
		return "All that was captured of this order was refunded."
	}
	return "All of this capture was refunded."
}

// cancelObstacle returns why Klarna would reject a cancellation, or an empty string.
func cancelObstacle(order *ordermanagement.Order) string {
	switch {
	case ordermanagement.CanCancel(*order):
		return ""
	case order.CapturedAmount > 0:
		return "Something was captured, so Klarna would reject a cancellation. Refund what was captured, and release what is left."
	case order.Status == ordermanagement.OrderStatusCancelled:
		return "The order was cancelled."
	}
	return "The order is over: nothing of it is authorized any more."
}

// releaseObstacle returns why Klarna would reject a release, or an empty string.
func releaseObstacle(order *ordermanagement.Order) string {
	switch {
	case ordermanagement.CanRelease(*order):
		return ""
	case ordermanagement.CanCancel(*order):
		return "Nothing was captured, so Klarna would reject a release. Cancel the order instead."
	}
	return "Nothing is left to release."
}

// notice is what came of a change, on top of an order's page.
type notice struct {
	Tone, Title, Text string
	Detail            string // for Klarna's support
	Key, Kind         string // of the change, where it can be sent again or closed
	Retry, Close      bool
}

// changeWords are a change in words: what it is, and what is true once it is made.
var changeWords = map[string]struct{ what, done string }{
	captureForm: {"The capture of %s", "%s was captured"},
	refundForm:  {"The refund of %s", "%s was refunded"},
	cancelForm:  {"The cancellation of %s", "The order was cancelled: %s was released"},
	releaseForm: {"The release of %s", "%s was released"},
}

func noticeOf(ch *change, order *ordermanagement.Order, now time.Time) *notice {
	words := changeWords[ch.kind]
	what := fmt.Sprintf(words.what, euros(ch.amount))
	n := &notice{Detail: ch.detail, Key: ch.key, Kind: ch.kind}
	switch ch.state {
	case made:
		n.Tone, n.Title, n.Text = "good", fmt.Sprintf(words.done, euros(ch.amount)), "Klarna has confirmed it. Sending the form again changes nothing."
	case notMade:
		n.Tone, n.Title, n.Text = "bad", what+" was not carried out", ch.problem
	case sending:
		n.Tone, n.Title, n.Text = "wait", what+" is under way", "Klarna has not responded yet. Load this page again in a moment."
	case closed:
		n.Tone, n.Title, n.Text = "wait", what+" was closed", "Its outcome stayed unknown, and somebody compared the amounts."
	case unresolved:
		n.Tone, n.Title = "wait", what+": the outcome is unknown"
		n.Text, n.Retry = "Klarna did not confirm it, so it may have been carried out, or not.", ch.canRetry(now)
		if ch.shownBy(order) {
			n.Text = "Klarna did not confirm it, but the amounts below suggest that it was carried out."
		}
		n.Text += " Try again: the request is the same, and so is its idempotency key, so Klarna carries it out once."
		if ch.rejected {
			n.Text = "Klarna did not confirm it, and rejected the second request. That does not prove that the first one had no effect. "
		}
		if !n.Retry {
			n.Text = "Klarna did not confirm it, and has forgotten the key since. The same request would now be another one. "
		}
		if n.Close = ch.rejected || !n.Retry; n.Close {
			n.Text += fmt.Sprintf("Before it, %s was captured, %s refunded and %s left; now it is %s, %s and %s. Compare them, and close this.",
				euros(ch.before.captured), euros(ch.before.refunded), euros(ch.before.left),
				euros(order.CapturedAmount), euros(order.RefundedAmount), euros(order.RemainingAuthorizedAmount))
		}
	}
	return n
}

// rejection returns in words why a change was not carried out. It goes by what errors.Is finds, never by Klarna's messages.
func rejection(err error) string {
	switch {
	case errors.Is(err, klarna.ErrNotSent) && !errors.Is(err, klarna.ErrInvalidRequest):
		return "Klarna cannot be reached, and nothing was sent. Try again in a moment."
	case errors.Is(err, ordermanagement.ErrCaptureNotAllowed):
		return "Klarna rejected it: the amount is more than what is left to capture, or the order has expired, was cancelled, or is under review. Nothing was captured."
	case errors.Is(err, ordermanagement.ErrRefundNotAllowed):
		return "Klarna rejected it: the amount is more than what was captured and not refunded yet. Nothing was refunded."
	case errors.Is(err, ordermanagement.ErrCancelNotAllowed):
		return "Klarna rejected it: something was captured, or the order is closed. Refund what was captured, and release what is left."
	case errors.Is(err, ordermanagement.ErrNotAllowed):
		return "Klarna rejected it: nothing is left to release, or nothing was captured. Then cancel the order."
	case errors.Is(err, klarna.ErrNotFound):
		return "Klarna does not know this order or capture. It must be read with the credentials that it was placed with."
	case errors.Is(err, klarna.ErrUnauthorized):
		return "Klarna rejected the shop’s credentials. Nothing was changed."
	case errors.Is(err, klarna.ErrRateLimited):
		return "There were too many requests, and Klarna did not look at this one. Try again in a moment."
	case errors.Is(err, klarna.ErrInvalidRequest):
		return "Klarna cannot use what was sent, such as a text that is too long. Nothing was changed."
	}
	return "Klarna rejected it. Nothing was changed."
}

// detailOf returns what Klarna's support asks for.
func detailOf(err error) string {
	var e *klarna.Error
	if !errors.As(err, &e) || e.StatusCode == 0 {
		return ""
	}
	text := fmt.Sprintf("Status %d", e.StatusCode)
	if e.Code != "" {
		text += " " + e.Code
	}
	if e.CorrelationID != "" {
		text += ", correlation id " + e.CorrelationID
	}
	return text
}
