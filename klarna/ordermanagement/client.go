package ordermanagement

import (
	"context"
	"fmt"
	"net/http"

	gen "github.com/klarna-go/klarna-payments/gen/ordermanagement"
	"github.com/klarna-go/klarna-payments/internal/engine"
	"github.com/klarna-go/klarna-payments/klarna"
)

// Client calls the Klarna Order Management API through a [klarna.Client]. [New] makes it. It is immutable and safe for
// concurrent use.
type Client struct{ client *klarna.Client }

// New returns a client that sends its calls through another: with its environment, credentials and options.
func New(client *klarna.Client) *Client { return &Client{client} }

// ReadOrder reads an order, with its amounts, captures and refunds. Do not read an order to confirm another call: its 2xx
// status confirms it. Klarna returns an order for up to three years.
//
// It returns klarna.ErrInvalidID for a malformed id, and klarna.ErrNotFound for an unknown order.
//
// Source: the operation getOrder of api/order-management.yaml.
func (c *Client) ReadOrder(ctx context.Context, orderID string, opts ...klarna.CallOption) (*Order, error) {
	req, err := gen.NewGetOrderRequest(server, orderID, nil)
	return receive[Order](ctx, c, readOrder, req, err, opts)
}

// CancelOrder cancels an order of which nothing was captured, and releases the authorized amount. It is final. [CanCancel]
// tells whether an order can be cancelled.
//
// It returns ErrCancelNotAllowed if something was captured, and klarna.ErrOutcomeUnknown if the attempts end ambiguously.
//
// Source: the operation cancelOrder of api/order-management.yaml.
func (c *Client) CancelOrder(ctx context.Context, orderID string, opts ...klarna.CallOption) error {
	req, err := gen.NewCancelOrderRequest(server, orderID, nil)
	return c.change(ctx, cancelOrder, req, err, nil, opts)
}

// ReleaseRemainingAuthorization releases what was authorized and will not be captured, after at least one capture: a
// shopper who pays by card gets it back. [CanRelease] tells whether there is something to release.
//
// It returns ErrNotAllowed if nothing is left, or nothing was captured; then cancel the order.
//
// Source: the operation releaseRemainingAuthorization of api/order-management.yaml.
func (c *Client) ReleaseRemainingAuthorization(ctx context.Context, orderID string, opts ...klarna.CallOption) error {
	req, err := gen.NewReleaseRemainingAuthorizationRequest(server, orderID, nil)
	return c.change(ctx, releaseRemainingAuthorization, req, err, nil, opts)
}

// UpdateAuthorization replaces the amount and the lines of an order that is not fully captured. OrderAmount is the new total,
// in minor units; it must not be less than what was captured. Send all lines: Klarna deletes the lines that the update leaves
// out, so an update without lines fails, unless [WithoutLines] says that it is meant.
//
// It returns ErrNotAllowed if Klarna does not accept the change: a higher amount is a new risk check, and works for some
// payment methods only. Then the shopper has to place a new order.
//
// Source: https://docs.klarna.com/order-management/manage-orders-with-the-api/view-and-change-orders
func (c *Client) UpdateAuthorization(ctx context.Context, orderID string, update AuthorizationUpdate, opts ...klarna.CallOption) error {
	req, err := gen.NewUpdateAuthorizationRequest(server, orderID, nil, update)
	if err == nil && len(update.OrderLines) == 0 {
		if call, _, _ := klarna.EngineCall(engine.Call{Operation: updateAuthorization}, opts); !call.Waived {
			err = errNoLines
		}
	}
	return c.change(ctx, updateAuthorization, req, err, &update, opts)
}

// WithoutLines confirms that a [Client.UpdateAuthorization] without lines is meant, which deletes the lines of the order. It is
// an error for every other operation.
func WithoutLines() klarna.CallOption { return klarna.Waive(updateAuthorization) }

var errNoLines = fmt.Errorf("the update has no order lines, and would delete those of the order (see WithoutLines): %w", klarna.ErrInvalidRequest)

// ExtendAuthorizationTime moves the expiry of an order to the day of the call plus the shop's period (28 days by default),
// within 180 days of the purchase. A second call on the same day changes nothing. Read the order for its new ExpiresAt.
//
// It returns ErrNotAllowed if the order has expired, was cancelled, or was paid in a way that cannot be extended.
//
// Source: https://docs.klarna.com/order-management/extended-authorization-expiration
func (c *Client) ExtendAuthorizationTime(ctx context.Context, orderID string, opts ...klarna.CallOption) error {
	req, err := gen.NewExtendAuthorizationTimeRequest(server, orderID, nil)
	return c.change(ctx, extendAuthorizationTime, req, err, nil, opts)
}

