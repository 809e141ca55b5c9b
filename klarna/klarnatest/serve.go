package klarnatest

import (
	"bytes"
	"encoding/json"
	"net/http"

	"github.com/klarna-go/klarna-payments/klarna"
)

// handler does what a request asks for, or reports why it was rejected before, and returns the response.
type handler func(r *http.Request, request *Request, rejected *failure) response

// operation does what one of the six calls of Payments asks for. id is the session id or authorization token in the path, if
// any. It takes Server.mu for as long as it needs it. A result of nil is a 204.
type operation func(id string, body []byte) (result any, rejected *failure)

// serve is the way of every call: body, fault, credentials, rate limit, what the operation does, response.
func (s *Server) serve(op klarna.Operation, do handler) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		request := s.newRequest(op)
		body, rejected := s.readBody(w, r)
		request.Body = body
		handle := func() response { return s.handle(r, &request, rejected, do) }
		if fault, ok := s.faults.next(op); ok {
			request.delay = fault.delay
			s.meet(fault, w, r, &request, handle)
			return
		}
		rendered := handle()
		request.StatusCode = rendered.status
		s.record(request) // it is in the log by the time the caller has the response
		rendered.send(w)
	}
}

// handle does what a request asks for, and returns the response.
func (s *Server) handle(r *http.Request, request *Request, rejected *failure, do handler) response {
	if !s.authenticated(r) {
		return s.render(*request, nil, unauthorized)
	}
	remaining, reset, over := s.limits.take(request.Operation, s.clock.now())
	if over {
		rejected = tooManyRequests
	}
	rendered := do(r, request, rejected)
	setRateLimit(rendered.header, s.limits.of(request.Operation), remaining, reset)
	return rendered
}

// payments handles an operation of Payments.
func (s *Server) payments(do operation) handler {
	return func(r *http.Request, request *Request, rejected *failure) response {
		var result any
		switch {
		case rejected != nil:
		case r.Method == http.MethodPost && !isJSON(r):
			rejected = malformed // inferred: 415 would be clearer, but the contract has no such response
		default:
			result, rejected = do(idOf(r), request.Body)
		}
		return s.render(*request, result, rejected)
	}
}

// idOf is what stands in the path for the route's one placeholder.
func idOf(r *http.Request) string {
	return r.PathValue("session_id") + r.PathValue("authorizationToken")
}

// render makes a response, of a result or a rejection, as Klarna sends it.
func (s *Server) render(request Request, result any, rejected *failure) response {
	status := http.StatusOK
	switch {
	case rejected != nil:
		status, result = rejected.status, rejected.body(request.CorrelationID)
	case result == nil:
		status = http.StatusNoContent
	}
	header := http.Header{}
	header.Set("Content-Type", "application/json") // Klarna sends it with a 204 too
	header.Set("Klarna-Correlation-Id", request.CorrelationID)
	quota := quotaOf(request.Operation)
	setRateLimit(header, quota, quota-1, 1)
	return response{status, header, encodeResult(result)}
}

func encodeResult(result any) []byte {
	if result == nil {
		return nil
	}
	var b bytes.Buffer
	if err := json.NewEncoder(&b).Encode(result); err != nil {
		panic("klarnatest: " + err.Error()) // cannot be: results are made of what was decoded
	}
	return b.Bytes()
}

// reply responds to a request that is for none of the operations.
func (s *Server) reply(w http.ResponseWriter, request Request, rejected *failure) {
	request.StatusCode = rejected.status
	s.record(request)
	s.render(request, nil, rejected).send(w)
}
