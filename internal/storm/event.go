package storm

import (
	"net/http"
	"net/http/httptest"

	"golang.org/x/net/http2"

	"github.com/klarna-go/klarna-payments/internal/wiretest"
)

// Event is something that happens to one request.
type Event struct {
	Name    string
	Weight  int  // per 1,000 requests
	Handled bool // the fake server handles the request before
	Happens Happens
}

// Happens makes an event happen. The response is that of the fake server, or nil if the event is not Handled.
type Happens func(n *Network, s *wiretest.Stream, response *httptest.ResponseRecorder)

// Reset resets the stream.
func Reset(code http2.ErrCode) Happens {
	return func(_ *Network, s *wiretest.Stream, _ *httptest.ResponseRecorder) { s.Reset(code) }
}

// CloseConnection closes the connection, with whatever else is on it, so it should be rare.
func CloseConnection(_ *Network, s *wiretest.Stream, _ *httptest.ResponseRecorder) {
	s.CloseConnection()
}

// Silence has the connection fall silent, with whatever else is on it, so it should be rare.
func Silence(_ *Network, s *wiretest.Stream, _ *httptest.ResponseRecorder) { s.SilenceConnection() }

// Stall lets the request wait for a response that does not come.
func Stall(*Network, *wiretest.Stream, *httptest.ResponseRecorder) {}

// Respond responds with a status and no body.
func Respond(status int) Happens {
	return func(_ *Network, s *wiretest.Stream, _ *httptest.ResponseRecorder) { s.Respond(status, nil, "") }
}

// GatewayPage responds with 502 and a page of HTML.
func GatewayPage(_ *Network, s *wiretest.Stream, _ *httptest.ResponseRecorder) {
	s.Respond(http.StatusBadGateway, http.Header{"Content-Type": {"text/html"}}, "<html></html>")
}

// WithoutResult responds with the status alone, without the body and the header fields that hold the result.
func WithoutResult(_ *Network, s *wiretest.Stream, r *httptest.ResponseRecorder) {
	s.Respond(r.Code, nil, "")
}

// HalfThenStall sends half of the body, and no more.
func HalfThenStall(_ *Network, s *wiretest.Stream, r *httptest.ResponseRecorder) { half(s, r, false) }

// HalfThenEnd sends half of the body, and ends the response.
func HalfThenEnd(_ *Network, s *wiretest.Stream, r *httptest.ResponseRecorder) { half(s, r, true) }

// HalfThenReset sends half of the body, and resets the stream.
func HalfThenReset(_ *Network, s *wiretest.Stream, r *httptest.ResponseRecorder) {
	half(s, r, false)
	s.Reset(http2.ErrCodeInternal)
}

func half(s *wiretest.Stream, r *httptest.ResponseRecorder, end bool) {
	s.Start(r.Code, nil, r.Body.Len())
	s.Part(r.Body.String()[:r.Body.Len()/2], end)
}

// Die ends the process that makes the call; see [Network.Process].
func Die(n *Network, s *wiretest.Stream, _ *httptest.ResponseRecorder) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if cancel := n.processes[n.Call(s.Read())]; cancel != nil {
		cancel()
	}
}
