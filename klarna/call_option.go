package klarna

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/textproto"
	"strings"
)

// CallOption changes a single call. A wrong one is an error of that call, and nothing is sent.
type CallOption func(*call) error

// call is what a method knows of a call and the sender below the generated client needs. It is the call's context,
// since the generated client has no other way for it.
type call struct {
	context.Context

	header      http.Header // beyond the usual
	response    *Response   // the caller's, or nil
	result      any         // what to decode the answer into, or nil
	maxAttempts int         // 0 for the client's
}

type callKey struct{}

// Value gives the call itself, and what the caller's context holds.
func (c *call) Value(key any) any {
	if key == (callKey{}) {
		return c
	}
	return c.Context.Value(key)
}

// callOf is nil for a call by [Client.Raw].
func callOf(ctx context.Context) *call {
	c, _ := ctx.Value(callKey{}).(*call)
	return c
}

// WithResponse fills in what came back besides the body: status, correlation id, header and number of attempts. It is
// filled in for refused calls too, and is zero when no answer came.
func WithResponse(response *Response) CallOption {
	return func(c *call) error {
		if response == nil {
			return errors.New("WithResponse: the response is nil")
		}
		*response = Response{} // nothing of a call before
		c.response = response
		return nil
	}
}

// WithHeader adds a header, such as Klarna-Idempotency-Key or X-Klarna-Integration-Metadata. Those that this library
// answers for cannot be set, nor can Idempotency-Key and X-Idempotency-Key: net/http would take them as leave to send
// an order again by itself.
func WithHeader(key, value string) CallOption {
	return func(c *call) error {
		key := textproto.CanonicalMIMEHeaderKey(key)
		if !isToken(key) {
			return errors.New("WithHeader: the key is not a header's name")
		}
		if reservedHeaders[key] {
			return fmt.Errorf("WithHeader: %s is not yours to set", key)
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

var reservedHeaders = map[string]bool{
	"Accept": true, "Accept-Encoding": true, "Authorization": true, "Connection": true, "Content-Length": true,
	"Content-Type": true, "Host": true, "Idempotency-Key": true, "Te": true, "Trailer": true,
	"Transfer-Encoding": true, "Upgrade": true, "User-Agent": true, "X-Idempotency-Key": true,
}

// isToken says whether s can be the name of a header (RFC 9110, section 5.6.2).
func isToken(s string) bool {
	return s != "" && !strings.ContainsFunc(s, func(r rune) bool {
		return r <= ' ' || r > '~' || strings.ContainsRune(`"(),/:;<=>?@[\]{}`, r)
	})
}

func checkHeaderValue(value string) error {
	if hasControl(value) {
		return errors.New("the value holds a control character")
	}
	return nil
}
