package klarnatest

import "github.com/klarna-go/klarna-payments/klarna"

func (s *Server) createCustomerToken(token string, body []byte) (any, *failure) {
	sent, refused := parse(body)
	if refused != nil {
		return nil, refused
	}
	var request klarna.CustomerTokenCreationRequest
	if refused := s.check("customer_token_creation_request", sent, &request); refused != nil {
		return nil, refused
	}
	a, refused := s.findAuthorization(token)
	if refused != nil {
		return nil, refused
	}
	if intent := a.intent(); intent != klarna.IntentTokenize && intent != klarna.IntentBuyAndTokenize {
		return nil, noTokenFor(intent)
	}
	if a.tokenized || a.order != nil {
		return nil, alreadyConsumed
	}
	if differences := customerTokenDifferences(a.members, sent); differences != nil {
		return nil, notMatching(differences)
	}
	a.tokenized = true

	var authorized klarna.SessionCreate
	convert(a.members, &authorized)
	if authorized.BillingAddress == (klarna.Address{}) {
		authorized.BillingAddress = request.BillingAddress
	}
	if authorized.Customer == (klarna.Customer{}) {
		authorized.Customer = request.Customer
	}
	return klarna.CustomerTokenCreationResponse{
		TokenID:        newUUID(),
		BillingAddress: authorized.BillingAddress,
		Customer: klarna.CustomerReadCreateToken{
			DateOfBirth: authorized.Customer.DateOfBirth,
			Gender:      authorized.Customer.Gender,
		},
	}, nil
}
