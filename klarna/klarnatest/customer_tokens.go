package klarnatest

import (
	"strings"

	"github.com/klarna-go/klarna-payments/klarna"
)

func (s *Server) createCustomerToken(token string, body []byte) (any, *failure) {
	sent, rejected := parse(body)
	if rejected != nil {
		return nil, rejected
	}
	var request klarna.CustomerTokenCreationRequest
	if rejected := s.check("customer_token_creation_request", sent, &request); rejected != nil {
		return nil, rejected
	}
	authorized, rejected := s.authorized(token)
	if rejected != nil {
		return nil, rejected
	}
	created := klarna.CustomerTokenCreationResponse{TokenID: newUUID()}
	created.BillingAddress, created.Customer = buyer(authorized, &request)
	differences := customerTokenDifferences(authorized, sent)
	stored := newToken(created.TokenID, s.clock.now(), authorized, sent)

	s.mu.Lock()
	defer s.mu.Unlock()
	a, rejected := s.findAuthorization(token)
	if rejected != nil {
		return nil, rejected
	}
	if intent := a.intent(); !strings.Contains(string(intent), string(klarna.IntentTokenize)) {
		return nil, noTokenFor(intent) // inferred: an intent that this library does not know is for a token if it says so
	}
	if a.order != nil || len(a.customerTokens) > 0 && !s.repeatTokens {
		return nil, alreadyConsumed
	}
	if differences != nil {
		return nil, notMatching(differences)
	}
	a.customerTokens = append(a.customerTokens, created.TokenID)
	s.addToken(stored)
	return created, nil
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
