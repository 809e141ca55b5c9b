package klarna

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/textproto"
	"strconv"
	"strings"

	"github.com/klarna-go/klarna-payments/internal/engine"
)

// CallOption changes a single call. A wrong option is an error of that call, and nothing is sent.
type CallOption func(*call) error

// call is what the options set.
type call struct {
	header      http.Header // beyond the usual
	response    *Response   // the caller's, or nil
	maxAttempts int         // 0 for the client's

	idempotencyKey string // the caller's, or empty
	waived         *engine.Operation
}

// WithResponse fills in what is known of the response besides the body: status, correlation id, header and number of
// attempts. It is filled in for rejected calls too, and stays zero without a response.
func WithResponse(response *Response) CallOption {
	return func(c *call) error {
		if response == nil {
			return errors.New("WithResponse: the response is nil")
		}
		*response = Response{} // nothing of an earlier call
		c.response = response
		return nil
	}
}

// WithHeader adds a header, such as X-Klarna-Integration-Metadata. Headers that the client manages (Authorization,
// Content-Type, User-Agent, …) are rejected. So are Idempotency-Key and X-Idempotency-Key: net/http would take them as
// permission to resend an order by itself. Klarna-Idempotency-Key is set by [WithIdempotencyKey] where an operation takes it.
func WithHeader(key, value string) CallOption {
	return func(c *call) error {
		key := textproto.CanonicalMIMEHeaderKey(key)
		if !isToken(key) {
			return errors.New("WithHeader: the key is not a valid header name")
		}
		if reservedHeaders[key] {
			return fmt.Errorf("WithHeader: the client manages %s", key)
		}
		if err := checkHeaderValue(value); err != nil {
			return fmt.Errorf("WithHeader: %s: %w", key, err)
		}
		if c.header == nil {
			c.header = http.Header{}
		}
		c.header.Add(key, value)
		return nil
	}
}

// WithIdempotencyKey sets the request's Klarna-Idempotency-Key: 1 to 255 visible ASCII characters, such as a UUID. Klarna
// carries out one request for each key: for 24 hours, a further request with the key changes nothing and gets the response of
// the first, whatever its body. Use one key for each intended operation, never for an order as a whole. The option is an error
// for operations that take no key, such as those of Payments.
func WithIdempotencyKey(key string) CallOption {
	return func(c *call) error {
		if err := checkIdempotencyKey(key); err != nil {
			return fmt.Errorf("WithIdempotencyKey: %w", err)
		}
		c.idempotencyKey = key
		return nil
	}
}

// idempotencyKeyHeader is the header of an idempotency key.
const idempotencyKeyHeader = "Klarna-Idempotency-Key"

func checkIdempotencyKey(key string) error {
	if key == "" || len(key) > 255 || !isVisibleASCII(key) {
		return errors.New("the key must have 1 to 255 visible ASCII characters")
	}
	return nil
}

// WithMaxAttempts sets how many attempts this call makes, the first one included, instead of the client's policy.
func WithMaxAttempts(attempts int) CallOption {
	return func(c *call) error {
		if attempts < 1 {
			return fmt.Errorf("WithMaxAttempts: %d attempts; there must be at least 1", attempts)
		}
		c.maxAttempts = attempts
		return nil
	}
}

// Waive is internal to the packages of this module, and no promise of stability covers it: do not use it. It returns an option
// by which a caller waives the check of one operation; for all others the option is an error.
func Waive(of *engine.Operation) CallOption {
	return func(c *call) error {
		c.waived = of
		return nil
	}
}

// Send is internal to the packages of this module, and no promise of stability covers it: do not use it. It makes the call of a
// built request, or reports why it could not be built. body is what to check before, result is what to decode the response
// into; each may be nil.
func (c *Client) Send(ctx context.Context, op *engine.Operation, req *http.Request, buildErr error, body, result any, opts []CallOption) (engine.Response, error) {
	switch {
	case c == nil || c.engine == nil:
		return engine.Response{}, fmt.Errorf("klarna: %s: the client was not made by klarna.New", op.Name)
	case ctx == nil:
		return engine.Response{}, fmt.Errorf("klarna: %s: the context is nil", op.Name)
	}
	call, filled, err := EngineCall(engine.Call{Operation: op, Request: req, Result: result}, opts)
	switch {
	case err != nil:
		return engine.Response{}, fmt.Errorf("klarna: %s: %w", op.Name, err)
	case buildErr != nil:
		return engine.Response{}, &invalidCall{op.Name, "the request cannot be built: " + buildErr.Error(), []error{ErrNotSent, buildErr}}
	}
	if body != nil && c.preflight != nil {
		if err := c.preflight(body); err != nil {
			return engine.Response{}, &invalidCall{op.Name, "not sent: " + err.Error(), []error{ErrInvalidRequest, ErrNotSent, err}}
		}
	}
	response, err := c.engine.Do(ctx, call)
	filled.Fill(response)
	if err != nil {
		return response, callError(op, err)
	}
	return response, nil
}

