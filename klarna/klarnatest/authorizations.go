package klarnatest

import (
	"crypto/sha256"
	"time"

	"github.com/klarna-go/klarna-payments/klarna"
)

// authorization is a shopper's approval.
type authorization struct {
	token          string
	session        *session
	expires        time.Time
	cancelled      bool
	members        members           // what was authorized; nil once the authorization is void
	customerTokens []string          // that were made of it
	tokenBody      [sha256.Size]byte // of the request that the first was made by
	order          *klarna.Order     // the order that was placed with it, or nil
	orderBody      [sha256.Size]byte
}

func (a *authorization) expired(now time.Time) bool { return !now.Before(a.expires) }

// intent returns what the shopper approved.
func (a *authorization) intent() klarna.Intent { return a.members.intent() }

func (m members) intent() klarna.Intent {
	if intent := m.text("intent"); intent != "" {
		return intent
	}
	return klarna.IntentBuy
}

// consumed reports whether nothing more can come of the authorization.
func (a *authorization) consumed() bool {
	return a.order != nil || len(a.customerTokens) > 0 && a.intent() == klarna.IntentTokenize
}

// findAuthorization finds the authorization that a token stands for: the newest of its session. Server.mu is held.
//
// inferred: a token lives its 60 minutes even if its session expires meanwhile, and dies after them even if an order
// was placed with it.
func (s *Server) findAuthorization(token string) (*authorization, *failure) {
	a := s.authorizations[token]
	switch {
	case a == nil || a.cancelled || a.expired(s.clock.now()):
		return nil, invalidToken
	case a.session.order != nil && a.order == nil: // placed with another token
		return nil, sessionCompleted
	case a != a.session.newest:
		return nil, invalidToken
	}
	return a, nil
}

func (s *Server) cancelAuthorization(token string, _ *Request) (any, *failure) {
	s.mu.Lock()
	defer s.mu.Unlock()
	a, rejected := s.findAuthorization(token)
	if rejected != nil {
		return nil, rejected
	}
	if a.consumed() {
		return nil, undeletable
	}
	a.cancelled, a.members = true, nil
	a.session.newest = nil
	s.resize(a.session)
	return nil, nil
}
