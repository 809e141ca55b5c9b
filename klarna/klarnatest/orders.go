package klarnatest

import (
	"crypto/sha256"
	"strings"

	"github.com/klarna-go/klarna-payments/klarna"
	"github.com/klarna-go/klarna-payments/klarna/klarnatest/internal/orderstate"
)

func (s *Server) createOrder(token string, request *Request) (any, *failure) {
	sent := request.sent
	if rejected := s.check(request, "create_order_request", sent, new(klarna.CreateOrderRequest)); rejected != nil {
		return nil, rejected
	}
	authorized, rejected := s.authorized(token)
	if rejected != nil {
		return nil, rejected
	}
	hash, differences := sha256.Sum256(canonical(sent)), orderDifferences(authorized, sent)
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

// place makes an order. Nobody changes it afterwards: it is returned again. Server.mu is held.
func (s *Server) place(a *authorization, sent members, details orderstate.Placed) *klarna.Order {
	order := &klarna.Order{
		OrderID:                 newUUID(),
		FraudStatus:             s.fraudStatus,
		AuthorizedPaymentMethod: klarna.AuthorizedPaymentMethod{Type: klarna.AuthorizedPaymentMethodTypeInvoice},
	}
	ids := strings.NewReplacer("{session.id}", a.session.id, "{order.id}", order.OrderID)
	now := s.clock.now()
	details.ID, details.FraudStatus = order.OrderID, order.FraudStatus
	placed := &placedOrder{
		id:           order.OrderID,
		placed:       now,
		state:        orderstate.New(now, details),
		status:       order.FraudStatus,
		confirmation: ids.Replace(merchantURL("confirmation", sent, a.members)),
		notification: ids.Replace(merchantURL("notification", sent, a.members)),
	}
	if placed.confirmation != "" {
		order.RedirectURL = s.redirectURL(a.session)
	}
	s.addOrder(placed)
	return order
}
