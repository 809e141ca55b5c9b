package engine

import (
	"bytes"
	"context"
	"crypto/rand"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// Config configures an engine; an API package makes it.
type Config struct {
	Base       *url.URL
	HTTPClient *http.Client // must not follow redirects
	Timeout    time.Duration
	Retry      RetryPolicy
	Limiter    func(context.Context, *Operation) error // or nil
	Observer   Observer                                // or nil
	Logger     *slog.Logger                            // or nil
	LogMessage string                                  // of the log's records

	Authorization     string // the header's value; a Call may bring its own
	UserAgent         string
	Secrets           []string // redacted from every text
	CorrelationHeader string   // the response header that names the exchange in the API's logs, or ""
	KeyHeader         string   // the request header of an idempotency key, or ""
	MaxRequestBytes   int64    // what the API reads of a request
	ParseError        func(body []byte) ErrorBody
}

// ErrorBody is what an API's error body contains.
type ErrorBody struct {
	Code          string
	Messages      []string
	Fields        []string // the members of the request that it is about, where they stand apart from the messages
	CorrelationID string
}

// Engine sends calls. It is immutable, and safe for concurrent use.
type Engine struct {
	Config
	base   *url.URL
	prefix string // the escaped path of the base URL

	pool           Pool // the transport, if it is one, or nil
	plainTransport bool // the transport is net/http's, or a Pool of those
}

// New returns an engine.
func New(config Config) *Engine {
	config.Retry = config.Retry.withDefaults()
	e := &Engine{Config: config, base: config.Base, prefix: config.Base.EscapedPath()}
	_, e.plainTransport = config.HTTPClient.Transport.(*http.Transport)
	if pool, ok := config.HTTPClient.Transport.(Pool); ok {
		e.pool, e.plainTransport = pool, true
	}
	return e
}

// Pool is a transport of net/http whose connections can be replaced while requests are under way.
type Pool interface {
	http.RoundTripper
	Generation() int64
	Renew(generation int64) // does nothing if that generation was replaced before
}

// Call is one call of an operation.
type Call struct {
	Operation *Operation
	Request   *http.Request // a relative URL is completed with the base URL; the context is not used
	Result    any           // what to decode the body into; nil uses Operation.New

	Header         http.Header // beyond the usual
	Authorization  string      // instead of the engine's
	IdempotencyKey string
	MaxAttempts    int  // 0 uses the policy's
	Waived         bool // the caller waives a check of the API package

	callersKey bool // the key is not one of the engine's
}

// Response is what is known of the last response of a call.
type Response struct {
	StatusCode     int // 0 if there was none
	Header         http.Header
	Body           []byte
	CorrelationID  string
	Attempts       int
	IdempotencyKey string
	ID             string // the result of an operation whose result comes from a header
	Result         any    // what the body was decoded into
	Lenient        bool   // decoding had to ignore something
}

// InvalidCall reports a call that was not sent, because its request cannot be right.
type InvalidCall struct {
	Reason InvalidReason
	Text   string // quotes nothing that may be a secret
	Err    error  // what the text is about, or nil
}

// InvalidReason is what is wrong with a call.
type InvalidReason uint8

// What is wrong with a call.
const (
	InvalidTarget  InvalidReason = iota // another host, or a header that cannot be sent
	InvalidID                           // a path parameter that is malformed, or changes the path
	InvalidRequest                      // the body is too large
	Unreadable                          // the body cannot be read
)

func (e *InvalidCall) Error() string { return e.Text }

func (e *InvalidCall) Unwrap() error { return e.Err }

// Do makes a call. The error is an *InvalidCall if the call was not tried, and a *Failure otherwise. The response holds
// what is known in every case.
func (e *Engine) Do(ctx context.Context, call Call) (Response, error) {
	op, req := call.Operation, call.Request
	if err := e.checkTarget(op, req); err != nil {
		return Response{}, err
	}
	call.callersKey = call.IdempotencyKey != ""
	original := snapshotOf(req.Header)
	if err := e.setHeader(req.Header, &call); err != nil {
		return Response{}, err
	}
	if err := e.makeReplayable(ctx, req); err != nil {
		return Response{}, err
	}
	var end func(Outcome)
	if e.Observer != nil {
		ctx, end = e.Observer.StartCall(ctx, Observation{op, e.base, 0})
	}
	x, failure := e.try(ctx, &call, &original)
	if end != nil {
		end(x.outcome(failure))
	}
	if failure != nil {
		return x.Response, failure
	}
	return x.Response, nil
}

// checkTarget lets a request out only to the engine's host, on the operation's path, with well-formed ids.
func (e *Engine) checkTarget(op *Operation, req *http.Request) error {
	u, base := req.URL, e.base
	if u.Scheme == "" && u.Host == "" {
		if base.RawPath != "" || u.RawPath != "" {
			u.RawPath = e.prefix + u.EscapedPath()
		}
		u.Scheme, u.Host, u.Path = base.Scheme, base.Host, base.Path+u.Path
	}
	if u.Host != base.Host || u.Scheme != base.Scheme || u.Opaque != "" || req.Host != "" && req.Host != base.Host {
		return &InvalidCall{Reason: InvalidTarget, Text: "the request goes to another host than the client's"}
	}
	path, ok := strings.CutPrefix(u.EscapedPath(), e.prefix)
	var fault string
	ok = ok && req.Method == op.Method && op.params(path, func(name, escaped string) {
		id, err := url.PathUnescape(escaped)
		if err != nil {
			fault = name + " is malformed: it is not escaped correctly"
		} else if id == "" { // net/url removes dot segments
			fault = name + " is malformed: it is empty or a dot segment"
		} else if text := CheckID(id); text != "" {
			fault = name + " is malformed: it " + text
		}
	})
	if !ok {
		return &InvalidCall{Reason: InvalidID, Text: "the path of the request is not the operation's: an id is a dot segment, or contains a slash that is not escaped"}
	}
	if fault != "" {
		return &InvalidCall{Reason: InvalidID, Text: fault}
	}
	return nil
}

// setHeader sets the headers of a call. A key that net/http knows would make it resend the request by itself.
func (e *Engine) setHeader(h http.Header, call *Call) error {
	for _, name := range []string{"Idempotency-Key", "X-Idempotency-Key"} {
		if _, ok := h[name]; ok {
			return &InvalidCall{Reason: InvalidTarget, Text: "net/http would take the header " + name + " as permission to resend the request; leave it out"}
		}
	}
	for key, values := range call.Header {
		h[key] = values
	}
	own := &[3]string{e.Authorization, e.UserAgent, "application/json"} // of this call, since a transport may change them
	if call.Authorization != "" {
		own[0] = call.Authorization
	}
	h["Authorization"], h["User-Agent"] = own[0:1:1], own[1:2:2]
	if _, ok := h["Accept"]; !ok || call.Operation.Result != Raw {
		h["Accept"] = own[2:3:3]
	}
	switch op := call.Operation; {
	case call.IdempotencyKey != "" && op.Key == NoKey:
		return &InvalidCall{Reason: InvalidTarget, Text: "the operation takes no idempotency key"}
	case call.IdempotencyKey == "" && op.Key == DefaultKey:
		call.IdempotencyKey = newUUID()
	}
	if call.IdempotencyKey != "" {
		h[e.KeyHeader] = []string{call.IdempotencyKey}
	}
	return nil
}

// newUUID returns a random UUID (version 4).
func newUUID() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}

