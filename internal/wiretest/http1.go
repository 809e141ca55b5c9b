package wiretest

import (
	"bufio"
	"crypto/tls"
	"io"
	"net"
	"net/http"
	"sync"
	"testing"
)

// HTTP1 is a peer that speaks HTTP/1.1, in words of the test's choice.
type HTTP1 struct {
	URL string
	recorder
	handle   func(*Exchange)
	listener net.Listener

	open sync.WaitGroup
	live liveConns
}

// NewHTTP1 starts a peer without TLS. It calls handle with each request that it has received whole. The connection serves the
// next request afterwards, unless handle closed it. The peer is closed when the test ends.
func NewHTTP1(t testing.TB, handle func(*Exchange)) *HTTP1 {
	t.Helper()
	return newHTTP1(t, "http", handle, nil)
}

// NewHTTP1TLS is NewHTTP1 over TLS.
func NewHTTP1TLS(t testing.TB, handle func(*Exchange)) *HTTP1 {
	t.Helper()
	return newHTTP1(t, "https", handle, ServerTLS("http/1.1"))
}

func newHTTP1(t testing.TB, scheme string, handle func(*Exchange), config *tls.Config) *HTTP1 {
	t.Helper()
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &HTTP1{URL: scheme + "://" + listener.Addr().String(), handle: handle, listener: listener}
	if config != nil {
		p.listener = tls.NewListener(listener, config)
	}
	p.open.Go(p.accept)
	t.Cleanup(p.Close)
	return p
}

// Close closes the listener and all connections, and waits until no handle is running.
func (p *HTTP1) Close() {
	_ = p.listener.Close()
	p.live.closeAll()
	p.open.Wait()
}

// CloseConnections closes the connections that are open now, as a server does with idle ones.
func (p *HTTP1) CloseConnections() {
	for _, conn := range p.live.all() {
		_ = conn.Close()
	}
}

func (p *HTTP1) accept() {
	for {
		conn, err := p.listener.Accept()
		if err != nil {
			return
		}
		if !p.live.add(conn) {
			_ = conn.Close()
			return
		}
		number := p.connected()
		p.open.Go(func() { p.serve(conn, number) })
	}
}

func (p *HTTP1) serve(conn net.Conn, number int) {
	defer p.live.remove(conn)
	reader := bufio.NewReader(conn)
	for {
		received, err := http.ReadRequest(reader)
		if err != nil {
			return
		}
		request := &Request{Method: received.Method, Path: received.URL.RequestURI(), Header: received.Header, Connection: number}
		p.received(request)
		body, err := io.ReadAll(received.Body)
		p.add(request, body, err == nil)
		if err != nil {
			return
		}
		exchange := &Exchange{Request: *request, conn: conn}
		p.handle(exchange)
		if exchange.closed {
			return
		}
	}
}

// Exchange is one request of a client, and what the peer does about it.
type Exchange struct {
	Request
	conn   net.Conn
	closed bool
}

// Write sends bytes as they are.
func (e *Exchange) Write(raw string) { _, _ = io.WriteString(e.conn, raw) } // a client that is gone changes nothing for the test

// CloseConnection closes the connection.
func (e *Exchange) CloseConnection() {
	e.closed = true
	_ = e.conn.Close()
}

// Wait returns when the client has closed the connection, or sent something more.
func (e *Exchange) Wait() {
	e.closed = true
	_, _ = e.conn.Read(make([]byte, 1))
}
