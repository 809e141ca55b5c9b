package klarnatest

import (
	"fmt"

	"github.com/klarna-go/klarna-payments/klarna"
)

// AuthorizeData is what a shop page hands to Klarna's script in the browser once the shopper has chosen Klarna. What is
// set takes the place of what the session holds.
type AuthorizeData struct {
	BillingAddress  klarna.Address  `json:"billing_address,omitzero"`
	ShippingAddress klarna.Address  `json:"shipping_address,omitzero"`
	Customer        klarna.Customer `json:"customer,omitzero"`
}

// Authorize approves the purchase in the shopper's place, and returns the token that the browser would receive.
// What the session holds now is what is authorized: an order must match it. A token that the session gave before is void.
//
// It is an error if the session is unknown, has expired or led to an order. The shop is called back, if it asks for it in
// merchant_urls.authorization (see [Server.SetCallbacks]).
func (s *Server) Authorize(sessionID string) (authorizationToken string, err error) {
	return s.AuthorizeWith(sessionID, AuthorizeData{})
}

// AuthorizeWith approves like Authorize, with personal data that comes from the browser and not from the shop's server. It is an
// error too if the data is not what Klarna takes.
func (s *Server) AuthorizeWith(sessionID string, data AuthorizeData) (authorizationToken string, err error) {
	var given members
	convert(data, &given)
	token, rejected := s.approve(sessionID, given)
	if rejected != nil {
		return "", fmt.Errorf("klarnatest: Authorize: %w", rejected)
	}
	return token, nil
}

// Outcome is what a shopper does in the browser.
type Outcome string

// What a shopper does in the browser.
const (
	OutcomeApprove       Outcome = "approve"
	OutcomeDecline       Outcome = "decline"        // is declined by Klarna
	OutcomeInvalidFields Outcome = "invalid_fields" // mistypes something, such as the email address
	OutcomeClose         Outcome = "close"          // closes the window
)

// Authorized is what a page gets from Klarna's script: approved, with a token; or not, and whether the form may be shown again.
type Authorized struct {
	Approved           bool     `json:"approved"`
	ShowForm           bool     `json:"show_form"`
	AuthorizationToken string   `json:"authorization_token,omitempty"`
	InvalidFields      []string `json:"invalid_fields,omitempty"` // that the shopper has to correct
}

// AuthorizeAs is AuthorizeWith for any outcome. The data stays in the session whatever the outcome is. Data that is not what Klarna
// takes is in InvalidFields. It is an error if the session is unknown, has expired or led to an order.
func (s *Server) AuthorizeAs(sessionID string, outcome Outcome, data AuthorizeData) (Authorized, error) {
	var given members
	convert(data, &given)
	return s.authorizeAs(sessionID, outcome, given, nil)
}

func (s *Server) authorizeAs(sessionID string, outcome Outcome, data members, invalidFields []string) (Authorized, error) {
	s.mu.Lock()
	x, rejected := s.findOpenSession(sessionID)
	s.mu.Unlock()
	var result any
	if rejected == nil {
		result, rejected = s.browserAuthorize(x, browserCall{Data: data, Outcome: outcome, InvalidFields: invalidFields})
	}
	if rejected != nil {
		return Authorized{}, fmt.Errorf("klarnatest: AuthorizeAs: %w", rejected)
	}
	done := result.(browserResult)
	authorized := Authorized{Approved: done.Approved, ShowForm: done.ShowForm, AuthorizationToken: done.AuthorizationToken}
	if done.Error != nil {
		authorized.InvalidFields = done.Error.InvalidFields
	}
	return authorized, nil
}

// approve authorizes, and has the shop called back.
func (s *Server) approve(sessionID string, given members) (token string, rejected *failure) {
	a, authorized, rejected := s.authorize(sessionID, given)
	if rejected != nil {
		return "", rejected
	}
	through := s.callbacks.start(message{
		kind: CallbackAuthorization,
		url:  merchantURL("authorization", authorized), // the contract has no placeholders for it
		body: klarna.AuthorizationCallback{AuthorizationToken: a.token, SessionID: sessionID},
		ends: func(status int) bool { return status >= 200 && status < 300 },
	})
	if s.callbacks.first() {
		<-through
	}
	return a.token, nil
}

// authorize stores the browser's data in the session, and makes its newest authorization.
func (s *Server) authorize(sessionID string, given members) (a *authorization, authorized members, rejected *failure) {
	if rejected := s.update(nil, sessionID, given); rejected != nil {
		return nil, nil, rejected
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	x, rejected := s.findOpenSession(sessionID)
	if rejected != nil {
		return nil, nil, rejected
	}
	a = &authorization{
		token:   newUUID(),
		session: x,
		expires: s.clock.now().Add(authorizationLifetime),
		members: x.members,
	}
	s.addAuthorization(a)
	return a, x.members, nil
}
