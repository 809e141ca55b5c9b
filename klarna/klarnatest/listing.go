package klarnatest

import (
	"time"

	"github.com/klarna-go/klarna-payments/klarna"
	"github.com/klarna-go/klarna-payments/klarna/customertoken"
	"github.com/klarna-go/klarna-payments/klarna/ordermanagement"
)

// maxListed is how many sessions, orders, captures or customer tokens are listed.
const maxListed = 1000

// SessionInfo is what there is of a session.
type SessionInfo struct {
	SessionID          string               `json:"session_id"`
	CreatedAt          time.Time            `json:"created_at"`
	ExpiresAt          time.Time            `json:"expires_at"`
	Status             klarna.SessionStatus `json:"status"`
	AuthorizationToken string               `json:"authorization_token,omitempty"` // of the newest approval, while it is valid
	CustomerTokens     []string             `json:"customer_tokens,omitempty"`
	OrderIDs           []string             `json:"order_ids,omitempty"`
	HostedPageIDs      []string             `json:"hosted_page_ids,omitempty"`
}

// CaptureInfo is a capture, with the id of its order.
type CaptureInfo struct {
	OrderID string `json:"order_id"`
	ordermanagement.Capture
}

// TokenInfo is a customer token, with its id.
type TokenInfo struct {
	CustomerToken string    `json:"customer_token"`
	CreatedAt     time.Time `json:"created_at"`
	customertoken.Token
}

// Sessions returns the sessions that the server knows, oldest first: the newest 1,000 of them.
func (s *Server) Sessions() []SessionInfo {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.clock.now()
	s.forget(now)
	sessions := []SessionInfo{}
	for _, x := range newest(s.oldestSessions) {
		info := SessionInfo{SessionID: x.id, CreatedAt: x.began, ExpiresAt: x.expires}
		state := x.state(now)
		info.Status, info.AuthorizationToken = state.status, state.token
		for _, a := range x.authorizations {
			info.CustomerTokens = append(info.CustomerTokens, a.customerTokens...)
		}
		if x.order != nil {
			info.OrderIDs = []string{x.order.OrderID}
		}
		for _, p := range x.pages {
			info.HostedPageIDs = append(info.HostedPageIDs, p.id)
		}
		sessions = append(sessions, info)
	}
	return sessions
}

// Orders returns the orders that the server knows as they stand now, with their captures and refunds, oldest first: the newest
// 1,000 of them.
func (s *Server) Orders() []ordermanagement.Order {
	s.mu.Lock()
	now := s.clock.now()
	s.forget(now)
	var states []any
	for _, placed := range newest(s.oldestOrders) {
		states = append(states, placed.state.Snapshot(now))
	}
	s.mu.Unlock()
	orders := make([]ordermanagement.Order, len(states))
	for i, state := range states {
		convert(state, &orders[i])
	}
	return orders
}

// Captures returns the captures of the orders that Orders returns, in their order.
func (s *Server) Captures() []CaptureInfo {
	captures := []CaptureInfo{}
	for _, order := range s.Orders() {
		for _, capture := range order.Captures {
			captures = append(captures, CaptureInfo{order.OrderID, capture})
		}
	}
	return captures
}

// Tokens returns the customer tokens that the server knows, oldest first: the newest 1,000 of them.
func (s *Server) Tokens() []TokenInfo {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.clock.now()
	s.forget(now)
	tokens := []TokenInfo{}
	for _, t := range newest(s.oldestTokens) {
		tokens = append(tokens, TokenInfo{t.id, t.made, *t.read(now)})
	}
	return tokens
}

// newest is the end of a list, as much as is listed.
func newest[E any](all []E) []E { return all[max(0, len(all)-maxListed):] }
