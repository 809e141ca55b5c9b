package klarnatest

import (
	"net/http"

	"github.com/klarna-go/klarna-payments/klarna"
)

// nothingToFinalize is a finalize without an authorize that asked for it. inferred: code and message are ours.
var nothingToFinalize = newFailure(http.StatusForbidden, "INVALID_OPERATION", "There is no authorization to finalize")

// sessionDetails is what the widget shows.
type sessionDetails struct {
	ShowForm                bool                           `json:"show_form"`
	OrderAmount             int64                          `json:"order_amount"`
	PurchaseCurrency        string                         `json:"purchase_currency"`
	Locale                  string                         `json:"locale"`
	OrderLines              []shownLine                    `json:"order_lines"`
	PaymentMethodCategories []klarna.PaymentMethodCategory `json:"payment_method_categories"`
	Error                   *browserError                  `json:"error,omitempty"`
}

type shownLine struct {
	Name        string `json:"name"`
	Quantity    int64  `json:"quantity"`
	TotalAmount int64  `json:"total_amount"`
}

// browserSession is what load asks: the data goes into the session, and what there is to show comes back.
func (s *Server) browserSession(x *session, call browserCall) (any, *failure) {
	rejected := s.updateFromBrowser(x, call)
	if rejected != nil && rejected.fields == nil {
		return nil, rejected
	}
	s.mu.Lock()
	shown := x.members
	s.mu.Unlock()
	var cart klarna.SessionCreate
	convert(shown, &cart)
	details := sessionDetails{
		ShowForm:                true,
		OrderAmount:             cart.OrderAmount,
		PurchaseCurrency:        cart.PurchaseCurrency,
		Locale:                  shown.locale(),
		OrderLines:              []shownLine{},
		PaymentMethodCategories: s.offered(shown.locale()),
	}
	for _, line := range cart.OrderLines {
		details.OrderLines = append(details.OrderLines, shownLine{line.Name, line.Quantity, line.TotalAmount})
	}
	if rejected != nil {
		details.Error = &browserError{rejected.fields}
	}
	return details, nil
}

func (s *Server) browserAuthorize(x *session, call browserCall) (any, *failure) {
	if result := s.shopper(x, call); result != nil {
		return *result, nil
	}
	// inferred: Klarna asks for a finalize with some of its categories only; here it is all of them.
	later := call.AutoFinalize != nil && !*call.AutoFinalize
	s.mu.Lock()
	x.toFinalize = later
	s.mu.Unlock()
	if later {
		return browserResult{Approved: true, ShowForm: true, FinalizeRequired: true}, nil
	}
	return s.approved(x)
}

func (s *Server) browserReauthorize(x *session, call browserCall) (any, *failure) {
	call.AutoFinalize = nil
	return s.browserAuthorize(x, call)
}

func (s *Server) browserFinalize(x *session, call browserCall) (any, *failure) {
	s.mu.Lock()
	toFinalize := x.toFinalize
	s.mu.Unlock()
	if !toFinalize {
		return nil, nothingToFinalize
	}
	return s.browserReauthorize(x, call)
}

// updateFromBrowser stores the page's data in the session. It is read as leniently as a request of the shop.
func (s *Server) updateFromBrowser(x *session, call browserCall) *failure {
	document := loadContract("payments")
	data, rejected := s.normalize(call.request, form{document, "session"}, call.Data.tree(), nil)
	if rejected != nil {
		return rejected
	}
	return s.update(call.request, x.id, data)
}

// shopper does what the shopper does short of an approval: nil if it is one. A shopper who is declined, has mis-typed or
// closes the window leaves the data in the session all the same, and an earlier authorization as it is.
func (s *Server) shopper(x *session, call browserCall) *browserResult {
	rejected := s.updateFromBrowser(x, call)
	switch {
	case call.Outcome == OutcomeClose:
		return &browserResult{ShowForm: true}
	case call.Outcome == OutcomeDecline:
		return &browserResult{}
	case call.Outcome == OutcomeInvalidFields:
		fields := call.InvalidFields
		if len(fields) == 0 {
			fields = []string{"billing_address.email"}
		}
		return &browserResult{ShowForm: true, Error: &browserError{fields}}
	case rejected != nil && rejected.fields != nil: // what else is wrong comes out with the approval
		return &browserResult{ShowForm: true, Error: &browserError{rejected.fields}}
	}
	return nil
}

func (s *Server) approved(x *session) (any, *failure) {
	token, rejected := s.approve(x.id, nil)
	if rejected != nil {
		return nil, rejected
	}
	return browserResult{Approved: true, ShowForm: true, AuthorizationToken: token}, nil
}
