package klarna

import (
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/klarna-go/klarna-payments/internal/engine"
)

// Option changes how a [Client] works. [New] reports a wrong one as an error.
type Option func(*config) error

// config is what the options set.
type config struct {
	httpClient   *http.Client
	timeout      time.Duration
	userAgent    string
	preflight    func(body any) error
	insecureHTTP bool
	retry        RetryPolicy
	limiter      Limiter
	logger       *slog.Logger
	observer     Observer
}

func newConfig(opts []Option) (*config, error) {
	c := &config{timeout: defaultTimeout, userAgent: libraryUserAgent()}
	for i, opt := range opts {
		if opt == nil {
			return nil, fmt.Errorf("klarna: option %d is nil", i+1)
		}
		if err := opt(c); err != nil {
			return nil, err
		}
	}
	return c, nil
}

// EngineConfig is internal to the packages of this module, and no promise of stability covers it: do not use it. It converts
// options for an engine with another base URL than a Client's. Its observer gets the error that asError makes of a failure. An
// option that does not apply there is an error.
func EngineConfig(base *url.URL, asError func(*engine.Failure) error, opts ...Option) (engine.Config, error) {
	c, err := newConfig(opts)
	if err != nil {
		return engine.Config{}, err
	}
	if c.preflight != nil {
		return engine.Config{}, errors.New("klarna: WithPreflight: this API has no such check")
	}
	if c.insecureHTTP {
		return engine.Config{}, errors.New("klarna: WithInsecureHTTP: this API is for https and loopback only")
	}
	settings := c.engine(base)
	if c.observer != nil {
		settings.Observer = observing{c.observer, func(_ *engine.Operation, f *engine.Failure) error { return asError(f) }}
	}
	return settings, nil
}

// engine converts the options for an engine. Public types are converted, so that the engine knows none of them.
func (c *config) engine(base *url.URL) engine.Config {
	settings := engine.Config{
		Base: base, HTTPClient: withoutRedirects(c.httpClient), Timeout: c.timeout, Retry: engine.RetryPolicy(c.retry),
		Logger: c.logger, LogMessage: "klarna", UserAgent: c.userAgent,
		CorrelationHeader: "Klarna-Correlation-Id", KeyHeader: idempotencyKeyHeader,
		MaxRequestBytes: maxRequestBytes, ParseError: parseErrorBody,
	}
	if c.limiter != nil {
		settings.Limiter = limiting{c.limiter}.wait
	}
	if c.observer != nil {
		settings.Observer = observing{c.observer, observedError}
	}
	return settings
}

// maxRequestBytes is what Klarna reads of a request; more is 413.
//
// Source: Klarna's page on request limits, which states 1 MB. That this is 2²⁰ bytes is inferred.
const maxRequestBytes = 1 << 20

// WithHTTPClient sends calls by a client of your own, for a proxy, a CA, a client certificate or a test. It is copied, and the
// copy follows no redirects. Without a Transport of its own it gets the one that all clients share, which keeps connections
// for parallel callers. A Transport of your own keeps its settings: set ForceAttemptHTTP2 and the pings of its HTTP2 field,
// never StrictMaxConcurrentRequests (docs/configuration.md). A Transport that records URLs would record tokens, and Klarna
// asks for no tracing headers. A body that does not obey its context is closed at the time limit or the deadline.
func WithHTTPClient(client *http.Client) Option {
	return func(c *config) error {
		if client == nil {
			return errors.New("klarna: WithHTTPClient: the client is nil")
		}
		c.httpClient = client
		return nil
	}
}

// WithTimeout bounds how long an attempt waits for a connection, and again how long it takes from then to the last byte of the
// response. The default is 30 seconds for each. To bound a whole call, give its context a deadline. Do not make it short: an
// order may have been placed although its call timed out.
func WithTimeout(timeout time.Duration) Option {
	return func(c *config) error {
		if timeout <= 0 {
			return fmt.Errorf("klarna: WithTimeout: %v; it must be more than 0", timeout)
		}
		c.timeout = timeout
		return nil
	}
}

// WithInsecureHTTP lets the base URL be plain http to a host that is not loopback, such as http://klarna-sandbox:8181, a local
// sandbox in another container. It is for tests only. It gives up TLS: whoever is on the network between reads the credentials,
// the tokens and the shopper's personal data of every call, can change requests and responses, and can take the place of the server.
// Klarna's own hosts stay https, and an API key for real money (klarna_live_) is not sent over plain http. If the environment sets
// HTTP_PROXY, calls go through that proxy, unless NO_PROXY names the host.
func WithInsecureHTTP() Option {
	return func(c *config) error {
		c.insecureHTTP = true
		return nil
	}
}

// WithUserAgent puts the name of your program, such as "myshop/1.2", before this library's own in the User-Agent header.
func WithUserAgent(name string) Option {
	return func(c *config) error {
		name = strings.TrimSpace(name)
		if err := checkHeaderValue(name); err != nil {
			return fmt.Errorf("klarna: WithUserAgent: %w", err)
		}
		if name == "" {
			return errors.New("klarna: WithUserAgent: the name is empty")
		}
		c.userAgent = name + " " + libraryUserAgent()
		return nil
	}
}

// WithPreflight checks the body of each call before it is sent; preflight.Check of this module is made for it. A body
// that it rejects is not sent: the call's error wraps ErrInvalidRequest, ErrNotSent and the check's own error. The check
// gets a pointer to the request, such as a *SessionCreate. Calls by [Client.Raw] and [Client.Do] are not checked.
func WithPreflight(check func(body any) error) Option {
	return func(c *config) error {
		if check == nil {
			return errors.New("klarna: WithPreflight: the check is nil")
		}
		c.preflight = check
		return nil
	}
}
