package main

import (
	"log/slog"
	"net/http"
	"time"
)

// logged writes a line for each request: its route and never its URL, in which ids and signatures stand.
func (s *shop) logged(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		began := time.Now()
		recorder := &statusRecorder{ResponseWriter: w, status: http.StatusOK}
		next.ServeHTTP(recorder, r)
		s.logger.LogAttrs(r.Context(), slog.LevelInfo, "request",
			slog.String("route", r.Pattern),
			slog.Int("status", recorder.status),
			slog.Duration("duration", time.Since(began)))
	})
}

// statusRecorder records the status of a response.
type statusRecorder struct {
	http.ResponseWriter
	status int
}

func (w *statusRecorder) WriteHeader(status int) {
	w.status = status
	w.ResponseWriter.WriteHeader(status)
}

// Unwrap is for http.ResponseController.
func (w *statusRecorder) Unwrap() http.ResponseWriter { return w.ResponseWriter }
