package klarnatest

import (
	"maps"
	"time"

	"github.com/klarna-go/klarna-payments/klarna"
)

// session is what a shop opened.
type session struct {
	id             string
	clientToken    string
	began          time.Time
	expires        time.Time
	members        members          // as the shop sent them, updates and the shopper's data included; never changed in place
	version        int              // of members
	newest         *authorization   // nil before the first, or when it was cancelled
	authorizations []*authorization // all of them, oldest first
	order          *klarna.Order    // nil until it is placed
	toFinalize     bool             // the browser authorized, and has to finalize
	pages          []*hostedPage    // that were made for it
	pageBytes      int              // that they take
	counted        int              // bytes that the store has counted
}

func (x *session) expired(now time.Time) bool { return !now.Before(x.expires) }

func (s *Server) createSession(_ string, request *Request) (any, *failure) {
	sent := request.sent
	if rejected := s.check(request, "payments", "session_create", sent, new(klarna.SessionCreate)); rejected != nil {
		return nil, rejected
	}
	now := s.clock.now()
	x := &session{id: newUUID(), members: sent, began: now}
	x.expires = now.Add(sessionLifetime).UTC().Truncate(time.Millisecond)
	x.clientToken = s.newClientToken(x)
	created := klarna.MerchantSession{
		SessionID:               x.id,
		ClientToken:             x.clientToken,
		PaymentMethodCategories: s.offered(sent.locale()),
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.addSession(x, now)
	return created, nil
}

func (s *Server) readSession(id string, _ *Request) (any, *failure) {
	now := s.clock.now()
	s.mu.Lock()
	x, rejected := s.findSession(id)
	if rejected != nil {
		s.mu.Unlock()
		return nil, rejected
	}
	state := x.state(now)
	s.mu.Unlock()
	return state.read(s.offered(state.members.locale())), nil
}

func (s *Server) updateSession(id string, request *Request) (any, *failure) {
	if rejected := s.update(request, id, request.sent); rejected != nil {
		return nil, rejected
	}
	return nil, nil
}

// update takes what is sent into an open session, if the session is valid with it: Klarna checks it as if it were new. A
// session whose update is rejected stays as it was.
//
// The check takes long, and so nothing is locked meanwhile. When another update came first, it is done again.
//
// inferred: whether Klarna merges an object such as an address, or replaces it as here, is unknown.
func (s *Server) update(request *Request, id string, sent members) *failure {
	for {
		s.mu.Lock()
		x, rejected := s.findOpenSession(id)
		if rejected != nil || len(sent) == 0 {
			s.mu.Unlock()
			return rejected
		}
		before, version := x.members, x.version
		s.mu.Unlock()

		updated := maps.Clone(before)
		maps.Copy(updated, sent)
		if rejected := s.check(request, "payments", "session_create", updated, new(klarna.SessionCreate)); rejected != nil {
			return rejected
		}
		if was, is := customerType(before), customerType(updated); was != "" && is != "" && was != is {
			return badValue("customer.type") // inferred: Klarna documents that it takes a new session, and not how it responds
		}
		if done, rejected := s.replace(id, version, updated); done {
			return rejected
		}
	}
}

// replace replaces the members of a session that are of a version. It reports false when they have changed meanwhile.
func (s *Server) replace(id string, version int, updated members) (done bool, rejected *failure) {
	s.mu.Lock()
	defer s.mu.Unlock()
	x, rejected := s.findOpenSession(id)
	if rejected != nil {
		return true, rejected
	}
	if x.version != version {
		return false, nil
	}
	x.members = updated
	x.version++
	s.resize(x)
	return true, nil
}

func customerType(m members) string {
	customer, _ := m.value("customer").(map[string]any)
	kind, _ := customer["type"].(string)
	return kind
}

// findSession finds a session that has not expired. Server.mu is held.
func (s *Server) findSession(id string) (*session, *failure) {
	x := s.sessions[id]
	if x == nil || x.expired(s.clock.now()) {
		return nil, invalidSession
	}
	return x, nil
}

// findOpenSession finds a session in which no order was placed yet. Server.mu is held.
func (s *Server) findOpenSession(id string) (*session, *failure) {
	x, rejected := s.findSession(id)
	if rejected != nil {
		return nil, rejected
	}
	if x.order != nil {
		return nil, sessionCompleted
	}
	return x, nil
}

// locale returns the language and country that the shopper sees, en-US unless the shop sets another.
func (m members) locale() string {
	if locale := m.text("locale"); locale != "" {
		return locale
	}
	return "en-US"
}
