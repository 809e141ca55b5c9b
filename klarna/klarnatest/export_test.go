package klarnatest

import (
	"context"
	"time"
)

// SetGrace changes how long Close waits for the calls that are under way.
func (s *Server) SetGrace(d time.Duration) { s.grace = d }

// HoldLarge takes the turn of a large body, until release is called.
func (s *Server) HoldLarge() (release func()) {
	release, _ = s.large.acquire(context.Background(), largeBody)
	return release
}

// LargeWaiting is how many requests wait for their turn.
func (s *Server) LargeWaiting() int { return int(s.large.waiting.Load()) }

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