// UpdateMerchantReferences changes the shop's references of an order. A nil one stays as it is, and an empty one is cleared:
//
//	MerchantReferences{MerchantReference1: new("100482-B"), MerchantReference2: new("")}
//
// It returns ErrNotAllowed if the order was cancelled.
//
// Source: the operation updateMerchantReferences of api/order-management.yaml.
func (c *Client) UpdateMerchantReferences(ctx context.Context, orderID string, references MerchantReferences, opts ...klarna.CallOption) error {
	req, err := gen.NewUpdateMerchantReferencesRequest(server, orderID, nil, references)
	return c.change(ctx, updateMerchantReferences, req, err, &references, opts)
}

// UpdateCustomerDetails changes the shipping address of an order, which is a new credit check. A nil field stays as it is,
// and an empty one is cleared, unless the address needs it.
//
// It returns ErrNotAllowed if Klarna does not accept the change, and klarna.ErrInvalidRequest if the address is invalid (422).
//
// Source: the operation updateConsumerDetails of api/order-management.yaml.
func (c *Client) UpdateCustomerDetails(ctx context.Context, orderID string, details CustomerDetails, opts ...klarna.CallOption) error {
	req, err := gen.NewUpdateConsumerDetailsRequest(server, orderID, nil, details)
	return c.change(ctx, updateCustomerDetails, req, err, &details, opts)
}

// AddOrderShippingInfo adds parcels to an order before any capture. What was added before stays, and nothing can be removed.
// For a captured order, see [Client.AddShippingInfo].
//
// Source: the operation appendOrderShippingInfo of api/order-management.yaml.
func (c *Client) AddOrderShippingInfo(ctx context.Context, orderID string, parcels []ShippingInfo, opts ...klarna.CallOption) error {
	body := shippingInfo(parcels)
	req, err := gen.NewAppendOrderShippingInfoRequest(server, orderID, nil, body)
	return c.change(ctx, addOrderShippingInfo, req, err, &body, opts)
}

// AcknowledgeOrder tells Klarna that the shop knows of an order. It is made for orders of Klarna Checkout. Klarna's pages
// disagree on whether other orders need it. Capturing an order probably acknowledges it (inferred).
//
// Source: the operation acknowledgeOrder of api/order-management.yaml.
func (c *Client) AcknowledgeOrder(ctx context.Context, orderID string, opts ...klarna.CallOption) error {
	req, err := gen.NewAcknowledgeOrderRequest(server, orderID, nil)
	return c.change(ctx, acknowledgeOrder, req, err, nil, opts)
}

// server is the base URL for the request builders: none, since the client completes relative URLs with its own.
const server = ""

// receive makes a call with a result.
func receive[R any](ctx context.Context, c *Client, op *engine.Operation, req *http.Request, buildErr error, opts []klarna.CallOption) (*R, error) {
	result := new(R)
	if _, err := c.send(ctx, op, req, buildErr, nil, result, opts); err != nil {
		return nil, err
	}
	return result, nil
}

// change makes a call without a result. body is what to check before, or nil.
func (c *Client) change(ctx context.Context, op *engine.Operation, req *http.Request, buildErr error, body any, opts []klarna.CallOption) error {
	_, err := c.send(ctx, op, req, buildErr, body, nil, opts)
	return err
}

// create makes a call whose result is an id.
func (c *Client) create(ctx context.Context, op *engine.Operation, req *http.Request, buildErr error, body any, opts []klarna.CallOption) (string, error) {
	response, err := c.send(ctx, op, req, buildErr, body, nil, opts)
	if err != nil {
		return "", err
	}
	return response.ID, nil
}

func (c *Client) send(ctx context.Context, op *engine.Operation, req *http.Request, buildErr error, body, result any, opts []klarna.CallOption) (engine.Response, error) {
	var client *klarna.Client // which reports that it was not made, if c was not
	if c != nil {
		client = c.client
	}
	return client.Send(ctx, op, req, buildErr, body, result, opts)
}

// shippingInfo wraps parcels into a body. No parcels are an empty list: nil would be sent as null.
func shippingInfo(parcels []ShippingInfo) gen.ShippingInfoRequest {
	if parcels == nil {
		parcels = []ShippingInfo{}
	}
	return gen.ShippingInfoRequest{ShippingInfo: parcels}
}
