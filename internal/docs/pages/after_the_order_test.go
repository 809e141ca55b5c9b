package pages

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/klarna-go/klarna-payments/klarna"
	"github.com/klarna-go/klarna-payments/klarna/klarnatest"
	"github.com/klarna-go/klarna-payments/klarna/ordermanagement"
)

// The functions of this file hold what docs/after-the-order.md quotes.

// quote: ship
// shipment is a row of the shop's database. Its key is stored with it, before the first call.
type shipment struct {
	OrderID, Number, Key, TrackingNumber string
	Lines                                []ordermanagement.OrderLine // lines of the order, or parts of them
}

func ship(ctx context.Context, orders *ordermanagement.Client, s shipment) error {
	request := ordermanagement.CaptureLines(s.Lines...) // the amount is the sum of the lines
	request.Reference = s.Number
	request.ShippingInfo = []ordermanagement.ShippingInfo{{
		ShippingCompany: "dhl-germany", ShippingMethod: ordermanagement.ShippingMethodHome, TrackingNumber: s.TrackingNumber,
	}}
	captureID, err := orders.CaptureOrder(ctx, s.OrderID, request, klarna.WithIdempotencyKey(s.Key))
	switch {
	case errors.Is(err, klarna.ErrOutcomeUnknown): // first: the error matches other sentinels as well
		return callAgain(s) // with the same key and the same request, within 24 hours
	case errors.Is(err, ordermanagement.ErrCaptureNotAllowed):
		return hold(s) // nothing was captured: read the order for the reason
	case err != nil:
		return err
	}
	return captured(s, captureID)
}

// end of quote

func newOrders(client *klarna.Client) *ordermanagement.Client {
	// quote: client
	orders := ordermanagement.New(client)
	// end of quote
	return orders
}

func shipPart(ctx context.Context, orders *ordermanagement.Client, orderID string, today *ordermanagement.CaptureRequest) error {
	// quote: parts
	order, err := orders.ReadOrder(ctx, orderID)
	if err != nil {
		return err
	}
	one, _ := ordermanagement.SplitLine(order.OrderLines[0], 1) // one of two pairs of shoes
	request := ordermanagement.CaptureLines(one, order.OrderLines[1])
	// end of quote
	*today = request
	return nil
}

func shipRest(ctx context.Context, orders *ordermanagement.Client, orderID, key string, id *string) error {
	// quote: rest
	order, err := orders.ReadOrder(ctx, orderID)
	if err != nil {
		return err
	}
	captureID, err := orders.CaptureOrder(ctx, orderID, ordermanagement.RemainingCapture(*order), klarna.WithIdempotencyKey(key))
	// end of quote
	*id = captureID
	return err
}

func refundOne(ctx context.Context, orders *ordermanagement.Client, orderID, captureID, key string, id *string) error {
	// quote: refund
	capture, err := orders.ReadCapture(ctx, orderID, captureID)
	if err != nil {
		return err
	}
	one, _ := ordermanagement.SplitLine(capture.OrderLines[0], 1) // one of the pairs that were captured
	request := ordermanagement.RefundLines(one)                   // the amount of the lines
	request.Reference = "RET-2047"
	refundID, err := orders.RefundOrder(ctx, orderID, request, klarna.WithIdempotencyKey(key))
	// end of quote
	*id = refundID
	return err
}

func refundWithFee(order *ordermanagement.Order) ordermanagement.RefundRequest {
	// quote: fee
	lines := slices.Clone(order.Captures[0].OrderLines)
	if fee, supported := ordermanagement.ReturnFeeLine(*order, "Return label", 295, 1900); supported {
		lines = append(lines, fee)
	}
	request := ordermanagement.RefundLines(lines...)
	// end of quote
	return request
}

// quote: expiry
// watchExpiry runs every day, over the orders of which something has not been captured.
func watchExpiry(open []openOrder, now time.Time) {
	for _, order := range open {
		if order.ExpiresAt.Sub(now) < 4*24*time.Hour {
			notify(order) // ship it, extend it or release it
		}
	}
}

// end of quote

func extend(ctx context.Context, orders *ordermanagement.Client, orderID string) error {
	// quote: extend
	err := orders.ExtendAuthorizationTime(ctx, orderID)
	if errors.Is(err, ordermanagement.ErrNotAllowed) {
		return fmt.Errorf("not extended, capture before the current ExpiresAt: %w", err)
	}
	if err != nil {
		return err
	}
	order, err := orders.ReadOrder(ctx, orderID) // the call above does not return the new date
	if err != nil {
		return err
	}
	return storeExpiry(orderID, order.ExpiresAt.Time)
	// end of quote
}

