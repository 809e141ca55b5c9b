package klarna

import (
	"context"

	"github.com/klarna-go/klarna-payments/gen"
)

// CreateSession creates a session for a cart. Pass the client token of the response to the shopper's browser and
// keep the session id on the server. A session is open for 48 hours or until an order is placed.
//
// It returns an [*Error] that wraps ErrInvalidRequest if the cart breaks a rule (its Messages name the fields), or
// ErrUnauthorized, ErrForbidden, ErrRateLimited or ErrServer. Calling again is harmless: an unused session expires by
// itself.
//
// Source: https://docs.klarna.com/payments/web-payments/integrate-with-klarna-payments/how-to-integrate-klarna-payments
func (c *Client) CreateSession(ctx context.Context, session SessionCreate, opts ...CallOption) (*MerchantSession, error) {
	session.OrderLines = nonNilLines(session.OrderLines)
	req, err := gen.NewCreateCreditSessionRequest(server, session)
	return receive[MerchantSession](ctx, c, &createSession, req, err, preflightCopy(c, &session), opts)
}

// ReadSession reads a session. It contains personal data only once the shopper has authorized. Status is
// [SessionStatusComplete] once an order was placed.
//
// It returns ErrInvalidID for a malformed id, and ErrNotFound for a session that is unknown or has expired.
//
// Source: the operation readCreditSession of api/openapi.yaml.
func (c *Client) ReadSession(ctx context.Context, sessionID string, opts ...CallOption) (*SessionRead, error) {
	req, err := gen.NewReadCreditSessionRequest(server, sessionID)
	return receive[SessionRead](ctx, c, &readSession, req, err, nil, opts)
}

// UpdateSession changes what is set in session and leaves the rest as it is. Send an address, or any other nested object, as a
// whole: whether Klarna merges or replaces it is not documented. The two amounts are pointers, so that 0 can be sent:
// OrderTaxAmount: new(int64(0)). Send amount, tax and lines together, since Klarna checks them against each other. Afterwards
// the browser must load the widget again, and, if the shopper had approved already, authorize again.
//
// It returns ErrInvalidID for a malformed id, ErrInvalidRequest for a cart that breaks a rule, and ErrNotFound for a
// session that is unknown, has expired or was completed.
//
// Source: the operation updateCreditSession of api/openapi.yaml.
func (c *Client) UpdateSession(ctx context.Context, sessionID string, session SessionUpdate, opts ...CallOption) error {
	req, err := gen.NewUpdateCreditSessionRequest(server, sessionID, session)
	_, err = c.Send(ctx, &updateSession, req, err, preflightCopy(c, &session), nil, opts)
	return err
}

// OrderPlaced reports whether an order was placed in a session, by reading the session's status: use it after
// [ErrOutcomeUnknown]. True is final. False right after a failure may be too early, since Klarna may still be working on the
// order: call it again some seconds later, and before the shopper pays again.
//
// It returns ErrNotFound if the session has expired (then look for the order in Klarna's merchant portal),
// ErrUnexpectedResponse if its status is missing or unknown, and the errors of [Client.ReadSession]. It finds orders only: a
// customer token completes no session.
func (c *Client) OrderPlaced(ctx context.Context, sessionID string, opts ...CallOption) (bool, error) {
	// Only the status is decoded, so that nothing else in the session can stop it.
	var session struct {
		Status SessionStatus `json:"status"`
	}
	req, err := gen.NewReadCreditSessionRequest(server, sessionID)
	_, err = c.Send(ctx, &readSession, req, err, nil, &session, opts)
	if isAlreadyPlaced(err) {
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
	return false, &invalidCall{"OrderPlaced", "the session's status is neither complete nor incomplete", []error{ErrUnexpectedResponse}}
}