// makeReplayable makes sure that each attempt can send the same bytes, and that they are not more than the API reads. The
// body of a generated request can be read again already; any other is read here.
func (e *Engine) makeReplayable(ctx context.Context, req *http.Request) error {
	if req.Body != nil && req.Body != http.NoBody && req.GetBody == nil {
		data, err := readAll(ctx, req.Body, e.MaxRequestBytes+1, e.Timeout)
		if err != nil {
			return &InvalidCall{Reason: Unreadable, Text: "the body of the request cannot be read: " + err.Error(), Err: err}
		}
		req.ContentLength = int64(len(data))
		req.GetBody = func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(data)), nil }
		req.Body = io.NopCloser(bytes.NewReader(data))
	}
	if req.ContentLength > e.MaxRequestBytes {
		return &InvalidCall{Reason: InvalidRequest, Text: fmt.Sprintf("the body has %d bytes, more than the %d that are accepted", req.ContentLength, e.MaxRequestBytes)}
	}
	return nil
}

// readAll reads and closes a body. A body that blocks ends with the context or the time limit; its goroutine then ends when its
// Read returns, at the latest after Close.
func readAll(ctx context.Context, body io.ReadCloser, limit int64, timeout time.Duration) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	type result struct {
		data []byte
		err  error
	}
	done := make(chan result, 1)
	go func() {
		data, err := io.ReadAll(io.LimitReader(body, limit))
		done <- result{data, err}
	}()
	defer func() { _ = body.Close() }() // it was read, or is given up; how it closes changes nothing
	select {
	case r := <-done:
		return r.data, r.err
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}
