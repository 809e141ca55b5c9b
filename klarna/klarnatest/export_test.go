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

// StoredPages is how many hosted pages the server stores, by id and by address.
func (s *Server) StoredPages() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.pages) + len(s.pageKeys)
}
