package klarnatest

import (
	"strings"
	"time"

	"github.com/klarna-go/klarna-payments/klarna"
	"github.com/klarna-go/klarna-payments/klarna/hostedpage"
	"github.com/klarna-go/klarna-payments/klarna/klarnatest/internal/orderstate"
)

// Klarna makes at most four deliveries of a status callback, and waits 3 seconds for each response.
const (
	statusDeliveries = 4
	statusTimeout    = 3 * time.Second
)

// visit does what the shopper does on a page, and returns where the browser is sent.
func (s *Server) visit(p *hostedPage, action HostedPageAction) (location string, rejected *failure) {
	switch action {
	case HostedPageOpen, HostedPageApprove, HostedPageDecline, HostedPageError, HostedPageBack, HostedPageCancel:
	default:
		return "", badValue("action")
	}
	opened, rejected := s.open(p)
	if rejected != nil {
		return "", rejected
	}
	s.callbacks.start(opened)
	if action == HostedPageOpen {
		return "", nil
	}
	var through <-chan struct{}
	if action == HostedPageApprove {
		through, rejected = s.approvePage(p)
	} else {
		through, rejected = s.leavePage(p, action)
	}
	if rejected != nil {
		return "", rejected
	}
	if s.callbacks.first() {
		<-through
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return p.location(action), nil
}

// open opens a page that the shopper may act on, and returns the callback about it, if its status changed.
func (s *Server) open(p *hostedPage) (event message, rejected *failure) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if rejected := s.actable(p); rejected != nil || p.status == hostedpage.SessionStatusInProgress {
		return message{}, rejected
	}
	return p.change(hostedpage.SessionStatusInProgress, s.clock.now()), nil
}

// actable reports why the shopper cannot act on a page any more. Server.mu is held.
func (s *Server) actable(p *hostedPage) *failure {
	if _, rejected := s.findPage(p.id); rejected != nil {
		return rejected
	}
	switch {
	case p.status == hostedpage.SessionStatusCompleted:
		return pageCompleted
	case p.status == hostedpage.SessionStatusDisabled:
		return pageDisabled
	case hostedpage.IsFinal(p.status):
		return pageFinal
	}
	_, rejected := s.findOpenSession(p.session.id) // an order may have been placed in another way
	return rejected
}

// leavePage ends a visit without an approval.
func (s *Server) leavePage(p *hostedPage, action HostedPageAction) (<-chan struct{}, *failure) {
	s.mu.Lock()
	if rejected := s.actable(p); rejected != nil {
		s.mu.Unlock()
		return nil, rejected
	}
	status := map[HostedPageAction]hostedpage.SessionStatus{
		HostedPageDecline: hostedpage.SessionStatusFailed, HostedPageError: hostedpage.SessionStatusError,
		HostedPageBack: hostedpage.SessionStatusBack, HostedPageCancel: hostedpage.SessionStatusBack,
	}[action]
	channel := p.session.members.text("acquiring_channel")
	if action == HostedPageCancel && (channel == string(klarna.AcquiringChannelInStore) || channel == string(klarna.AcquiringChannelTelesales)) {
		status = hostedpage.SessionStatusCancelled
	}
	event := p.change(status, s.clock.now())
	s.mu.Unlock()
	return s.callbacks.start(event), nil
}

// approvePage approves the payments session, and places the order if the page does.
//
// inferred: what the session holds now is what is ordered, and the shop is told by the status callback alone: not by the
// authorization callback of the session, which would have it place the order a second time.
func (s *Server) approvePage(p *hostedPage) (<-chan struct{}, *failure) {
	for {
		s.mu.Lock()
		rejected := s.actable(p)
		session, version := p.session.members, p.session.version
		s.mu.Unlock()
		if rejected != nil {
			return nil, rejected
		}
		var details orderstate.Placed // to convert a cart takes long
		if p.placesOrder() {
			details = placedDetails(session, nil)
			details.AutoCapture = p.request.Options.PlaceOrderMode == hostedpage.PlaceOrderModeCaptureOrder
		}
		s.mu.Lock()
		if rejected := s.actable(p); rejected != nil {
			s.mu.Unlock()
			return nil, rejected
		}
		if p.session.version != version { // the shop has updated it meanwhile
			s.mu.Unlock()
			continue
		}
		s.complete(p, details)
		event := p.change(hostedpage.SessionStatusCompleted, s.clock.now())
		s.mu.Unlock()
		return s.callbacks.start(event), nil
	}
}

// complete makes the authorization, and with it the order if the page places it. Server.mu is held.
func (s *Server) complete(p *hostedPage, details orderstate.Placed) {
	x := p.session
	a := &authorization{token: newUUID(), session: x, expires: s.clock.now().Add(authorizationLifetime), members: x.members}
	s.addAuthorization(a)
	if !p.placesOrder() {
		p.token = a.token
		return
	}
	a.order = s.place(a, nil, details)
	x.order, p.orderID = a.order, a.order.OrderID
	if placed := s.orders[p.orderID]; placed != nil { // unless the server stores no more than one
		p.reference = placed.state.KlarnaReference
	}
}

// change sets the status, and returns the callback about it. Server.mu is held.
func (p *hostedPage) change(status hostedpage.SessionStatus, now time.Time) message {
	p.status, p.updated = status, milliseconds(now)
	return message{
		kind: CallbackHostedPage,
		url:  p.withID(p.request.MerchantURLs.StatusUpdate),
		body: hostedpage.StatusCallback{EventID: newUUID(), Session: p.read()},
		ends: func(status int) bool { return status >= 200 && status < 300 }, tries: statusDeliveries, timeout: statusTimeout,
	}
}

func (p *hostedPage) withID(merchantURL string) string {
	return strings.ReplaceAll(merchantURL, "{{session_id}}", p.id)
}

// location is the shop's URL that the browser is sent to after an action, or "" if the shop has none. Server.mu is held.
//
// inferred: a placeholder that has no value in the page's mode stays as it is.
func (p *hostedPage) location(action HostedPageAction) string {
	urls := p.request.MerchantURLs
	switch action {
	case HostedPageApprove:
		success := p.withID(urls.Success)
		if p.token != "" {
			success = strings.ReplaceAll(success, "{{authorization_token}}", p.token)
		}
		if p.orderID != "" {
			success = strings.ReplaceAll(success, "{{order_id}}", p.orderID)
		}
		return success
	case HostedPageDecline:
		return p.withID(urls.Failure)
	case HostedPageError:
		if urls.Error == "" {
			return p.withID(urls.Failure)
		}
		return p.withID(urls.Error)
	case HostedPageBack:
		return p.withID(urls.Back)
	case HostedPageCancel:
		return p.withID(urls.Cancel)
	case HostedPageOpen:
	}
	return ""
}
