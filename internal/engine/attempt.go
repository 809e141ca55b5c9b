package engine

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptrace"
	"slices"
	"strings"
	"sync/atomic"
	"time"
)

const (
	maxResponseBytes = 8 << 20  // of a success
	maxErrorBytes    = 64 << 10 // of any other body
)

// exchange is one request and its response, with the body read.
type exchange struct {
	Response
	cut     bool // the body was longer than what is read
	notSent bool // no connection came about
}

// attempt sends the request once, and checks and decodes the response.
func (e *Engine) attempt(ctx context.Context, call *Call, number int) (exchange, *Failure) {
	start := time.Now()
	var end func(Outcome)
	if e.Observer != nil {
		ctx, end = e.Observer.StartAttempt(ctx, Observation{call.Operation, e.base, number})
	}
	x, err := e.exchange(ctx, call, number)
	if err == nil {
		err = x.check(call, e.ParseError)
	}
	var failure *Failure
	if err != nil {
		failure = e.newFailure(call, &x, err)
	}
	if end != nil {
		end(x.outcome(failure))
	}
	if e.Logger != nil {
		e.log(ctx, call.Operation, &x, failure, time.Since(start))
	}
	return x, failure
}

// exchange sends the request and reads the whole response, within the time that one attempt has.
func (e *Engine) exchange(caller context.Context, call *Call, number int) (exchange, error) {
	x := exchange{Response: Response{Attempts: number, IdempotencyKey: call.IdempotencyKey}}
	ctx, cancel := context.WithTimeout(caller, e.Timeout)
	defer cancel()
	var connection connection
	connection.GotConn = connection.got
	req := call.Request.WithContext(httptrace.WithClientTrace(ctx, &connection.ClientTrace))
	if req.GetBody != nil && number > 1 { // the first attempt has the request's own
		body, err := req.GetBody()
		if err != nil {
			return x, err
		}
		req.Body = body
	}
	resp, err := e.HTTPClient.Do(req) //nolint:gosec // G704: checkTarget has checked host, scheme and path
	if err != nil {
		x.notSent = e.wasNeverSent(connection.wasGot.Load(), err)
		return x, e.explainTimeout(ctx, caller, x.notSent, err)
	}
	defer func() { _ = resp.Body.Close() }() // it was read as far as it will be
	if resp.Header == nil {
		resp.Header = http.Header{}
	}
	x.StatusCode, x.Header = resp.StatusCode, resp.Header
	// The header comes before the body: some responses carry the id in one of them only.
	x.CorrelationID = redactor{e, call}.clean(strings.TrimSpace(resp.Header.Get(e.CorrelationHeader)), maxWordBytes)
	limit := maxErrorBytes
	if isSuccess(resp.StatusCode) {
		limit = maxResponseBytes
	}
	x.Body, x.cut, err = readBody(resp.Body, resp.ContentLength, limit)
	if err != nil {
		return x, e.explainTimeout(ctx, caller, false, fmt.Errorf("the response broke off: %w", err))
	}
	return x, nil
}

// connection notes whether the transport got a connection for a request.
type connection struct {
	httptrace.ClientTrace
	wasGot atomic.Bool
}

func (c *connection) got(httptrace.GotConnInfo) { c.wasGot.Store(true) }

// explainTimeout tells the engine's own limit from the caller's deadline.
func (e *Engine) explainTimeout(attempt, caller context.Context, notSent bool, err error) error {
	if !errors.Is(attempt.Err(), context.DeadlineExceeded) || caller.Err() != nil {
		return err
	}
	if notSent {
		return fmt.Errorf("no connection within %v: %w", e.Timeout, context.DeadlineExceeded)
	}
	return fmt.Errorf("no whole response within %v: %w", e.Timeout, context.DeadlineExceeded)
}

// readBody reads up to limit bytes. cut says that there were more; what was read then is the beginning. A body is read
// to its end, since only then its connection serves the next call.
func readBody(body io.Reader, contentLength int64, limit int) (data []byte, cut bool, err error) {
	// One byte more than announced lets the last Read see the end without growing the buffer. An announcement alone
	// does not take more memory than this, though.
	size := 4 << 10
	if contentLength >= 0 {
		size = int(min(contentLength, int64(limit), 512<<10)) + 1
	}
	data = make([]byte, 0, size)
	for {
		if len(data) == cap(data) {
			data = slices.Grow(data, max(1, int(min(contentLength, int64(limit)))+1-len(data)))
		}
		room := data[len(data):min(cap(data), limit+1)]
		n, err := body.Read(room)
		data = data[:len(data)+n]
		if len(data) > limit {
			return data[:limit], true, nil
		}
		if err == io.EOF {
			return data, false, nil
		}
		if err != nil {
			return data, false, err
		}
	}
}
