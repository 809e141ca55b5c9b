package klarnatest

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/klarna-go/klarna-payments/klarna"
)

// Request is one request that arrived, and how the server responded. It holds no credentials, and the path only as the
// route of its Operation. Printed, logged or encoded it shows no body.
type Request struct {
	Time          time.Time        `json:"time"`            // when it arrived, by the server's clock
	Duration      time.Duration    `json:"duration"`        // how long it took until the response began
	Operation     klarna.Operation `json:"operation"`       // empty if the path or the method does not belong to the API
	StatusCode    int              `json:"status"`          // of the response; 0 when a fault let there be none
	CorrelationID string           `json:"correlation_id"`  // of the response
	Fault         string           `json:"fault,omitempty"` // what went wrong, by Server.Fail
	Body          json.RawMessage  `json:"-"`               // as it came, JSON or not, up to 1 MB; it may hold personal data

	Warnings []Warning `json:"warnings,omitempty"` // what was odd about it, 50 of them and how many more

	began    time.Time
	delay    time.Duration // of the response, by a fault
	sent     members       // the body in the form of the contract, if there is one
	rejected *failure      // before the operation was asked
	more     int           // warnings that are not listed
}

func (r Request) text() string {
	route := r.Operation.Route()
	if route == "" {
		route = "unknown route"
	}
	text := route + " " + strconv.Itoa(r.StatusCode)
	if r.Fault != "" {
		text += ", " + r.Fault
	}
	return text + " (correlation id " + r.CorrelationID + ")"
}

// Format prints the route, the status, the fault and the correlation id, for every verb.
func (r Request) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, r.text()) }

// LogValue returns a group of the operation, the status, the duration, the fault, the correlation id and the warnings.
func (r Request) LogValue() slog.Value { return slog.GroupValue(r.attrs()...) }

func (r Request) attrs() []slog.Attr {
	attrs := []slog.Attr{
		slog.String("operation", string(r.Operation)),
		slog.Int("status", r.StatusCode),
		slog.Duration("duration", r.Duration),
		slog.String("correlation_id", r.CorrelationID),
	}
	if r.Fault != "" {
		attrs = append(attrs, slog.String("fault", r.Fault))
	}
	if len(r.Warnings) > 0 {
		attrs = append(attrs, slog.Any("warnings", r.Warnings))
	}
	return attrs
}

// What the log keeps at most, so that a server may run for weeks.
const (
	maxRequests  = 10_000
	maxBodyTotal = 64 << 20
)

// requestLog keeps what arrived last.
type requestLog struct {
	mu       sync.Mutex
	requests []Request
	bytes    int // of all bodies
}

func (l *requestLog) add(r Request) {
	l.mu.Lock()
	defer l.mu.Unlock()
	r.sent, r.rejected = nil, nil // size does not count them
	l.requests = append(l.requests, r)
	l.bytes += r.size()
	for len(l.requests) > maxRequests || l.bytes > maxBodyTotal {
		l.bytes -= shift(&l.requests).size()
	}
}

func (l *requestLog) clear() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.requests, l.bytes = nil, 0
}

// size is how many bytes of a request count.
func (r Request) size() int {
	size := len(r.Body)
	for _, warning := range r.Warnings {
		size += warningOverhead + len(warning.Member) + len(warning.Text)
	}
	return size
}

// warningOverhead is what a warning takes in memory beside its texts.
const warningOverhead = 48

// Requests returns the requests that arrived so far, in the order in which they were responded to. Rejected ones are among
// them. Of more than 10,000, or of 64 MB of bodies and warnings, it forgets the oldest. The result is the caller's to change.
func (s *Server) Requests() []Request {
	s.log.mu.Lock()
	defer s.log.mu.Unlock()
	requests := make([]Request, len(s.log.requests))
	for i, r := range s.log.requests {
		r.Body, r.Warnings = bytes.Clone(r.Body), slices.Clone(r.Warnings)
		requests[i] = r
	}
	return requests
}

// newRequest begins what the log will hold of a request that just arrived.
func (s *Server) newRequest(op klarna.Operation) Request {
	return Request{Time: s.clock.now(), Operation: op, CorrelationID: newUUID(), began: time.Now()}
}

// record puts a request into the log.
func (s *Server) record(r Request) {
	r.Duration = time.Since(r.began)
	s.log.add(r)
	name := string(r.Operation)
	if name == "" {
		name = "unknown route"
	}
	s.logger.LogAttrs(context.Background(), slog.LevelInfo, name, r.attrs()[1:]...)
}
