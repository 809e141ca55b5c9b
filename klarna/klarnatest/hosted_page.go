package klarnatest

import (
	"fmt"
	"io"
	"time"

	"github.com/klarna-go/klarna-payments/gen/types"
	"github.com/klarna-go/klarna-payments/klarna/hostedpage"
)

// HostedPageAction is what a shopper does on a hosted page.
type HostedPageAction string

// What a shopper does on a hosted page, and the status that it leads to.
const (
	HostedPageOpen    HostedPageAction = "open"    // opens it: IN_PROGRESS
	HostedPageApprove HostedPageAction = "approve" // pays: COMPLETED, and by the place order mode an order is placed, or captured as well
	HostedPageDecline HostedPageAction = "decline" // is declined: FAILED
	HostedPageError   HostedPageAction = "error"   // meets an error: ERROR
	HostedPageBack    HostedPageAction = "back"    // goes back: BACK
	HostedPageCancel  HostedPageAction = "cancel"  // cancels: CANCELLED in a store or by telephone (acquiring_channel), and BACK otherwise
)

// HostedPage is a page as the server has it. It holds tokens and addresses.
type HostedPage struct {
	Session       hostedpage.Session               `json:"session"`       // what ReadSession returns
	RedirectURL   string                           `json:"redirect_url"`  // the address of the page
	Distributions []hostedpage.DistributionRequest `json:"distributions"` // what was asked to be sent, in order; nothing is sent
}

// Format prints the status, for every verb.
func (p HostedPage) Format(f fmt.State, _ rune) {
	_, _ = io.WriteString(f, "hosted page "+p.Session.Status)
}

// VisitHostedPage does what a shopper does on a page, without a browser, and returns where the browser would be sent: one of the
// shop's URLs with its placeholders replaced, or "" if it would stay. A page is opened before anything else is done on it. The shop
// is called at its status_update URL for each change of the status (see [Server.SetCallbacks]).
//
// It is an error if the page is unknown or has expired, if its status is final, or if the payments session has an order already.
func (s *Server) VisitHostedPage(sessionID string, action HostedPageAction) (location string, err error) {
	s.mu.Lock()
	p, rejected := s.findPage(sessionID)
	s.mu.Unlock()
	if rejected == nil {
		location, rejected = s.visit(p, action)
	}
	if rejected != nil {
		return "", fmt.Errorf("klarnatest: VisitHostedPage: %w", rejected)
	}
	return location, nil
}

// HostedPage returns a page as it stands now, or nil if it is unknown or has expired. It is what hostedpage.ReadSession returns, and
// what was distributed, without a request that a fault or a rate limit could meet.
func (s *Server) HostedPage(sessionID string) *HostedPage {
	s.mu.Lock()
	defer s.mu.Unlock()
	p, rejected := s.findPage(sessionID)
	if rejected != nil {
		return nil
	}
	distributions := append([]hostedpage.DistributionRequest{}, p.distributions...) // empty and not null in JSON
	return &HostedPage{p.read(), s.pageURL(p), distributions}
}

// hostedPage is a page that a shop made for a payments session. Server.mu guards what changes of it.
type hostedPage struct {
	id, key       string // of the API, and of the page's address
	session       *session
	request       hostedpage.SessionRequest // never changed
	expires       time.Time
	updated       time.Time
	status        hostedpage.SessionStatus
	token         string // of the approval, if the shop is to place the order
	orderID       string
	reference     string // of the order
	distributions []hostedpage.DistributionRequest
}

// pageOverhead is what a page or a distribution takes in memory beside its texts, roughly.
const pageOverhead = 512

// read returns the page as the shop gets to see it. Server.mu is held.
func (p *hostedPage) read() hostedpage.Session {
	return hostedpage.Session{
		SessionID: p.id, Status: p.status, AuthorizationToken: p.token, OrderID: p.orderID, KlarnaReference: p.reference,
		ExpiresAt: types.Time{Time: p.expires}, UpdatedAt: types.Time{Time: p.updated},
	}
}

// findPage finds a page by its id. Server.mu is held.
//
// inferred: a page that has expired is unknown, as Klarna documents it, and never shows a status for it.
func (s *Server) findPage(id string) (*hostedPage, *failure) {
	p := s.pages[id]
	if p == nil || !s.clock.now().Before(p.expires) {
		return nil, invalidSession
	}
	return p, nil
}

// addPage stores a page with its session, which takes it along when it is forgotten.
func (st *store) addPage(p *hostedPage, size int) {
	st.created.HostedPages++
	st.pages[p.id], st.pageKeys[p.key] = p, p
	p.session.pages = append(p.session.pages, p)
	st.growPages(p.session, size)
}

// growPages counts what a session's pages take in addition.
func (st *store) growPages(x *session, size int) {
	x.pageBytes += pageOverhead + size
	st.resize(x)
}

func (st *store) forgetPages(x *session) {
	for _, p := range x.pages {
		delete(st.pages, p.id)
		delete(st.pageKeys, p.key)
	}
}
