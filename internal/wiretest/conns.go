package wiretest

import (
	"net"
	"sync"
)

// liveConns is the open connections of a peer.
type liveConns struct {
	mu     sync.Mutex
	closed bool
	conns  map[net.Conn]bool
}

// add reports whether the peer is still open.
func (l *liveConns) add(conn net.Conn) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return false
	}
	if l.conns == nil {
		l.conns = map[net.Conn]bool{}
	}
	l.conns[conn] = true
	return true
}

func (l *liveConns) remove(conn net.Conn) {
	l.mu.Lock()
	delete(l.conns, conn)
	l.mu.Unlock()
	_ = conn.Close()
}

// all returns the connections that are open.
func (l *liveConns) all() []net.Conn {
	l.mu.Lock()
	defer l.mu.Unlock()
	conns := make([]net.Conn, 0, len(l.conns))
	for conn := range l.conns {
		conns = append(conns, conn)
	}
	return conns
}

func (l *liveConns) closeAll() {
	l.mu.Lock()
	l.closed = true
	l.mu.Unlock()
	for _, conn := range l.all() {
		_ = conn.Close()
	}
}
