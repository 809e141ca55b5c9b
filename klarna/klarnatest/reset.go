package klarnatest

import (
	"time"

	"github.com/klarna-go/klarna-payments/klarna"
)

// Now returns the time by the server's clock.
func (s *Server) Now() time.Time { return s.clock.now() }

// Reset makes the server as it was when it started: without sessions, orders, customer tokens, requests, faults and callbacks, with the
// clock at the real time, and the settings of [WithSetup], if there are any. Callbacks that are waiting are not made. What its options
// set stays, and so do the URL and the credentials. A request that is under way may still end as if nothing had happened.
func (s *Server) Reset() {
	s.mu.Lock()
	s.store = newStore(s.maxSessions, s.maxBytes)
	s.fraudStatus = klarna.FraudStatusAccepted
	s.clock.ahead.Store(0)
	s.mu.Unlock()

	s.faults.clear()
	s.limits.clear()
	s.callbacks.reset()
	s.log.clear()
	if s.setup != nil {
		s.setup(s)
	}
}
