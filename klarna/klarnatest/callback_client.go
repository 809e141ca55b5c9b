package klarnatest

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"syscall"

	"github.com/klarna-go/klarna-payments/internal/engine"
)

// errNotAllowed is the error of a callback to an address that the policy does not allow.
var errNotAllowed = errors.New("the address is not allowed")

// newCallbackClient makes the client that calls the shop. It connects to nothing that the policy does not allow, follows
// no redirect and keeps no connection.
func newCallbackClient(policy CallbackPolicy) *http.Client {
	return &http.Client{
		Transport: &http.Transport{
			Proxy:                 nil, // a proxy is elsewhere
			DialContext:           policy.dial,
			TLSHandshakeTimeout:   policy.Timeout,
			ResponseHeaderTimeout: policy.Timeout,
			DisableKeepAlives:     true,
			// A developer's certificate is signed by nobody, and what a fake server sends is of no use to anyone else.
			TLSClientConfig: &tls.Config{InsecureSkipVerify: true}, //nolint:gosec // see above; the dialer connects to allowed addresses only
		},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// dial connects to a shop. The address is checked once it is resolved: what a name means is up to its owner, and what
// localhost means to the machine's configuration.
func (p CallbackPolicy) dial(ctx context.Context, network, address string) (net.Conn, error) {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return nil, err
	}
	dialer := &net.Dialer{
		Timeout: p.Timeout,
		Control: func(_, resolved string, _ syscall.RawConn) error {
			at, err := netip.ParseAddrPort(resolved)
			if err != nil {
				return errNotAllowed
			}
			at = netip.AddrPortFrom(at.Addr().Unmap(), at.Port())
			if p.Allow == nil && !at.Addr().IsLoopback() || p.Allow != nil && !p.Allow(host, at) {
				return errNotAllowed
			}
			return nil
		},
	}
	return dialer.DialContext(ctx, network, address)
}

// isLoopbackURL reports whether a URL is on this machine, without looking its name up.
func isLoopbackURL(text string) bool {
	u, err := url.Parse(text)
	return err == nil && (u.Scheme == "http" || u.Scheme == "https") && engine.IsLoopback(u.Hostname())
}
