package klarna

import (
	"context"
	"net/http"
)

// CreateOrder places the order that the shopper authorized. Amount, order lines and addresses must be the authorized
// ones. Store the order id before anything else: capture and refund need it. Send the shopper to RedirectURL when there
// is one, and do not ship while FraudStatus is [FraudStatusPending].
//
// One authorization token is worth one order and lives for 60 minutes. A refusal is an [*Error]: ErrConflict when the
// order differs from what was authorized, ErrForbidden when the token was used before, ErrNotFound when it has expired.
// An order that exists already is ErrOrderAlreadyPlaced. When the attempts end without a verdict, the error is
// ErrOutcomeUnknown: the order may exist, and [Client.OrderPlaced] finds out.
//
// Source: https://docs.klarna.com/payments/web-payments/integrate-with-klarna-payments/how-to-integrate-klarna-payments
func (c *Client) CreateOrder(ctx context.Context, authorizationToken string, order CreateOrderRequest, opts ...CallOption) (*Order, error) {
	order.OrderLines = lines(order.OrderLines)
	placed := new(Order)
	err := c.do(ctx, OperationCreateOrder, authorizationToken, toCheck(c, &order), placed, opts, func(ctx context.Context) (*http.Response, error) {
		return c.raw.CreateOrder(ctx, authorizationToken, order)
	})
	if err != nil {
		return nil, err
	}
	return placed, nil
}

// CancelAuthorization gives the shopper's approval back, when no order will be placed with it. The token is worth
// nothing afterwards.
//
// A token that is none is ErrInvalidID, one that is unknown, expired, used or cancelled before is ErrNotFound or
// ErrForbidden. A token that is gone when the call is tried again, after an answer was lost, counts as cancelled.
//
// Source: the operation cancelAuthorization of api/openapi.yaml.
func (c *Client) CancelAuthorization(ctx context.Context, authorizationToken string, opts ...CallOption) error {
	return c.do(ctx, OperationCancelAuthorization, authorizationToken, nil, nil, opts, func(ctx context.Context) (*http.Response, error) {
		return c.raw.CancelAuthorization(ctx, authorizationToken)
	})
}

// CreateCustomerToken turns an authorization into a token that later purchases of this customer are charged with. The
// session's intent must be [IntentTokenize] or [IntentBuyAndTokenize]; for the latter make the token before the order.
//
// A refusal is an [*Error]: ErrInvalidRequest when a field breaks a rule, ErrForbidden when the intent is another or
// the shop may not do this, ErrNotFound when the token has expired. It is not sent a second time once Klarna may have
// acted on it, since a second token could be made: the error is then ErrOutcomeUnknown.
//
// Source: the operation purchaseToken of api/openapi.yaml.
func (c *Client) CreateCustomerToken(ctx context.Context, authorizationToken string, token CustomerTokenCreationRequest, opts ...CallOption) (*CustomerTokenCreationResponse, error) {
	created := new(CustomerTokenCreationResponse)
	err := c.do(ctx, OperationCreateCustomerToken, authorizationToken, toCheck(c, &token), created, opts, func(ctx context.Context) (*http.Response, error) {
		return c.raw.PurchaseToken(ctx, authorizationToken, token)
	})
	if err != nil {
		return nil, err
	}
	return created, nil
}
