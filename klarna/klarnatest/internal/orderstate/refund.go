package orderstate

import "time"

// RefundRequest is the body of a refund.
type RefundRequest struct {
	Amount      int64  `json:"refunded_amount"`
	Description string `json:"description"`
	Reference   string `json:"reference"`
	Lines       []Line `json:"order_lines"`
}

// returnFee is the type of a line by which the shop keeps a part of what it refunds.
const returnFee = "return_fee"

// returnFeeCountries are those in which Klarna documents it.
var returnFeeCountries = map[string]bool{
	"AT": true, "DE": true, "DK": true, "FI": true, "FR": true, "NL": true, "NO": true, "SE": true,
	"IT": true, "ES": true, "IE": true, "PT": true, "CZ": true, "AU": true, "GR": true,
}

// AddRefund refunds a part or all of what was captured, in whatever state the order is, and stores it under an id. It is
// assigned to a capture if Klarna could tell which one, and else counts against the order as a whole.
//
// inferred: a refund of 0 is rejected.
func (o *Order) AddRefund(now time.Time, id string, request RefundRequest) *Rejection {
	o.pass(now)
	switch {
	case len(o.Captures) == 0:
		return nothingToRefund
	case request.Amount <= 0:
		return zeroRefund
	case request.Amount > o.CapturedAmount-o.RefundedAmount:
		return overRefund
	case !o.takesReturnFees(request):
		return returnFeeRejected
	}
	if c := o.captureOf(request); c != nil {
		c.Refunded += request.Amount
	} else {
		o.unassigned = true
	}
	o.RefundedAmount += request.Amount
	o.Refunds = append(o.Refunds, Refund{
		ID: id, Amount: request.Amount, At: Time{now},
		Description: request.Description, Reference: request.Reference, Lines: orEmpty(request.Lines),
	})
	return nil
}

// captureOf returns the capture that a refund is assigned to, or nil: the lines must add up to the
// refunded amount and have exactly the references of a capture's lines, the amount must not be more than the capture's, and
// no earlier refund may have gone without a capture.
//
// inferred: every line with goods needs a reference. The amount must fit into what is left of the capture, not only into
// its whole amount. Of several captures that fit it is the first.
func (o *Order) captureOf(request RefundRequest) *Capture {
	if o.unassigned || len(request.Lines) == 0 || sum(request.Lines) != request.Amount {
		return nil
	}
	for i := range o.Captures {
		c := &o.Captures[i]
		if c.has(request.Lines) && request.Amount <= c.Amount-c.Refunded {
			return c
		}
	}
	return nil
}

// has reports whether the capture has the references of all lines, but those of return fees.
func (c *Capture) has(lines []Line) bool {
	references := map[string]bool{}
	for _, line := range c.Lines {
		references[line.Reference] = line.Reference != ""
	}
	found := false
	for _, line := range lines {
		if line.Type == returnFee {
			continue
		}
		if !references[line.Reference] {
			return false
		}
		found = true
	}
	return found
}

// takesReturnFees reports whether the return fees of a refund, if it has any, are allowed: in some countries, on an order
// that was fully captured at once, with lines that add up to the refunded amount, and as a negative amount.
//
// inferred: a refund that breaks this is rejected, and so is a fee of 0 or without a tax rate, which shops had to leave out.
func (o *Order) takesReturnFees(request RefundRequest) bool {
	hasFee := false
	for _, line := range request.Lines {
		if line.Type != returnFee {
			continue
		}
		hasFee = true
		if line.Total >= 0 || line.TaxRate == nil {
			return false
		}
	}
	return !hasFee || returnFeeCountries[o.Country] && len(o.Captures) == 1 && o.CapturedAmount == o.Amount &&
		sum(request.Lines) == request.Amount
}

// sum adds the lines up. A sum that overflows is not the one of any amount.
func sum(lines []Line) (total int64) {
	for _, line := range lines {
		next := total + line.Total
		if (next < total) != (line.Total < 0) {
			return -1
		}
		total = next
	}
	return total
}
