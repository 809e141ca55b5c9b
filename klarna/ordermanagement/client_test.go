package ordermanagement_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/klarna-go/klarna-payments/internal/apitest"
	"github.com/klarna-go/klarna-payments/internal/wiretest"
	"github.com/klarna-go/klarna-payments/klarna"
	"github.com/klarna-go/klarna-payments/klarna/ordermanagement"
)

func TestEveryOperationRunsByTheContract(t *testing.T) {
	t.Parallel()
	tested.RequireRequests(t, operations(t), strings.NewReplacer("{order_id}", orderID, "{capture_id}", captureID, "{refund_id}", refundID))
}

// The published bodies come out as they came in, key for key, empty ones included where they mean something.
func TestExampleBodyComesBackKeyForKey(t *testing.T) {
	t.Parallel()
	for name, value := range map[string]any{
		"om_capture_request.json":                    new(ordermanagement.CaptureRequest),
		"om_capture_request.minimal.json":            new(ordermanagement.CaptureRequest),
		"om_refund_request.json":                     new(ordermanagement.RefundRequest),
		"om_refund_request.return_fee.json":          new(ordermanagement.RefundRequest),
		"om_update_authorization_request.json":       new(ordermanagement.AuthorizationUpdate),
		"om_update_merchant_references_request.json": new(ordermanagement.MerchantReferences),
		"om_update_customer_details_request.json":    new(ordermanagement.CustomerDetails),
		"om_get_order_response.json":                 new(ordermanagement.Order),
		"om_get_captures_response.json":              new([]ordermanagement.Capture),
		"om_get_refund_response.json":                new(ordermanagement.Refund),
		"om_extend_due_date_options_response.json":   new(ordermanagement.DueDateOptions),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			require.JSONEq(t, normalized(t, name, example(t, name)), normalized(t, name, tested.Encoded(t, name, value)))
		})
	}
}

// normalized removes what says nothing: zeros that may be left out, and in responses empty texts and lists. Times are
// compared as times.
func normalized(t *testing.T, name, body string) string {
	t.Helper()
	response := strings.Contains(name, "response")
	var clean func(any) any
	clean = func(value any) any {
		switch value := value.(type) {
		case map[string]any:
			for key, member := range value {
				list, isList := member.([]any)
				silent := key == "shipping_delay" || key == "total_discount_amount" || response && key != "tax_rate" && key != "total_tax_amount"
				switch {
				case silent && (member == 0.0 || member == "" || member == false || isList && len(list) == 0):
					delete(value, key)
				case strings.HasSuffix(key, "_at"):
					at, err := time.Parse(time.RFC3339, member.(string))
					require.NoError(t, err)
					value[key] = at.UnixMilli()
				default:
					value[key] = clean(member)
				}
			}
		case []any:
			for i := range value {
				value[i] = clean(value[i])
			}
		}
		return value
	}
	var tree any
	require.NoError(t, json.Unmarshal([]byte(body), &tree))
	text, err := json.Marshal(clean(tree))
	require.NoError(t, err)
	return string(text)
}

func TestEmptyTextsStandForValuesThatAreNotSet(t *testing.T) {
	t.Parallel()
	s := &wiretest.Script{Lines: []wiretest.Line{{Status: 200, Header: noType, Body: `{"order_id":"` + orderID + `","status":"NEW_STATUS","fraud_status":"","expires_at":"","created_at":"2026-03-02T18:05:44.910Z",
		"customer":{"date_of_birth":""},"captures":[{"capture_id":"c","captured_at":"","captured_amount":1}],"refunds":[{"refunded_at":""}],
		"initial_payment_method":{"type":"","description":""},"new_member":{"a":[1]}}`}}}
	order, err := tested.Client(t, s).ReadOrder(t.Context(), orderID)
	require.NoError(t, err)
	require.True(t, order.ExpiresAt.IsZero())
	require.True(t, order.Captures[0].CapturedAt.IsZero())
	require.Equal(t, 910*time.Millisecond, time.Duration(order.CreatedAt.Nanosecond()))
	require.Equal(t, ordermanagement.OrderStatus("NEW_STATUS"), order.Status)
}

