package customertoken

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"

	gen "github.com/klarna-go/klarna-payments/gen/customertoken"
	"github.com/klarna-go/klarna-payments/internal/engine"
	"github.com/klarna-go/klarna-payments/klarna"
)

// Client calls the Klarna Customer Token API through a [klarna.Client]. [New] makes it. It is immutable and safe for concurrent
// use.
type Client struct{ client *klarna.Client }

// New returns a client that sends its calls through another: with its environment, credentials and options.
func New(client *klarna.Client) *Client { return &Client{client} }

// CreateOrder charges a customer token, and returns the order that this placed. Store its id: package ordermanagement refunds
// the order by it, and captures it, unless AutoCapture has. [Renewal] makes the request for a period of a subscription.
//
// The request has an idempotency key: the caller's ([klarna.WithIdempotencyKey]), or else a random one. Store a key of your own
// before the call. Use it again after [klarna.ErrOutcomeUnknown], a crash, or a call that was not sent. After a decline, the next
// charge needs a new one.
//
// It returns a [*klarna.Error] that wraps one of the errors of this package, by Klarna's error code, and klarna.ErrOutcomeUnknown
// if the attempts end ambiguously: the customer may have been charged. It returns klarna.ErrInvalidID for a malformed token.
//
// Source: the operation createOrder of api/customer-token.yaml.
func (c *Client) CreateOrder(ctx context.Context, customerToken string, order OrderRequest, opts ...klarna.CallOption) (*Order, error) {
	req, err := gen.NewCreateOrderRequest(server, customerToken, nil, order)
	result := new(Order)
	if err := c.send(ctx, createOrder, req, err, &order, result, opts); err != nil {
		return nil, err
	}
	return result, nil
}

// ReadToken reads whether a customer token can be charged, and the payment method that is stored with it. That it is ACTIVE does
// not mean that a charge will be accepted.
//
// It returns ErrTokenNotFound for an unknown token, and klarna.ErrInvalidID for a malformed one.
//
// Source: the operation readCustomerToken of api/customer-token.yaml.
func (c *Client) ReadToken(ctx context.Context, customerToken string, opts ...klarna.CallOption) (*Token, error) {
	req, err := gen.NewReadCustomerTokenRequest(server, customerToken)
	result := new(Token)
	if err := c.send(ctx, readToken, req, err, nil, result, opts); err != nil {
		return nil, err
	}
	return result, nil
}

// CancelToken asks Klarna to cancel a customer token, which is final. Klarna accepts the request and carries it out later, so
// [Client.ReadToken] may still report ACTIVE for a while (inferred). A shop that must not charge the token any more has to stop
// by itself. Calling it again does no harm.
//
// It returns ErrTokenCancelled if Klarna reports that the token was cancelled before the call (inferred). Klarna was also seen to
// accept the cancellation of a cancelled token.
//
// Source: the operation patchCustomerToken of api/customer-token.yaml.
func (c *Client) CancelToken(ctx context.Context, customerToken string, opts ...klarna.CallOption) error {
	change := gen.CustomerTokenStatusUpdateRequest{Status: gen.TokenStatusChangeCancelled}
	req, err := gen.NewPatchCustomerTokenRequest(server, customerToken, change)
	return c.send(ctx, cancelToken, req, err, nil, nil, opts)
}

// StepUpID returns the step_up_id of a declined charge, if Klarna sent one: the customer can still confirm the charge. Pass it to
// [klarna.Client.CreateSession] as StepUpID, with the token as Customer.CustomerToken and the intent of the sign-up, and place the
// order with the authorization token. That also updates the payment method which is stored with the token.
//
// Klarna sends one only if the charge had [StepUpSupported]. While the outcome of the charge is unknown, it returns false.
//
// Source: https://docs.klarna.com/payments/web-payments/additional-resources/use-cases/tokenized-payments/
func StepUpID(err error) (id string, ok bool) {
	var declined *klarna.Error
	if !errors.As(err, &declined) || errors.Is(err, klarna.ErrOutcomeUnknown) || declined.Operation != OperationCreateOrder {
		return "", false
	}
	var body struct {
		StepUpID string `json:"step_up_id"`
	}
	_ = json.Unmarshal(declined.Body, &body) // what is not JSON has none
	return body.StepUpID, body.StepUpID != ""
}

// server is the base URL for the request builders: none, since the client completes relative URLs with its own.
const server = ""

// send makes a call. body is what to check before, result what to decode the response into; each may be nil.
func (c *Client) send(ctx context.Context, op *engine.Operation, req *http.Request, buildErr error, body, result any, opts []klarna.CallOption) error {
	var client *klarna.Client // which reports that it was not made, if c was not
	if c != nil {
		client = c.client
	}
	_, err := client.Send(ctx, op, req, buildErr, body, result, opts)
	return err
}
