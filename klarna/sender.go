package klarna

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"time"
)

// sender is what the generated client sends with. Everything between a built request and a checked answer happens
// here, below the generated code, so that Raw gets the same treatment: path guard, headers, attempt, bounded body,
// status to error.
type sender struct {
	base       *url.URL
	httpClient *http.Client
	timeout    time.Duration
	secrets    []string // never to be seen in an error

	// Header values made once. They are shared by all requests, which read them only.
	authorization, userAgent []string
}

var acceptJSON = []string{"application/json"}

func newSender(base *url.URL, creds Credentials, c *config) *sender {
	authorization := creds.authorization()
	return &sender{
		base:          base,
		httpClient:    withoutRedirects(c.httpClient),
		timeout:       c.timeout,
		secrets:       []string{authorization[len("Basic "):], creds.secret.password},
		authorization: []string{authorization},
		userAgent:     []string{c.userAgent},
	}
}

// Do sends a request that the generated client built. Its error is an *Error, but for a request that was not sent.
func (s *sender) Do(req *http.Request) (*http.Response, error) {
	op, id, err := s.guard(req)
	if err != nil {
		return nil, err
	}
	call := callOf(req.Context()) // nil for Raw
	s.setHeader(req, call)

	answer, err := s.attempt(req, op)
	if err == nil {
		err = answer.judge(op)
	}
	if err == nil && op.hasAnswer() {
		err = answer.decode(op, call)
	}
	if call != nil && call.response != nil {
		*call.response = answer.response()
	}
	if err != nil {
		return nil, s.toError(op, id, answer, err)
	}
	return answer.http, nil
}

// guard lets only the six operations of this API out, and only to the host that the client was made for.
func (s *sender) guard(req *http.Request) (op Operation, id string, err error) {
	if req.URL.Host != s.base.Host || req.URL.Scheme != s.base.Scheme {
		return "", "", errors.New("klarna: the request goes to another host than the client's")
	}
	path, prefix := req.URL.EscapedPath(), s.base.EscapedPath()
	if len(path) < len(prefix) || path[:len(prefix)] != prefix {
		return "", "", fmt.Errorf("klarna: the path of the request is none of this API: %w", ErrInvalidID)
	}
	op, escaped := routeOf(req.Method, path[len(prefix):])
	if op == "" {
		return "", "", fmt.Errorf("klarna: the path of the request is none of this API: %w", ErrInvalidID)
	}
	if op != OperationCreateSession {
		if err := checkEscapedID(op, escaped); err != nil {
			return "", "", err
		}
	}
	if req.Header.Get("Idempotency-Key") != "" || req.Header.Get("X-Idempotency-Key") != "" {
		return "", "", fmt.Errorf("klarna: %s: net/http would take the header (X-)Idempotency-Key as leave to send the request again; leave it out", op)
	}
	return op, escaped, nil
}

func (s *sender) setHeader(req *http.Request, call *call) {
	h := req.Header
	if call != nil {
		for key, values := range call.header {
			h[key] = values
		}
	}
	h["Authorization"] = s.authorization
	h["User-Agent"] = s.userAgent
	h["Accept"] = acceptJSON
}

// attempt sends the request once and reads the whole answer, within the time that one attempt has.
func (s *sender) attempt(req *http.Request, op Operation) (answer, error) {
	ctx, cancel := context.WithTimeout(req.Context(), s.timeout)
	defer cancel()
	resp, err := s.httpClient.Do(req.WithContext(ctx))
	if err != nil {
		return answer{attempts: 1}, s.explainTimeout(ctx, req.Context(), err)
	}
	defer resp.Body.Close()
	limit := maxErrorBytes
	if isSuccess(resp.StatusCode) {
		limit = maxAnswerBytes
	}
	body, cut, err := readBody(resp.Body, resp.ContentLength, limit)
	a := answer{attempts: 1, http: resp, body: body, cut: cut}
	if err != nil {
		return a, s.explainTimeout(ctx, req.Context(), fmt.Errorf("the answer broke off: %w", err))
	}
	resp.Body = newBufferedBody(body)
	return a, nil
}

// explainTimeout tells our own limit from the caller's deadline.
func (s *sender) explainTimeout(attempt, caller context.Context, err error) error {
	if attempt.Err() != nil && caller.Err() == nil {
		return fmt.Errorf("no whole answer within %v: %w", s.timeout, context.DeadlineExceeded)
	}
	return err
}

func isSuccess(status int) bool { return status >= 200 && status < 300 }
