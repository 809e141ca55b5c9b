package klarnatest

import (
	"bytes"
	"encoding/json"
	"net/http"
	"sync"

	"github.com/klarna-go/klarna-payments/internal/engine"
	"github.com/klarna-go/klarna-payments/klarna"
)

// handler does what a request asks for, or reports why it was rejected before, and returns the response.
type handler func(r *http.Request, request *Request) response

// operation does what a call of Payments or of the Hosted Payment Page asks for. id is the session id or authorization token
// in the path, if any. It takes Server.mu for as long as it needs it. A result of nil is a response without a body.
type operation func(id string, request *Request) (result any, rejected *failure)

// serve is the way of every call: body, fault, credentials, rate limit, what the operation does, response.
func (s *Server) serve(op klarna.Operation, do handler) http.HandlerFunc {
	form := sync.OnceValue(func() form { return formOf(op) }) // to read the contracts takes longer than to start
	return func(w http.ResponseWriter, r *http.Request) {
		request := s.newRequest(op)
		request.Body, request.rejected = s.readBody(w, r)
		handle := func() response { return s.handle(r, &request, form, do) }
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
func (s *Server) handle(r *http.Request, request *Request, form func() form, do handler) response {
	if !s.authenticated(r) {
		return s.renderUnauthorized(request)
	}
	remaining, reset, over := s.limits.take(request.Operation, s.clock.now())
	if over {
		request.rejected = tooManyRequests
	}
	release, ok := s.large.acquire(r.Context(), len(request.Body))
	defer release()
	if !ok {
		request.rejected = malformed // nobody is left to read it
	}
	s.takeIn(r, request, form)
	rendered := do(r, request)
	request.finishWarnings()
	request.writeWarnings(rendered.header)
	setRateLimit(rendered.header, s.limits.of(request.Operation), remaining, reset)
	return rendered
}

// payments handles an operation of Payments or of the Hosted Payment Page.
func (s *Server) payments(do operation) handler {
	return func(r *http.Request, request *Request) response {
		if request.rejected != nil {
			return s.render(*request, nil, request.rejected)
		}
		result, rejected := do(idOf(r), request)
		return s.render(*request, result, rejected)
	}
}

// idOf is what stands in the path for the route's one placeholder.
func idOf(r *http.Request) string {
	return r.PathValue("session_id") + r.PathValue("authorizationToken")
}

// render makes a response, of a result or a rejection, as Klarna sends it.
func (s *Server) render(request Request, result any, rejected *failure) response {
	status, header := successStatus(request.Operation), klarnaHeader()
	switch { // each Content-Type as recorded
	case rejected != nil:
		status, result = rejected.status, rejected.body(request.CorrelationID)
		header.Set("Content-Type", "application/json")
	case result != nil:
		header.Set("Content-Type", "application/json;charset=utf-8")
	}
	header.Set("Klarna-Correlation-Id", request.CorrelationID)
	quota := quotaOf(request.Operation)
	setRateLimit(header, quota, quota-1, 1)
	return response{status, header, encodeResult(result)}
}

// successStatus is the status of an operation's success, by its row. Calls of the browser's script have no operation.
func successStatus(op klarna.Operation) int {
	if row := engine.Registered(string(op)); row != nil {
		return row.Success[0]
	}
	return http.StatusOK
}

// klarnaHeader returns the header fields that recorded responses of Klarna's have, whatever they respond to.
func klarnaHeader() http.Header {
	return http.Header{
		"Cache-Control":             {"no-cache, no-store, max-age=0, must-revalidate"},
		"Strict-Transport-Security": {"max-age=31536000; includeSubDomains"},
	}
}

// unauthorizedPage is the body of a 401 as it was recorded in 2021. Klarna's page on errors shows an error body in place of it.
const unauthorizedPage = "<html>\n<head><title>401 Authorization Required</title></head>\n<body>\n" +
	"<center><h1>401 Authorization Required</h1></center>\n</body>\n</html>\n"

// renderUnauthorized makes the response to wrong credentials: as recorded, or in a strict server as documented.
func (s *Server) renderUnauthorized(request *Request) response {
	var rendered response
	if s.strict {
		rendered = s.render(*request, nil, unauthorized)
	} else {
		request.CorrelationID = ""
		rendered = response{http.StatusUnauthorized, klarnaHeader(), []byte(unauthorizedPage)}
		rendered.header.Set("Content-Type", "text/html")
	}
	rendered.header.Set("WWW-Authenticate", "Basic")
	return rendered
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