func withoutSoldOut(ctx context.Context, orders *ordermanagement.Client, orderID, reference string) error {
	// quote: soldOut
	order, err := orders.ReadOrder(ctx, orderID)
	if err != nil {
		return err
	}
	update := ordermanagement.AuthorizationUpdate{OrderAmount: order.OrderAmount}
	for _, line := range order.OrderLines {
		if line.Reference == reference { // sold out
			update.OrderAmount -= line.TotalAmount
			continue
		}
		update.OrderLines = append(update.OrderLines, line)
	}
	err = orders.UpdateAuthorization(ctx, orderID, update)
	// end of quote
	return err
}

func undo(ctx context.Context, orders *ordermanagement.Client, orderID string) error {
	// quote: undo
	order, err := orders.ReadOrder(ctx, orderID)
	if err != nil {
		return err
	}
	if ordermanagement.CanCancel(*order) {
		return orders.CancelOrder(ctx, orderID)
	}
	for _, capture := range order.Captures {
		request := ordermanagement.RemainingRefund(*order, capture.CaptureID)
		if request.RefundedAmount == 0 {
			continue
		}
		_, err := orders.RefundOrder(ctx, orderID, request, klarna.WithIdempotencyKey("undo-"+capture.CaptureID))
		if err != nil {
			return err
		}
	}
	if ordermanagement.CanRelease(*order) {
		return orders.ReleaseRemainingAuthorization(ctx, orderID)
	}
	// end of quote
	return nil
}

func lookUp(ctx context.Context, orders *ordermanagement.Client, s shipment) error {
	// quote: lookup
	captures, err := orders.ListCaptures(ctx, s.OrderID)
	if err != nil {
		return err
	}
	i := slices.IndexFunc(captures, func(c ordermanagement.Capture) bool { return c.Reference == s.Number })
	if i >= 0 {
		return captured(s, captures[i].CaptureID)
	}
	return captureAgain(s) // it was not captured: with a new key
	// end of quote
}

// What the shop has of its own.
type openOrder struct {
	ID        string
	ExpiresAt time.Time
}

var (
	callAgain    = func(shipment) error { return nil }
	captureAgain = func(shipment) error { return nil }
	hold         = func(shipment) error { return nil }
	captured     = func(shipment, string) error { return nil }
	notify       = func(openOrder) {}
	storeExpiry  = func(string, time.Time) error { return nil }
)

// place places an order of two pairs of shoes and a parcel.
func place(t *testing.T, server *klarnatest.Server) (orderID string) {
	t.Helper()
	client := server.Client()
	bought := klarna.SessionCreate{PurchaseCountry: "DE", PurchaseCurrency: "EUR", Locale: "de-DE", OrderLines: []klarna.OrderLine{
		klarna.CompleteLine(klarna.OrderLine{Reference: "SHOE", Name: "Running shoe", Quantity: 2, UnitPrice: 11900, TaxRate: 1900}),
		klarna.CompleteLine(klarna.OrderLine{Reference: "PARCEL", Type: klarna.OrderLineTypeShippingFee, Name: "Parcel", Quantity: 1, UnitPrice: 500, TaxRate: 1900}),
	}}
	bought.OrderAmount, bought.OrderTaxAmount = klarna.Totals(bought.OrderLines)
	session, err := client.CreateSession(t.Context(), bought)
	require.NoError(t, err)
	token, err := server.Authorize(session.SessionID)
	require.NoError(t, err)
	order, err := client.CreateOrder(t.Context(), token, klarna.OrderFromSession(bought))
	require.NoError(t, err)
	return order.OrderID
}

// requireAmounts requires the amounts of an order.
func requireAmounts(t *testing.T, orders *ordermanagement.Client, orderID string, captured, remaining, refunded int64) *ordermanagement.Order {
	t.Helper()
	order, err := orders.ReadOrder(t.Context(), orderID)
	require.NoError(t, err)
	require.Equal(t, []int64{captured, remaining, refunded}, []int64{order.CapturedAmount, order.RemainingAuthorizedAmount, order.RefundedAmount})
	return order
}

