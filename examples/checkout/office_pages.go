package main

import (
	"fmt"
	"time"

	"github.com/klarna-go/klarna-payments/klarna/ordermanagement"
)

// orderList is the list of orders.
type orderList struct {
	Rows         []orderRow
	Newer, Older string // other pages
}

type orderRow struct {
	Number, Path, Ordered      string
	Status                     status
	Read                       bool // the amounts are Klarna's
	Amount, Captured, Refunded int64
}

// orderPage is an order, with a form for all that can be done about it, and the reason in words for what cannot.
type orderPage struct {
	Number, Path string
	Order        *ordermanagement.Order
	Status       status
	Notice       *notice
	Open         bool   // a change has an unknown outcome: there are no forms
	Seen         string // the amounts on the page, so that a form cannot be sent about others
	Ordered      string
	Expires      string // empty once it does not matter
	Capture      changeForm
	Captures     []shownCapture
	Refunds      []shownRefund
	Cancel       changeForm
	Release      changeForm
}

// changeForm is a form of an order's page.
type changeForm struct {
	Kind, Key, Obstacle string
	CaptureID           string
	Amount              int64 // what is left, at most
	Lines               []lineChoice
	Inexact             bool // some of the lines may be refunded already
}

type lineChoice struct {
	ordermanagement.OrderLine
	Field    string
	Quantity int64 // in the form at first
	Left     int64
}

type shownCapture struct {
	ordermanagement.Capture
	At     string
	Refund changeForm
}

type shownRefund struct {
	ordermanagement.Refund
	At string
}

func (o *office) newOrderPage(number string, order *ordermanagement.Order, made changes, at time.Time) orderPage {
	page := orderPage{
		Number: number, Path: officePath(number), Order: order, Status: statusOf(order, at), Open: made.open() != nil, Seen: amountsOf(order),
		Ordered: date(order.CreatedAt.Time),
	}
	if order.RemainingAuthorizedAmount > 0 && !order.ExpiresAt.IsZero() {
		page.Expires = date(order.ExpiresAt.Time)
	}
	left := ordermanagement.RemainingCapture(*order)
	page.Capture = changeForm{
		Kind: captureForm, Key: o.keyOf(number, captureForm, made), Obstacle: captureObstacle(order, at),
		Amount: ordermanagement.CapturableAmount(*order, at), Lines: choices(left.OrderLines, true),
	}
	for _, capture := range order.Captures {
		request, exact := refundable(order, capture.CaptureID)
		page.Captures = append(page.Captures, shownCapture{capture, date(capture.CapturedAt.Time), changeForm{
			Kind: refundForm, Key: o.keyOf(number, refundForm+" "+capture.CaptureID, made), Obstacle: refundObstacle(order, capture.CaptureID),
			CaptureID: capture.CaptureID, Amount: request.RefundedAmount, Lines: choices(request.OrderLines, false), Inexact: !exact,
		}})
	}
	for _, refund := range order.Refunds {
		page.Refunds = append(page.Refunds, shownRefund{refund, date(refund.RefundedAt.Time)})
	}
	page.Cancel = changeForm{Kind: cancelForm, Key: o.keyOf(number, cancelForm, made), Obstacle: cancelObstacle(order), Amount: order.RemainingAuthorizedAmount}
	page.Release = changeForm{Kind: releaseForm, Key: o.keyOf(number, releaseForm, made), Obstacle: releaseObstacle(order), Amount: order.RemainingAuthorizedAmount}
	return page
}

// choices are lines whose quantities can be chosen.
func choices(lines []ordermanagement.OrderLine, all bool) []lineChoice {
	list := make([]lineChoice, len(lines))
	for i, line := range lines {
		list[i] = lineChoice{OrderLine: line, Field: quantityField(i), Left: line.Quantity}
		if all {
			list[i].Quantity = line.Quantity
		}
	}
	return list
}

// amountsOf identifies the state of an order's money.
func amountsOf(order *ordermanagement.Order) string {
	return fmt.Sprintf("%s-%d-%d-%d", order.Status, order.CapturedAmount, order.RefundedAmount, order.RemainingAuthorizedAmount)
}

func date(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format("2 Jan 2006, 15:04 UTC")
}
