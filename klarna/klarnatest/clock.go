package klarnatest

import (
	"sync/atomic"
	"time"
)

// Lifetimes by Klarna's documentation.
const (
	sessionLifetime       = 48 * time.Hour
	authorizationLifetime = 60 * time.Minute
)

// clock is the time of day, and what Advance has added.
type clock struct {
	ahead atomic.Int64
}

func (c *clock) now() time.Time { return time.Now().Add(time.Duration(c.ahead.Load())) }

// Advance moves the server's clock forward, so that a test sees a session or an authorization expire without waiting.
// It panics when d is negative: what has expired does not come back.
func (s *Server) Advance(d time.Duration) {
	if d < 0 {
		panic("klarnatest: Advance: a clock does not run backwards")
	}
	s.clock.ahead.Add(int64(d))
}
