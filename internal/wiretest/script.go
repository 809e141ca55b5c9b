package wiretest

import (
	"errors"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing/iotest"
)

// ErrDial and ErrReset are what a transport fails with when nobody listens, and when the connection is lost while it waits for
// the response. Of a request whose line has ErrDial, nothing is read.
var (
	ErrDial  error = &net.OpError{Op: "dial", Net: "tcp", Err: syscall.ECONNREFUSED}
	ErrReset error = &net.OpError{Op: "read", Net: "tcp", Err: syscall.ECONNRESET}
)

// Script is a transport that responds to one attempt after the other as its lines state, and with the last line to all further
// ones. It records the attempts, and numbers their correlation ids: c-1, c-2.
type Script struct {
	Lines []Line

	mu   sync.Mutex
	seen []*http.Request
	sent []string
}

// Line is what one attempt comes to. A body that looks like JSON has its Content-Type, unless Header has another one.
type Line struct {
	Status int
	Header http.Header
	Body   string
	Err    error // in place of a response
	Unread bool  // nothing of the body is read before Err, as with ErrDial
	Broken error // the body breaks off with it
}

// RoundTrip implements [http.RoundTripper].
func (s *Script) RoundTrip(r *http.Request) (*http.Response, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	line := s.Lines[min(len(s.sent), len(s.Lines)-1)]
	var body []byte
	var failed *net.OpError
	if unread := line.Unread || errors.As(line.Err, &failed) && failed.Op == "dial"; r.Body != nil && !unread {
		body, _ = io.ReadAll(r.Body)
		_ = r.Body.Close()
	}
	s.seen, s.sent = append(s.seen, r), append(s.sent, string(body))
	if line.Err != nil {
		return nil, line.Err
	}
	header := http.Header{"Klarna-Correlation-Id": {"c-" + strconv.Itoa(len(s.sent))}}
	if text := strings.TrimSpace(line.Body); strings.HasPrefix(text, "{") || strings.HasPrefix(text, "[") {
		header.Set("Content-Type", "application/json")
	}
	for key, values := range line.Header {
		header[key] = values
	}
	reader := io.Reader(strings.NewReader(line.Body))
	if line.Broken != nil {
		reader = io.MultiReader(reader, iotest.ErrReader(line.Broken))
	}
	return &http.Response{StatusCode: line.Status, Header: header, Body: io.NopCloser(reader), ContentLength: -1, Request: r}, nil
}

// Seen returns the requests of all attempts.
func (s *Script) Seen() []*http.Request {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]*http.Request(nil), s.seen...)
}

// Sent returns the bodies of all attempts.
func (s *Script) Sent() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]string(nil), s.sent...)
}

// Values returns one header field of all attempts.
func (s *Script) Values(name string) (values []string) {
	for _, r := range s.Seen() {
		values = append(values, r.Header.Get(name))
	}
	return values
}