func TestBlocksOfAfterTheOrderShipAndRefund(t *testing.T) {
	server := newServer(t)
	orderID, orders := place(t, server), newOrders(server.Client(klarna.WithRetry(klarna.NoRetry())))
	var today ordermanagement.CaptureRequest
	require.NoError(t, shipPart(t.Context(), orders, orderID, &today))
	require.Equal(t, int64(12400), today.CapturedAmount)

	// The response is lost. The call is made again with the same key, and nothing is captured twice.
	var repeated []shipment
	var ids []string
	replace(t, &callAgain, func(s shipment) error { repeated = append(repeated, s); return nil })
	replace(t, &captured, func(_ shipment, id string) error { ids = append(ids, id); return nil })
	first := shipment{OrderID: orderID, Number: "SHP-1", Key: "key-1", TrackingNumber: "00340434292135100186", Lines: today.OrderLines}
	require.NoError(t, lookUp(t.Context(), orders, first))
	require.Empty(t, ids, "nothing was captured yet")
	server.Fail(ordermanagement.OperationCaptureOrder, klarnatest.ResetAfter())
	require.NoError(t, ship(t.Context(), orders, first))
	require.Equal(t, []shipment{first}, repeated)
	require.NoError(t, lookUp(t.Context(), orders, first))
	require.NoError(t, ship(t.Context(), orders, repeated[0]))
	require.Len(t, ids, 2)
	require.Equal(t, ids[0], ids[1])
	requireAmounts(t, orders, orderID, 12400, 11900, 0)

	var restID, refundID string
	require.NoError(t, shipRest(t.Context(), orders, orderID, "key-2", &restID))
	require.NotEqual(t, ids[0], restID)
	requireAmounts(t, orders, orderID, 24300, 0, 0)
	require.NoError(t, refundOne(t.Context(), orders, orderID, ids[0], "key-3", &refundID))
	order := requireAmounts(t, orders, orderID, 24300, 0, 11900)
	require.Equal(t, ordermanagement.OrderStatusCaptured, order.Status, "a refund changes no status")

	// Nothing is left: a further shipment is held.
	var held []shipment
	replace(t, &hold, func(s shipment) error { held = append(held, s); return nil })
	require.NoError(t, ship(t.Context(), orders, shipment{OrderID: orderID, Number: "SHP-3", Key: "key-4", Lines: today.OrderLines}))
	require.Len(t, held, 1)

	require.NoError(t, undo(t.Context(), orders, orderID))
	requireAmounts(t, orders, orderID, 24300, 0, 24300)
}

func TestBlocksOfAfterTheOrderTakeAFee(t *testing.T) {
	server := newServer(t)
	orderID, orders := place(t, server), newOrders(server.Client())
	var id string
	require.NoError(t, shipRest(t.Context(), orders, orderID, "key-1", &id))
	request := refundWithFee(requireAmounts(t, orders, orderID, 24300, 0, 0))
	_, err := orders.RefundOrder(t.Context(), orderID, request)
	require.NoError(t, err)
	requireAmounts(t, orders, orderID, 24300, 0, 24300-295)
}

func TestBlocksOfAfterTheOrderWithoutWhatIsSoldOut(t *testing.T) {
	server := newServer(t)
	orderID, orders := place(t, server), newOrders(server.Client())
	require.NoError(t, withoutSoldOut(t.Context(), orders, orderID, "SHOE"))
	order := requireAmounts(t, orders, orderID, 0, 500, 0)
	require.Len(t, order.OrderLines, 1)
	require.NoError(t, undo(t.Context(), orders, orderID))
	order = requireAmounts(t, orders, orderID, 0, 0, 0)
	require.Equal(t, ordermanagement.OrderStatusCancelled, order.Status)
}

func TestBlocksOfAfterTheOrderWatchTheExpiry(t *testing.T) {
	server := newServer(t)
	orderID, orders := place(t, server), newOrders(server.Client())
	var noticed []openOrder
	replace(t, &notify, func(o openOrder) { noticed = append(noticed, o) })
	open := openOrder{ID: orderID, ExpiresAt: requireAmounts(t, orders, orderID, 0, 24300, 0).ExpiresAt.Time}
	now := time.Now()
	watchExpiry([]openOrder{open}, now)
	require.Empty(t, noticed)

	server.Advance(25 * 24 * time.Hour)
	watchExpiry([]openOrder{open}, now.Add(25*24*time.Hour))
	require.Equal(t, []openOrder{open}, noticed)
	var extended time.Time
	replace(t, &storeExpiry, func(_ string, at time.Time) error { extended = at; return nil })
	require.NoError(t, extend(t.Context(), orders, orderID))
	require.Greater(t, extended.Sub(open.ExpiresAt), 20*24*time.Hour)

	server.Advance(40 * 24 * time.Hour)
	require.ErrorIs(t, extend(t.Context(), orders, orderID), ordermanagement.ErrNotAllowed)
}

