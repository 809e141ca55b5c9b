package klarna

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"strings"

	"github.com/klarna-go/klarna-payments/gen"
	"github.com/klarna-go/klarna-payments/internal/engine"
)

// Client calls the Klarna Payments API, and carries the calls of further packages, such as package ordermanagement. It is
// immutable and safe for concurrent use: make one with [New] for each merchant id and keep it. Printing or logging it shows
// no secret.
type Client struct {
	engine    *engine.Engine
	raw       *gen.ClientWithResponses
	base      string
	preflight func(body any) error // nil unless opted in
}

// New returns a client for an environment and the credentials that belong to it. It checks what can be checked without a call:
// that the environment is valid, that plain http stays on loopback, unless [WithInsecureHTTP] is used, that credentials are
// complete, and that an API key of the playground does not go to production or the other way round. No error quotes a
// credential.
func New(env Environment, creds Credentials, opts ...Option) (*Client, error) {
	config, err := newConfig(opts)
	if err != nil {
		return nil, err
	}
	base, err := env.parse(config.insecureHTTP)
	if err != nil {
		return nil, err
	}
	if err := creds.check(); err != nil {
		return nil, err
	}
	if err := creds.checkHost(base); err != nil {
		return nil, err
	}
	settings := config.engine(base)
	settings.Authorization = creds.authorization()
	settings.Secrets = []string{strings.TrimPrefix(settings.Authorization, "Basic "), creds.secret.password}
	c := &Client{engine: engine.New(settings), base: base.String(), preflight: config.preflight}
	c.raw, err = gen.NewClientWithResponses(c.base, gen.WithHTTPClient(rawDoer{c.engine}))
	if err != nil {
		return nil, fmt.Errorf("klarna: %w", err)
	}
	return c, nil
}

// BaseURL returns the URL that calls go to, without a slash at the end, such as https://api.klarna.com.
func (c *Client) BaseURL() string { return c.base }

// SessionURL returns the URL of a payments session, which package hostedpage needs, such as
// https://api.klarna.com/payments/v1/sessions/0b1d9815-165e-42e2-8867-35bc03789e00. It is on the client's base URL: for a client
// behind a gateway use [Environment.SessionURL].
func (c *Client) SessionURL(sessionID string) string {
	return Environment(c.base).SessionURL(sessionID)
}

// Raw returns the generated client of the same six operations, for sending and reading fields that the contract
// (api/openapi.yaml) does not have. It shares the client's transport, credentials, limits, retries and errors: a call fails
// with an [*Error] here as well, and never returns err == nil without a response. Its context must not be nil, and nil order
// lines are sent as null, so prefer the methods of [Client].
func (c *Client) Raw() *gen.ClientWithResponses { return c.raw }

// rawDoer sends what the generated client builds.
type rawDoer struct{ engine *engine.Engine }

// Do sends a request of one of the six operations. The response has the declared status, content type and a body that
// the generated parser takes.
func (d rawDoer) Do(req *http.Request) (*http.Response, error) {
	path, _ := strings.CutPrefix(req.URL.EscapedPath(), d.engine.Base.EscapedPath())
	op := operations.Find(req.Method, path)
	if op == nil {
		return nil, &invalidCall{"Raw", "the path of the request belongs to no operation of this API", []error{ErrInvalidID, ErrNotSent}}
	}
	response, err := d.engine.Do(req.Context(), engine.Call{Operation: op, Request: req})
	if err != nil {
		return nil, callError(op, err)
	}
	status, body, header := op.Success[0], response.Body, response.Header
	if op.Result == engine.FromBody {
		header.Set("Content-Type", "application/json")
		if response.Lenient { // the generated parser would fail where the engine's decoder did not
			if body, err = json.Marshal(response.Result); err != nil {
				return nil, fmt.Errorf("klarna: %s: the response cannot be encoded again: %w", op.Name, err)
			}
		}
	} else {
		body = nil
	}
	return httpResponse(req, status, header, body), nil
}

// Format prints no part of the client, for every verb.
func (d rawDoer) Format(f fmt.State, verb rune) {
	formatText(f, verb, "klarna.Client", "klarna.Client{…}")
}

// String returns where the client sends to, as in klarna.Client(https://api.klarna.com).
func (c Client) String() string { return "klarna.Client(" + c.base + ")" }

// Format prints what String returns, for every verb.
func (c Client) Format(f fmt.State, verb rune) { formatText(f, verb, "klarna.Client", c.String()) }

// LogValue returns what String returns.
func (c Client) LogValue() slog.Value { return slog.StringValue(c.String()) }
