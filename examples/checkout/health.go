package main

import (
	"encoding/json"
	"net/http"
	"time"
)

// An order that is open for longer than openTooLong needs somebody's attention: Klarna does not respond, or no process settles.
const openTooLong = 10 * time.Minute

// health is for whoever watches the shop: a load balancer goes by the status, and a person by the numbers.
func (s *shop) health(w http.ResponseWriter, r *http.Request) {
	stats, err := s.book.Stats(r.Context())
	report := struct {
		OK         bool   `json:"ok"`
		Open       int    `json:"open"`
		Unresolved int    `json:"unresolved"` // a person has to look
		OldestOpen string `json:"oldest_open"`
	}{err == nil && stats.OldestOpen < openTooLong, stats.Open, stats.Unresolved, stats.OldestOpen.String()}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	if err != nil {
		s.logger.ErrorContext(r.Context(), "the database failed", "error", err)
		w.WriteHeader(http.StatusServiceUnavailable)
	}
	_ = json.NewEncoder(w).Encode(report) // fails only when the caller has gone
}