func TestListOfCapturesMayBeEmptyAndIsNeverSomethingElse(t *testing.T) {
	t.Parallel()
	captures, err := tested.Client(t, &wiretest.Script{Lines: []wiretest.Line{{Status: 200, Header: noType, Body: "[]"}}}).ListCaptures(t.Context(), orderID)
	require.NoError(t, err)
	require.Empty(t, captures)
	for _, body := range []string{"null", "{}", `{"captures":[]}`, "", "<html>", `[{"captured_amount":"1"}]`} {
		_, err := tested.Client(t, &wiretest.Script{Lines: []wiretest.Line{{Status: 200, Header: noType, Body: body}}}).ListCaptures(t.Context(), orderID)
		require.ErrorIs(t, err, klarna.ErrUnexpectedResponse, body)
		require.NotErrorIs(t, err, klarna.ErrOutcomeUnknown, body)
	}
}

func TestIDComesFromItsHeaderOrFromLocation(t *testing.T) {
	t.Parallel()
	for name, header := range map[string]http.Header{
		"its own":             {"Capture-Id": {"c-1"}},
		"both":                {"Capture-Id": {"c-1"}, "Location": {"https://api.klarna.com/ordermanagement/v1/orders/o/captures/c-2"}},
		"Location":            {"Location": {"https://elsewhere.example/orders/o/captures/c-1"}},
		"relative Location":   {"Location": {"/ordermanagement/v1/orders/o/captures/c-1"}},
		"empty, and Location": {"Capture-Id": {""}, "Location": {"http://klarna/orders/o/captures/c-1"}},
	} {
		s := &wiretest.Script{Lines: []wiretest.Line{{Status: 201, Header: header}}}
		id, err := tested.Client(t, s).CaptureOrder(t.Context(), orderID, ordermanagement.CaptureRequest{CapturedAmount: 1})
		require.NoError(t, err, name)
		require.Equal(t, "c-1", id, name)
		require.Len(t, s.Seen(), 1, "Location is never followed")
	}
}

// What Klarna confirmed is never a plain failure, even if nobody knows its id.
func TestConfirmationWithoutAnIDIsAnUnknownOutcome(t *testing.T) {
	t.Parallel()
	for name, l := range map[string]wiretest.Line{
		"no header":              {Status: 201},
		"the collection":         {Status: 201, Header: http.Header{"Location": {"/ordermanagement/v1/orders/o/captures/"}}},
		"a body in its place":    {Status: 201, Body: `{"capture_id":"c-1"}`},
		"a login page":           {Status: 200, Header: http.Header{"Content-Type": nil, "Location": {"/login"}}, Body: "<html>"},
		"a redirect":             {Status: 302, Header: http.Header{"Location": {"https://elsewhere.example/c-1"}}},
		"no id, and no body end": {Status: 201, Broken: io.ErrUnexpectedEOF},
	} {
		for _, op := range operations(t) {
			if op.Name != ordermanagement.OperationCaptureOrder && op.Name != ordermanagement.OperationRefundOrder {
				continue
			}
			if op.Name == ordermanagement.OperationRefundOrder && name == "the collection" {
				l.Header = http.Header{"Location": {"/ordermanagement/v1/orders/o/refunds/"}}
			}
			s := &wiretest.Script{Lines: []wiretest.Line{l}}
			err := op.Call(t, tested.Client(t, s))
			require.ErrorIs(t, err, klarna.ErrOutcomeUnknown, name)
			require.ErrorIs(t, err, klarna.ErrUnexpectedResponse, name)
			for _, key := range s.Values("Klarna-Idempotency-Key") {
				require.Equal(t, s.Values("Klarna-Idempotency-Key")[0], key)
			}
		}
	}
}

func TestIDIsKeptWhenTheBodyBreaksOff(t *testing.T) {
	t.Parallel()
	for _, l := range []wiretest.Line{
		{Status: 201, Header: captured().Header, Broken: io.ErrUnexpectedEOF},
		{Status: 200, Header: captured().Header, Body: "<html>"},
	} {
		s := &wiretest.Script{Lines: []wiretest.Line{l}}
		id, err := tested.Client(t, s).CaptureOrder(t.Context(), orderID, ordermanagement.CaptureRequest{CapturedAmount: 1})
		require.NoError(t, err)
		require.Equal(t, captureID, id)
		require.Len(t, s.Seen(), 1)
	}
}

