package klarna

import (
	"context"
	"errors"
	"fmt"
)

// OrderPlaced says whether an order was placed in a session, by reading it: what to ask after [ErrOutcomeUnknown]. A false
// right after a failure is no promise yet, since Klarna may still be at work; ask again before the shopper does.
//
// An error means that it cannot be told: the session has expired (ErrNotFound), reading it failed, or it has no status
// that is known (ErrUnexpectedResponse).
func (c *Client) OrderPlaced(ctx context.Context, sessionID string, opts ...CallOption) (bool, error) {
	session, err := c.ReadSession(ctx, sessionID, opts...)
	if errors.Is(err, ErrOrderAlreadyPlaced) {
		return true, nil
	}
	if err != nil {
		return false, err
	}
	switch session.Status {
	case SessionStatusComplete:
		return true, nil
	case SessionStatusIncomplete:
		return false, nil
	}
	return false, fmt.Errorf("klarna: OrderPlaced: the session's status is neither complete nor incomplete: %w", ErrUnexpectedResponse)
}
