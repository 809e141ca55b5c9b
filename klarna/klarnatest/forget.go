package klarnatest

import (
	"maps"
	"time"
)

// forget drops what has expired, so that a server may run for weeks. What is dropped was answered for as unknown before.
// It is called with Server.mu held, and looks no more often than once a minute.
func (s *Server) forget(now time.Time) {
	if now.Sub(s.swept) < time.Minute {
		return
	}
	s.swept = now
	maps.DeleteFunc(s.sessions, func(_ string, x *session) bool { return x.expired(now) })
	maps.DeleteFunc(s.authorizations, func(_ string, a *authorization) bool { return a.expired(now) })
	maps.DeleteFunc(s.orders, func(_ string, o *placedOrder) bool { return now.Sub(o.placed) >= orderLifetime })
}
