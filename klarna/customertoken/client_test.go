package customertoken_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/klarna-go/klarna-payments/internal/apitest"
	"github.com/klarna-go/klarna-payments/internal/wiretest"
	"github.com/klarna-go/klarna-payments/klarna"
	"github.com/klarna-go/klarna-payments/klarna/customertoken"
)

func TestEveryOperationRunsByTheContract(t *testing.T) {
	t.Parallel()
	tested.RequireRequests(t, operations(t), strings.NewReplacer("{customerToken}", customerToken))
}

// The published bodies come out as they came in, but for zeros that may be left out.
func TestExampleBodyComesBackKeyForKey(t *testing.T) {
	t.Parallel()
	for name, value := range map[string]any{
		"ct_create_order_request.json":                   new(customertoken.OrderRequest),
		"ct_create_order_request.on_demand_step_up.json": new(customertoken.OrderRequest),
		"ct_create_order_response.json":                  new(customertoken.Order),
		"ct_create_order_response.no_redirect_url.json":  new(customertoken.Order),
		"ct_read_token_response.json":                    new(customertoken.Token),
		"ct_create_order_rejected_403.json":              new(customertoken.ErrorV2),
	} {
		body := strings.NewReplacer(`"total_discount_amount": 0,`, "", `"auto_capture": false,`, "").Replace(example(t, name))
		require.JSONEq(t, body, tested.Encoded(t, name, value), name)
	}
}

func TestCancellationSendsKlarnasStatus(t *testing.T) {
	t.Parallel()
	s := &wiretest.Script{Lines: []wiretest.Line{{Status: 202}}}
	require.NoError(t, tested.Client(t, s).CancelToken(t.Context(), customerToken))
	require.JSONEq(t, example(t, "ct_cancel_token_request.json"), s.Sent()[0])
}

func TestEveryAttemptOfAChargeHasTheSameKeyAndBytes(t *testing.T) {
	t.Parallel()
	success := operations(t)[0].Success
	for name, failure := range map[string]wiretest.Line{
		"reset": {Err: wiretest.ErrReset}, "500": {Status: 500}, "503": {Status: 503, Body: "<html>"}, "429": {Status: 429},
		"without the order": {Status: 200}, "broken off": {Status: 200, Body: `{"order_`, Broken: io.ErrUnexpectedEOF},
	} {
		s := &wiretest.Script{Lines: []wiretest.Line{failure, failure, success}}
		order, err := charge(t, s)
		require.NoError(t, err, name)
		require.Equal(t, "0d7b3c55-9e21-4f8e-8a3b-6c2e51f07d94", order.OrderID)
		keys := s.Values("Klarna-Idempotency-Key")
		require.Len(t, keys[0], 36, name)
		require.Equal(t, []string{keys[0], keys[0], keys[0]}, keys, name)
		require.Equal(t, []string{s.Sent()[0], s.Sent()[0], s.Sent()[0]}, s.Sent(), name)

		other := &wiretest.Script{Lines: []wiretest.Line{success}}
		_, err = charge(t, other)
		require.NoError(t, err)
		require.NotEqual(t, keys[0], other.Values("Klarna-Idempotency-Key")[0], "another call has another key")
	}
}

func TestKeysAreForChargesOnly(t *testing.T) {
	t.Parallel()
	for _, op := range operations(t) {
		s := &wiretest.Script{Lines: []wiretest.Line{op.Success}}
		err := op.Call(t, tested.Client(t, s), klarna.WithIdempotencyKey("sub-7781/2026-03/1"))
		if op.Name != customertoken.OperationCreateOrder {
			require.Error(t, err, op.Name)
			require.Empty(t, s.Seen())
			continue
		}
		require.NoError(t, err)
		require.Equal(t, []string{"sub-7781/2026-03/1"}, s.Values("Klarna-Idempotency-Key"))
	}
}

func TestAmbiguousEndOfAChargeIsAnUnknownOutcome(t *testing.T) {
	t.Parallel()
	for name, failure := range map[string]wiretest.Line{
		"lost response": {Err: io.EOF}, "500": apitest.Rejected(500, "INTERNAL_SERVER_ERROR"), "504": {Status: 504, Body: "<html>"}, "408": {Status: 408},
		"half a decline": {Status: 403, Body: `{"error_code":"PAY`, Broken: io.ErrUnexpectedEOF}, "no order id": {Status: 200, Body: `{}`},
		"a login page": {Status: 200, Body: "<html>"}, "a redirect": {Status: 302, Header: http.Header{"Location": {"https://elsewhere.example/"}}},
	} {
		for _, op := range operations(t) {
			s := &wiretest.Script{Lines: []wiretest.Line{failure}}
			err := op.Call(t, tested.Client(t, s))
			require.Equal(t, op.Name == customertoken.OperationCreateOrder, errors.Is(err, klarna.ErrOutcomeUnknown), "%s, %s: %v", name, op.Name, err)
		}
	}
}