// docs/testing.md, and "Idempotency keys" of docs/after-the-order.md.
func TestOneKeyIsOneCapture(t *testing.T) {
	server := newServer(t)
	orderID, orders := place(t, server), newOrders(server.Client())
	first, err := orders.CaptureOrder(t.Context(), orderID, ordermanagement.CaptureRequest{CapturedAmount: 500}, klarna.WithIdempotencyKey("k"))
	require.NoError(t, err)
	second, err := orders.CaptureOrder(t.Context(), orderID, ordermanagement.CaptureRequest{CapturedAmount: 700}, klarna.WithIdempotencyKey("k"))
	require.NoError(t, err)
	require.Equal(t, first, second, "another body changes nothing")
	require.Len(t, server.Order(orderID).Captures, 1)

	server.Advance(25 * time.Hour) // the key is forgotten
	third, err := orders.CaptureOrder(t.Context(), orderID, ordermanagement.CaptureRequest{CapturedAmount: 700}, klarna.WithIdempotencyKey("k"))
	require.NoError(t, err)
	require.NotEqual(t, first, third)
	require.Len(t, server.Order(orderID).Captures, 2)
}

// docs/testing.md, the row on a key whose first request still runs.
func TestKeyThatStillRunsIsAConflict(t *testing.T) {
	server := newServer(t, klarnatest.WithKeyConflicts())
	orderID, orders := place(t, server), newOrders(server.Client(klarna.WithRetry(klarna.NoRetry())))
	capture := func(ctx context.Context) error {
		_, err := orders.CaptureOrder(ctx, orderID, ordermanagement.CaptureRequest{CapturedAmount: 500}, klarna.WithIdempotencyKey("k"))
		return err
	}
	server.Fail(ordermanagement.OperationCaptureOrder, klarnatest.Delay(time.Minute))
	impatient, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	require.ErrorIs(t, capture(impatient), klarna.ErrOutcomeUnknown)
	require.ErrorIs(t, capture(t.Context()), klarna.ErrConflict)
}

// docs/testing.md, and the tables of docs/after-the-order.md.
func TestWhatAnOrderDoesNotAllow(t *testing.T) {
	server := newServer(t)
	orders := newOrders(server.Client())
	some := ordermanagement.CaptureRequest{CapturedAmount: 500}

	server.SetFraudStatus(klarna.FraudStatusPending)
	orderID := place(t, server)
	_, err := orders.RefundOrder(t.Context(), orderID, ordermanagement.RefundRequest{RefundedAmount: 1})
	require.ErrorIs(t, err, ordermanagement.ErrRefundNotAllowed, "nothing was captured")
	_, err = orders.CaptureOrder(t.Context(), orderID, some)
	require.ErrorIs(t, err, ordermanagement.ErrCaptureNotAllowed)
	require.NoError(t, server.EndReview(orderID, klarna.FraudStatusAccepted))
	_, err = orders.CaptureOrder(t.Context(), orderID, some)
	require.NoError(t, err)

	require.ErrorIs(t, orders.CancelOrder(t.Context(), orderID), ordermanagement.ErrCancelNotAllowed)
	_, err = orders.RefundOrder(t.Context(), orderID, ordermanagement.RefundRequest{RefundedAmount: 501})
	require.ErrorIs(t, err, ordermanagement.ErrRefundNotAllowed, "more than was captured")

	server.Advance(29 * 24 * time.Hour)
	_, err = orders.CaptureOrder(t.Context(), orderID, some)
	require.ErrorIs(t, err, ordermanagement.ErrCaptureNotAllowed, "it has expired")
	_, err = orders.RefundOrder(t.Context(), orderID, ordermanagement.RefundRequest{RefundedAmount: 500})
	require.NoError(t, err, "what was captured can be refunded")
}

// replace sets a variable for the time of a test.
func replace[T any](t *testing.T, variable *T, value T) {
	t.Helper()
	before := *variable
	*variable = value
	t.Cleanup(func() { *variable = before })
}
