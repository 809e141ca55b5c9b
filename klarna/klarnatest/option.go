package klarnatest

import (
	"log/slog"
	"net"
)

// Option changes how a [Server] works.
type Option func(*config)

// config is what the options set.
type config struct {
	listener         net.Listener
	url              string
	username, apiKey string
	unknownFields    bool
	logger           *slog.Logger
}

// WithListener has the server listen there instead of on a free port of loopback. [Server.Close] closes it. It should be
// a loopback address, since the server speaks plain http.
func WithListener(listener net.Listener) Option {
	return func(c *config) { c.listener = listener }
}

// WithURL sets the base URL that callers and browsers reach the server by, where it is not the address that it listens
// on, such as behind a proxy or in a container. It is [Server.URL] then.
func WithURL(url string) Option {
	return func(c *config) { c.url = url }
}

// WithCredentials sets the credentials that the server takes. An empty one is made at random, as both are without this
// option. The API key is also the password.
func WithCredentials(username, apiKey string) Option {
	return func(c *config) { c.username, c.apiKey = username, apiKey }
}

// WithUnknownFields has the server ignore fields that api/openapi.yaml does not know. Without it they are refused, since
// they are mistyped more often than not. Whether Klarna refuses them is unknown, and it documents a few that no OpenAPI
// document has.
func WithUnknownFields() Option {
	return func(c *config) { c.unknownFields = true }
}

// WithLogger has the server log each request and each callback, once it is answered: the operation, the status, how long
// it took and the correlation id. No id, token, credential or body is logged.
func WithLogger(logger *slog.Logger) Option {
	return func(c *config) { c.logger = logger }
}
