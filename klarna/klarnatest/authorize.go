package klarnatest

import (
	"fmt"
	"maps"

	"github.com/klarna-go/klarna-payments/klarna"
)

// AuthorizeData is what a shop page hands to Klarna's script in the browser once the shopper has chosen Klarna. What is
// set takes the place of what the session holds.
type AuthorizeData struct {
	BillingAddress  klarna.Address  `json:"billing_address,omitzero"`
	ShippingAddress klarna.Address  `json:"shipping_address,omitzero"`
	Customer        klarna.Customer `json:"customer,omitzero"`
}

// Authorize approves the purchase in the shopper's stead, and returns the token that the browser would come back with.
// What the session holds now is what is authorized: an order must match it. A token that the session gave before is void.
//
// It is an error if the session is unknown, has expired or led to an order.
func (s *Server) Authorize(sessionID string) (authorizationToken string, err error) {
	return s.AuthorizeWith(sessionID, AuthorizeData{})
}

// AuthorizeWith is Authorize with the personal data that comes from the browser and not from the shop's server.
func (s *Server) AuthorizeWith(sessionID string, data AuthorizeData) (authorizationToken string, err error) {
	var given members
	convert(data, &given)
	s.mu.Lock()
	defer s.mu.Unlock()
	a, refused := s.authorize(sessionID, given)
	if refused != nil {
		return "", fmt.Errorf("klarnatest: Authorize: %w", refused)
	}
	return a.token, nil
}

// authorize takes what the browser gives into the session, and makes its newest authorization.
func (s *Server) authorize(sessionID string, given members) (*authorization, *failure) {
	x, refused := s.findOpenSession(sessionID)
	if refused != nil {
		return nil, refused
	}
	updated := maps.Clone(x.members)
	maps.Copy(updated, given)
	x.members = updated
	x.newest = &authorization{
		token:   newUUID(),
		session: x,
		expires: s.clock.now().Add(authorizationLifetime),
		members: updated,
	}
	s.authorizations[x.newest.token] = x.newest
	return x.newest, nil
}
