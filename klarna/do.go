package klarna

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"

	"github.com/klarna-go/klarna-payments/internal/engine"
)

// Do sends a request to a Klarna API that this module has no package for, such as Settlements. It goes to the client's host
// only, with the client's credentials, limiter, observer and logger, which are told of the operation "Do". A relative URL is
// resolved against [Client.BaseURL]. The request itself is not changed, and its context is the call's.
//
// Do follows no redirects. It returns a response for a status of 2xx only, with a body of at most 8 MiB that is read already.
// Otherwise it returns an [*Error], whose text contains neither path nor query, or another error if the request is invalid. A
// request whose path has an empty segment or a dot segment fails with ErrInvalidID.
//
// A request is retried after an ambiguous failure if it is a GET or HEAD, or if it has the header Klarna-Idempotency-Key. If a
// request other than a GET or HEAD ends ambiguously, the error wraps ErrOutcomeUnknown, with or without a key.
//
// A *Client implements the HttpRequestDoer interface of oapi-codegen's clients: pass it to a generated client as its HTTP
// client.
func (c *Client) Do(req *http.Request) (*http.Response, error) {
	switch {
	case c == nil || c.engine == nil:
		return nil, errors.New("klarna: Do: the client was not made by klarna.New")
	case req == nil || req.URL == nil:
		return nil, errors.New("klarna: Do: the request is nil, or has no URL")
	}
	req = req.Clone(req.Context())
	if req.Header == nil {
		req.Header = http.Header{}
	}
	key := req.Header.Get(idempotencyKeyHeader)
	if _, ok := req.Header[idempotencyKeyHeader]; ok {
		if err := checkIdempotencyKey(key); err != nil {
			return nil, &invalidCall{string(OperationDo), idempotencyKeyHeader + ": " + err.Error(), []error{ErrNotSent, err}}
		}
	}
	op := doOperation(req.Method)
	response, err := c.engine.Do(req.Context(), engine.Call{Operation: op, Request: req, IdempotencyKey: key})
	if err != nil {
		return nil, callError(op, err)
	}
	return httpResponse(req, response.StatusCode, response.Header, response.Body), nil
}

// doOperation is the row of Do for a method: of any path, and with a body of any form.
func doOperation(method string) *engine.Operation {
	if method == "" {
		method = http.MethodGet
	}
	op := &engine.Operation{Name: string(OperationDo), Method: method, Result: engine.Raw, Key: engine.OptionalKey}
	if method != http.MethodGet && method != http.MethodHead {
		op.Retry, op.Commits = engine.WithIdempotencyKey, true
	}
	return op
}

// httpResponse makes a response of net/http whose body was read already.
func httpResponse(req *http.Request, status int, header http.Header, body []byte) *http.Response {
	return &http.Response{
		StatusCode: status, Status: fmt.Sprintf("%d %s", status, http.StatusText(status)), Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: header, Body: io.NopCloser(bytes.NewReader(body)), ContentLength: int64(len(body)), Request: req,
	}
}
