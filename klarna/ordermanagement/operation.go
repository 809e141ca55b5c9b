package ordermanagement

import (
	"errors"
	"net/http"

	"github.com/klarna-go/klarna-payments/internal/engine"
	"github.com/klarna-go/klarna-payments/klarna"
)

// Errors that errors.Is reports for a [*klarna.Error], by Klarna's error code. errors.Is reports none of them if the
// outcome is unknown.
var (
	// ErrCaptureNotAllowed is CAPTURE_NOT_ALLOWED: the amount is more than what is left to capture, or the order has expired,
	// was cancelled, or is pending.
	ErrCaptureNotAllowed = errors.New("klarna: capture not allowed")
	// ErrRefundNotAllowed is REFUND_NOT_ALLOWED: the amount is more than what was captured and not refunded, or nothing was
	// captured. Then cancel the order.
	ErrRefundNotAllowed = errors.New("klarna: refund not allowed")
	// ErrCancelNotAllowed is CANCEL_NOT_ALLOWED: the order has captures, or is closed. Then refund, and release what is left.
	ErrCancelNotAllowed = errors.New("klarna: cancel not allowed")
	// ErrNotAllowed is NOT_ALLOWED: the order's state, or Klarna's risk check, does not allow a change.
	ErrNotAllowed = errors.New("klarna: not allowed")
)

// codes are those errors by the error code. A page of Klarna's lists the codes with the operations.
//
// Source: https://docs.klarna.com/resources/developer-tools/error-handling/error-codes-and-messages-for-order-management
var codes = map[string]error{
	"CAPTURE_NOT_ALLOWED": ErrCaptureNotAllowed, "REFUND_NOT_ALLOWED": ErrRefundNotAllowed,
	"CANCEL_NOT_ALLOWED": ErrCancelNotAllowed, "NOT_ALLOWED": ErrNotAllowed,
}

// The 18 operations.
const (
	OperationReadOrder                     klarna.Operation = "ordermanagement.ReadOrder"
	OperationListCaptures                  klarna.Operation = "ordermanagement.ListCaptures"
	OperationReadCapture                   klarna.Operation = "ordermanagement.ReadCapture"
	OperationReadRefund                    klarna.Operation = "ordermanagement.ReadRefund"
	OperationDueDateOptions                klarna.Operation = "ordermanagement.DueDateOptions"
	OperationCaptureOrder                  klarna.Operation = "ordermanagement.CaptureOrder"
	OperationRefundOrder                   klarna.Operation = "ordermanagement.RefundOrder"
	OperationCancelOrder                   klarna.Operation = "ordermanagement.CancelOrder"
	OperationReleaseRemainingAuthorization klarna.Operation = "ordermanagement.ReleaseRemainingAuthorization"
	OperationUpdateAuthorization           klarna.Operation = "ordermanagement.UpdateAuthorization"
	OperationExtendAuthorizationTime       klarna.Operation = "ordermanagement.ExtendAuthorizationTime"
	OperationUpdateMerchantReferences      klarna.Operation = "ordermanagement.UpdateMerchantReferences"
	OperationUpdateCustomerDetails         klarna.Operation = "ordermanagement.UpdateCustomerDetails"
	OperationAddShippingInfo               klarna.Operation = "ordermanagement.AddShippingInfo"
	OperationAddOrderShippingInfo          klarna.Operation = "ordermanagement.AddOrderShippingInfo"
	OperationTriggerSendOut                klarna.Operation = "ordermanagement.TriggerSendOut"
	OperationExtendDueDate                 klarna.Operation = "ordermanagement.ExtendDueDate"
	OperationAcknowledgeOrder              klarna.Operation = "ordermanagement.AcknowledgeOrder"
)

// The rows say everything that the code knows about an operation. They are the source of klarna.Operation.Route, of the retry
// table in the package documentation, of what is redacted, and of the tests for all operations.
const (
	order   = "/ordermanagement/v1/orders/{order_id}"
	capture = order + "/captures/{capture_id}"
)

var (
	readOrder      = reads[Order](OperationReadOrder, order, "order_id")
	listCaptures   = reads[[]Capture](OperationListCaptures, order+"/captures")
	readCapture    = reads[Capture](OperationReadCapture, capture, "capture_id")
	readRefund     = reads[Refund](OperationReadRefund, order+"/refunds/{refund_id}")
	dueDateOptions = reads[DueDateOptions](OperationDueDateOptions, capture+"/extend-due-date-options")

	captureOrder = creates(OperationCaptureOrder, order+"/captures", "Capture-Id")
	refundOrder  = creates(OperationRefundOrder, order+"/refunds", "Refund-Id")

	cancelOrder                   = changes(OperationCancelOrder, http.MethodPost, order+"/cancel")
	releaseRemainingAuthorization = changes(OperationReleaseRemainingAuthorization, http.MethodPost, order+"/release-remaining-authorization")
	updateAuthorization           = changes(OperationUpdateAuthorization, http.MethodPatch, order+"/authorization")
	extendAuthorizationTime       = changes(OperationExtendAuthorizationTime, http.MethodPost, order+"/extend-authorization-time")
	updateMerchantReferences      = changes(OperationUpdateMerchantReferences, http.MethodPatch, order+"/merchant-references")
	updateCustomerDetails         = changes(OperationUpdateCustomerDetails, http.MethodPatch, order+"/customer-details")
	addShippingInfo               = changes(OperationAddShippingInfo, http.MethodPost, capture+"/shipping-info")
	addOrderShippingInfo          = changes(OperationAddOrderShippingInfo, http.MethodPost, order+"/shipping-info")
	triggerSendOut                = changes(OperationTriggerSendOut, http.MethodPost, capture+"/trigger-send-out")
	extendDueDate                 = changes(OperationExtendDueDate, http.MethodPatch, capture+"/extend-due-date")
	acknowledgeOrder              = changes(OperationAcknowledgeOrder, http.MethodPost, order+"/acknowledge")
)

var operations = engine.Register(engine.Table{
	readOrder, listCaptures, readCapture, readRefund, dueDateOptions, captureOrder, refundOrder, cancelOrder,
	releaseRemainingAuthorization, updateAuthorization, extendAuthorizationTime, updateMerchantReferences,
	updateCustomerDetails, addShippingInfo, addOrderShippingInfo, triggerSendOut, extendDueDate, acknowledgeOrder,
})

// reads returns the row of an operation that returns an R.
func reads[R any](name klarna.Operation, path string, required ...string) *engine.Operation {
	return &engine.Operation{
		Name: string(name), Method: http.MethodGet, Path: path, Success: []int{http.StatusOK},
		Result: engine.FromBody, Required: required, New: func() any { return new(R) }, Codes: codes,
	}
}

// changes returns the row of an operation that changes an order. No rejection disproves an earlier attempt: what it says may be
// that attempt's doing.
func changes(name klarna.Operation, method, path string) *engine.Operation {
	return &engine.Operation{
		Name: string(name), Method: method, Path: path, Success: []int{http.StatusNoContent},
		Retry: engine.WithIdempotencyKey, Commits: true, Key: engine.DefaultKey, Codes: codes,
	}
}

// creates returns the row of an operation whose result is an id in a header field, or else the end of Location.
func creates(name klarna.Operation, path, header string) *engine.Operation {
	op := changes(name, http.MethodPost, path)
	op.Success, op.Result, op.Required = []int{http.StatusCreated}, engine.FromHeader, []string{header, "Location"}
	return op
}
