package klarna

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"time"
)

// sender is what the generated client sends with. Everything between a built request and a checked answer happens
// here, below the generated code, so that Raw gets the same treatment: path guard, headers, attempts, bounded body,
// status to error, decode.
type sender struct {
	base       *url.URL
	httpClient *http.Client
	timeout    time.Duration
	retry      RetryPolicy
	limiter    Limiter      // or nil
	logger     *slog.Logger // or nil
	observer   Observer     // or nil
	secrets    []string     // never to be seen in an error

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
		retry:         c.retry.withDefaults(),
		limiter:       c.limiter,
		logger:        c.logger,
		observer:      c.observer,
		secrets:       []string{authorization[len("Basic "):], creds.secret.password},
		authorization: []string{authorization},
		userAgent:     []string{c.userAgent},
	}
}

// Do sends a request that the generated client built. Its error is an *Error, but for a request that was not sent. The
// body of its answer was read and closed, and decoded for the methods of Client; a caller of Raw reads it as any other.
func (s *sender) Do(req *http.Request) (*http.Response, error) {
	op, id, err := s.guard(req)
	if err != nil {
		return nil, err
	}
	if err := keepBody(req, op); err != nil {
		return nil, err
	}
	call := callOf(req.Context()) // nil for Raw
	s.setHeader(req, call)

	req, end := s.observed(req, op, 0)
	answer, failed := s.try(req, op, id, call)
	end(&answer, failed)
	if call != nil && call.response != nil {
		*call.response = answer.response()
	}
	if failed != nil {
		return nil, failed
	}
	if call == nil {
		answer.completeForRaw(op)
	}
	return answer.http, nil
}

// guard lets only the six operations of this API out, and only to the host that the client was made for.
func (s *sender) guard(req *http.Request) (op Operation, id string, err error) {
	if req.URL.Host != s.base.Host || req.URL.Scheme != s.base.Scheme || req.URL.Opaque != "" || req.Host != "" && req.Host != s.base.Host {
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

// maxRequestBytes is what Klarna reads of a request; more is 413.
//
// Source: Klarna's page on request limits, which says 1 MB. That this is 2²⁰ bytes is inferred.
const maxRequestBytes = 1 << 20

// keepBody makes sure that each attempt can send the same bytes, and that they are not more than Klarna takes. What the
// generated client builds from a value can be read again already; a reader that a caller of Raw gave is read here.
func keepBody(req *http.Request, op Operation) error {
	if req.Body != nil && req.GetBody == nil {
		data, err := io.ReadAll(io.LimitReader(req.Body, maxRequestBytes+1))
		_ = req.Body.Close() // it was read; how it closes changes nothing
		if err != nil {
			return fmt.Errorf("klarna: %s: the body of the request cannot be read: %w", op, err)
		}
		req.ContentLength = int64(len(data))
		req.GetBody = func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(data)), nil }
		req.Body = io.NopCloser(bytes.NewReader(data))
	}
	if req.ContentLength > maxRequestBytes {
		return fmt.Errorf("klarna: %s: %w: its body has %d bytes, and Klarna takes 1 MB: nothing was sent", op, ErrInvalidRequest, req.ContentLength)
	}
	return nil
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
