package klarnatest

import (
	"encoding/json"
	"net/http"

	"github.com/klarna-go/klarna-payments/klarna"
)

// operation does what one of the six calls asks for. id is the session id or authorization token in the path, if any.
// It is called with Server.mu held. An answer of nil is 204.
type operation func(id string, body []byte) (answer any, refused *failure)

// serve is the way of every call: body, credentials, what the operation does, answer.
func (s *Server) serve(op klarna.Operation, do operation) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		request := s.newRequest(op)
		body, refused := readBody(r)
		request.Body = body
		if !s.authenticated(r) {
			refused = unauthorized
		}
		var answer any
		if refused == nil {
			answer, refused = s.locked(do, idOf(r), body)
		}
		s.reply(w, request, answer, refused)
	}
}

func (s *Server) locked(do operation, id string, body []byte) (any, *failure) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return do(id, body)
}

// idOf is what stands in the path for the route's one placeholder.
func idOf(r *http.Request) string {
	return r.PathValue("session_id") + r.PathValue("authorizationToken")
}

// newRequest begins what the log will hold of a request that just arrived.
func (s *Server) newRequest(op klarna.Operation) Request {
	return Request{Time: s.clock.now(), Operation: op, CorrelationID: newUUID()}
}

// reply answers a request. It is in the log by the time the caller has the answer.
func (s *Server) reply(w http.ResponseWriter, request Request, answer any, refused *failure) {
	request.StatusCode = http.StatusOK
	switch {
	case refused != nil:
		request.StatusCode, answer = refused.status, refused.body(request.CorrelationID)
	case answer == nil:
		request.StatusCode = http.StatusNoContent
	}
	s.log.add(request)

	header := w.Header()
	header.Set("Content-Type", "application/json") // Klarna sends it with a 204 too
	header.Set("Klarna-Correlation-Id", request.CorrelationID)
	setRateLimit(header, request.Operation)
	w.WriteHeader(request.StatusCode)
	if answer != nil {
		_ = json.NewEncoder(w).Encode(answer) // it fails only when the caller has gone
	}
}