var uuid4 = regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`)

func TestEveryAttemptOfACallHasTheSameKey(t *testing.T) {
	t.Parallel()
	for name, failure := range map[string]wiretest.Line{
		"reset": {Err: wiretest.ErrReset}, "dial": {Err: wiretest.ErrDial}, "EOF": {Err: io.EOF}, "500": {Status: 500}, "503": {Status: 503, Header: noType, Body: "<html>"},
		"429": {Status: 429}, "broken off": {Status: 500, Broken: io.ErrUnexpectedEOF},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, op := range changing(t) {
				s := &wiretest.Script{Lines: []wiretest.Line{failure, failure, op.Success}}
				var response klarna.Response
				require.NoError(t, op.Call(t, tested.Client(t, s), klarna.WithResponse(&response)), op.Name)
				keys := s.Values("Klarna-Idempotency-Key")
				require.Len(t, keys, 3)
				require.Regexp(t, uuid4, keys[0])
				require.Equal(t, []string{keys[0], keys[0], keys[0]}, keys, op.Name)
				require.Equal(t, keys[0], response.IdempotencyKey)
				earlier := s.Sent()[2]
				if name == "dial" {
					earlier = "" // nothing was sent
				}
				require.Equal(t, []string{earlier, earlier, s.Sent()[2]}, s.Sent(), op.Name)

				again := &wiretest.Script{Lines: []wiretest.Line{op.Success}}
				require.NoError(t, op.Call(t, tested.Client(t, again)))
				require.NotEqual(t, keys[0], again.Values("Klarna-Idempotency-Key")[0], "another call has another key")
			}
		})
	}
}

func TestCallersKeyIsSentAndReturned(t *testing.T) {
	t.Parallel()
	for _, op := range changing(t) {
		s := &wiretest.Script{Lines: []wiretest.Line{{Err: wiretest.ErrReset}, apitest.Rejected(403, "NOT_ALLOWED")}}
		err := op.Call(t, tested.Client(t, s), klarna.WithIdempotencyKey("shipment-88121"))
		require.Equal(t, []string{"shipment-88121", "shipment-88121"}, s.Values("Klarna-Idempotency-Key"), op.Name)
		var e *klarna.Error
		require.ErrorAs(t, err, &e)
		require.Equal(t, "shipment-88121", e.IdempotencyKey)
		require.NotContains(t, fmt.Sprintf("%v %+v %#v", err, err, e), "shipment-88121")
	}
}

func TestReadingTakesNoKey(t *testing.T) {
	t.Parallel()
	for _, op := range operations(t) {
		if op.Success.Status != 200 {
			continue
		}
		s := &wiretest.Script{Lines: []wiretest.Line{op.Success}}
		require.Error(t, op.Call(t, tested.Client(t, s), klarna.WithIdempotencyKey("k")), op.Name)
		require.Empty(t, s.Seen())
		require.NoError(t, op.Call(t, tested.Client(t, s)))
		require.Equal(t, []string{""}, s.Values("Klarna-Idempotency-Key"))
	}
}

func TestKeyByWithHeaderIsAnError(t *testing.T) {
	t.Parallel()
	for _, op := range changing(t) {
		s := &wiretest.Script{Lines: []wiretest.Line{op.Success}}
		require.ErrorContains(t, op.Call(t, tested.Client(t, s), klarna.WithHeader("klarna-idempotency-key", "k")), "WithIdempotencyKey", op.Name)
		require.Empty(t, s.Seen())
	}
}

func TestAmbiguousEndIsAnUnknownOutcome(t *testing.T) {
	t.Parallel()
	for name, failure := range map[string]wiretest.Line{
		"lost response": {Err: io.EOF}, "reset": {Err: wiretest.ErrReset}, "500": apitest.Rejected(500, "INTERNAL_SERVER_ERROR"), "504": {Status: 504, Header: noType, Body: "<html>"},
		"408": {Status: 408}, "half an error": {Status: 403, Header: noType, Body: `{"error_code":"CAP`, Broken: io.ErrUnexpectedEOF},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, op := range operations(t) {
				s := &wiretest.Script{Lines: []wiretest.Line{failure}}
				err := op.Call(t, tested.Client(t, s))
				require.Equal(t, op.Success.Status != 200, errors.Is(err, klarna.ErrOutcomeUnknown), "%s: %v", op.Name, err)
				if op.Success.Status != 200 {
					require.Len(t, s.Seen(), 3, op.Name)
				}
			}
		})
	}
}