// An order that Klarna placed is not lost to a member of an unexpected form.
func TestOrderIsKeptWhateverElseTheResponseHolds(t *testing.T) {
	t.Parallel()
	for _, body := range []string{
		`{"order_id":"o-1"}`,
		`{"order_id":"o-1","fraud_status":7,"redirect_url":null}`,
		`{"order_id":"o-1","authorized_payment_method":{"type":"pay_by_thought"}}`,
		`{"order_id":"o-1","authorized_payment_method":"invoice","new":{"a":[1]}}`,
	} {
		order, err := charge(t, &wiretest.Script{Lines: []wiretest.Line{{Status: 200, Body: body}}})
		require.NoError(t, err, body)
		require.Equal(t, "o-1", order.OrderID)
	}
}

// A rejection after an ambiguous attempt may be about what that attempt did: the first charge went through, and the card has no
// money for a second.
func TestRejectionAfterAnAmbiguousAttemptIsAnUnknownOutcome(t *testing.T) {
	t.Parallel()
	for _, first := range []wiretest.Line{{Err: wiretest.ErrReset}, {Status: 502}, {Status: 200}} {
		for code := range byCode {
			_, err := charge(t, &wiretest.Script{Lines: []wiretest.Line{first, apitest.Rejected(403, code)}})
			require.ErrorIs(t, err, klarna.ErrOutcomeUnknown, code)
			require.NotErrorIs(t, err, byCode[code], code)
		}
		for _, second := range []wiretest.Line{apitest.Rejected(400, "BAD_REQUEST"), apitest.Rejected(401, "UNAUTHORIZED"), apitest.Rejected(409, "CONFLICT")} {
			_, err := charge(t, &wiretest.Script{Lines: []wiretest.Line{first, second}})
			require.ErrorIs(t, err, klarna.ErrOutcomeUnknown)
		}
		// The body is the same for each attempt, so what is wrong with it was wrong before.
		_, err := charge(t, &wiretest.Script{Lines: []wiretest.Line{first, apitest.Rejected(400, "BAD_VALUE")}})
		require.ErrorIs(t, err, klarna.ErrInvalidRequest)
		require.NotErrorIs(t, err, klarna.ErrOutcomeUnknown)
	}
	for _, first := range []wiretest.Line{{Err: wiretest.ErrDial}, {Status: 429}} { // it had no effect
		s := &wiretest.Script{Lines: []wiretest.Line{first, apitest.Rejected(403, "PAYMENT_METHOD_FAILED")}}
		_, err := tested.Through(t, s).CreateOrder(t.Context(), customerToken, renewal(t))
		require.ErrorIs(t, err, customertoken.ErrPaymentMethodFailed)
		require.NotErrorIs(t, err, klarna.ErrOutcomeUnknown)
	}
}

// An earlier call with a caller's key may still run, and place an order.
func TestConflictAboutACallersKeyIsAnUnknownOutcome(t *testing.T) {
	t.Parallel()
	conflict := &wiretest.Script{Lines: []wiretest.Line{apitest.Rejected(409, "CONFLICT")}}
	_, err := charge(t, conflict, klarna.WithIdempotencyKey("k"))
	require.ErrorIs(t, err, klarna.ErrOutcomeUnknown)
	_, err = charge(t, conflict)
	require.ErrorIs(t, err, klarna.ErrConflict)
	require.NotErrorIs(t, err, klarna.ErrOutcomeUnknown)
}

