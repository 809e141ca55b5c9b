package main

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/klarna-go/klarna-payments/klarna"
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
	now, ok := o.find(w, r)
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
	b := o.changesOf(now.Number)
	done, err := b.take(ctx)
	if err != nil {
		o.renderProblem(w, r, http.StatusServiceUnavailable, problem{"An earlier change is still under way",
			"Nothing was sent to Klarna now. Look at the order again in a moment.", []action{{"To the order", officePath(now.Number)}, toTheOffice}})
		return
	}
	defer done()

	form, key := kind, r.PostFormValue("key")
	if kind == refundForm {
		form += " " + r.PostFormValue("capture_id")
	}
	ch := b.find(key)
	switch {
	case ch == nil:
		if ch, ok = o.newChange(ctx, w, r, now, b, form); !ok {
			return
		}
		o.carryOut(ctx, b, ch)
	case ch.kind != kind || r.PostForm.Has("seen") && ch.posted != r.PostForm.Encode():
		o.notSent(w, r, now, http.StatusConflict, "Another window was faster",
			"It has sent this form already, with something else in it. What you sent now was not carried out. This is the order as it stands.")
		return
	case ch.canRetry(time.Now()):
		o.carryOut(ctx, b, ch)
	}
	seeOther(w, r, officePath(now.Number)+"?change="+strconv.Itoa(ch.number))
}

// newChange makes a change of a form that was not posted before. If it cannot, it shows why.
func (o *office) newChange(ctx context.Context, w http.ResponseWriter, r *http.Request, now snapshot, b *changes, form string) (*change, bool) {
	key := r.PostFormValue("key")
	if !b.isCurrent(form, key) {
		o.notSent(w, r, now, http.StatusConflict, "This page was too old", "Nothing was sent to Klarna. This is the order as it stands.")
		return nil, false
	}
	if b.open() {
		o.notSent(w, r, now, http.StatusConflict, "Nothing was sent to Klarna", "The outcome of an earlier change is unknown. It has to be known first.")
		return nil, false
	}
	order, err := o.orders.ReadOrder(ctx, now.Order.OrderID)
	if err != nil {
		o.failed(w, r, now.Number, err)
		return nil, false
	}
	if r.PostFormValue("seen") != amountsOf(order) {
		o.notSent(w, r, now, http.StatusConflict, "The order has changed",
			"Its amounts are not those that you saw, so nothing was sent to Klarna. This is the order as it stands.")
		return nil, false
	}
	ch := &change{key: key, kind: r.PathValue("kind"), form: form, posted: r.PostForm.Encode(), before: *order}
	if why := o.fill(ch, order, r.PostForm); why != "" {
		o.notSent(w, r, now, http.StatusUnprocessableEntity, "Nothing was sent to Klarna", why)
		return nil, false
	}
	b.add(ch)
	return ch, true
}

// fill sets what a change sends, and its amount. It returns in words why Klarna would reject it, or an empty string.
func (o *office) fill(ch *change, order *ordermanagement.Order, posted url.Values) (why string) {
	id := order.OrderID
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
		ch.amount = request.CapturedAmount
		ch.send = func(ctx context.Context, key klarna.CallOption) error {
			_, err := o.orders.CaptureOrder(ctx, id, request, key)
			return err
		}
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
		ch.amount = request.RefundedAmount
		ch.send = func(ctx context.Context, key klarna.CallOption) error {
			_, err := o.orders.RefundOrder(ctx, id, request, key)
			return err
		}
	case cancelForm:
		if why := cancelObstacle(order); why != "" {
			return why
		}
		ch.amount = order.RemainingAuthorizedAmount
		ch.send = func(ctx context.Context, key klarna.CallOption) error { return o.orders.CancelOrder(ctx, id, key) }
	case releaseForm:
		if why := releaseObstacle(order); why != "" {
			return why
		}
		ch.amount = order.RemainingAuthorizedAmount
		ch.send = func(ctx context.Context, key klarna.CallOption) error {
			return o.orders.ReleaseRemainingAuthorization(ctx, id, key)
		}
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
	now, ok := o.find(w, r)
	if !ok {
		return
	}
	b := o.changesOf(now.Number)
	done, err := b.take(r.Context())
	if err != nil {
		return // the browser has gone
	}
	defer done()
	if ch := b.find(r.PostFormValue("key")); ch != nil && ch.state == unresolved {
		b.end(ch, closed, ch.err)
		o.shop.logger.WarnContext(r.Context(), "a change of unknown outcome was closed", "order_number", now.Number, "change", ch.kind, "amount", ch.amount)
	}
	seeOther(w, r, officePath(now.Number))
}

// notSent shows the order again, with why a form was not sent to Klarna.
func (o *office) notSent(w http.ResponseWriter, r *http.Request, now snapshot, status int, title, text string) {
	order, err := o.orders.ReadOrder(r.Context(), now.Order.OrderID)
	if err != nil {
		o.failed(w, r, now.Number, err)
		return
	}
	b := o.changesOf(now.Number)
	page := newOrderPage(now.Number, order, b, time.Now())
	page.Notice = &notice{Tone: "bad", Title: title, Text: text}
	if ch := b.shown(0); ch != nil {
		page.Notice = noticeOf(ch, order, time.Now())
	}
	o.render(w, r, status, "office_order", "Order "+now.Number, page)
}
