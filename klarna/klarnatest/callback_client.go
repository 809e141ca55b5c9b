package klarnatest

import (
	"crypto/tls"
	"errors"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"syscall"
)

// newCallbackClient makes the client that calls the shop. It reaches nothing but this machine, follows no redirect and
// keeps no connection.
func newCallbackClient() *http.Client {
	dialer := &net.Dialer{
		Timeout: callbackTimeout,
		// What localhost means is up to the machine's configuration.
		Control: func(_, address string, _ syscall.RawConn) error {
			if at, err := netip.ParseAddrPort(address); err != nil || !at.Addr().Unmap().IsLoopback() {
				return errors.New("the address is not on this machine")
			}
			return nil
		},
	}
	return &http.Client{
		Transport: &http.Transport{
			Proxy:                 nil, // a proxy is elsewhere
			DialContext:           dialer.DialContext,
			TLSHandshakeTimeout:   callbackTimeout,
			ResponseHeaderTimeout: callbackTimeout,
			DisableKeepAlives:     true,
			// A developer's certificate is signed by nobody, and what is said does not leave the machine.
			TLSClientConfig: &tls.Config{InsecureSkipVerify: true}, //nolint:gosec // see above; the dialer goes nowhere but loopback
		},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// isLoopbackURL says whether a URL is on this machine, without looking its name up.
func isLoopbackURL(text string) bool {
	u, err := url.Parse(text)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" {
		return false
	}
	host := u.Hostname()
	if strings.EqualFold(host, "localhost") {
		return true
	}
	ip := net.ParseIP(host)
	return ip != nil && ip.IsLoopback()
}
