package klarnatest

import (
	"bytes"
	"encoding/json"
	"net/http"

	"github.com/klarna-go/klarna-payments/klarna"
)

// operation does what one of the six calls asks for. id is the session id or authorization token in the path, if any. It
// takes Server.mu for as long as it needs it. A result of nil is a 204.
type operation func(id string, body []byte) (result any, rejected *failure)

// serve is the way of every call: body, fault, credentials, rate limit, what the operation does, answer.
func (s *Server) serve(op klarna.Operation, do operation) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		request := s.newRequest(op)
		body, refused := s.readBody(w, r)
		request.Body = body
		handle := func() response { return s.handle(r, &request, refused, do) }
		if fault, ok := s.faults.next(op); ok {
			s.meet(fault, w, r, &request, handle)
			return
		}
		answer := handle()
		request.StatusCode = answer.status
		s.record(request) // it is in the log by the time the caller has the answer
		answer.send(w)
	}
}

// handle does what a request asks for, and gives the answer.
func (s *Server) handle(r *http.Request, request *Request, refused *failure, do operation) response {
	if !s.authenticated(r) {
		return s.render(*request, nil, unauthorized)
	}
	remaining, reset, over := s.limits.take(request.Operation, s.clock.now())
	var answer any
	switch {
	case over:
		refused = tooManyRequests
	case refused == nil && r.Method == http.MethodPost && !isJSON(r):
		refused = malformed // inferred: 415 would say more, but the contract has no such answer
	case refused == nil:
		answer, refused = do(idOf(r), request.Body)
	}
	rendered := s.render(*request, answer, refused)
	setRateLimit(rendered.header, s.limits.of(request.Operation), remaining, reset)
	return rendered
}

// idOf is what stands in the path for the route's one placeholder.
func idOf(r *http.Request) string {
	return r.PathValue("session_id") + r.PathValue("authorizationToken")
}

// render makes an answer, or a refusal, as Klarna sends it.
func (s *Server) render(request Request, answer any, refused *failure) response {
	status := http.StatusOK
	switch {
	case refused != nil:
		status, answer = refused.status, refused.body(request.CorrelationID)
	case answer == nil:
		status = http.StatusNoContent
	}
	header := http.Header{}
	header.Set("Content-Type", "application/json") // Klarna sends it with a 204 too
	header.Set("Klarna-Correlation-Id", request.CorrelationID)
	quota := quotaOf(request.Operation)
	setRateLimit(header, quota, quota-1, 1)
	return response{status, header, encodeAnswer(answer)}
}

func encodeAnswer(answer any) []byte {
	if answer == nil {
		return nil
	}
	var b bytes.Buffer
	if err := json.NewEncoder(&b).Encode(answer); err != nil {
		panic("klarnatest: " + err.Error()) // cannot be: answers are made of what was decoded
	}
	return b.Bytes()
}

// reply answers a request that is for none of the operations.
func (s *Server) reply(w http.ResponseWriter, request Request, refused *failure) {
	request.StatusCode = refused.status
	s.record(request)
	s.render(request, nil, refused).send(w)
}
