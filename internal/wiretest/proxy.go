package wiretest

import (
	"context"
	"io"
	"net"
	"sync"
	"testing"
)

// Plan is what a [Proxy] does with one connection.
type Plan struct {
	// After is how many bytes of the server reach the client before the rest of the plan. A negative value means all.
	After int64
	// Stall forwards nothing further in either direction and keeps the connection open, as a network does that lost its
	// state. Otherwise the connection is cut: the client sees it close.
	Stall bool
}

// Healthy lets everything through.
var Healthy = Plan{After: -1}

// Proxy forwards TCP connections to a server.
type Proxy struct {
	Addr     string // host:port
	listener net.Listener
	target   string
	ctx      context.Context // of the test
	plan     func(connection int) Plan

	open sync.WaitGroup
	live liveConns

	mu    sync.Mutex
	count int
	links []*link
}

// NewProxy starts a proxy for the server at target (host:port). plan decides about each connection, which count from 1; nil
// lets all of them through. The proxy is closed when the test ends.
func NewProxy(t testing.TB, target string, plan func(connection int) Plan) *Proxy {
	t.Helper()
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &Proxy{Addr: listener.Addr().String(), listener: listener, target: target, ctx: t.Context(), plan: plan}
	p.open.Go(p.accept)
	t.Cleanup(p.Close)
	return p
}

// Close closes the listener and all connections, and waits for them.
func (p *Proxy) Close() {
	_ = p.listener.Close()
	p.live.closeAll()
	p.open.Wait()
}

// Connections returns how many connections were accepted so far.
func (p *Proxy) Connections() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.count
}

// Stall stalls the connections that are open now. Later ones are not affected.
func (p *Proxy) Stall() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, link := range p.links {
		link.stall()
	}
}

// Cut closes the connections that are open now.
func (p *Proxy) Cut() {
	for _, conn := range p.live.all() {
		_ = conn.Close()
	}
}

func (p *Proxy) accept() {
	for {
		client, err := p.listener.Accept()
		if err != nil {
			return
		}
		server, err := new(net.Dialer).DialContext(p.ctx, "tcp", p.target)
		if err != nil {
			_ = client.Close()
			continue
		}
		if !p.live.add(client) || !p.live.add(server) {
			_, _ = client.Close(), server.Close()
			return
		}
		p.mu.Lock()
		p.count++
		number := p.count
		link := &link{client: client, server: server, plan: Healthy, clientGone: make(chan struct{})}
		p.links = append(p.links, link)
		p.mu.Unlock()
		if p.plan != nil {
			link.plan = p.plan(number)
		}
		p.open.Go(func() {
			link.forward(server, client)
			close(link.clientGone)
			p.live.remove(server)
		})
		p.open.Go(func() {
			link.back()
			p.live.remove(client)
		})
	}
}

// link is one connection through the proxy.
type link struct {
	client, server net.Conn
	plan           Plan
	clientGone     chan struct{}

	mu      sync.Mutex
	stalled bool
}

func (l *link) stall() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.stalled = true
}

func (l *link) isStalled() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.stalled
}

// forward copies until either side ends; what arrives on a stalled link is dropped.
func (l *link) forward(to io.Writer, from io.Reader) {
	buffer := make([]byte, 16<<10)
	for {
		n, err := from.Read(buffer)
		if err != nil {
			return
		}
		if l.isStalled() {
			continue
		}
		if _, err := to.Write(buffer[:n]); err != nil {
			return
		}
	}
}

// back copies what the server sends, as far as the plan of the connection lets it. A stalled link stays open until the
// client closes it.
func (l *link) back() {
	if l.plan.After < 0 {
		l.forward(l.client, l.server)
	} else {
		l.forward(l.client, io.LimitReader(l.server, l.plan.After))
		if l.plan.Stall {
			l.stall()
		}
	}
	if l.isStalled() {
		<-l.clientGone
	}
}
