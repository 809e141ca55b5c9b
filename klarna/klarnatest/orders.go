package klarnatest

import "github.com/klarna-go/klarna-payments/klarna"

func (s *Server) createOrder(token string, body []byte) (any, *failure) {
	sent, refused := parse(body, new(klarna.CreateOrderRequest))
	if refused != nil {
		return nil, refused
	}
	if refused := sent.require(requiredOfCart...); refused != nil {
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
		FraudStatus:             klarna.FraudStatusAccepted,
		AuthorizedPaymentMethod: klarna.AuthorizedPaymentMethod{Type: klarna.AuthorizedPaymentMethodTypeInvoice},
	}
	page := confirmation(sent)
	if page == "" {
		page = confirmation(a.members)
	}
	if page != "" {
		order.RedirectURL = s.newRedirect(page, a.session.id, order.OrderID)
	}
	return order
}
