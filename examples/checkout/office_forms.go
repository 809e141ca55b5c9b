package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/klarna-go/klarna-payments/klarna/ordermanagement"
)

// The forms of an order's page. There is a refund form for each capture.
const (
	captureForm = "capture"
	refundForm  = "refund"
	cancelForm  = "cancel"
	releaseForm = "release"
)

// changeOrder carries out what a form asks for, once for each key. A second post of the same form waits for the first one, and
// ends at its outcome; after an unknown outcome it sends the same request again, with the same key.
func (o *office) changeOrder(w http.ResponseWriter, r *http.Request) {
	record, ok := o.find(w, r)
	if !ok {
		return
	}
	kind := r.PathValue("kind")
	if kind != captureForm && kind != refundForm && kind != cancelForm && kind != releaseForm {
		o.renderProblem(w, r, http.StatusNotFound, problems["missing"])
		return
	}
	// Whoever closes the page must not cancel a capture that is under way.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(r.Context()), placeTimeout)
	defer cancel()
	ch, why, err := o.changeOf(ctx, r, record, kind)
	switch {
	case err != nil:
		o.failed(w, r, record.number, err)
		return
	case why != nil:
		o.showNotSent(w, r, record, why)
		return
	}
	if err := o.carryOut(ctx, record, ch); err != nil { // its outcome is in the database, or unknown
		o.shop.logger.WarnContext(ctx, "a change was not carried on", "order_number", record.number, "change", ch.kind, "error", err)
	}
	seeOther(w, r, officePath(record.number)+"?change="+strconv.Itoa(ch.number))
}

// notSent is why a form was not sent to Klarna, in words.
type notSent struct {
	status      int
	title, text string
}

// changeOf returns the change that a form asks for: the one that it was recorded as before, or a new one.
func (o *office) changeOf(ctx context.Context, r *http.Request, record *order, kind string) (*change, *notSent, error) {
	key := r.PostFormValue("key")
	ch, err := o.shop.store.change(ctx, record.number, key)
	if errors.Is(err, sql.ErrNoRows) {
		why, notMade := o.newChange(ctx, r, record, kind)
		// The same form may have been posted a moment before, and have changed what this post was checked against.
		ch, err = o.shop.store.change(ctx, record.number, key)
		if errors.Is(err, sql.ErrNoRows) {
			return nil, why, notMade
		}
		if err != nil {
			return nil, nil, err
		}
	} else if err != nil {
		return nil, nil, err
	}
	if ch.kind != kind || r.PostForm.Has("seen") && ch.posted != r.PostForm.Encode() {
		return nil, &notSent{http.StatusConflict, "Another window was faster",
			"It has sent this form already, with something else in it. What you sent now was not carried out. This is the order as it stands."}, nil
	}
	return ch, nil, nil
}

// newChange records a change of a form that was not posted before, or returns why it cannot.
func (o *office) newChange(ctx context.Context, r *http.Request, record *order, kind string) (*notSent, error) {
	form, key := kind, r.PostFormValue("key")
	if kind == refundForm {
		form += " " + r.PostFormValue("capture_id")
	}
	made, err := o.shop.store.changes(ctx, record.number)
	if err != nil {
		return nil, err
	}
	tooOld := &notSent{http.StatusConflict, "This page was too old", "Nothing was sent to Klarna. This is the order as it stands."}
	if key != o.keyOf(record.number, form, made) {
		return tooOld, nil
	}
	earlier := &notSent{http.StatusConflict, "Nothing was sent to Klarna", "The outcome of an earlier change is unknown. It has to be known first."}
	if made.open() != nil {
		return earlier, nil
	}
	order, err := o.orders.ReadOrder(ctx, record.orderID)
	if err != nil {
		return nil, err
	}
	if r.PostFormValue("seen") != amountsOf(order) {
		return &notSent{http.StatusConflict, "The order has changed",
			"Its amounts are not those that you saw, so nothing was sent to Klarna. This is the order as it stands."}, nil
	}
	ch := &change{
		key: key, orderNumber: record.number, number: len(made) + 1, kind: kind, form: form, posted: r.PostForm.Encode(),
		before: amounts{order.CapturedAmount, order.RefundedAmount, order.RemainingAuthorizedAmount},
	}
	if why := ch.fill(order, r.PostForm); why != "" {
		return &notSent{http.StatusUnprocessableEntity, "Nothing was sent to Klarna", why}, nil
	}
	added, err := o.shop.store.addChange(ctx, ch)
	if err != nil || added {
		return nil, err
	}
	// Another form was posted meanwhile.
	if made, err = o.shop.store.changes(ctx, record.number); err != nil || made.open() != nil {
		return earlier, err
	}
	return tooOld, nil
}

