package orderstate

import (
	"fmt"
	"time"
)

// CaptureRequest is the body of a capture. inferred: shipping_delay is accepted from every shop, and not looked at.
type CaptureRequest struct {
	Amount       int64      `json:"captured_amount"`
	Description  string     `json:"description"`
	Reference    string     `json:"reference"`
	Lines        []Line     `json:"order_lines"`
	ShippingInfo []Shipment `json:"shipping_info"`
}

// AddCapture captures a part or all of what is left, and stores the capture under an id.
//
// The lines are not compared with the amount: Klarna was seen to capture with lines that did not add up to it. inferred: a
// capture of 0, which the body allows and a capture does not, is rejected.
func (o *Order) AddCapture(now time.Time, id string, request CaptureRequest) *Rejection {
	o.pass(now)
	switch {
	case !o.capturable(now), request.Amount <= 0:
		return noCapture
	case request.Amount > o.Remaining:
		return aboveRemaining
	}
	o.Captures = append(o.Captures, Capture{
		ID: id, KlarnaReference: o.referenceOfNextCapture(), Amount: request.Amount, At: Time{now},
		Description: request.Description, Reference: request.Reference,
		Lines: orEmpty(request.Lines), ShippingInfo: orEmpty(request.ShippingInfo),
		BillingAddress: o.BillingAddress, ShippingAddress: o.ShippingAddress,
	})
	o.CapturedAmount += request.Amount
	o.Remaining -= request.Amount
	o.Status = PartCaptured
	if o.Remaining == 0 {
		o.Status = Captured
	}
	return nil
}

// capturable reports whether the order is open, and its fraud status lets it be captured.
func (o *Order) capturable(now time.Time) bool {
	if !o.open() {
		return false
	}
	switch o.FraudStatus {
	case FraudPending:
		return false
	case FraudRejected:
		return !o.fraudRejected.IsZero() && now.Before(o.fraudRejected.Add(atOwnRisk))
	}
	return true
}

// captureByItself captures an order that was placed with auto_capture, in whole and with its lines.
//
// inferred: it waits for the review, if there is one. An order of 0 cannot be captured.
func (o *Order) captureByItself(now time.Time) {
	if o.autoCapture && o.Remaining > 0 && o.capturable(now) {
		_ = o.AddCapture(now, NewID(), CaptureRequest{Amount: o.Remaining, Lines: o.Lines})
	}
}

// AddShipments adds parcels to a capture. What was added before stays.
func (o *Order) AddShipments(captureID string, shipments []Shipment) *Rejection {
	c := o.capture(captureID)
	if c == nil {
		return reject(NoSuchCapture, "Capture could not be found. Shipping info cannot be added to capture "+captureID)
	}
	c.ShippingInfo = grow(c.ShippingInfo, shipments)
	return nil
}

// SendOut sends the shopper the invoice of a capture once more, which changes nothing here.
func (o *Order) SendOut(captureID string) *Rejection {
	if o.capture(captureID) == nil {
		return noSuchCapture
	}
	return nil
}

// DueDateOptions are the days by which the due date of a capture can be extended.
type DueDateOptions struct {
	Currency string          `json:"currency"`
	Options  []DueDateOption `json:"options"`
}

// DueDateOption is one of them, with the fee that the shop pays.
type DueDateOption struct {
	Days int   `json:"number_of_days"`
	Fee  int64 `json:"amount"`
}

// dueDateCountries are those of Klarna's price list.
var dueDateCountries = map[string]bool{
	"AT": true, "BE": true, "DK": true, "DE": true, "FI": true, "NL": true, "NO": true, "SE": true, "GB": true,
}

// DueDateOptions returns the options of a capture. Two days are free, once for an order.
//
// inferred: the fees are made up; other countries than those of the price list have no options; the free days are not
// offered a second time.
func (o *Order) DueDateOptions(captureID string) (DueDateOptions, *Rejection) {
	if o.capture(captureID) == nil {
		return DueDateOptions{}, noSuchCapture
	}
	options := []DueDateOption{}
	if dueDateCountries[o.Country] {
		if !o.freeDaysUsed {
			options = append(options, DueDateOption{2, 0})
		}
		options = append(options, DueDateOption{10, 100}, DueDateOption{30, 199}, DueDateOption{60, 299})
	}
	return DueDateOptions{o.Currency, options}, nil
}

// ExtendDueDate extends the due date of a capture by one of its options.
func (o *Order) ExtendDueDate(captureID string, days int) *Rejection {
	offered, rejected := o.DueDateOptions(captureID)
	if rejected != nil {
		return rejected
	}
	for _, option := range offered.Options {
		if option.Days == days {
			o.freeDaysUsed = o.freeDaysUsed || option.Fee == 0
			return nil
		}
	}
	return reject(NotAllowed, fmt.Sprintf("Due date cannot be extended by %d days.", days)) // inferred
}
