package engine

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"strings"
)

// Errors of ParseBaseURL that a caller may add a hint to.
var (
	ErrNoURL    = errors.New("the environment is not a URL")
	ErrUserInfo = errors.New("the base URL must not contain a user name or password")
	ErrPlain    = errors.New("must be https; plain http is for loopback only, since it would show credentials and personal data to the network")
)

// ParseBaseURL checks a base URL: it is https, or http to loopback, and has nothing but a host and a path. With plain it may be
// http to any host. Its errors quote no more than the scheme and the host, since people paste URLs with passwords in them.
func ParseBaseURL(text string, plain bool) (*url.URL, error) {
	base, err := url.Parse(strings.TrimSpace(text))
	switch {
	case err != nil, base.Scheme == "" && base.Host == "":
		return nil, ErrNoURL
	case base.User != nil:
		return nil, ErrUserInfo
	case base.Scheme != "https" && base.Scheme != "http":
		return nil, fmt.Errorf("the base URL must start with https://, not with %.20q", base.Scheme+":")
	case base.Hostname() == "":
		return nil, errors.New("the base URL has no host")
	case base.RawQuery != "" || base.ForceQuery:
		return nil, fmt.Errorf("the base URL of host %q must not have a query", base.Host)
	case base.Fragment != "":
		return nil, fmt.Errorf("the base URL of host %q must not have a fragment", base.Host)
	case IsPlain(base) && !plain:
		return nil, fmt.Errorf("the base URL of host %q %w", base.Host, ErrPlain)
	}
	for segment := range strings.SplitSeq(base.Path, "/") {
		if segment == "." || segment == ".." {
			return nil, fmt.Errorf("the path of the base URL of host %q must not contain %q", base.Host, segment)
		}
	}
	base.Path = strings.TrimRight(base.Path, "/")
	base.RawPath = strings.TrimRight(base.RawPath, "/")
	return base, nil
}

// IsPlain reports whether a URL is http to a host that is not loopback.
func IsPlain(u *url.URL) bool { return u.Scheme == "http" && !IsLoopback(u.Hostname()) }

// IsLoopback reports whether a host is localhost or a loopback address.
func IsLoopback(host string) bool {
	if strings.EqualFold(host, "localhost") {
		return true
	}
	ip := net.ParseIP(host)
	return ip != nil && ip.IsLoopback()
}
