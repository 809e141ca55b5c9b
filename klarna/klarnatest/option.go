package klarnatest

import (
	"log/slog"
	"net"
	"slices"
	"time"
)

// Option changes how a [Server] works.
type Option func(*config)

// config is what the options set.
type config struct {
	listener         net.Listener
	url              string
	username, apiKey string
	strict           bool
	setup            func(*Server)
	remoteControl    bool
	categories       []string
	repeatTokens     bool
	keyConflicts     bool
	readTimeout      time.Duration
	maxSessions      int
	maxBytes         int
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

// WithCredentials sets the credentials that the server accepts. An empty one is made at random, as both are without this
// option. The API key is also the password.
func WithCredentials(username, apiKey string) Option {
	return func(c *config) { c.username, c.apiKey = username, apiKey }
}

// WithStrict has the server reject what it otherwise warns of (see [Warning]): what Klarna accepts although no contract has it,
// such as a member that is mistyped. So a shop's tests find its own mistakes. Paths must be written as documented, and a
// response to wrong credentials has the body that Klarna documents instead of the page that was recorded.
func WithStrict() Option {
	return func(c *config) { c.strict = true }
}

// WithSetup has the server call a function when it starts and after each [Server.Reset], to set what the methods of [Server] set,
// such as [Server.SetFraudStatus] and [Server.SetRateLimit].
func WithSetup(setup func(*Server)) Option {
	return func(c *config) { c.setup = setup }
}

// WithRemoteControl lets other machines use the control API below /_sandbox/ as well. Whoever reaches the server then reads what it
// has stored, personal data included, and changes it. Without this option it responds to loopback only.
func WithRemoteControl() Option {
	return func(c *config) { c.remoteControl = true }
}

// WithCategories sets the payment method categories that a session offers, such as "pay_later" and "pay_over_time" of older
// accounts. Without this option it is "klarna" alone, as on newer ones. It panics without an identifier.
func WithCategories(identifiers ...string) Option {
	if len(identifiers) == 0 {
		panic("klarnatest: WithCategories: a session offers one category or more")
	}
	return func(c *config) { c.categories = slices.Clone(identifiers) }
}

// WithRepeatedCustomerTokens has the server create a customer token each time that it is asked for one, where Klarna returns
// the first one for the same request, and rejects another request for the same authorization. So a test detects a client that
// asks twice: [Server.CustomerTokens] has two tokens then, and one of them would never be used or cancelled.
func WithRepeatedCustomerTokens() Option {
	return func(c *config) { c.repeatTokens = true }
}

// WithKeyConflicts has the server reject a request with 409 CONFLICT while an earlier one with the same idempotency key runs.
// A request runs until its response is due, which [Delay] and [Fault.After] make later, even if its caller has stopped waiting.
// Without this option the second request gets the response of the first at once. What Klarna does is unknown.
func WithKeyConflicts() Option {
	return func(c *config) { c.keyConflicts = true }
}

// WithCapacity sets how many sessions the server stores at most, and how many bytes of them. As many orders and customer tokens are stored, and
// ten times as many idempotency keys. When there are more, the oldest are forgotten: they are unknown then, as if they had
// expired. Without this option it is 100,000 sessions and 256 MB. It panics if one of the numbers is not positive.
func WithCapacity(sessions, bytes int) Option {
	if sessions <= 0 || bytes <= 0 {
		panic("klarnatest: WithCapacity: a capacity must be more than 0")
	}
	return func(c *config) { c.maxSessions, c.maxBytes = sessions, bytes }
}

// WithReadTimeout sets how long a caller may take to send the header of a request, and again to send its body. Without
// this option there is no limit, which suits tests. It panics if d is not positive.
func WithReadTimeout(d time.Duration) Option {
	if d <= 0 {
		panic("klarnatest: WithReadTimeout: a time limit must be more than 0")
	}
	return func(c *config) { c.readTimeout = d }
}

// WithLogger has the server log each request and each callback once it is handled. A request is logged with its operation,
// status, duration, correlation id, fault and warnings; a callback with its kind, attempt and result. Session ids, order ids,
// tokens, credentials and bodies are not logged.
func WithLogger(logger *slog.Logger) Option {
	return func(c *config) { c.logger = logger }
}
