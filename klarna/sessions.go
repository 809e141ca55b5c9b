package klarna

import (
	"context"
	"net/http"
)

// CreateSession starts a session with the cart. Give the client token of the answer to the shopper's browser and keep
// the session id on the server. A session is open for 48 hours or until an order is placed.
//
// A refused session is an [*Error]: ErrInvalidRequest when the cart breaks a rule (its Messages name the fields),
// ErrUnauthorized, ErrForbidden, ErrRateLimited or ErrServer. Calling again is harmless: a session that nobody uses
// ends by itself.
//
// Source: https://docs.klarna.com/payments/web-payments/integrate-with-klarna-payments/how-to-integrate-klarna-payments
func (c *Client) CreateSession(ctx context.Context, session SessionCreate, opts ...CallOption) (*MerchantSession, error) {
	session.OrderLines = lines(session.OrderLines)
	created := new(MerchantSession)
	err := c.do(ctx, OperationCreateSession, "", toCheck(c, &session), created, opts, func(ctx context.Context) (*http.Response, error) {
		return c.raw.CreateCreditSession(ctx, session)
	})
	if err != nil {
		return nil, err
	}
	return created, nil
}

// ReadSession gives what a session holds. Personal data is in it only once the shopper has authorized; Status is
// [SessionStatusComplete] once an order was placed.
//
// An id that is none is ErrInvalidID, a session that is unknown or has expired ErrNotFound.
//
// Source: the operation readCreditSession of api/openapi.yaml.
func (c *Client) ReadSession(ctx context.Context, sessionID string, opts ...CallOption) (*SessionRead, error) {
	session := new(SessionRead)
	err := c.do(ctx, OperationReadSession, sessionID, nil, session, opts, func(ctx context.Context) (*http.Response, error) {
		return c.raw.ReadCreditSession(ctx, sessionID)
	})
	if err != nil {
		return nil, err
	}
	return session, nil
}

// UpdateSession changes what is set in session and leaves the rest as it is. Give an address or another part that has
// fields of its own whole: whether Klarna merges or replaces those is not stated. The two amounts are pointers, so that 0 can
// be sent: OrderTaxAmount: new(int64(0)). Send amount, tax and lines together, since Klarna checks them against each
// other. Afterwards the browser must load the widget again, or authorize again.
//
// An id that is none is ErrInvalidID, a cart that breaks a rule ErrInvalidRequest, a session that is unknown, has
// expired or was completed ErrNotFound.
//
// Source: the operation updateCreditSession of api/openapi.yaml.
func (c *Client) UpdateSession(ctx context.Context, sessionID string, session SessionUpdate, opts ...CallOption) error {
	return c.do(ctx, OperationUpdateSession, sessionID, toCheck(c, &session), nil, opts, func(ctx context.Context) (*http.Response, error) {
		return c.raw.UpdateCreditSession(ctx, sessionID, session)
	})
}
