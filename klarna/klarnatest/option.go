package klarnatest

import "net"

// Option changes how a [Server] works.
type Option func(*config)

// config is what the options set.
type config struct {
	listener net.Listener
}

// WithListener has the server listen there instead of on a free port of loopback. [Server.Close] closes it. It should be
// a loopback address, since the server speaks plain http.
func WithListener(listener net.Listener) Option {
	return func(c *config) { c.listener = listener }
}
