package klarnatest

import (
	"maps"
	"time"

	"github.com/klarna-go/klarna-payments/klarna"
)

// session is what a shop opened.
type session struct {
	id          string
	clientToken string
	expires     time.Time
	members     members        // as the shop sent them, updates and the shopper's data included; never changed in place
	newest      *authorization // nil when there is none, or it was cancelled
	order       *klarna.Order  // nil until it is placed
	toFinalize  bool           // the browser authorized, and has to finalize
}

func (x *session) expired(now time.Time) bool { return !now.Before(x.expires) }

func (s *Server) createSession(_ string, body []byte) (any, *failure) {
	sent, refused := parse(body)
	if refused != nil {
		return nil, refused
	}
	if refused := s.check("session_create", sent, new(klarna.SessionCreate)); refused != nil {
		return nil, refused
	}
	s.forget(s.clock.now())
	x := &session{id: newUUID(), members: sent}
	x.expires = s.clock.now().Add(sessionLifetime).UTC().Truncate(time.Millisecond)
	x.clientToken = newClientToken(s.URL, x)
	s.sessions[x.id] = x
	return klarna.MerchantSession{
		SessionID:               x.id,
		ClientToken:             x.clientToken,
		PaymentMethodCategories: categories(x.locale()),
	}, nil
}

func (s *Server) readSession(id string, _ []byte) (any, *failure) {
	x, refused := s.findSession(id)
	if refused != nil {
		return nil, refused
	}
	return x.read(s.clock.now()), nil
}

func (s *Server) updateSession(id string, body []byte) (any, *failure) {
	sent, refused := parse(body)
	if refused != nil {
		return nil, refused
	}
	x, refused := s.findOpenSession(id)
	if refused != nil {
		return nil, refused
	}
	if refused := s.update(x, sent); refused != nil {
		return nil, refused
	}
	return nil, nil
}

// update takes what is sent into a session, if the session is right with it: Klarna checks it as if it were new. A session
// that is refused stays as it was.
//
// inferred: whether Klarna merges an object such as an address, or replaces it as here, is unknown.
func (s *Server) update(x *session, sent members) *failure {
	if len(sent) == 0 {
		return nil
	}
	updated := maps.Clone(x.members)
	maps.Copy(updated, sent)
	if refused := s.check("session_create", updated, new(klarna.SessionCreate)); refused != nil {
		return refused
	}
	if was, is := customerType(x.members), customerType(updated); was != "" && is != "" && was != is {
		return badValue("customer.type") // inferred: Klarna says that it takes a new session, and not what it answers
	}
	x.members = updated
	return nil
}

func customerType(m members) string {
	customer, _ := m.value("customer").(map[string]any)
	kind, _ := customer["type"].(string)
	return kind
}

// findSession finds a session that has not expired.
func (s *Server) findSession(id string) (*session, *failure) {
	x := s.sessions[id]
	if x == nil || x.expired(s.clock.now()) {
		return nil, invalidSession
	}
	return x, nil
}

// findOpenSession finds a session in which no order was placed yet.
func (s *Server) findOpenSession(id string) (*session, *failure) {
	x, refused := s.findSession(id)
	if refused != nil {
		return nil, refused
	}
	if x.order != nil {
		return nil, sessionCompleted
	}
	return x, nil
}

// locale is the language and country that the shopper sees, en-US unless the shop says otherwise.
func (x *session) locale() string {
	if locale := x.members.text("locale"); locale != "" {
		return locale
	}
	return "en-US"
}
