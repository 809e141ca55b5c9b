package klarnatest

import (
	"time"

	"github.com/klarna-go/klarna-payments/klarna"
)

// authorization is a shopper's approval.
type authorization struct {
	token     string
	session   *session
	expires   time.Time
	members   members       // what was authorized
	tokenized bool          // a customer token was made of it
	order     *klarna.Order // the order that was placed with it, or nil
	orderBody string        // the canonical body of that order
}

func (a *authorization) expired(now time.Time) bool { return !now.Before(a.expires) }

// intent is what the shopper approved.
func (a *authorization) intent() klarna.Intent {
	if intent := a.members.text("intent"); intent != "" {
		return klarna.Intent(intent)
	}
	return klarna.IntentBuy
}

// consumed says whether nothing more can come of the authorization.
func (a *authorization) consumed() bool {
	return a.order != nil || a.tokenized && a.intent() == klarna.IntentTokenize
}

// findAuthorization finds the authorization that a token stands for: the newest of its session.
//
// inferred: a token lives its 60 minutes even if its session expires meanwhile, and dies after them even if an order
// was placed with it.
func (s *Server) findAuthorization(token string) (*authorization, *failure) {
	a := s.authorizations[token]
	switch {
	case a == nil || a.expired(s.clock.now()):
		return nil, invalidToken
	case a.session.order != nil && a.order == nil: // placed with another token
		return nil, sessionCompleted
	case a != a.session.newest:
		return nil, invalidToken
	}
	return a, nil
}

func (s *Server) cancelAuthorization(token string, _ []byte) (any, *failure) {
	a, refused := s.findAuthorization(token)
	if refused != nil {
		return nil, refused
	}
	if a.consumed() {
		return nil, undeletable
	}
	delete(s.authorizations, token)
	a.session.newest = nil
	return nil, nil
}