// EngineCall is internal to the packages of this module, and no promise of stability covers it: do not use it. It applies call
// options to a call, and returns it with the Response to fill in, which may be nil.
func EngineCall(of engine.Call, opts []CallOption) (engine.Call, *Response, error) {
	var call call
	for i, opt := range opts {
		if opt == nil {
			return of, nil, fmt.Errorf("call option %d is nil", i+1)
		}
		if err := opt(&call); err != nil {
			return of, nil, err
		}
	}
	if call.waived != nil && call.waived != of.Operation {
		return of, nil, fmt.Errorf("an option is for %s only", call.waived.Name)
	}
	if _, ok := call.header[idempotencyKeyHeader]; ok && of.Operation.Key != engine.NoKey {
		return of, nil, fmt.Errorf("WithHeader: %s: use WithIdempotencyKey", idempotencyKeyHeader)
	}
	of.Header, of.MaxAttempts, of.IdempotencyKey, of.Waived = call.header, call.maxAttempts, call.idempotencyKey, call.waived != nil
	return of, call.response, nil
}

// Fill is internal to the packages of this module, and no promise of stability covers it: do not use it. It fills in what is
// known of an engine's response. On nil it does nothing.
func (r *Response) Fill(of engine.Response) {
	if r != nil {
		*r = Response{of.StatusCode, of.CorrelationID, of.Attempts, of.Header, of.IdempotencyKey}
	}
}

// receive is Send for an operation with a result.
func receive[R any](ctx context.Context, c *Client, op *engine.Operation, req *http.Request, buildErr error, body any, opts []CallOption) (*R, error) {
	result := new(R)
	if _, err := c.Send(ctx, op, req, buildErr, body, result, opts); err != nil {
		return nil, err
	}
	return result, nil
}

// server is the base URL for the request builders: none, since the engine completes relative URLs with its own.
const server = ""

// preflightCopy returns a copy of a body for the preflight check. Without a check, which is the usual case, the body then
// stays on the stack.
func preflightCopy[T any](c *Client, body *T) any {
	if c == nil || c.preflight == nil {
		return nil
	}
	own := *body
	return &own
}

// nonNilLines turns no lines into an empty list: nil would be sent as null.
func nonNilLines(list []OrderLine) []OrderLine {
	if list == nil {
		return []OrderLine{}
	}
	return list
}

// Response is what is known of a response besides the body; see [WithResponse]. Printed, logged or encoded it shows no
// header.
type Response struct {
	StatusCode    int
	CorrelationID string      // the id of the exchange in Klarna's logs
	Attempts      int         // how many attempts the call made
	Header        http.Header // with X-Ratelimit-Limit, -Remaining and -Reset, where Klarna sends them

	// IdempotencyKey is what the request had as Klarna-Idempotency-Key, to be used again after an unknown outcome. It is
	// empty for operations that take none.
	IdempotencyKey string
}

func (r Response) text() string {
	if r.StatusCode == 0 {
		return "no response"
	}
	text := strconv.Itoa(r.StatusCode)
	if r.CorrelationID != "" {
		text += " (correlation id " + r.CorrelationID + ")"
	}
	return text
}

// Format prints the status and the correlation id for every verb.
func (r Response) Format(f fmt.State, verb rune) { formatText(f, verb, "klarna.Response", r.text()) }

// LogValue returns a group of the status, the correlation id and the number of attempts.
func (r Response) LogValue() slog.Value {
	return slog.GroupValue(slog.Int("status", r.StatusCode), slog.String("correlation_id", r.CorrelationID), slog.Int("attempts", r.Attempts))
}

// MarshalJSON returns what LogValue returns.
func (r Response) MarshalJSON() ([]byte, error) {
	return json.Marshal(struct {
		StatusCode    int    `json:"status"`
		CorrelationID string `json:"correlation_id"`
		Attempts      int    `json:"attempts"`
	}{r.StatusCode, r.CorrelationID, r.Attempts})
}

var reservedHeaders = map[string]bool{
	"Accept": true, "Accept-Encoding": true, "Authorization": true, "Connection": true, "Content-Length": true,
	"Content-Type": true, "Host": true, "Idempotency-Key": true, "Te": true, "Trailer": true,
	"Transfer-Encoding": true, "Upgrade": true, "User-Agent": true, "X-Idempotency-Key": true,
}

// isToken reports whether s can be the name of a header (RFC 9110, section 5.6.2).
func isToken(s string) bool {
	return s != "" && !strings.ContainsFunc(s, func(r rune) bool {
		return r <= ' ' || r > '~' || strings.ContainsRune(`"(),/:;<=>?@[\]{}`, r)
	})
}

func checkHeaderValue(value string) error {
	if hasControl(value) {
		return errors.New("the value contains a control character")
	}
	return nil
}
