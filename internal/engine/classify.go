package engine

import (
	"errors"
	"net/http"
	"net/url"
	"strings"
)

// Class is what is known about a request that did not succeed.
type Class uint8

// Classes of failures.
const (
	Rejected    Class = iota // the API rejected it
	NotSent                  // it is proved that the API did not get it
	RateLimited              // the API did not look at it
	Ambiguous                // it may have been carried out: no response, half of one, an unusable one, 408 or 5xx
)

// classify returns the class of a failed attempt.
func (x *exchange) classify(op *Operation) Class {
	switch {
	case x.notSent:
		return NotSent
	case x.StatusCode == 0:
		return Ambiguous
	}
	switch status := x.StatusCode; {
	case status == http.StatusTooManyRequests:
		return RateLimited
	case status < 400, status == http.StatusRequestTimeout, status >= 500:
		return Ambiguous
	case op.Commits && (x.broken || x.cut): // what it would have said, as "already completed", is lost
		return Ambiguous
	}
	return Rejected
}

// isRepeatable is false for what would only come again: a body without an end, or a redirect.
func (x *exchange) isRepeatable() bool {
	return !x.cut && (x.StatusCode < 300 || x.StatusCode >= 400)
}

// isNotProcessed reports whether the server guaranteed, by REFUSED_STREAM or GOAWAY, that it did not process the request. In
// net/http's errors only these texts show it. Everything else is ambiguous, so that a changed text in a later version errs on
// the safe side; a test notices it.
func isNotProcessed(err error) bool {
	var failed *url.Error
	if errors.As(err, &failed) {
		err = failed.Err
	}
	text := err.Error()
	if cause, ok := strings.CutPrefix(text, "http2: Transport: cannot retry err ["); ok {
		cause, ok = strings.CutSuffix(cause, "] after Request.Body was written; define Request.GetBody to avoid this error")
		return ok && (cause == "http2: Transport received Server's graceful shutdown GOAWAY" || isRefusedStream(cause))
	}
	// A GOAWAY in response to a connection's first request, with an error code.
	code, ok := strings.CutPrefix(text, "http2: Transport received GOAWAY from server ErrCode:")
	return ok && strings.Trim(code, "ABCDEFGHIJKLMNOPQRSTUVWXYZ_12") == ""
}

func isRefusedStream(text string) bool {
	id, ok := strings.CutPrefix(text, "stream error: stream ID ")
	if !ok {
		return false
	}
	id, ok = strings.CutSuffix(id, "; REFUSED_STREAM; received from peer")
	return ok && strings.Trim(id, "0123456789") == ""
}

func isSuccess(status int) bool { return status >= 200 && status < 300 }
