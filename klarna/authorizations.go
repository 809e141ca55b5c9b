package klarna

import (
	"context"

	"github.com/klarna-go/klarna-payments/gen"
)

// CreateOrder places the order that the shopper authorized. Amount, order lines and addresses must be the authorized
// ones. Store the order id before anything else: capture and refund need it. Send the shopper to RedirectURL if there
// is one, and do not ship while FraudStatus is [FraudStatusPending].
//
// An authorization token is valid for one order and for 60 minutes. CreateOrder returns an [*Error] that wraps
// ErrConflict if the order differs from what was authorized, ErrForbidden if Klarna does not allow it, ErrNotFound if the
// token has expired, and ErrOrderAlreadyPlaced if an order already exists. If the attempts end ambiguously, it wraps
// ErrOutcomeUnknown: the order may exist, and [Client.OrderPlaced] finds out.
//
// Source: https://docs.klarna.com/payments/web-payments/integrate-with-klarna-payments/how-to-integrate-klarna-payments
func (c *Client) CreateOrder(ctx context.Context, authorizationToken string, order CreateOrderRequest, opts ...CallOption) (*Order, error) {
	order.OrderLines = nonNilLines(order.OrderLines)
	req, err := gen.NewCreateOrderRequest(server, authorizationToken, order)
	return receive[Order](ctx, c, &createOrder, req, err, preflightCopy(c, &order), opts)
}

// CancelAuthorization releases the shopper's authorization when no order will be placed with it. The token is invalid
// afterwards.
//
// It returns ErrInvalidID for a malformed token, and ErrNotFound or ErrForbidden for a token that is unknown, expired, used
// or cancelled before. A token that is gone when the call is retried after a lost response counts as cancelled.
//
// Source: the operation cancelAuthorization of api/openapi.yaml.
func (c *Client) CancelAuthorization(ctx context.Context, authorizationToken string, opts ...CallOption) error {
	req, err := gen.NewCancelAuthorizationRequest(server, authorizationToken)
	_, err = c.Send(ctx, &cancelAuthorization, req, err, nil, nil, opts)
	return err
}

// CreateCustomerToken turns an authorization into a customer token, with which later purchases of this customer are
// charged. The session's intent must be [IntentTokenize], [IntentBuyAndTokenize] or [IntentBuyAndDefaultTokenize]; for the
// latter two create the token before the order.
//
// It returns an [*Error] that wraps ErrInvalidRequest if a field breaks a rule, ErrForbidden if the intent is another one or
// Klarna does not allow it, and ErrNotFound if the authorization has expired. It is not retried after an ambiguous failure,
// because that could create a second token: the error then wraps ErrOutcomeUnknown.
//
// Source: the operation purchaseToken of api/openapi.yaml.
func (c *Client) CreateCustomerToken(ctx context.Context, authorizationToken string, token CustomerTokenCreationRequest, opts ...CallOption) (*CustomerTokenCreationResponse, error) {
	req, err := gen.NewPurchaseTokenRequest(server, authorizationToken, token)
	return receive[CustomerTokenCreationResponse](ctx, c, &createCustomerToken, req, err, preflightCopy(c, &token), opts)
}
