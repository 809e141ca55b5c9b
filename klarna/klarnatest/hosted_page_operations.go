package klarnatest

import (
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/klarna-go/klarna-payments/gen/types"
	"github.com/klarna-go/klarna-payments/internal/engine"
	"github.com/klarna-go/klarna-payments/klarna"
	"github.com/klarna-go/klarna-payments/klarna/hostedpage"
)

// Klarna documents no error codes and messages of the Hosted Payment Page: all of them are inferred, from those of Payments.
var (
	pageCompleted = newFailure(http.StatusBadRequest, "BAD_REQUEST", "Session has already been completed")
	pageDisabled  = newFailure(http.StatusBadRequest, "BAD_REQUEST", "Session is disabled")
	pageFinal     = newFailure(http.StatusBadRequest, "BAD_REQUEST", "Session has ended")
)

// pageMargin is how long before its payments session a page expires.
const pageMargin = time.Hour

// hostedPageOperations are the operations of the Hosted Payment Page.
func (s *Server) hostedPageOperations() map[klarna.Operation]operation {
	return map[klarna.Operation]operation{
		hostedpage.OperationCreateSession:     s.createPage,
		hostedpage.OperationReadSession:       s.readPage,
		hostedpage.OperationDisableSession:    s.disablePage,
		hostedpage.OperationDistributeSession: s.distributePage,
	}
}

func (s *Server) createPage(_ string, sent *Request) (any, *failure) {
	var request hostedpage.SessionRequest
	if rejected := s.pageBody(sent, "SessionCreationRequestV1", &request); rejected != nil {
		return nil, rejected
	}
	if request.Options.PaymentMethodCategory != "" && len(request.Options.PaymentMethodCategories) > 0 {
		return nil, badValue("options.payment_method_category", "options.payment_method_categories")
	}
	sessionID, ok := s.sessionIn(request.PaymentSessionURL)
	if !ok {
		return nil, badValue("payment_session_url")
	}
	now := s.clock.now()
	p := &hostedPage{id: newUUID(), key: newUUID(), request: request, status: hostedpage.SessionStatusWaiting, updated: milliseconds(now)}
	s.mu.Lock()
	defer s.mu.Unlock()
	x, rejected := s.findOpenSession(sessionID)
	if rejected != nil {
		return nil, rejected
	}
	p.session, p.expires = x, x.expires.Add(-pageMargin)
	switch {
	case !now.Before(p.expires):
		return nil, invalidSession
	case p.placesOrder() && x.members.intent() == klarna.IntentTokenize:
		return nil, badValue("options.place_order_mode") // inferred: a session for a token leads to no order
	}
	s.addPage(p, len(sent.Body))
	api := s.URL + "/hpp/v1/sessions/" + p.id
	return hostedpage.CreatedSession{
		SessionID: p.id, SessionURL: api, DistributionURL: api + "/distribution",
		RedirectURL: s.pageURL(p), QRCodeURL: s.pageURL(p) + "/qr", ExpiresAt: types.Time{Time: p.expires},
	}, nil
}

// placesOrder reports whether the order is placed as soon as the shopper approves.
func (p *hostedPage) placesOrder() bool {
	mode := p.request.Options.PlaceOrderMode
	return mode == hostedpage.PlaceOrderModePlaceOrder || mode == hostedpage.PlaceOrderModeCaptureOrder
}

// sessionIn returns the id in the URL of a payments session. The URL has to be on this server, as Klarna's has to be on the host
// that has the session: a gateway's own URL is not. The names of this machine are all the same.
func (s *Server) sessionIn(sessionURL string) (id string, ok bool) {
	base, baseErr := url.Parse(s.URL)
	u, err := url.Parse(sessionURL)
	if err != nil || baseErr != nil || u.Scheme != base.Scheme || u.Port() != base.Port() {
		return "", false
	}
	thisMachine := engine.IsLoopback(u.Hostname()) && engine.IsLoopback(base.Hostname())
	if u.Hostname() != base.Hostname() && !thisMachine {
		return "", false
	}
	id, ok = strings.CutPrefix(collapsed(u.Path), collapsed(base.Path+"/payments/v1/sessions")+"/")
	return id, ok && id != ""
}

func (s *Server) readPage(id string, _ *Request) (any, *failure) {
	s.mu.Lock()
	defer s.mu.Unlock()
	p, rejected := s.findPage(id)
	if rejected != nil {
		return nil, rejected
	}
	return p.read(), nil
}

// disablePage disables a page. inferred: a page that is disabled is disabled again without an error, and one that the shopper
// cancelled is left as it is.
func (s *Server) disablePage(id string, _ *Request) (any, *failure) {
	s.mu.Lock()
	p, rejected := s.findPage(id)
	if rejected == nil && p.status == hostedpage.SessionStatusCompleted {
		rejected = pageCompleted
	}
	if rejected != nil || hostedpage.IsFinal(p.status) {
		s.mu.Unlock()
		return nil, rejected
	}
	event := p.change(hostedpage.SessionStatusDisabled, s.clock.now())
	s.mu.Unlock()
	s.callbacks.start(event)
	return nil, nil
}

// distributePage records what Klarna would send. inferred: a page whose status is final is not distributed.
func (s *Server) distributePage(id string, sent *Request) (any, *failure) {
	var request hostedpage.DistributionRequest
	if rejected := s.pageBody(sent, "DistributionRequestV1", &request); rejected != nil {
		return nil, rejected
	}
	if field := invalidContact(request); field != "" {
		return nil, badValue("contact_information." + field)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	p, rejected := s.findPage(id)
	switch {
	case rejected != nil:
		return nil, rejected
	case p.status == hostedpage.SessionStatusDisabled:
		return nil, pageDisabled
	case hostedpage.IsFinal(p.status):
		return nil, pageFinal
	}
	p.distributions = append(p.distributions, request)
	s.growPages(p.session, len(sent.Body))
	return nil, nil
}

// invalidContact names the member of an address that cannot be one, or "". inferred: how strictly Klarna checks it is unknown.
func invalidContact(request hostedpage.DistributionRequest) string {
	contact := request.ContactInformation
	switch request.Method {
	case hostedpage.DistributionMethodEmail:
		if name, domain, ok := strings.Cut(contact.Email, "@"); !ok || name == "" || domain == "" || strings.ContainsAny(contact.Email, " \r\n") {
			return "email"
		}
	case hostedpage.DistributionMethodSMS:
		if digits := strings.Trim(contact.Phone, "+0123456789 -/()"); contact.Phone == "" || digits != "" {
			return "phone"
		}
	case hostedpage.DistributionMethodToken:
		if contact.AccessID == "" {
			return "access_id"
		}
	}
	return ""
}

// pageBody validates a body against the contract, and decodes it. inferred: what is invalid is rejected as in Payments.
func (s *Server) pageBody(request *Request, schema string, into any) *failure {
	if rejected := s.check(request, "hosted-payment-page", schema, request.sent, nil); rejected != nil {
		return rejected
	}
	if field, ok := misfit(request.sent, into); ok {
		return badValue(field)
	}
	return nil
}

// milliseconds is a time as Klarna prints it.
func milliseconds(at time.Time) time.Time { return at.UTC().Truncate(time.Millisecond) }
