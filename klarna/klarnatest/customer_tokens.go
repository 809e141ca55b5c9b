package klarnatest

import (
	"crypto/sha256"
	"strings"

	"github.com/klarna-go/klarna-payments/klarna"
)

func (s *Server) createCustomerToken(token string, request *Request) (any, *failure) {
	sent := request.sent
	var body klarna.CustomerTokenCreationRequest
	if rejected := s.check(request, "payments", "customer_token_creation_request", sent, &body); rejected != nil {
		return nil, rejected
	}
	authorized, rejected := s.authorized(token)
	if rejected != nil {
		return nil, rejected
	}
	created := klarna.CustomerTokenCreationResponse{TokenID: newUUID()}
	created.BillingAddress, created.Customer = buyer(authorized, &body)
	hash := sha256.Sum256(canonical(sent))
	differences := customerTokenDifferences(authorized, sent)
	stored := newToken(created.TokenID, s.clock.now(), authorized, sent)

	s.mu.Lock()
	defer s.mu.Unlock()
	a, rejected := s.findAuthorization(token)
	if rejected != nil {
		return nil, rejected
	}
	if merchantURL("confirmation", authorized) != "" {
		created.RedirectURL = s.redirectURL(a.session)
	}
	if intent := a.intent(); !strings.Contains(intent, klarna.IntentTokenize) {
		return nil, noTokenFor(intent) // inferred: an intent that this library does not know is for a token if it says so
	}
	if len(a.customerTokens) > 0 && !s.repeatTokens {
		if hash != a.tokenBody {
			return nil, alreadyConsumed
		}
		created.TokenID = a.customerTokens[0]
		return created, nil
	}
	if a.order != nil {
		if rejected := s.tolerate(request, afterOrder, alreadyConsumed); rejected != nil {
			return nil, rejected
		}
	}
	for _, field := range differences {
		if rejected := s.tolerate(request, notAuthorized(field), notMatching(differences)); rejected != nil {
			return nil, rejected
		}
	}
	a.tokenBody = hash
	a.customerTokens = append(a.customerTokens, created.TokenID)
	s.addToken(stored)
	return created, nil
}

var afterOrder = newWarning("", ruleAfterOrder, "comes after the order, and customer tokens are best created before it")

// notAuthorized is the warning of a field that differs from what was authorized, and that Klarna was seen to accept.
func notAuthorized(field string) Warning {
	return newWarning(field, ruleNotAuthorized, "is not the authorized one, which is the one that counts")
}

// buyer returns what Klarna knows of the customer: what was authorized, and else what the request has.
func buyer(authorized members, request *klarna.CustomerTokenCreationRequest) (klarna.Address, klarna.CustomerReadCreateToken) {
	var session klarna.SessionCreate
	convert(authorized, &session)
	if session.BillingAddress == (klarna.Address{}) {
		session.BillingAddress = request.BillingAddress
	}
	if session.Customer == (klarna.Customer{}) {
		session.Customer = request.Customer
	}
	return session.BillingAddress, klarna.CustomerReadCreateToken{
		DateOfBirth: session.Customer.DateOfBirth,
		Gender:      session.Customer.Gender,
	}
}
