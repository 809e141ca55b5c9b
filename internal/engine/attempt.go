package engine

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptrace"
	"net/url"
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
	broken  bool // the body broke off
	notSent bool // it is proved that the API did not get the request
	hidden  int  // copies of the request that the transport sent by itself
}

// attempt sends the request once, and checks and decodes the response.
func (e *Engine) attempt(ctx context.Context, call *Call, number int) (exchange, *Failure) {
	var start time.Time
	if e.Logger != nil {
		start = time.Now()
	}
	var end func(Outcome)
	if e.Observer != nil {
		ctx, end = e.Observer.StartAttempt(ctx, Observation{call.Operation, e.base, number})
	}
	x, err := e.exchange(ctx, call, number)
	if err == nil {
		err = x.check(call, e.ParseError)
	} else if x.broken && call.Operation.Commits && isSuccess(x.StatusCode) && x.check(call, e.ParseError) == nil {
		err = nil // the body is complete; only its end was not announced
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
	body := call.Request.Body
	if body == http.NoBody {
		body = nil
	}
	if body != nil && number > 1 { // the first attempt has the request's own
		var err error
		if body, err = call.Request.GetBody(); err != nil {
			x.notSent = true
			return x, fmt.Errorf("the body of the request cannot be read again: %w", err)
		}
	}
	var generation int64
	if e.pool != nil {
		generation = e.pool.Generation()
	}
	ctx, w := newWire(caller, body, e.Timeout, e.plainTransport)
	defer w.end()
	resp, err := e.HTTPClient.Do(w.request(ctx, call.Request)) //nolint:gosec // G704: checkTarget has checked host, scheme and path
	x.hidden = int(w.hidden.Load())
	x.Attempts += x.hidden
	if err != nil {
		x.notSent = w.provesNotSent(err)
		e.replaceDead(ctx, w, generation)
		return x, w.explain(ctx, caller, x.notSent, err)
	}
	if resp.Header == nil {
		resp.Header = http.Header{}
	}
	x.StatusCode, x.Header = resp.StatusCode, resp.Header
	// The header comes before the body: some responses carry the id in one of them only.
	x.CorrelationID = redactor{e, call}.clean(strings.TrimSpace(resp.Header.Get(e.CorrelationHeader)), maxWordBytes)
	if x.StatusCode < http.StatusOK { // as 101: what follows is not a body, and does not obey the context
		_ = resp.Body.Close()
		return x, nil
	}
	if e.pool == nil {
		w.response.Store(&resp.Body)
		if ctx.Err() != nil { // the time limit has passed just now
			_ = resp.Body.Close()
		}
	}
	defer func() { _ = resp.Body.Close() }() // it was read as far as it will be
	limit := maxErrorBytes
	if isSuccess(resp.StatusCode) {
		limit = maxResponseBytes
	}
	x.Body, x.cut, err = readBody(resp.Body, resp.ContentLength, limit)
	if err != nil {
		x.broken = true
		e.replaceDead(ctx, w, generation)
		return x, w.explain(ctx, caller, false, fmt.Errorf("the response broke off: %w", err))
	}
	return x, nil
}

// replaceDead abandons the connections of a transport after a time-out on one of them that had served before: it may be
// dead without anyone having said so, and so may be the others. Requests on them end as they would have.
func (e *Engine) replaceDead(ctx context.Context, w *wire, generation int64) {
	if !w.reused.Load() || !errors.Is(context.Cause(ctx), context.DeadlineExceeded) {
		return
	}
	if e.pool != nil {
		e.pool.Renew(generation)
	} else {
		e.HTTPClient.CloseIdleConnections()
	}
}

// wire is what is known of a request on its way. It is the request's body as well: net/http cannot resend what it cannot
// read again, and a body of which nothing was read, and nothing can be read any more, proves that the API did not get the
// request, whatever the transport does. It is safe for concurrent use.
type wire struct {
	httptrace.ClientTrace
	url               url.URL
	body              io.Reader // nil without one
	timeout           time.Duration
	timer             *time.Timer // first for the wait for a connection, then for the attempt itself
	cancel            context.CancelCauseFunc
	created, deadline time.Time    // deadline is the caller's, or zero
	started           atomic.Int64 // the time between created and the start
	phase             atomic.Int32
	asked             atomic.Bool  // net/http looked for a connection, and not some transport registered with it
	conns             atomic.Int32 // connections that the transport got for the request
	hidden            atomic.Int32
	reused            atomic.Bool // the connection had served before
	http2             atomic.Bool

	// The body of the response, if it may not obey the context, as that of net/http does: the time limit closes it.
	response atomic.Pointer[io.ReadCloser]
}

// The phases of a request. Who moves it on from waiting decides.
const (
	waiting   int32 = iota // for a connection
	sending                // it may be on its way
	abandoned              // it will not be sent
)

var (
	errAbandoned = errors.New("the request was abandoned before it was sent")
	// The causes with which an attempt's context ends.
	errNoConnection = fmt.Errorf("no connection: %w", context.DeadlineExceeded)
	errResend       = errors.New("the connection failed after the request was sent, and net/http was about to send it again")
)

func newWire(caller context.Context, body io.Reader, timeout time.Duration, plainTransport bool) (context.Context, *wire) {
	w := &wire{body: body, timeout: timeout, created: time.Now()}
	w.deadline, _ = caller.Deadline()
	ctx, cancel := context.WithCancelCause(caller)
	w.cancel = cancel
	w.timer = time.AfterFunc(w.limit(), w.expire)
	w.GotConn = w.gotConn
	if body == nil {
		w.WroteHeaders = func() { w.start() } // over HTTP/2, the wait for a stream comes after GotConn
		if plainTransport {
			w.GetConn = func(string) { w.asked.Store(true) }
		}
	}
	return httptrace.WithClientTrace(ctx, &w.ClientTrace), w
}

// request returns the request for one attempt. A transport may change its URL; the original is needed for redaction.
func (w *wire) request(ctx context.Context, of *http.Request) *http.Request {
	req := of.WithContext(ctx)
	w.url = *of.URL
	req.URL, req.GetBody = &w.url, nil
	if w.body != nil {
		req.Body = w
	}
	return req
}

func (w *wire) end() {
	w.timer.Stop()
	w.cancel(nil)
}

// start notes that the request can go out: the attempt's own time begins. It is false for an abandoned request.
func (w *wire) start() bool {
	if w.phase.Load() == waiting {
		w.started.Store(int64(time.Since(w.created)))
	}
	if w.phase.CompareAndSwap(waiting, sending) {
		w.timer.Reset(w.limit())
		return true
	}
	return w.phase.Load() == sending
}

func (w *wire) Read(p []byte) (int, error) {
	if !w.start() {
		return 0, errAbandoned
	}
	return w.body.Read(p)
}

// Close does nothing: net/http closes a body that it has not read before it tries another connection.
func (w *wire) Close() error { return nil }

// gotConn notes a connection. A further one, once the request may be on its way, means that the transport sends it again.
// Over HTTP/2, cancelling prevents that: net/http looks at the context before it writes. Over HTTP/1.1 it resends a GET after
// the peer closed the connection, which is counted; anything else only if not a byte had been written.
func (w *wire) gotConn(info httptrace.GotConnInfo) {
	if w.conns.Add(1) > 1 && w.phase.Load() == sending {
		if w.http2.Load() {
			w.cancel(errResend)
			return
		}
		w.hidden.Add(1)
	}
	w.reused.Store(info.Reused)
	if c, ok := info.Conn.(interface{ ConnectionState() tls.ConnectionState }); ok && c.ConnectionState().NegotiatedProtocol == "h2" {
		w.http2.Store(true)
	} else if w.body == nil {
		w.start()
	}
}

// limit is how long the wait for a connection, or the attempt itself, may take from now on.
func (w *wire) limit() time.Duration {
	if w.deadline.IsZero() {
		return w.timeout
	}
	return min(w.timeout, time.Until(w.deadline))
}

func (w *wire) expire() {
	if w.phase.CompareAndSwap(waiting, abandoned) {
		w.cancel(errNoConnection)
		return
	}
	// The wait may have ended at the moment of its limit: then this is not yet the attempt's own.
	if time.Since(w.created)-time.Duration(w.started.Load()) < w.timeout && (w.deadline.IsZero() || time.Now().Before(w.deadline)) {
		return
	}
	w.cancel(context.DeadlineExceeded)
	if body := w.response.Load(); body != nil {
		_ = (*body).Close()
	}
}

// provesNotSent reports whether a request that failed was surely not processed: nothing of its body was read, or the peer
// guarantees it. Without a body, only net/http's own transport proves it, by not having got a connection.
func (w *wire) provesNotSent(err error) bool {
	if w.body == nil {
		return w.asked.Load() && w.conns.Load() == 0
	}
	return w.phase.CompareAndSwap(waiting, abandoned) || w.phase.Load() == abandoned || isNotProcessed(err)
}

// explain returns why a request failed, as far as the attempt's own context is the reason.
func (w *wire) explain(ctx, caller context.Context, notSent bool, err error) error {
	cause, ended := context.Cause(ctx), endOf(caller)
	switch {
	case ended != nil:
		if errors.Is(err, ended) {
			return err
		}
		return fmt.Errorf("%w: %w", ended, withoutURL(err))
	case errors.Is(cause, errResend):
		return errResend
	case errors.Is(cause, context.DeadlineExceeded) && notSent:
		return fmt.Errorf("no connection within %v: %w", w.timeout, context.DeadlineExceeded)
	case errors.Is(cause, context.DeadlineExceeded):
		return fmt.Errorf("no whole response within %v: %w", w.timeout, context.DeadlineExceeded)
	}
	return err
}

// readBody reads up to limit bytes. cut reports that there were more; what was read then is the beginning. A body is read
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
