package klarnatest

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/klarna-go/klarna-payments/klarna"
	"github.com/klarna-go/klarna-payments/klarna/customertoken"
)

// cancellationTakes is how long a token stays as it is after a cancellation was accepted. inferred: Klarna documents that it
// is not done at once, and not how long it takes.
const cancellationTakes = time.Second

// storedToken is a customer's agreement to be charged.
type storedToken struct {
	id            string
	made          time.Time
	signedUp      members // who the customer is, and the currency
	subscriptions []klarna.Subscription
	status        customertoken.TokenStatus
	cancelled     time.Time // when a cancellation takes effect; zero without one
	decline       string    // Klarna's code for each charge, or empty
	stepUp        string    // what the customer can confirm the last declined charge with
	cards         int       // how many cards were stored before this one
	counted       int       // bytes that the store has counted
}

// tokenMembers are those of a session that a charge of its token takes over.
var tokenMembers = []string{"billing_address", "customer", "locale", "purchase_country", "purchase_currency", "shipping_address"}

// newToken makes a token of what was authorized and what the shop sent for the token.
func newToken(id string, now time.Time, authorized, sent members) *storedToken {
	t := &storedToken{id: id, made: now, signedUp: members{}, status: customertoken.TokenStatusActive}
	for _, name := range tokenMembers {
		for _, from := range []members{sent, authorized} { // what was authorized counts
			if value := from[name]; value != nil {
				t.signedUp[name] = value
			}
		}
	}
	var session klarna.SessionCreate
	convert(authorized, &session)
	t.subscriptions = subscriptionsOf(session.OrderLines)
	return t
}

// subscriptionsOf returns the subscriptions of lines, each once.
func subscriptionsOf(lines []klarna.OrderLine) (all []klarna.Subscription) {
	for i := range lines {
		if s := lines[i].Subscription; s != (klarna.Subscription{}) && !slices.Contains(all, s) {
			all = append(all, s)
		}
	}
	return all
}

// statusAt returns the status at a time.
func (t *storedToken) statusAt(now time.Time) customertoken.TokenStatus {
	if !t.cancelled.IsZero() && !now.Before(t.cancelled) {
		return customertoken.TokenStatusCancelled
	}
	return t.status
}

// read returns the token as the shop gets to see it.
func (t *storedToken) read(now time.Time) *customertoken.Token {
	return &customertoken.Token{
		Status: t.statusAt(now), PaymentMethodType: "CARD",
		Card: customertoken.CardInformation{Brand: "VISA", ExpiryDate: "12/2029", MaskedNumber: fmt.Sprintf("************%04d", 4242+t.cards)},
	}
}

// matches reports whether the lines of a charge fit the kind of the token: they have a subscription if and only if the lines of
// the sign-up had one, and then one of those. inferred: Klarna documents that others are declined, and not how it compares them.
func (t *storedToken) matches(lines []klarna.OrderLine) bool {
	charged := subscriptionsOf(lines)
	if len(charged) == 0 || len(t.subscriptions) == 0 {
		return len(charged) == len(t.subscriptions)
	}
	return !slices.ContainsFunc(charged, func(s klarna.Subscription) bool { return !slices.Contains(t.subscriptions, s) })
}

// CustomerToken returns a customer token as it stands now, or nil if it is unknown. It is what customertoken.ReadToken returns,
// without a request that a fault or a rate limit could meet.
func (s *Server) CustomerToken(customerToken string) *customertoken.Token {
	s.mu.Lock()
	defer s.mu.Unlock()
	t := s.tokens[customerToken]
	if t == nil {
		return nil
	}
	return t.read(s.clock.now())
}

// SetTokenStatus sets the status of a customer token in Klarna's or the customer's place: charges of a token that is SUSPENDED or
// CANCELLED are rejected. It is an error if the token is unknown or was cancelled, which is final.
func (s *Server) SetTokenStatus(customerToken string, status customertoken.TokenStatus) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	t, err := s.changeableToken(customerToken)
	if err != nil {
		return fmt.Errorf("klarnatest: SetTokenStatus: %w", err)
	}
	t.status = status
	return nil
}

// DeclineCharges has every charge of a customer token declined with an error code of Klarna's from now on, such as
// UNAVAILABLE_PAYMENT_METHOD for a card that has expired, or PAYMENT_METHOD_FAILED. An empty code ends it, and so does a customer
// who confirms a declined charge: if the charge has StepUp SUPPORTED, its rejection has a step_up_id; a session with that and the
// token as customer.customer_token, and an order of it, replace the stored card. It is an error if the token is unknown or was
// cancelled. For a single charge, use [Server.Fail].
//
//	server.DeclineCharges(token, "UNAVAILABLE_PAYMENT_METHOD")
func (s *Server) DeclineCharges(customerToken, code string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	t, err := s.changeableToken(customerToken)
	if err != nil {
		return fmt.Errorf("klarnatest: DeclineCharges: %w", err)
	}
	t.decline = strings.ToUpper(code)
	return nil
}

// changeableToken finds a token that is not cancelled. Server.mu is held.
func (s *Server) changeableToken(id string) (*storedToken, error) {
	t := s.tokens[id]
	switch {
	case t == nil:
		return nil, errors.New("there is no such customer token")
	case t.statusAt(s.clock.now()) == customertoken.TokenStatusCancelled:
		return nil, errors.New("the customer token was cancelled, which is final")
	}
	return t, nil
}

// confirmed replaces the stored card of a token, if an order was placed in a session that was made to confirm a declined charge.
// Server.mu is held.
func (s *Server) confirmed(session members) {
	customer, _ := session.value("customer").(map[string]any)
	id, _ := customer["customer_token"].(string)
	t := s.tokens[id]
	if t == nil || t.stepUp == "" || t.stepUp != session.text("step_up_id") {
		return
	}
	t.decline, t.stepUp = "", ""
	t.cards++
}

func (st *store) addToken(t *storedToken) {
	st.created.CustomerTokens++
	st.tokens[t.id] = t
	st.oldestTokens = append(st.oldestTokens, t)
	t.counted = tokenOverhead + t.signedUp.size()
	st.bytes += t.counted
	st.shrink()
}

// forgetToken forgets the oldest token.
func (st *store) forgetToken() {
	t := shift(&st.oldestTokens)
	st.bytes -= t.counted
	delete(st.tokens, t.id)
}
