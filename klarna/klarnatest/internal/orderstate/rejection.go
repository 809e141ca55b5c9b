package orderstate

// Code is the error_code of a rejection.
type Code string

// The codes of rejections.
const (
	CaptureNotAllowed Code = "CAPTURE_NOT_ALLOWED"
	RefundNotAllowed  Code = "REFUND_NOT_ALLOWED"
	CancelNotAllowed  Code = "CANCEL_NOT_ALLOWED"
	NotAllowed        Code = "NOT_ALLOWED"
	NoSuchCapture     Code = "NO_SUCH_CAPTURE"
	NotFound          Code = "NOT_FOUND"
	InvalidAddress    Code = "INVALID_ADDRESS"
)

// Rejection is why an operation is not carried out. The order then stays as it was.
type Rejection struct {
	Code    Code
	Message string
}

// Error returns the code and the message.
func (r *Rejection) Error() string { return string(r.Code) + ": " + r.Message }

func reject(code Code, message string) *Rejection { return &Rejection{code, message} }

// Klarna's own messages. Its page prints those of NOT_ALLOWED for one operation each, as "Order is expired. Authorization
// time cannot be extended."; inferred: the other combinations of state and operation are made after them.
var (
	noCapture         = reject(CaptureNotAllowed, "Capture not allowed")
	aboveRemaining    = reject(CaptureNotAllowed, "Captured amount is higher than the remaining authorized amount. Capture not possible.")
	hasCaptures       = reject(CancelNotAllowed, "Order has previous captures. Cancel not possible")
	nothingToRefund   = reject(RefundNotAllowed, "Order has no captures. Refund not possible")
	overRefund        = reject(RefundNotAllowed, "Over refund is not allowed. Refund not possible.")
	updateNotAllowed  = reject(NotAllowed, "Update not allowed.")
	noSuchCapture     = reject(NoSuchCapture, "Capture could not be found.")
	returnFeeRejected = reject(RefundNotAllowed, "Return fee is not allowed. Refund not possible.") // inferred
	zeroRefund        = reject(RefundNotAllowed, "Refund not allowed")                              // inferred
	invalidAddress    = reject(InvalidAddress, "The address is invalid")                            // inferred
)

// notIn rejects an operation in the state that the order is in. what ends the message.
func (o *Order) notIn(code Code, what string) *Rejection {
	states := map[Status]string{
		Authorized: "has no captures", PartCaptured: "has captures", Captured: "is fully captured",
		Cancelled: "is cancelled", Expired: "is expired", Closed: "is closed",
	}
	return reject(code, "Order "+states[o.Status]+". "+what)
}
