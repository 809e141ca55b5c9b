package preflight

import (
	"math/big"
	"time"

	"github.com/klarna-go/klarna-payments/klarna"
	"github.com/klarna-go/klarna-payments/klarna/ordermanagement"
)

// CheckCapture checks the capture of an order as [Check] does, and that the order allows it: the amount is at most what can be
// captured now, by [ordermanagement.CapturableAmount]. The order has to be a recent one. CheckCapture returns an [*Error] with
// all problems, or nil.
func CheckCapture(order ordermanagement.Order, request ordermanagement.CaptureRequest) error {
	report := Inspect(request)
	if left := ordermanagement.CapturableAmount(order, time.Now()); request.CapturedAmount > left {
		switch {
		case left > 0 || order.RemainingAuthorizedAmount <= 0:
			report.problem("captured_amount", CodeTooMuch, "is %d, but %d can be captured", request.CapturedAmount, left)
		case ordermanagement.IsExpired(order, time.Now()):
			report.problem("captured_amount", CodeWrongState, "is %d, but the order has expired", request.CapturedAmount)
		default:
			report.problem("captured_amount", CodeWrongState, "is %d, but the order is cancelled, or its fraud check is pending or failed", request.CapturedAmount)
		}
	}
	return report.err()
}

// CheckRefund checks the refund of an order as [Check] does, and that the order allows it: the amount is at most what was
// captured and not refunded, and a return fee is supported. The order has to be a recent one. CheckRefund returns an [*Error] with
// all problems, or nil.
func CheckRefund(order ordermanagement.Order, request ordermanagement.RefundRequest) error {
	report := Inspect(request)
	switch left := ordermanagement.RefundableAmount(order); {
	case order.CapturedAmount <= 0:
		report.problem("refunded_amount", CodeWrongState, "is %d, but nothing was captured: cancel the order", request.RefundedAmount)
	case request.RefundedAmount > left:
		report.problem("refunded_amount", CodeTooMuch, "is %d, but %d can be refunded", request.RefundedAmount, left)
	}
	for i := range request.OrderLines {
		if request.OrderLines[i].Type != ordermanagement.OrderLineTypeReturnFee {
			continue
		}
		if _, supported := ordermanagement.ReturnFeeLine(order, "", 1, 0); !supported {
			report.problem(line{index: i}.path("type"), CodeReturnFee,
				"is return_fee, which needs an order that was captured as a whole, in one capture, in a country that has it")
		}
	}
	return report.err()
}

// money is what the rules look at in a capture, a refund, or an update of the authorization.
type money struct {
	field     string // of the amount
	code      string // of an amount that is not the sum of the lines
	amount    int64
	mayBeZero bool
	lines     []ordermanagement.OrderLine
}

// checkMoney checks an amount and its lines, each for itself and against each other. That Klarna checks the sums is not
// documented, and it was seen to accept lines that do not add up, so what is wrong with them is a warning. It matters: Klarna assigns
// a refund to its capture only if the sum is right, and of a wrong capture the shopper sees the wrong invoice. Lines may be
// left out: checkMoney then has the amount alone.
//
// Source: https://docs.klarna.com/order-management/manage-orders-with-the-api/refund-orders-and-manage-authorizations
func checkMoney(m *money, report *Report) {
	if m.amount == 0 && !m.mayBeZero { // the contract allows it, but Klarna was seen to reject such a capture; for a refund it is inferred
		report.problem(m.field, CodeZeroAmount, "is 0, but must be 1 or more")
	}
	if len(m.lines) == 0 {
		return
	}
	lines := make([]klarna.OrderLine, len(m.lines))
	for i := range m.lines {
		lines[i] = lineOf(&m.lines[i])
	}
	if want := sum(lines, func(l *klarna.OrderLine) int64 { return l.TotalAmount }); want.Cmp(big.NewInt(m.amount)) != 0 {
		report.warning(m.field, m.code, "is %d, but total_amount of all lines adds up to %v", m.amount, want)
	}
	var ofLines Report
	salesTax := hasSalesTax(lines)
	for i := range lines {
		l := line{&lines[i], i}
		checkLine(l, salesTax, &ofLines)
		if m.lines[i].Type == ordermanagement.OrderLineTypeReturnFee {
			checkReturnFee(l, m.field, report)
		}
	}
	report.Warnings = append(append(report.Warnings, ofLines.Problems...), ofLines.Warnings...)
}

// checkReturnFee: a return fee is a line of a refund, with a negative amount. One of 0 was seen to be rejected.
func checkReturnFee(l line, of string, report *Report) {
	if l.TotalAmount >= 0 {
		report.problem(l.path("total_amount"), CodeWrongSign, "of a return_fee line is %d, but must be less than 0, by a negative unit_price", l.TotalAmount)
	}
	if of != "refunded_amount" {
		report.warning(l.path("type"), CodeReturnFee, "is return_fee, which is for refunds")
	}
}

// lineOf returns a line as the rules for Payments take it: they are the same for both APIs.
func lineOf(l *ordermanagement.OrderLine) klarna.OrderLine {
	return klarna.OrderLine{
		Type: l.Type, Quantity: l.Quantity, UnitPrice: l.UnitPrice, TaxRate: int64(l.TaxRate),
		TotalAmount: l.TotalAmount, TotalDiscountAmount: l.TotalDiscountAmount, TotalTaxAmount: l.TotalTaxAmount,
	}
}
