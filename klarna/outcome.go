package klarna

import (
	"errors"
	"net/http"
	"slices"
	"strings"
)

var (
	// ErrOrderAlreadyPlaced says that an order exists: the authorization token was used before, or the session is
	// complete. The browser and the callback may both have placed it, or an earlier try of which the answer was lost.
	// Look the order up in your own records; Klarna's merchant portal finds it by its merchant reference.
	ErrOrderAlreadyPlaced = errors.New("klarna: order already placed")
	// ErrOutcomeUnknown says that CreateOrder or CreateCustomerToken ended without a verdict: Klarna may have placed
	// the order or made the token. [Client.OrderPlaced] finds out about an order.
	ErrOutcomeUnknown = errors.New("klarna: outcome unknown")
)

// saysAlreadyPlaced reads Klarna's ways of saying that an order exists: "already consumed", "already completed". A
// completed session tells every operation; a consumed token means an order only where an order was asked for, since a
// customer token consumes it as well.
//
// Source: https://docs.klarna.com/resources/developer-tools/error-handling/error-codes-and-messages-for-klarna-payments
func (e *Error) saysAlreadyPlaced() bool {
	if e.StatusCode == http.StatusNotFound && e.Code == "SESSION_COMPLETED" {
		return true
	}
	return e.Operation == OperationCreateOrder &&
		(e.StatusCode == http.StatusForbidden || e.StatusCode == http.StatusConflict) && e.says("already")
}

func (e *Error) says(text string) bool {
	return slices.ContainsFunc(e.Messages, func(message string) bool {
		return strings.Contains(strings.ToLower(message), text)
	})
}

// isVerdict says whether a refusal also speaks for the attempts before it, of which the answer was lost. A fault of the
// body does, since every attempt had the same one, and so does a decision about the shopper or the shop. An unknown token
// does not: it may be unknown because it was used (inferred). Nor does an answer that is not in Klarna's words: it may be
// a gateway's.
func (e *Error) isVerdict() bool {
	switch e.StatusCode {
	case http.StatusBadRequest:
		return e.Code == "BAD_VALUE" || e.Code == "BAD_REQUEST"
	case http.StatusConflict:
		return e.says("not matching")
	case http.StatusForbidden:
		return e.Code == "REJECTED" || e.Code == "MERCHANT_INACTIVE"
	}
	return false
}

// isDone says whether the refusal of a repeated cancellation means that an earlier attempt worked: the authorization is
// gone (inferred). One that cannot be deleted is not gone.
func (e *Error) isDone() bool {
	return e.Operation == OperationCancelAuthorization && e.StatusCode == http.StatusNotFound &&
		e.Code == "NOT_FOUND" && !e.says("cannot be deleted")
}

// leavesDoubt says whether a lost answer to the operation matters: an order may be placed, a token made.
func leavesDoubt(op Operation) bool {
	return op == OperationCreateOrder || op == OperationCreateCustomerToken
}
