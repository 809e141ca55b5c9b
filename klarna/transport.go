package klarna

import (
	"net/http"
	"runtime"
	"runtime/debug"
	"sync"
	"time"
)

const (
	// connections is how many connections to a host are opened over HTTP/1.1, and kept for the next call. The two that
	// net/http keeps would have parallel callers open a new TLS connection for nearly every call; without a bound they
	// dial in vain while others come free. Klarna's rate limit is below what so many carry, and HTTP/2 takes one.
	connections = 100

	// maxHeaderBytes bounds what a response's header may take. Klarna's take one or two KB.
	maxHeaderBytes = 64 << 10

	// defaultTimeout is how long one attempt may take, its body included.
	defaultTimeout = 30 * time.Second
)

// sharedTransport is used by every client that brings no transport of its own, so that several clients in a program
// share their connections, as they would with http.DefaultTransport.
var sharedTransport = sync.OnceValue(func() *http.Transport {
	transport := &http.Transport{Proxy: http.ProxyFromEnvironment, ForceAttemptHTTP2: true}
	// The default one brings time limits for dialing and for TLS. A program may have put a tracing wrapper in its
	// place; such a wrapper is not taken over, since it would record tokens in URLs and send headers of its own.
	if base, ok := http.DefaultTransport.(*http.Transport); ok {
		transport = base.Clone()
	}
	transport.MaxIdleConns = 0 // what counts is each host's
	transport.MaxIdleConnsPerHost = connections
	transport.MaxConnsPerHost = connections
	transport.MaxResponseHeaderBytes = maxHeaderBytes
	transport.IdleConnTimeout = 90 * time.Second
	return transport
})

// withoutRedirects copies the caller's http.Client: it is not ours to change. A redirect could carry the credentials and
// the shopper's address to another host, so the 3xx itself is the response.
func withoutRedirects(client *http.Client) *http.Client {
	own := http.Client{}
	if client != nil {
		own = *client
	}
	if own.Transport == nil {
		own.Transport = sharedTransport()
	}
	own.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &own
}

const modulePath = "github.com/klarna-go/klarna-payments"

// libraryUserAgent is the library's name, its version as the program was built with it, and Go's.
var libraryUserAgent = sync.OnceValue(func() string {
	version := "devel"
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, module := range append(info.Deps, &info.Main) {
			if module.Path == modulePath && module.Version != "" && module.Version != "(devel)" {
				version = module.Version
			}
		}
	}
	return "klarna-payments-go/" + version + " (" + runtime.Version() + ")"
})