var notAllowed = map[string]error{
	"CAPTURE_NOT_ALLOWED": ordermanagement.ErrCaptureNotAllowed, "REFUND_NOT_ALLOWED": ordermanagement.ErrRefundNotAllowed,
	"CANCEL_NOT_ALLOWED": ordermanagement.ErrCancelNotAllowed, "NOT_ALLOWED": ordermanagement.ErrNotAllowed,
}

func TestDefiniteRejectionHasItsErrorByStatusAndCode(t *testing.T) {
	t.Parallel()
	for _, op := range operations(t) {
		for code := range notAllowed {
			s := &wiretest.Script{Lines: []wiretest.Line{apitest.Rejected(403, code)}}
			err := op.Call(t, tested.Client(t, s))
			require.Len(t, s.Seen(), 1, "a rejection is not retried")
			require.NotErrorIs(t, err, klarna.ErrOutcomeUnknown)
			require.ErrorIs(t, err, klarna.ErrForbidden)
			for otherCode, other := range notAllowed {
				require.Equal(t, otherCode == code, errors.Is(err, other), "%s %s: %v", op.Name, code, other)
			}
			var e *klarna.Error
			require.ErrorAs(t, err, &e)
			require.Equal(t, op.Name, e.Operation)
			require.Equal(t, code, e.Code)
		}
		for status, want := range map[int]error{
			400: klarna.ErrInvalidRequest, 401: klarna.ErrUnauthorized, 404: klarna.ErrNotFound, 409: klarna.ErrConflict,
			413: klarna.ErrInvalidRequest, 422: klarna.ErrInvalidRequest,
		} {
			err := op.Call(t, tested.Client(t, &wiretest.Script{Lines: []wiretest.Line{apitest.Rejected(status, "ANY")}}))
			require.ErrorIs(t, err, want, op.Name)
			require.NotErrorIs(t, err, klarna.ErrOutcomeUnknown, op.Name)
		}
	}
}

// A rejection after an ambiguous attempt may be about what that attempt did.
func TestRejectionAfterAnAmbiguousAttemptIsAnUnknownOutcome(t *testing.T) {
	t.Parallel()
	for _, first := range []wiretest.Line{{Err: wiretest.ErrReset}, {Status: 502}, {Status: 201}} {
		for _, second := range []wiretest.Line{
			apitest.Rejected(403, "CAPTURE_NOT_ALLOWED"), apitest.Rejected(403, "REFUND_NOT_ALLOWED"), apitest.Rejected(403, "CANCEL_NOT_ALLOWED"), apitest.Rejected(403, "NOT_ALLOWED"),
			apitest.Rejected(409, "CONFLICT"), apitest.Rejected(404, "NO_SUCH_ORDER"), apitest.Rejected(400, "BAD_VALUE"), apitest.Rejected(422, "UNPROCESSABLE_ENTITY"),
		} {
			for _, op := range changing(t) {
				if first.Status == 201 && op.Success.Status != 201 {
					continue // of these, any 2xx is a success
				}
				err := op.Call(t, tested.Client(t, &wiretest.Script{Lines: []wiretest.Line{first, second}}))
				require.ErrorIs(t, err, klarna.ErrOutcomeUnknown, op.Name)
				for _, definite := range notAllowed {
					require.NotErrorIs(t, err, definite, op.Name)
				}
			}
		}
	}
	// What was never sent leaves no doubt.
	s := &wiretest.Script{Lines: []wiretest.Line{{Status: 429}, apitest.Rejected(403, "CAPTURE_NOT_ALLOWED")}}
	_, err := tested.Client(t, s).CaptureOrder(t.Context(), orderID, ordermanagement.CaptureRequest{CapturedAmount: 1})
	require.ErrorIs(t, err, ordermanagement.ErrCaptureNotAllowed)
	require.NotErrorIs(t, err, klarna.ErrOutcomeUnknown)
}

