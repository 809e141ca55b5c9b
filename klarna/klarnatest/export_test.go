package klarnatest

import "time"

// SetGrace changes how long Close waits for the calls that are under way.
func (s *Server) SetGrace(d time.Duration) { s.grace = d }

// Locked runs do while nothing else can change what the server knows.
func (s *Server) Locked(do func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	do()
}
