package klarnatest

import (
	"net/http"
	"regexp"
	"time"

	gen "github.com/klarna-go/klarna-payments/gen/ordermanagement"
	"github.com/klarna-go/klarna-payments/klarna"
	"github.com/klarna-go/klarna-payments/klarna/klarnatest/internal/orderstate"
	"github.com/klarna-go/klarna-payments/klarna/ordermanagement"
)

// orderOperation is one operation of Order Management. Its route is that of the operation.
type orderOperation struct {
	schema string     // of the body; empty without one. inferred: a body that is sent all the same is ignored
	body   func() any // makes a pointer to the type that the body must fit

	// do does what the operation asks for. A result of nil or of type created is a response without a body.
	do func(o *orderstate.Order, call *orderCall) (result any, rejected *orderstate.Rejection)

	unknown orderstate.Code // the code for an order that is unknown, unless it is NO_SUCH_ORDER
	detail  string          // what the message about it adds
}

// orderCall is one call of an operation.
type orderCall struct {
	now                 time.Time
	captureID, refundID string
	body                members
	newID               string // of the capture or refund that it may create
}

// created is a capture or a refund that was made.
type created struct{ header, segment, id, location string }

// orderOperations are all operations of Order Management.
var orderOperations = map[klarna.Operation]orderOperation{
	ordermanagement.OperationReadOrder: {do: func(o *orderstate.Order, call *orderCall) (any, *orderstate.Rejection) {
		return o.Snapshot(call.now), nil
	}},
	ordermanagement.OperationCaptureOrder: {
		schema: "CaptureObject", body: func() any { return new(gen.CaptureRequest) },
		do: func(o *orderstate.Order, call *orderCall) (any, *orderstate.Rejection) {
			return created{header: "Capture-Id", segment: "captures", id: call.newID}, o.AddCapture(call.now, call.newID, bodyAs[orderstate.CaptureRequest](call))
		},
	},
	ordermanagement.OperationListCaptures: {do: func(o *orderstate.Order, call *orderCall) (any, *orderstate.Rejection) {
		return o.Snapshot(call.now).Captures, nil
	}},
	ordermanagement.OperationReadCapture: {do: func(o *orderstate.Order, call *orderCall) (any, *orderstate.Rejection) {
		return result(o.Capture(call.captureID))
	}},
	ordermanagement.OperationRefundOrder: {
		schema: "RefundObject", body: func() any { return new(gen.RefundRequest) }, unknown: orderstate.NotFound,
		do: func(o *orderstate.Order, call *orderCall) (any, *orderstate.Rejection) {
			return created{header: "Refund-Id", segment: "refunds", id: call.newID}, o.AddRefund(call.now, call.newID, bodyAs[orderstate.RefundRequest](call))
		},
	},
	ordermanagement.OperationReadRefund: {unknown: orderstate.NotFound, do: func(o *orderstate.Order, call *orderCall) (any, *orderstate.Rejection) {
		return result(o.Refund(call.refundID))
	}},
	ordermanagement.OperationCancelOrder: {do: func(o *orderstate.Order, call *orderCall) (any, *orderstate.Rejection) {
		return nil, o.Cancel(call.now)
	}},
	ordermanagement.OperationReleaseRemainingAuthorization: {do: func(o *orderstate.Order, call *orderCall) (any, *orderstate.Rejection) {
		return nil, o.Release(call.now)
	}},
	ordermanagement.OperationUpdateAuthorization: {
		schema: "Update_authorization", body: func() any { return new(gen.AuthorizationUpdate) },
		do: func(o *orderstate.Order, call *orderCall) (any, *orderstate.Rejection) {
			return nil, o.Update(call.now, bodyAs[orderstate.AuthorizationUpdate](call))
		},
	},
	ordermanagement.OperationExtendAuthorizationTime: {do: func(o *orderstate.Order, call *orderCall) (any, *orderstate.Rejection) {
		return nil, o.Extend(call.now)
	}},
	ordermanagement.OperationUpdateMerchantReferences: {
		schema: "Update_merchant_references", body: func() any { return new(gen.MerchantReferences) }, detail: "Merchant references cannot be updated",
		do: func(o *orderstate.Order, call *orderCall) (any, *orderstate.Rejection) {
			return nil, o.SetReferences(call.now, bodyAs[orderstate.References](call))
		},
	},
	ordermanagement.OperationUpdateCustomerDetails: {
		schema: "UpdateConsumer", body: func() any { return new(gen.CustomerDetails) },
		do: func(o *orderstate.Order, call *orderCall) (any, *orderstate.Rejection) {
			return nil, o.SetCustomer(call.now, bodyAs[orderstate.CustomerDetails](call))
		},
	},
	ordermanagement.OperationAddShippingInfo: {
		schema: "UpdateShippingInfo", body: func() any { return new(gen.ShippingInfoRequest) }, detail: "Shipping info cannot be added to capture",
		do: func(o *orderstate.Order, call *orderCall) (any, *orderstate.Rejection) {
			return nil, o.AddShipments(call.captureID, bodyAs[orderstate.CaptureRequest](call).ShippingInfo)
		},
	},
	ordermanagement.OperationAddOrderShippingInfo: {
		schema: "UpdateShippingInfo", body: func() any { return new(gen.ShippingInfoRequest) },
		do: func(o *orderstate.Order, call *orderCall) (any, *orderstate.Rejection) {
			o.AddOrderShipments(bodyAs[orderstate.CaptureRequest](call).ShippingInfo)
			return nil, nil
		},
	},
	ordermanagement.OperationTriggerSendOut: {do: func(o *orderstate.Order, call *orderCall) (any, *orderstate.Rejection) {
		return nil, o.SendOut(call.captureID)
	}},
	ordermanagement.OperationDueDateOptions: {do: func(o *orderstate.Order, call *orderCall) (any, *orderstate.Rejection) {
		return result(o.DueDateOptions(call.captureID))
	}},
	ordermanagement.OperationExtendDueDate: {
		schema: "ExtendDueDateRequest", body: func() any { return new(gen.ExtendDueDateRequest) },
		do: func(o *orderstate.Order, call *orderCall) (any, *orderstate.Rejection) {
			return nil, o.ExtendDueDate(call.captureID, bodyAs[struct {
				Days int `json:"number_of_days"`
			}](call).Days)
		},
	},
	// inferred: no state rejects it. It counts for orders of Klarna Checkout only.
	ordermanagement.OperationAcknowledgeOrder: {detail: "Acknowledgement not possible", do: func(*orderstate.Order, *orderCall) (any, *orderstate.Rejection) {
		return nil, nil
	}},
}

