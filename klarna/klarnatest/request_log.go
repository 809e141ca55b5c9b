package klarnatest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"strconv"
	"sync"
	"time"

	"github.com/klarna-go/klarna-payments/klarna"
)

// Request is one request that arrived, and how it was answered. It holds no credentials, and the path only as the
// route of its Operation. Printed, logged or encoded it shows no body.
type Request struct {
	Time          time.Time        `json:"time"`           // when it arrived, by the server's clock
	Operation     klarna.Operation `json:"operation"`      // empty when the path or the method is none of the API's
	StatusCode    int              `json:"status"`         // of the answer
	CorrelationID string           `json:"correlation_id"` // of the answer
	Body          json.RawMessage  `json:"-"`              // as it came, JSON or not, up to 1 MB; it may hold personal data
}

func (r Request) text() string {
	route := r.Operation.Route()
	if route == "" {
		route = "unknown route"
	}
	return route + " " + strconv.Itoa(r.StatusCode) + " (correlation id " + r.CorrelationID + ")"
}

// Format prints the route, the status and the correlation id, for every verb.
func (r Request) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, r.text()) }

// LogValue is a group of the operation, the status and the correlation id.
func (r Request) LogValue() slog.Value {
	return slog.GroupValue(
		slog.String("operation", string(r.Operation)),
		slog.Int("status", r.StatusCode),
		slog.String("correlation_id", r.CorrelationID),
	)
}

// requestLog keeps what arrived.
type requestLog struct {
	mu       sync.Mutex
	requests []Request
}

func (l *requestLog) add(r Request) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.requests = append(l.requests, r)
}

// Requests returns the requests that arrived so far, in the order in which they were answered. Refused ones are among
// them. The result is the caller's to change.
func (s *Server) Requests() []Request {
	s.log.mu.Lock()
	defer s.log.mu.Unlock()
	requests := make([]Request, len(s.log.requests))
	for i, r := range s.log.requests {
		r.Body = bytes.Clone(r.Body)
		requests[i] = r
	}
	return requests
}
