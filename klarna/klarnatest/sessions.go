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
}

var requiredOfCart = []string{"order_amount", "order_lines", "purchase_country", "purchase_currency"}

func (s *Server) createSession(_ string, body []byte) (any, *failure) {
	sent, refused := parse(body, new(klarna.SessionCreate))
	if refused != nil {
		return nil, refused
	}
	if refused := sent.require(requiredOfCart...); refused != nil {
		return nil, refused
	}
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
	sent, refused := parse(body, new(klarna.Session))
	if refused != nil {
		return nil, refused
	}
	x, refused := s.findOpenSession(id)
	if refused != nil {
		return nil, refused
	}
	// inferred: whether Klarna merges an object such as an address, or replaces it as here, is unknown.
	updated := maps.Clone(x.members)
	maps.Copy(updated, sent)
	if refused := updated.require(requiredOfCart...); refused != nil {
		return nil, refused
	}
	x.members = updated
	return nil, nil
}

// findSession finds a session that has not expired.
func (s *Server) findSession(id string) (*session, *failure) {
	x := s.sessions[id]
	if x == nil || !s.clock.now().Before(x.expires) {
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
