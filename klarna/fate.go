package klarna

import (
	"crypto/tls"
	"errors"
	"net"
	"net/http"
	"strings"
)

// fate is what became of a request that did not succeed, as far as it can be told.
type fate int

const (
	refused     fate = iota // Klarna said no, or the call was given up before anything was sent
	neverSent               // no connection came about
	rateLimited             // Klarna did not look at it
	ambiguous               // Klarna may have acted on it: no answer, half of one, a 5xx, or one that makes no sense
)

// retryRule says after which fates an operation is tried again. After a refusal, none is.
type retryRule struct{ neverSent, rateLimited, ambiguous bool }

// retryRules is the policy, and the source of the table in the documentation.
//
//   - CreateSession leaves at most an unused session behind, and UpdateSession sets the same values again.
//   - CreateOrder is sent again byte for byte: one authorization token makes at most one order, and Klarna compares the
//     bodies. That it answers the same body with the same order is inferred.
//   - CreateCustomerToken might make a second token.
var retryRules = map[Operation]retryRule{
	OperationCreateSession:       {neverSent: true, rateLimited: true, ambiguous: true},
	OperationReadSession:         {neverSent: true, rateLimited: true, ambiguous: true},
	OperationUpdateSession:       {neverSent: true, rateLimited: true, ambiguous: true},
	OperationCreateOrder:         {neverSent: true, rateLimited: true, ambiguous: true},
	OperationCancelAuthorization: {neverSent: true, rateLimited: true, ambiguous: true},
	OperationCreateCustomerToken: {neverSent: true, rateLimited: true, ambiguous: false},
}

func (r retryRule) allows(f fate) bool {
	switch f {
	case neverSent:
		return r.neverSent
	case rateLimited:
		return r.rateLimited
	case ambiguous:
		return r.ambiguous
	default:
		return false
	}
}

// fateOf judges a failed attempt.
func fateOf(a *answer, err error) fate {
	switch {
	case errors.Is(err, errNotSent):
		return refused
	case a.http == nil && isNeverSent(err):
		return neverSent
	case a.http == nil:
		return ambiguous
	}
	switch status := a.http.StatusCode; {
	case status == http.StatusTooManyRequests:
		return rateLimited
	case status == http.StatusRequestTimeout, status >= 500, isSuccess(status):
		return ambiguous
	}
	return refused
}

// errNotSent marks what ends a call before an attempt, such as a limiter's error or a context that is over.
var errNotSent = errors.New("nothing was sent")

// isNeverSent says whether an error proves that no request went out. What proves nothing counts as sent: a caller's
// transport may fail in ways of its own.
func isNeverSent(err error) bool {
	var dial *net.OpError
	if errors.As(err, &dial) && (dial.Op == "dial" || dial.Op == "proxyconnect") {
		return true
	}
	var certificate *tls.CertificateVerificationError
	var name *net.DNSError
	return errors.As(err, &certificate) || errors.As(err, &name) ||
		errors.Is(err, http.ErrSchemeMismatch) || isHandshakeTimeout(err)
}

// isHandshakeTimeout knows net/http's error by its text, since its type is not exported.
func isHandshakeTimeout(err error) bool {
	return strings.HasSuffix(err.Error(), "net/http: TLS handshake timeout")
}
