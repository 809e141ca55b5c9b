package klarna

import (
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"time"
)

// Option changes how a [Client] works. [New] reports a wrong one as an error.
type Option func(*config) error

// config is what the options set.
type config struct {
	httpClient *http.Client
	timeout    time.Duration
	userAgent  string
	preflight  func(body any) error
	retry      RetryPolicy
	limiter    Limiter
	logger     *slog.Logger
	observer   Observer
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

// WithHTTPClient sends calls by a client of your own, for a proxy, a client certificate or a test. It is copied, and the
// copy follows no redirects. Without a Transport of its own it gets this package's, which keeps connections for
// parallel callers. A Transport that records URLs or adds tracing headers would record tokens; Klarna asks for no
// tracing headers.
func WithHTTPClient(client *http.Client) Option {
	return func(c *config) error {
		if client == nil {
			return errors.New("klarna: WithHTTPClient: the client is nil")
		}
		c.httpClient = client
		return nil
	}
}

// WithTimeout bounds one attempt, from dialing to the last byte of the answer. The default is 30 seconds. To bound a
// whole call, give its context a deadline. Do not make it short: an order that is given up may be placed all the same.
func WithTimeout(timeout time.Duration) Option {
	return func(c *config) error {
		if timeout <= 0 {
			return fmt.Errorf("klarna: WithTimeout: %v is not a time to wait; it must be more than 0", timeout)
		}
		c.timeout = timeout
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
// that it refuses makes no network call: the call's error says so and unwraps to the check's own. It gets a pointer to
// one of the four request types. Calls by [Client.Raw] are not checked.
func WithPreflight(check func(body any) error) Option {
	return func(c *config) error {
		if check == nil {
			return errors.New("klarna: WithPreflight: the check is nil")
		}
		c.preflight = check
		return nil
	}
}