// byCode are the errors by Klarna's code.
var byCode = map[string]error{
	"TOKEN_NOT_FOUND": customertoken.ErrTokenNotFound, "NOT_FOUND": customertoken.ErrTokenNotFound,
	"TOKEN_SUSPENDED": customertoken.ErrTokenSuspended,
	"TOKEN_CANCELLED": customertoken.ErrTokenCancelled, "TOKEN_CANCELED": customertoken.ErrTokenCancelled,
	"TOKEN_FORBIDDEN":                  customertoken.ErrTokenForbidden,
	"UNAVAILABLE_PAYMENT_METHOD":       customertoken.ErrPaymentMethodUnavailable,
	"PAYMENT_METHOD_FAILED":            customertoken.ErrPaymentMethodFailed,
	"PAYMENT_METHOD_CURRENCY_MISMATCH": customertoken.ErrCurrencyMismatch,
}

func TestDefiniteRejectionHasItsErrorByStatusAndCode(t *testing.T) {
	t.Parallel()
	for _, op := range operations(t) {
		for code, want := range byCode {
			s := &wiretest.Script{Lines: []wiretest.Line{apitest.Rejected(403, code)}}
			err := op.Call(t, tested.Client(t, s))
			require.Len(t, s.Seen(), 1, "a rejection is not retried")
			require.ErrorIs(t, err, klarna.ErrForbidden)
			require.NotErrorIs(t, err, klarna.ErrOutcomeUnknown)
			for _, other := range byCode {
				require.Equal(t, errors.Is(other, want), errors.Is(err, other), "%s %s: %v", op.Name, code, other)
			}
		}
		err := op.Call(t, tested.Client(t, &wiretest.Script{Lines: []wiretest.Line{apitest.Rejected(404, "TOKEN_NOT_FOUND")}}))
		require.ErrorIs(t, err, klarna.ErrNotFound)
		require.ErrorIs(t, err, customertoken.ErrTokenNotFound)
	}
}

func TestCancellationThatAnEarlierAttemptMadeIsASuccess(t *testing.T) {
	t.Parallel()
	for _, code := range []string{"TOKEN_CANCELLED", "TOKEN_CANCELED"} {
		retried := &wiretest.Script{Lines: []wiretest.Line{{Err: wiretest.ErrReset}, apitest.Rejected(403, code)}}
		require.NoError(t, tested.Client(t, retried).CancelToken(t.Context(), customerToken))
		before := &wiretest.Script{Lines: []wiretest.Line{apitest.Rejected(403, code)}}
		require.ErrorIs(t, tested.Client(t, before).CancelToken(t.Context(), customerToken), customertoken.ErrTokenCancelled)
	}
	suspended := &wiretest.Script{Lines: []wiretest.Line{{Err: wiretest.ErrReset}, apitest.Rejected(403, "TOKEN_SUSPENDED")}}
	require.ErrorIs(t, tested.Client(t, suspended).CancelToken(t.Context(), customerToken), customertoken.ErrTokenSuspended)
}

func TestStepUpIDIsThatOfADeclinedCharge(t *testing.T) {
	t.Parallel()
	decline := wiretest.Line{Status: 403, Body: example(t, "ct_create_order_rejected_403.json")}
	_, err := charge(t, &wiretest.Script{Lines: []wiretest.Line{decline}})
	require.ErrorIs(t, err, customertoken.ErrPaymentMethodUnavailable)
	for _, wrapped := range []error{err, fmt.Errorf("renewal: %w", err)} {
		id, ok := customertoken.StepUpID(wrapped)
		require.True(t, ok)
		require.Equal(t, "c7e0a9d4-31f8-4b6c-a25d-80f4e6b17239", id)
	}
	require.NotContains(t, fmt.Sprintf("%v %+v", err, err), "c7e0a9d4")

	// The other members are in the body, for those who want them.
	var e *klarna.Error
	require.ErrorAs(t, err, &e)
	var details customertoken.ErrorV2
	require.NoError(t, json.Unmarshal(e.Body, &details))
	require.Equal(t, klarna.FraudStatusRejected, details.FraudStatus)
	require.Equal(t, klarna.AuthorizedPaymentMethodTypeCard, details.AuthorizedPaymentMethod.Type)
}

