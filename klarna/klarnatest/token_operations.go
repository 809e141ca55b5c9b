package klarnatest

import (
	"net/http"
	"strings"

	"github.com/klarna-go/klarna-payments/klarna"
	"github.com/klarna-go/klarna-payments/klarna/customertoken"
)

// Rejections of the Customer Token API. The codes are Klarna's, the messages inferred but for tokenNotFound, which was recorded in
// 2021 for reads and cancellations. A page of Klarna's has NOT_FOUND and "Invalid customer-token ID" for reads.
var (
	tokenNotFound     = newFailure(http.StatusNotFound, "TOKEN_NOT_FOUND", "Customer token not found")
	tokenSuspended    = newFailure(http.StatusForbidden, "TOKEN_SUSPENDED", "Customer token is suspended")
	tokenCancelled    = newFailure(http.StatusForbidden, "TOKEN_CANCELLED", "Customer token is cancelled")
	otherCurrency     = newFailure(http.StatusForbidden, "PAYMENT_METHOD_CURRENCY_MISMATCH", "The currency is not that of the customer token")
	otherSubscription = newFailure(http.StatusForbidden, "PAYMENT_METHOD_FAILED",
		"The subscription of the order lines is not that of the sign-up") // inferred: that it is declined is documented, the code is not
)

// tokenOperation does what one of the calls of the Customer Token API asks for. kept reports whether the token was looked at.
type tokenOperation func(token string, request *Request) (outcome orderOutcome, kept bool)

func (s *Server) tokenOperations() map[klarna.Operation]tokenOperation {
	return map[klarna.Operation]tokenOperation{
		customertoken.OperationCreateOrder: s.charge,
		customertoken.OperationReadToken:   s.readToken,
		customertoken.OperationCancelToken: s.cancelToken,
	}
}

// customerTokens handles an operation of the Customer Token API. A charge is carried out once for each idempotency key; a
// decline is returned again for its key, as an order is.
func (s *Server) customerTokens(op klarna.Operation, do tokenOperation) handler {
	return func(r *http.Request, request *Request) response {
		var outcome orderOutcome
		run := func() (orderOutcome, bool) {
			if request.rejected != nil {
				return orderOutcome{rejected: request.rejected}, false
			}
			return do(r.PathValue("customerToken"), request)
		}
		switch {
		case request.rejected == tooLarge, request.rejected == tooManyRequests:
			outcome.rejected = request.rejected
		case op == customertoken.OperationCreateOrder:
			outcome = s.once(r, request.delay, run)
		default:
			outcome, _ = run()
		}
		return s.render(*request, outcome.result, outcome.rejected)
	}
}

func (s *Server) readToken(token string, _ *Request) (outcome orderOutcome, kept bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	t := s.tokens[token]
	if t == nil {
		return orderOutcome{rejected: tokenNotFound}, true
	}
	return orderOutcome{result: t.read(s.clock.now())}, true
}

// cancelToken accepts a cancellation, which takes effect later. It was seen to be accepted again for a token that was cancelled.
// inferred: one that is suspended can be cancelled.
func (s *Server) cancelToken(token string, request *Request) (outcome orderOutcome, kept bool) {
	if rejected := s.check(request, "customer-token", "customer_token_status_update_request", request.sent, nil); rejected != nil {
		return orderOutcome{rejected: rejected}, false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.clock.now()
	switch t := s.tokens[token]; {
	case t == nil:
		return orderOutcome{rejected: tokenNotFound}, true
	case t.cancelled.IsZero():
		t.cancelled = now.Add(cancellationTakes)
	}
	return orderOutcome{}, true
}

func (s *Server) charge(token string, request *Request) (outcome orderOutcome, kept bool) {
	var body customertoken.OrderRequest
	if rejected := s.check(request, "customer-token", "customer_token_order", request.sent, &body); rejected != nil {
		return orderOutcome{rejected: rejected}, false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.forget(s.clock.now())
	t := s.tokens[token]
	if rejected := s.rejectsCharge(t, &body); rejected != nil {
		return orderOutcome{rejected: rejected}, true
	}
	placed := s.newOrder("", klarna.AuthorizedPaymentMethodTypeCard, placedDetails(t.signedUp, request.sent), request.sent)
	return orderOutcome{result: &customertoken.Order{
		OrderID: placed.OrderID, FraudStatus: placed.FraudStatus, RedirectURL: placed.RedirectURL, AuthorizedPaymentMethod: placed.AuthorizedPaymentMethod,
	}}, true
}

// rejectsCharge returns why a charge of a token is rejected, or nil. Server.mu is held.
func (s *Server) rejectsCharge(t *storedToken, request *customertoken.OrderRequest) *failure {
	if t == nil {
		return tokenNotFound
	}
	switch t.statusAt(s.clock.now()) {
	case customertoken.TokenStatusSuspended:
		return tokenSuspended
	case customertoken.TokenStatusCancelled:
		return tokenCancelled
	}
	switch {
	case !strings.EqualFold(request.PurchaseCurrency, t.signedUp.text("purchase_currency")):
		return otherCurrency
	case !t.matches(request.OrderLines):
		return otherSubscription
	case t.decline != "":
		return t.declined(request)
	}
	return nil
}

// declined is a charge that the stored card does not pay. A customer who is present can confirm it.
func (t *storedToken) declined(request *customertoken.OrderRequest) *failure {
	const reason = "The stored payment method could not be charged"
	f := newFailure(http.StatusForbidden, t.decline, reason)
	f.details = map[string]any{
		"fraud_status": klarna.FraudStatusRejected, "reason": reason,
		"authorized_payment_method": klarna.AuthorizedPaymentMethod{Type: klarna.AuthorizedPaymentMethodTypeCard},
	}
	if request.StepUp == customertoken.StepUpSupported {
		t.stepUp = newUUID()
		f.details["step_up_id"] = t.stepUp
	}
	return f
}