// fill sets what a change sends, and its amount. It returns in words why Klarna would reject it, or an empty string.
func (ch *change) fill(order *ordermanagement.Order, posted url.Values) (why string) {
	switch ch.kind {
	case captureForm:
		if why := captureObstacle(order, time.Now()); why != "" {
			return why
		}
		request := ordermanagement.RemainingCapture(*order)
		if len(request.OrderLines) > 0 {
			chosen, why := chosenLines(request.OrderLines, posted)
			if why != "" {
				return why
			}
			request = ordermanagement.CaptureLines(chosen...)
		}
		if left := ordermanagement.CapturableAmount(*order, time.Now()); request.CapturedAmount > left {
			return fmt.Sprintf("These lines are %s, but only %s can be captured. Klarna would reject it.", euros(request.CapturedAmount), euros(left))
		}
		request.ShippingInfo = parcel(posted)
		ch.amount, ch.request.Capture = request.CapturedAmount, &request
	case refundForm:
		captureID := posted.Get("capture_id")
		if why := refundObstacle(order, captureID); why != "" {
			return why
		}
		request, _ := refundable(order, captureID)
		if len(request.OrderLines) > 0 {
			chosen, why := chosenLines(request.OrderLines, posted)
			if why != "" {
				return why
			}
			request = ordermanagement.RefundLines(chosen...)
		}
		if left := ordermanagement.RefundableAmountOf(*order, captureID); request.RefundedAmount > left {
			return fmt.Sprintf("These lines are %s, but only %s can be refunded. Klarna would reject it.", euros(request.RefundedAmount), euros(left))
		}
		request.Reference, request.Description = captureID, posted.Get("description")
		ch.amount, ch.request.Refund = request.RefundedAmount, &request
	case cancelForm:
		if why := cancelObstacle(order); why != "" {
			return why
		}
		ch.amount = order.RemainingAuthorizedAmount
	case releaseForm:
		if why := releaseObstacle(order); why != "" {
			return why
		}
		ch.amount = order.RemainingAuthorizedAmount
	}
	return ""
}

// chosenLines returns as many pieces of each line as the form has, or in words why it cannot. SplitLine divides the tax so
// that the parts of a line add up to it.
func chosenLines(lines []ordermanagement.OrderLine, posted url.Values) (chosen []ordermanagement.OrderLine, why string) {
	for i, line := range lines {
		text := posted.Get(quantityField(i))
		quantity, err := strconv.ParseInt(text, 10, 64)
		if text == "" {
			quantity, err = 0, nil
		}
		if err != nil || quantity < 0 || quantity > line.Quantity {
			return nil, fmt.Sprintf("Of %q there can be 0 to %d.", line.Name, line.Quantity)
		}
		if quantity > 0 {
			part, _ := ordermanagement.SplitLine(line, quantity)
			chosen = append(chosen, part)
		}
	}
	if len(chosen) == 0 {
		return nil, "No line was chosen: all quantities are 0."
	}
	return chosen, ""
}

func quantityField(i int) string { return "quantity-" + strconv.Itoa(i) }

// parcel returns how the goods are sent, if the form has it.
func parcel(posted url.Values) []ordermanagement.ShippingInfo {
	if posted.Get("tracking_number") == "" {
		return nil
	}
	return []ordermanagement.ShippingInfo{{
		ShippingCompany: posted.Get("shipping_company"), TrackingNumber: posted.Get("tracking_number"),
		ShippingMethod: ordermanagement.ShippingMethodHome,
	}}
}

// refundable returns the request that refunds what is left of a capture. Klarna does not report which capture a refund
// was assigned to, so this shop writes it into the refund's reference. If there are other refunds, the request has all lines of
// the capture, and exact is false: they add up to more than its amount.
func refundable(order *ordermanagement.Order, captureID string) (request ordermanagement.RefundRequest, exact bool) {
	own := *order
	own.Captures, own.Refunds = nil, nil
	for _, capture := range order.Captures {
		if capture.CaptureID == captureID {
			own.Captures = append(own.Captures, capture)
		}
	}
	for _, refund := range order.Refunds {
		if refund.Reference == captureID {
			own.Refunds = append(own.Refunds, refund)
		}
	}
	request = ordermanagement.RemainingRefund(own, captureID)
	if len(request.OrderLines) == 0 && len(own.Captures) > 0 && request.RefundedAmount > 0 {
		request.OrderLines = own.Captures[0].OrderLines
		return request, false
	}
	return request, true
}

// closeChange ends a change whose outcome stayed unknown, after a person has compared the amounts.
func (o *office) closeChange(w http.ResponseWriter, r *http.Request) {
	record, ok := o.find(w, r)
	if !ok {
		return
	}
	done, err := o.shop.store.closeChange(r.Context(), record.number, r.PostFormValue("key"))
	if err != nil {
		o.failed(w, r, record.number, err)
		return
	}
	if done {
		o.shop.logger.WarnContext(r.Context(), "a change of unknown outcome was closed", "order_number", record.number)
	}
	seeOther(w, r, officePath(record.number))
}

// showNotSent shows the order again, with why a form was not sent to Klarna.
func (o *office) showNotSent(w http.ResponseWriter, r *http.Request, record *order, why *notSent) {
	order, err := o.orders.ReadOrder(r.Context(), record.orderID)
	if err != nil {
		o.failed(w, r, record.number, err)
		return
	}
	made, err := o.shop.store.changes(r.Context(), record.number)
	if err != nil {
		o.failed(w, r, record.number, err)
		return
	}
	page := o.newOrderPage(record.number, order, made, time.Now())
	page.Notice = &notice{Tone: "bad", Title: why.title, Text: why.text}
	if ch := made.open(); ch != nil {
		page.Notice = noticeOf(ch, order, time.Now())
	}
	o.render(w, r, why.status, "office_order", "Order "+record.number, page)
}
