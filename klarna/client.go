package klarna

import (
	"fmt"
	"log/slog"

	"github.com/klarna-go/klarna-payments/gen"
)

// Client calls the Klarna Payments API. [New] makes it. It never changes, and any number of goroutines may use it at
// once; make one and keep it. Printing or logging it shows no secret.
type Client struct {
	raw       *gen.ClientWithResponses
	base      string
	preflight func(body any) error // nil unless opted in
}

// New returns a client for an environment and the credentials that belong to it. It checks what can be checked without
// a call: that the environment is one, that plain http stays on loopback, that credentials are whole, and that an API
// key of the playground does not go to production or the other way round. No error quotes a credential.
func New(env Environment, creds Credentials, opts ...Option) (*Client, error) {
	base, err := env.parse()
	if err != nil {
		return nil, err
	}
	if err := creds.check(); err != nil {
		return nil, err
	}
	if err := creds.checkHost(base.Hostname()); err != nil {
		return nil, err
	}
	config, err := newConfig(opts)
	if err != nil {
		return nil, err
	}
	raw, err := gen.NewClientWithResponses(base.String(), gen.WithHTTPClient(newSender(base, creds, config)))
	if err != nil {
		return nil, fmt.Errorf("klarna: %w", err)
	}
	return &Client{raw: raw, base: base.String(), preflight: config.preflight}, nil
}

// Raw is the generated client, for what the six methods do not offer. It shares the client's transport, credentials,
// limits and errors: a call ends with an [*Error] here as well, and never with err == nil and no answer. Its context
// must not be nil, and nil order lines go out as null, so prefer the methods of [Client].
func (c *Client) Raw() *gen.ClientWithResponses { return c.raw }

// String is where the client sends to, as in klarna.Client(https://api.klarna.com).
func (c Client) String() string { return "klarna.Client(" + c.base + ")" }

// Format prints what String gives, for every verb.
func (c Client) Format(f fmt.State, verb rune) { formatText(f, verb, "klarna.Client", c.String()) }

// LogValue is what String gives.
func (c Client) LogValue() slog.Value { return slog.StringValue(c.String()) }