// result turns what was found into a result.
func result[R any](found R, rejected *orderstate.Rejection) (any, *orderstate.Rejection) {
	return found, rejected
}

// bodyAs returns the body of a call. It was checked before.
func bodyAs[B any](call *orderCall) (body B) {
	convert(call.body, &body)
	return body
}

// orderOutcome is what an operation came to. Whoever repeats its idempotency key gets it again.
type orderOutcome struct {
	result   any
	rejected *failure
}

// orderManagement handles an operation of Order Management.
func (s *Server) orderManagement(op orderOperation) handler {
	return func(r *http.Request, request *Request) response {
		var outcome orderOutcome
		switch rejected := request.rejected; rejected {
		case tooLarge, tooManyRequests: // Klarna prints messages for these in Order Management only
			outcome.rejected = newFailure(rejected.status, rejected.code, overLimit[rejected])
		default:
			// inferred: that the key counts and the body does not means that a repeated body is not even validated.
			outcome = s.once(r, request.delay, func() (orderOutcome, bool) { return s.orderOutcome(op, r, request) })
		}
		return s.renderOrder(*request, outcome)
	}
}

var overLimit = map[*failure]string{tooLarge: "Request is too large", tooManyRequests: "Too many requests"}

// orderOutcome does what a call asks for. kept reports whether the order was looked at.
func (s *Server) orderOutcome(op orderOperation, r *http.Request, request *Request) (outcome orderOutcome, kept bool) {
	call := &orderCall{captureID: r.PathValue("capture_id"), refundID: r.PathValue("refund_id"), newID: newUUID()}
	id := r.PathValue("order_id")
	if !isUUID.MatchString(id) {
		return orderOutcome{rejected: invalidOrderID}, false
	}
	if op.schema != "" {
		var rejected *failure
		if call.body, rejected = s.orderBody(request, op); rejected != nil {
			return orderOutcome{rejected: rejected}, false
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	call.now = s.clock.now()
	s.forget(call.now)
	placed := s.orders[id]
	if placed == nil {
		return orderOutcome{rejected: noSuchOrder(op, id, call.captureID)}, true
	}
	result, rejected := op.do(placed.state, call)
	s.resizeOrder(placed)
	if rejected != nil {
		return orderOutcome{rejected: orderFailure(rejected)}, true
	}
	if made, ok := result.(created); ok {
		made.location = s.URL + ordersPath + id + "/" + made.segment + "/" + made.id
		result = made
	}
	return orderOutcome{result: result}, true
}

// renderOrder makes a response as Klarna sends it: what a capture or a refund made is in the headers only.
func (s *Server) renderOrder(request Request, outcome orderOutcome) response {
	if outcome.rejected != nil {
		return s.render(request, nil, outcome.rejected)
	}
	made, isCreated := outcome.result.(created)
	if isCreated {
		outcome.result = nil
	}
	rendered := s.render(request, outcome.result, nil)
	if isCreated {
		rendered.header.Set(made.header, made.id)
		rendered.header.Set("Location", made.location)
	}
	if outcome.result == nil {
		rendered.header.Set("Transaction-Id", newUUID()) // recorded; what it is for is unknown
	}
	return rendered
}

const ordersPath = "/ordermanagement/v1/orders/"

var isUUID = regexp.MustCompile(`^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$`)