func TestMalformedIDSendsNothing(t *testing.T) {
	t.Parallel()
	s := &wiretest.Script{Lines: []wiretest.Line{{Status: 204}}}
	c := tested.Client(t, s)
	for _, id := range []string{"", ".", "..", "a\nb", strings.Repeat("x", 256)} {
		require.ErrorIs(t, c.CancelOrder(t.Context(), id), klarna.ErrInvalidID, "%q", id)
		require.ErrorIs(t, c.TriggerSendOut(t.Context(), orderID, id), klarna.ErrInvalidID, "%q", id)
		require.ErrorIs(t, c.TriggerSendOut(t.Context(), id, captureID), klarna.ErrNotSent, "%q", id)
	}
	require.Empty(t, s.Seen())
	require.NoError(t, c.CancelOrder(t.Context(), "a/../b"))
	require.Equal(t, "/ordermanagement/v1/orders/a%2F..%2Fb/cancel", s.Seen()[0].URL.EscapedPath())
}

func TestIDsAreNoPartOfAnError(t *testing.T) {
	t.Parallel()
	for _, op := range operations(t) {
		s := &wiretest.Script{Lines: []wiretest.Line{{Status: 404, Body: `{"error_code":"NO_SUCH_ORDER","error_messages":["Order ` + orderID + ` cannot be found, nor ` + captureID + refundID + `"]}`}}}
		text := op.Call(t, tested.Client(t, s)).Error()
		require.NotContains(t, text, orderID)
		require.Contains(t, text, "Order {order_id} cannot be found")
		require.True(t, strings.HasPrefix(text, "klarna: ordermanagement."), text)
	}
}

func TestUpdateWithoutLinesHasToBeMeant(t *testing.T) {
	t.Parallel()
	s := &wiretest.Script{Lines: []wiretest.Line{{Status: 204}}}
	c := tested.Client(t, s)
	for _, lines := range [][]ordermanagement.OrderLine{nil, {}} {
		update := ordermanagement.AuthorizationUpdate{OrderAmount: 10470, OrderLines: lines}
		err := c.UpdateAuthorization(t.Context(), orderID, update)
		require.ErrorIs(t, err, klarna.ErrInvalidRequest)
		require.ErrorIs(t, err, klarna.ErrNotSent)
		require.ErrorContains(t, err, "WithoutLines")
		require.Empty(t, s.Seen())
	}
	require.NoError(t, c.UpdateAuthorization(t.Context(), orderID, ordermanagement.AuthorizationUpdate{OrderAmount: 10470}, ordermanagement.WithoutLines()))
	require.JSONEq(t, `{"order_amount":10470}`, s.Sent()[0])
	for _, op := range operations(t) {
		if op.Name == ordermanagement.OperationUpdateAuthorization {
			continue
		}
		s := &wiretest.Script{Lines: []wiretest.Line{op.Success}}
		require.ErrorContains(t, op.Call(t, tested.Client(t, s), ordermanagement.WithoutLines()), "ordermanagement.UpdateAuthorization only", op.Name)
		require.Empty(t, s.Seen())
	}
}

func TestNoParcelsAreAnEmptyList(t *testing.T) {
	t.Parallel()
	s := &wiretest.Script{Lines: []wiretest.Line{{Status: 204}}}
	client, err := klarna.New(klarna.PlaygroundEU, klarna.APIKey(apitest.Key), klarna.WithHTTPClient(&http.Client{Transport: s}))
	require.NoError(t, err)
	require.NoError(t, ordermanagement.New(client).AddShippingInfo(t.Context(), orderID, captureID, nil))
	require.JSONEq(t, `{"shipping_info":[]}`, s.Sent()[0])
}

func TestBodyIsCheckedBeforeItIsSent(t *testing.T) {
	t.Parallel()
	require.NotEmpty(t, tested.RequireCheckedBodies(t, operations(t)))
}

func TestClientThatWasNotMade(t *testing.T) {
	t.Parallel()
	tested.RequireMadeClient(t, operations(t))
}
