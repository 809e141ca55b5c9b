package klarnatest

import (
	"strings"

	"github.com/klarna-go/klarna-payments/klarna"
)

func (s *Server) createOrder(token string, body []byte) (any, *failure) {
	sent, refused := parse(body)
	if refused != nil {
		return nil, refused
	}
	if refused := s.check("create_order_request", sent, new(klarna.CreateOrderRequest)); refused != nil {
		return nil, refused
	}
	a, refused := s.findAuthorization(token)
	if refused != nil {
		return nil, refused
	}
	if a.order != nil {
		// inferred: Klarna says what a different body gives, and so compares them. That blanks and the order of members
		// do not count, and that the same body gives the same answer, is the sensible rest of it.
		if canonical(body) != a.orderBody {
			return nil, differentBody
		}
		return a.order, nil
	}
	if intent := a.intent(); intent == klarna.IntentTokenize {
		return nil, noOrderFor(intent)
	}
	if differences := orderDifferences(a.members, sent); differences != nil {
		// inferred: the token stays good for an order that matches. Shops reported in 2017 that it did not.
		return nil, notMatching(differences)
	}
	a.orderBody = canonical(body)
	a.order = s.place(a, sent)
	a.session.order = a.order
	return a.order, nil
}

// place makes an order. Nobody changes it afterwards: it is answered with again.
func (s *Server) place(a *authorization, sent members) *klarna.Order {
	order := &klarna.Order{
		OrderID:                 newUUID(),
		FraudStatus:             s.fraudStatus,
		AuthorizedPaymentMethod: klarna.AuthorizedPaymentMethod{Type: klarna.AuthorizedPaymentMethodTypeInvoice},
	}
	ids := strings.NewReplacer("{session.id}", a.session.id, "{order.id}", order.OrderID)
	placed := &placedOrder{
		placed:       s.clock.now(),
		status:       order.FraudStatus,
		confirmation: ids.Replace(merchantURL("confirmation", sent, a.members)),
		notification: ids.Replace(merchantURL("notification", sent, a.members)),
	}
	if placed.confirmation != "" {
		order.RedirectURL = s.URL + redirectPath + order.OrderID
	}
	s.orders[order.OrderID] = placed
	return order
}
