package klarna

import (
	"net"
	"net/http"
	"runtime"
	"runtime/debug"
	"sync"
	"sync/atomic"
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

// Time limits of the transport. A dial goes on when its call has ended and keeps its place among the connections, so that
// only these limits free it.
const (
	dialTimeout         = 10 * time.Second
	tlsHandshakeTimeout = 10 * time.Second
	idleTimeout         = 90 * time.Second
	pingInterval        = 15 * time.Second // over HTTP/2, on a connection that is silent for so long
	pingTimeout         = 15 * time.Second
	writeTimeout        = 30 * time.Second // over HTTP/2, for bytes that the server does not take
)

// sharedTransport is used by every client that brings no transport of its own, so that several clients in a program
// share their connections, as they would with http.DefaultTransport.
var sharedTransport = sync.OnceValue(func() *transport {
	t := new(transport)
	t.current.Store(newTransport())
	return t
})

// transport is a transport of net/http that is replaced when its connections are found dead.
type transport struct {
	current    atomic.Pointer[http.Transport]
	generation atomic.Int64
	renewing   sync.Mutex
}

func (t *transport) RoundTrip(r *http.Request) (*http.Response, error) {
	return t.current.Load().RoundTrip(r)
}

// CloseIdleConnections closes the connections that serve no request.
func (t *transport) CloseIdleConnections() { t.current.Load().CloseIdleConnections() }

// Generation changes with each replacement.
func (t *transport) Generation() int64 { return t.generation.Load() }

// Renew replaces the connections of a generation: new requests dial anew. Requests on the old ones end as they would have,
// and their connections close as they come free. Over HTTP/2, closing the idle connections alone would not do, since the
// stream that timed out may still be open.
func (t *transport) Renew(generation int64) {
	t.renewing.Lock()
	defer t.renewing.Unlock()
	if t.generation.CompareAndSwap(generation, generation+1) {
		old := t.current.Swap(t.current.Load().Clone())
		old.CloseIdleConnections()
	}
}

// newTransport returns a transport with all limits set. http.DefaultTransport is cloned for its proxy and what else a
// program may have set on it. A wrapper that a program may have put in its place is not taken over, since it would
// record tokens in URLs and send headers of its own.
func newTransport() *http.Transport {
	t := &http.Transport{Proxy: http.ProxyFromEnvironment}
	if base, ok := http.DefaultTransport.(*http.Transport); ok {
		t = base.Clone()
	}
	//lint:ignore SA1019 a program may have set the deprecated Dial on http.DefaultTransport
	if t.DialContext == nil && t.Dial == nil { //nolint:staticcheck // as above
		t.DialContext = (&net.Dialer{Timeout: dialTimeout, KeepAlive: 30 * time.Second}).DialContext
	}
	if t.TLSHandshakeTimeout == 0 {
		t.TLSHandshakeTimeout = tlsHandshakeTimeout
	}
	if t.HTTP2 == nil {
		t.HTTP2 = &http.HTTP2Config{SendPingTimeout: pingInterval, PingTimeout: pingTimeout, WriteByteTimeout: writeTimeout}
	}
	t.ForceAttemptHTTP2 = true
	t.MaxIdleConns = 0 // what counts is each host's
	t.MaxIdleConnsPerHost = connections
	t.MaxConnsPerHost = connections
	t.MaxResponseHeaderBytes = maxHeaderBytes
	t.IdleConnTimeout = idleTimeout
	return t
}

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
