package klarnatest

import (
	"crypto/sha256"
	"strings"

	"github.com/klarna-go/klarna-payments/klarna"
	"github.com/klarna-go/klarna-payments/klarna/klarnatest/internal/orderstate"
)

func (s *Server) createOrder(token string, request *Request) (any, *failure) {
	sent := request.sent
	if rejected := s.check(request, "payments", "create_order_request", sent, new(klarna.CreateOrderRequest)); rejected != nil {
		return nil, rejected
	}
	authorized, rejected := s.authorized(token)
	if rejected != nil {
		return nil, rejected
	}
	hash := sha256.Sum256(canonical(sent))
	differences, otherCountry := orderDifferences(authorized, sent)
	details := placedDetails(authorized, sent)

	s.mu.Lock()
	defer s.mu.Unlock()
	a, rejected := s.findAuthorization(token)
	if rejected != nil {
		return nil, rejected
	}
	if a.order != nil {
		// inferred: Klarna documents what a different body leads to, and so compares them. That blanks and the order of
		// members do not count, and that the same body gets the same response, follows from it.
		if hash != a.orderBody {
			return nil, differentBody
		}
		return a.order, nil
	}
	if intent := a.intent(); intent == klarna.IntentTokenize {
		return nil, noOrderFor(intent)
	}
	if differences != nil {
		// inferred: the token stays good for an order that matches. Shops reported in 2017 that it did not.
		return nil, notMatching(differences)
	}
	if otherCountry {
		if rejected := s.tolerate(request, newWarning("purchase_country", ruleNotAuthorized, "is not the authorized one"), notMatching([]string{"purchase_country"})); rejected != nil {
			return nil, rejected
		}
	}
	a.orderBody = hash
	a.order = s.place(a, sent, details)
	a.session.order = a.order
	return a.order, nil
}

// authorized returns what was authorized with a token. It never changes.
func (s *Server) authorized(token string) (members, *failure) {
	s.mu.Lock()
	defer s.mu.Unlock()
	a, rejected := s.findAuthorization(token)
	if rejected != nil {
		return nil, rejected
	}
	return a.members, nil
}

// place makes the order of an authorization. Nobody changes it afterwards: it is returned again. Server.mu is held.
func (s *Server) place(a *authorization, sent members, details orderstate.Placed) *klarna.Order {
	s.confirmed(a.members)
	return s.newOrder(a.session.id, klarna.AuthorizedPaymentMethodTypeInvoice, details, sent, a.members)
}

// newOrder makes an order. The URLs of the shop are those of the first members that have them. Server.mu is held.
func (s *Server) newOrder(sessionID string, paidBy klarna.AuthorizedPaymentMethodType, details orderstate.Placed, urls ...members) *klarna.Order {
	order := &klarna.Order{
		OrderID:                 newUUID(),
		FraudStatus:             s.fraudStatus,
		AuthorizedPaymentMethod: klarna.AuthorizedPaymentMethod{Type: paidBy},
	}
	ids := strings.NewReplacer("{session.id}", sessionID, "{order.id}", order.OrderID)
	now := s.clock.now()
	details.ID, details.FraudStatus = order.OrderID, order.FraudStatus
	placed := &placedOrder{
		id:           order.OrderID,
		placed:       now,
		state:        orderstate.New(now, details),
		status:       order.FraudStatus,
		confirmation: ids.Replace(merchantURL("confirmation", urls...)),
		notification: ids.Replace(merchantURL("notification", urls...)),
	}
	if placed.confirmation != "" {
		order.RedirectURL = s.URL + redirectPath + order.OrderID
		if x := s.sessions[sessionID]; x != nil {
			order.RedirectURL = s.redirectURL(x)
		}
	}
	s.addOrder(placed)
	return order
}
