package main

import (
	"context"
	"fmt"
	"net"

	"github.com/klarna-go/klarna-payments/internal/engine"
)

// listen listens on loopback, and elsewhere only with -allow-remote: the server speaks plain http.
func listen(ctx context.Context, flag, addr string, remote bool) (net.Listener, error) {
	host, _, err := net.SplitHostPort(addr)
	if err != nil {
		return nil, usage("-%s is %q, but has to be an address and a port, such as 127.0.0.1:8181", flag, addr)
	}
	if !remote && !engine.IsLoopback(host) {
		return nil, notLoopback(addr)
	}
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", addr)
	if err != nil {
		return nil, fmt.Errorf("cannot listen: %w", err)
	}
	// What localhost means is up to the machine's configuration.
	if tcp, ok := listener.Addr().(*net.TCPAddr); !remote && (!ok || !tcp.IP.IsLoopback()) {
		_ = listener.Close()
		return nil, notLoopback(addr)
	}
	return listener, nil
}

func notLoopback(addr string) error {
	return usage("%q is not a loopback address: other machines could reach it, over plain http; use -allow-remote if this is intended", addr)
}
