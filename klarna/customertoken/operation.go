package customertoken

import (
	"errors"
	"net/http"

	"github.com/klarna-go/klarna-payments/internal/engine"
	"github.com/klarna-go/klarna-payments/klarna"
)

// Errors that errors.Is reports for a [*klarna.Error], by Klarna's error code. The package documentation lists what to do about
// each. errors.Is reports none of them if the outcome is unknown.
var (
	// ErrTokenNotFound is TOKEN_NOT_FOUND, or NOT_FOUND for ReadToken: the id belongs to no customer token. An authorization token
	// is not one.
	ErrTokenNotFound = errors.New("klarna: customer token not found")
	// ErrTokenSuspended is TOKEN_SUSPENDED: Klarna suspended the token.
	ErrTokenSuspended = errors.New("klarna: customer token suspended")
	// ErrTokenCancelled is TOKEN_CANCELLED, also written TOKEN_CANCELED: the shop, the customer or Klarna cancelled the token, which
	// is final. One page of Klarna's lists the code for a token of another merchant id as well.
	ErrTokenCancelled = errors.New("klarna: customer token cancelled")
	// ErrTokenForbidden is TOKEN_FORBIDDEN: the token belongs to another merchant id.
	ErrTokenForbidden = errors.New("klarna: customer token of another merchant")
	// ErrPaymentMethodUnavailable is UNAVAILABLE_PAYMENT_METHOD: the stored payment method cannot be charged, such as an expired
	// card.
	ErrPaymentMethodUnavailable = errors.New("klarna: stored payment method unavailable")
	// ErrPaymentMethodFailed is PAYMENT_METHOD_FAILED: this charge of the stored payment method was declined.
	ErrPaymentMethodFailed = errors.New("klarna: stored payment method failed")
	// ErrCurrencyMismatch is PAYMENT_METHOD_CURRENCY_MISMATCH: the charge is in another currency than the token.
	ErrCurrencyMismatch = errors.New("klarna: currency does not match the stored payment method")
)

// codes are those errors by the error code.
//
// Source: https://docs.klarna.com/payments/web-payments/additional-resources/use-cases/tokenized-payments/
var codes = map[string]error{
	"TOKEN_NOT_FOUND": ErrTokenNotFound, "NOT_FOUND": ErrTokenNotFound,
	"TOKEN_SUSPENDED": ErrTokenSuspended, "TOKEN_CANCELLED": ErrTokenCancelled, "TOKEN_CANCELED": ErrTokenCancelled,
	"TOKEN_FORBIDDEN":            ErrTokenForbidden,
	"UNAVAILABLE_PAYMENT_METHOD": ErrPaymentMethodUnavailable, "PAYMENT_METHOD_FAILED": ErrPaymentMethodFailed,
	"PAYMENT_METHOD_CURRENCY_MISMATCH": ErrCurrencyMismatch,
}

// The three operations.
const (
	OperationCreateOrder klarna.Operation = "customertoken.CreateOrder"
	OperationReadToken   klarna.Operation = "customertoken.ReadToken"
	OperationCancelToken klarna.Operation = "customertoken.CancelToken"
)

const token = "/customer-token/v1/tokens/{customerToken}"

// The rows say everything that the code knows about an operation, as those of package ordermanagement do.
var (
	createOrder = &engine.Operation{
		Name: string(OperationCreateOrder), Method: http.MethodPost, Path: token + "/order",
		Success: []int{http.StatusOK}, Result: engine.FromBody, Required: []string{"order_id"},
		New:   func() any { return new(Order) },
		Retry: engine.WithIdempotencyKey, Commits: true, Key: engine.DefaultKey, Codes: codes, Disproves: isInvalid,
	}
	readToken = &engine.Operation{
		Name: string(OperationReadToken), Method: http.MethodGet, Path: token,
		Success: []int{http.StatusOK}, Result: engine.FromBody, Required: []string{"status"},
		New: func() any { return new(Token) }, Codes: codes,
	}
	cancelToken = &engine.Operation{ // a retry asks for the same again
		Name: string(OperationCancelToken), Method: http.MethodPatch, Path: token + "/status",
		Success: []int{http.StatusAccepted}, Codes: codes, Applied: isCancelled,
	}
)

var operations = engine.Register(engine.Table{createOrder, readToken, cancelToken})

// isInvalid reports whether a rejection holds for the attempts before it as well, since they had the same body. That the risk
// check declines a charge, or that the token is cancelled now, does not: an earlier attempt may have met another state.
func isInvalid(f *engine.Failure) bool {
	return f.StatusCode == http.StatusBadRequest && f.Code == "BAD_VALUE"
}

// isCancelled reports whether the rejection of a retried cancellation shows that an earlier attempt succeeded (inferred).
func isCancelled(f *engine.Failure) bool { return errors.Is(codes[f.Code], ErrTokenCancelled) }
