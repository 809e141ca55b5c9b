package klarna

import (
	"crypto/tls"
	"errors"
	"net"
	"net/http"
)

// fate is what became of a request that did not succeed, as far as it can be told.
type fate int

const (
	refused     fate = iota // Klarna said no
	neverSent               // no connection came about
	rateLimited             // Klarna did not look at it
	ambiguous               // Klarna may have acted on it: no answer, half of one, one that makes no sense, 408 or 5xx
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
func fateOf(a *answer) fate {
	switch {
	case a.neverSent:
		return neverSent
	case a.http == nil:
		return ambiguous
	}
	switch status := a.http.StatusCode; {
	case status == http.StatusTooManyRequests:
		return rateLimited
	case status < 400, status == http.StatusRequestTimeout, status >= 500:
		return ambiguous
	}
	return refused
}

// wasNeverSent says whether no request went out. net/http's own transport tells by not having got a connection. Of any
// other transport that is no proof, as it may not tell; there the error has to be one of connecting as well.
func (s *sender) wasNeverSent(connected bool, err error) bool {
	if connected {
		return false
	}
	_, own := s.httpClient.Transport.(*http.Transport)
	return own || isOfConnecting(err)
}

func isOfConnecting(err error) bool {
	var dial *net.OpError
	if errors.As(err, &dial) && (dial.Op == "dial" || dial.Op == "proxyconnect") {
		return true
	}
	var certificate *tls.CertificateVerificationError
	var name *net.DNSError
	return errors.As(err, &certificate) || errors.As(err, &name) || errors.Is(err, http.ErrSchemeMismatch)
}
