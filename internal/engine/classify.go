package engine

import (
	"crypto/tls"
	"errors"
	"net"
	"net/http"
)

// Class says what is known about a request that did not succeed.
type Class uint8

// Classes of failures.
const (
	Rejected    Class = iota // the API rejected it
	NotSent                  // no connection came about
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
	}
	return Rejected
}

// isRepeatable is false for what would only come again: a body without an end, or a redirect.
func (x *exchange) isRepeatable() bool {
	return !x.cut && (x.StatusCode < 300 || x.StatusCode >= 400)
}

// wasNeverSent reports whether no request went out. For net/http's own transport, not having got a connection proves it.
// For any other transport that proves nothing, since it may not say; there the error has to be one of connecting as well.
func (e *Engine) wasNeverSent(connected bool, err error) bool {
	if connected {
		return false
	}
	_, own := e.HTTPClient.Transport.(*http.Transport)
	return own || isDialError(err)
}

func isDialError(err error) bool {
	var dial *net.OpError
	if errors.As(err, &dial) && (dial.Op == "dial" || dial.Op == "proxyconnect") {
		return true
	}
	var certificate *tls.CertificateVerificationError
	var name *net.DNSError
	return errors.As(err, &certificate) || errors.As(err, &name) || errors.Is(err, http.ErrSchemeMismatch)
}

func isSuccess(status int) bool { return status >= 200 && status < 300 }