func TestStepUpIDIsAbsentWhereTheCustomerCannotConfirm(t *testing.T) {
	t.Parallel()
	decline := wiretest.Line{Status: 403, Body: example(t, "ct_create_order_rejected_403.json")}
	_, unknown := charge(t, &wiretest.Script{Lines: []wiretest.Line{{Err: wiretest.ErrReset}, decline}})
	require.ErrorIs(t, unknown, klarna.ErrOutcomeUnknown)
	_, readErr := tested.Client(t, &wiretest.Script{Lines: []wiretest.Line{decline}}).ReadToken(t.Context(), customerToken)
	_, without := charge(t, &wiretest.Script{Lines: []wiretest.Line{apitest.Rejected(403, "PAYMENT_METHOD_FAILED")}})
	_, empty := charge(t, &wiretest.Script{Lines: []wiretest.Line{{Status: 403, Body: `{"step_up_id":""}`}}})
	_, odd := charge(t, &wiretest.Script{Lines: []wiretest.Line{{Status: 403, Body: `{"step_up_id":7}`}}})
	_, page := charge(t, &wiretest.Script{Lines: []wiretest.Line{{Status: 403, Body: "<html>"}}})
	for name, err := range map[string]error{
		"unknown outcome": unknown, "another operation": readErr, "a decline without one": without, "an empty one": empty, "a number": odd,
		"a page": page, "another error": errors.New("x"), "none": nil,
	} {
		id, ok := customertoken.StepUpID(err)
		require.False(t, ok, name)
		require.Empty(t, id, name)
	}
}

func TestMalformedTokenSendsNothing(t *testing.T) {
	t.Parallel()
	s := &wiretest.Script{Lines: []wiretest.Line{{Status: 202}}}
	c := tested.Client(t, s)
	for _, token := range []string{"", ".", "..", "a\nb", strings.Repeat("x", 256)} {
		_, err := c.CreateOrder(t.Context(), token, renewal(t))
		require.ErrorIs(t, err, klarna.ErrInvalidID, "%q", token)
		_, err = c.ReadToken(t.Context(), token)
		require.ErrorIs(t, err, klarna.ErrInvalidID, "%q", token)
		require.ErrorIs(t, c.CancelToken(t.Context(), token), klarna.ErrInvalidID, "%q", token)
	}
	require.Empty(t, s.Seen())
	require.NoError(t, c.CancelToken(t.Context(), "a/../b?x"))
	require.Equal(t, "/customer-token/v1/tokens/a%2F..%2Fb%3Fx/status", s.Seen()[0].URL.EscapedPath())
}

// Whoever has the token and the credentials can charge the customer.
func TestTokenIsInNoText(t *testing.T) {
	t.Parallel()
	for _, op := range operations(t) {
		var log strings.Builder
		var observed []string
		observer := spy(func(seen any) { observed = append(observed, fmt.Sprintf("%+v", seen)) })
		for _, line := range []wiretest.Line{
			{Status: 404, Body: `{"error_code":"TOKEN_NOT_FOUND","error_messages":["No token ` + customerToken + `"]}`},
			{Err: errors.New("proxy: cannot reach /customer-token/v1/tokens/" + customerToken)},
			{Status: 502, Header: http.Header{"Content-Type": {"text/html"}}, Body: customerToken},
		} {
			s := &wiretest.Script{Lines: []wiretest.Line{line}}
			client := tested.Client(t, s, klarna.WithLogger(slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))), klarna.WithObserver(observer))
			err := op.Call(t, client)
			require.Error(t, err)
			text, marshalErr := json.Marshal(err)
			require.NoError(t, marshalErr)
			for _, shown := range append(observed, err.Error(), fmt.Sprintf("%v %+v %#v %q", err, err, err, err), string(text), log.String()) {
				require.NotContains(t, shown, customerToken, op.Name)
			}
			require.True(t, strings.HasPrefix(err.Error(), "klarna: customertoken."), err.Error())
		}
		require.NotEmpty(t, log.String())
		require.NotEmpty(t, observed)
	}
}

// spy is an observer that sees what observers get.
type spy func(any)

func (s spy) StartCall(ctx context.Context, o klarna.Observation) (context.Context, func(klarna.Outcome)) {
	s(o)
	return ctx, func(outcome klarna.Outcome) { s(outcome) }
}

func (s spy) StartAttempt(ctx context.Context, o klarna.Observation) (context.Context, func(klarna.Outcome)) {
	return s.StartCall(ctx, o)
}

func TestChargeIsCheckedBeforeItIsSent(t *testing.T) {
	t.Parallel()
	charged := renewal(t)
	checked := tested.RequireCheckedBodies(t, operations(t), customertoken.OperationCancelToken)
	require.Equal(t, map[klarna.Operation]any{customertoken.OperationCreateOrder: &charged}, checked)
}

func TestClientThatWasNotMade(t *testing.T) {
	t.Parallel()
	tested.RequireMadeClient(t, operations(t))
}
