package klarna

import (
	"context"
	"fmt"
	"net/http"
)

// do makes one call: it checks what is its own, and has the generated client build and send the request. body is
// what to check before, result is what to decode the answer into; each is nil when there is none.
func (c *Client) do(ctx context.Context, op Operation, id string, body, result any, opts []CallOption,
	send func(context.Context) (*http.Response, error)) error {
	if c == nil || c.raw == nil {
		return fmt.Errorf("klarna: %s: the client is not made by klarna.New", op)
	}
	if ctx == nil {
		return fmt.Errorf("klarna: %s: the context is nil", op)
	}
	if op != OperationCreateSession {
		if err := checkID(op, id); err != nil {
			return err
		}
	}
	call := &call{Context: ctx, result: result}
	for i, opt := range opts {
		if opt == nil {
			return fmt.Errorf("klarna: %s: call option %d is nil", op, i+1)
		}
		if err := opt(call); err != nil {
			return fmt.Errorf("klarna: %s: %w", op, err)
		}
	}
	if body != nil {
		if err := c.preflight(body); err != nil {
			return fmt.Errorf("klarna: %s: not sent: %w", op, err)
		}
	}
	// The sender has read and decoded the body; there is nothing left to close.
	_, err := send(call) //nolint:bodyclose // as said
	return err
}

// toCheck gives a preflight check its own copy of a body. Without a check, which is the usual case, the body then stays on
// the stack.
func toCheck[T any](c *Client, body *T) any {
	if c == nil || c.preflight == nil {
		return nil
	}
	own := *body
	return &own
}

// lines makes no lines an empty list: nil would go out as null, which is no list.
func lines(list []OrderLine) []OrderLine {
	if list == nil {
		return []OrderLine{}
	}
	return list
}
