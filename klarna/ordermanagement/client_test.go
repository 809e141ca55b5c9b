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

	"github.com/klarna-go/klarna-payments/klarna"
	"github.com/klarna-go/klarna-payments/klarna/ordermanagement"
)

func TestEveryOperationRunsByTheContract(t *testing.T) {
	t.Parallel()
	all := operations(t)
	require.Len(t, all, len(ordermanagement.Operations))
	for i, op := range all {
		s := &script{lines: []line{op.success}}
		require.NoError(t, op.call(t, s.strictClient(t)), op.name)
		require.Len(t, s.seen, 1)
		row := ordermanagement.Operations[i]
		require.Equal(t, row.Name, string(op.name), "the tables have the same order")
		require.Equal(t, row.Method, s.seen[0].Method, op.name)
		path := strings.NewReplacer("{order_id}", orderID, "{capture_id}", captureID, "{refund_id}", refundID).Replace(row.Path)
		require.Equal(t, "https://api.playground.klarna.com"+path, s.seen[0].URL.String(), op.name)
	}
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
			body := example(t, name)
			decoder := json.NewDecoder(strings.NewReader(body))
			decoder.DisallowUnknownFields()
			require.NoError(t, decoder.Decode(value))
			encoded, err := json.Marshal(value)
			require.NoError(t, err)
			require.JSONEq(t, normalized(t, name, body), normalized(t, name, string(encoded)))
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
	s := &script{lines: []line{{status: 200, body: `{"order_id":"` + orderID + `","status":"NEW_STATUS","fraud_status":"","expires_at":"","created_at":"2026-03-02T18:05:44.910Z",
		"customer":{"date_of_birth":""},"captures":[{"capture_id":"c","captured_at":"","captured_amount":1}],"refunds":[{"refunded_at":""}],
		"initial_payment_method":{"type":"","description":""},"new_member":{"a":[1]}}`}}}
	order, err := s.client(t).ReadOrder(t.Context(), orderID)
	require.NoError(t, err)
	require.True(t, order.ExpiresAt.IsZero())
	require.True(t, order.Captures[0].CapturedAt.IsZero())
	require.Equal(t, 910*time.Millisecond, time.Duration(order.CreatedAt.Nanosecond()))
	require.Equal(t, ordermanagement.OrderStatus("NEW_STATUS"), order.Status)
}

func TestListOfCapturesMayBeEmptyAndIsNeverSomethingElse(t *testing.T) {
	t.Parallel()
	captures, err := (&script{lines: []line{{status: 200, body: "[]"}}}).client(t).ListCaptures(t.Context(), orderID)
	require.NoError(t, err)
	require.Empty(t, captures)
	for _, body := range []string{"null", "{}", `{"captures":[]}`, "", "<html>", `[{"captured_amount":"1"}]`} {
		_, err := (&script{lines: []line{{status: 200, body: body}}}).client(t).ListCaptures(t.Context(), orderID)
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
		s := &script{lines: []line{{status: 201, header: header}}}
		id, err := s.client(t).CaptureOrder(t.Context(), orderID, ordermanagement.CaptureRequest{CapturedAmount: 1})
		require.NoError(t, err, name)
		require.Equal(t, "c-1", id, name)
		require.Len(t, s.seen, 1, "Location is never followed")
	}
}

// What Klarna confirmed is never a plain failure, even if nobody knows its id.
func TestConfirmationWithoutAnIDIsAnUnknownOutcome(t *testing.T) {
	t.Parallel()
	for name, l := range map[string]line{
		"no header":              {status: 201},
		"the collection":         {status: 201, header: http.Header{"Location": {"/ordermanagement/v1/orders/o/captures/"}}},
		"a body in its place":    {status: 201, header: jsonType, body: `{"capture_id":"c-1"}`},
		"a login page":           {status: 200, header: http.Header{"Location": {"/login"}}, body: "<html>"},
		"a redirect":             {status: 302, header: http.Header{"Location": {"https://elsewhere.example/c-1"}}},
		"no id, and no body end": {status: 201, broken: io.ErrUnexpectedEOF},
	} {
		for _, op := range operations(t) {
			if op.name != ordermanagement.OperationCaptureOrder && op.name != ordermanagement.OperationRefundOrder {
				continue
			}
			if op.name == ordermanagement.OperationRefundOrder && name == "the collection" {
				l.header = http.Header{"Location": {"/ordermanagement/v1/orders/o/refunds/"}}
			}
			s := &script{lines: []line{l}}
			err := op.call(t, s.client(t))
			require.ErrorIs(t, err, klarna.ErrOutcomeUnknown, name)
			require.ErrorIs(t, err, klarna.ErrUnexpectedResponse, name)
			for _, key := range s.keys() {
				require.Equal(t, s.keys()[0], key)
			}
		}
	}
}

func TestIDIsKeptWhenTheBodyBreaksOff(t *testing.T) {
	t.Parallel()
	for _, l := range []line{
		{status: 201, header: captured().header, broken: io.ErrUnexpectedEOF},
		{status: 200, header: captured().header, body: "<html>"},
	} {
		s := &script{lines: []line{l}}
		id, err := s.client(t).CaptureOrder(t.Context(), orderID, ordermanagement.CaptureRequest{CapturedAmount: 1})
		require.NoError(t, err)
		require.Equal(t, captureID, id)
		require.Len(t, s.seen, 1)
	}
}

var uuid4 = regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`)

func TestEveryAttemptOfACallHasTheSameKey(t *testing.T) {
	t.Parallel()
	for name, failure := range map[string]line{
		"reset": {err: errReset}, "dial": {err: errDial}, "EOF": {err: io.EOF}, "500": {status: 500}, "503": {status: 503, body: "<html>"},
		"429": {status: 429}, "broken off": {status: 500, broken: io.ErrUnexpectedEOF},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, op := range changing(t) {
				s := &script{lines: []line{failure, failure, op.success}}
				var response klarna.Response
				require.NoError(t, op.call(t, s.client(t), klarna.WithResponse(&response)), op.name)
				keys := s.keys()
				require.Len(t, keys, 3)
				require.Regexp(t, uuid4, keys[0])
				require.Equal(t, []string{keys[0], keys[0], keys[0]}, keys, op.name)
				require.Equal(t, keys[0], response.IdempotencyKey)
				require.Equal(t, []string{s.sent[0], s.sent[0], s.sent[0]}, s.sent, op.name)

				again := &script{lines: []line{op.success}}
				require.NoError(t, op.call(t, again.client(t)))
				require.NotEqual(t, keys[0], again.keys()[0], "another call has another key")
			}
		})
	}
}

func TestCallersKeyIsSentAndReturned(t *testing.T) {
	t.Parallel()
	for _, op := range changing(t) {
		s := &script{lines: []line{{err: errReset}, rejected(403, "NOT_ALLOWED")}}
		err := op.call(t, s.client(t), klarna.WithIdempotencyKey("shipment-88121"))
		require.Equal(t, []string{"shipment-88121", "shipment-88121"}, s.keys(), op.name)
		var e *klarna.Error
		require.ErrorAs(t, err, &e)
		require.Equal(t, "shipment-88121", e.IdempotencyKey)
		require.NotContains(t, fmt.Sprintf("%v %+v %#v", err, err, e), "shipment-88121")
	}
}

func TestReadingTakesNoKey(t *testing.T) {
	t.Parallel()
	for _, op := range operations(t) {
		if op.success.status != 200 {
			continue
		}
		s := &script{lines: []line{op.success}}
		require.Error(t, op.call(t, s.client(t), klarna.WithIdempotencyKey("k")), op.name)
		require.Empty(t, s.seen)
		require.NoError(t, op.call(t, s.client(t)))
		require.Equal(t, []string{""}, s.keys())
	}
}

func TestKeyByWithHeaderIsAnError(t *testing.T) {
	t.Parallel()
	for _, op := range changing(t) {
		s := &script{lines: []line{op.success}}
		require.ErrorContains(t, op.call(t, s.client(t), klarna.WithHeader("klarna-idempotency-key", "k")), "WithIdempotencyKey", op.name)
		require.Empty(t, s.seen)
	}
}

func TestAmbiguousEndIsAnUnknownOutcome(t *testing.T) {
	t.Parallel()
	for name, failure := range map[string]line{
		"lost response": {err: io.EOF}, "reset": {err: errReset}, "500": rejected(500, "INTERNAL_SERVER_ERROR"), "504": {status: 504, body: "<html>"},
		"408": {status: 408}, "half an error": {status: 403, body: `{"error_code":"CAP`, broken: io.ErrUnexpectedEOF},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, op := range operations(t) {
				s := &script{lines: []line{failure}}
				err := op.call(t, s.client(t))
				require.Equal(t, op.success.status != 200, errors.Is(err, klarna.ErrOutcomeUnknown), "%s: %v", op.name, err)
				if op.success.status != 200 {
					require.Len(t, s.seen, 3, op.name)
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
			s := &script{lines: []line{rejected(403, code)}}
			err := op.call(t, s.client(t))
			require.Len(t, s.seen, 1, "a rejection is not retried")
			require.NotErrorIs(t, err, klarna.ErrOutcomeUnknown)
			require.ErrorIs(t, err, klarna.ErrForbidden)
			for otherCode, other := range notAllowed {
				require.Equal(t, otherCode == code, errors.Is(err, other), "%s %s: %v", op.name, code, other)
			}
			var e *klarna.Error
			require.ErrorAs(t, err, &e)
			require.Equal(t, op.name, e.Operation)
			require.Equal(t, code, e.Code)
		}
		for status, want := range map[int]error{
			400: klarna.ErrInvalidRequest, 401: klarna.ErrUnauthorized, 404: klarna.ErrNotFound, 409: klarna.ErrConflict,
			413: klarna.ErrInvalidRequest, 422: klarna.ErrInvalidRequest,
		} {
			err := op.call(t, (&script{lines: []line{rejected(status, "ANY")}}).client(t))
			require.ErrorIs(t, err, want, op.name)
			require.NotErrorIs(t, err, klarna.ErrOutcomeUnknown, op.name)
		}
	}
}

// A rejection after an ambiguous attempt may be about what that attempt did.
func TestRejectionAfterAnAmbiguousAttemptIsAnUnknownOutcome(t *testing.T) {
	t.Parallel()
	for _, first := range []line{{err: errReset}, {status: 502}, {status: 201}} {
		for _, second := range []line{
			rejected(403, "CAPTURE_NOT_ALLOWED"), rejected(403, "REFUND_NOT_ALLOWED"), rejected(403, "CANCEL_NOT_ALLOWED"), rejected(403, "NOT_ALLOWED"),
			rejected(409, "CONFLICT"), rejected(404, "NO_SUCH_ORDER"), rejected(400, "BAD_VALUE"), rejected(422, "UNPROCESSABLE_ENTITY"),
		} {
			for _, op := range changing(t) {
				if first.status == 201 && op.success.status != 201 {
					continue // of these, any 2xx is a success
				}
				err := op.call(t, (&script{lines: []line{first, second}}).client(t))
				require.ErrorIs(t, err, klarna.ErrOutcomeUnknown, op.name)
				for _, definite := range notAllowed {
					require.NotErrorIs(t, err, definite, op.name)
				}
			}
		}
	}
	// What was never sent leaves no doubt.
	s := &script{lines: []line{{status: 429}, rejected(403, "CAPTURE_NOT_ALLOWED")}}
	_, err := s.client(t).CaptureOrder(t.Context(), orderID, ordermanagement.CaptureRequest{CapturedAmount: 1})
	require.ErrorIs(t, err, ordermanagement.ErrCaptureNotAllowed)
	require.NotErrorIs(t, err, klarna.ErrOutcomeUnknown)
}

func TestMalformedIDSendsNothing(t *testing.T) {
	t.Parallel()
	s := &script{lines: []line{{status: 204}}}
	c := s.client(t)
	for _, id := range []string{"", ".", "..", "a\nb", strings.Repeat("x", 256)} {
		require.ErrorIs(t, c.CancelOrder(t.Context(), id), klarna.ErrInvalidID, "%q", id)
		require.ErrorIs(t, c.TriggerSendOut(t.Context(), orderID, id), klarna.ErrInvalidID, "%q", id)
		require.ErrorIs(t, c.TriggerSendOut(t.Context(), id, captureID), klarna.ErrNotSent, "%q", id)
	}
	require.Empty(t, s.seen)
	require.NoError(t, c.CancelOrder(t.Context(), "a/../b"))
	require.Equal(t, "/ordermanagement/v1/orders/a%2F..%2Fb/cancel", s.seen[0].URL.EscapedPath())
}

func TestIDsAreNoPartOfAnError(t *testing.T) {
	t.Parallel()
	for _, op := range operations(t) {
		s := &script{lines: []line{{status: 404, header: jsonType, body: `{"error_code":"NO_SUCH_ORDER","error_messages":["Order ` + orderID + ` cannot be found, nor ` + captureID + refundID + `"]}`}}}
		text := op.call(t, s.client(t)).Error()
		require.NotContains(t, text, orderID)
		require.Contains(t, text, "Order {order_id} cannot be found")
		require.True(t, strings.HasPrefix(text, "klarna: ordermanagement."), text)
	}
}

func TestUpdateWithoutLinesHasToBeMeant(t *testing.T) {
	t.Parallel()
	s := &script{lines: []line{{status: 204}}}
	c := s.client(t)
	for _, lines := range [][]ordermanagement.OrderLine{nil, {}} {
		update := ordermanagement.AuthorizationUpdate{OrderAmount: 10470, OrderLines: lines}
		err := c.UpdateAuthorization(t.Context(), orderID, update)
		require.ErrorIs(t, err, klarna.ErrInvalidRequest)
		require.ErrorIs(t, err, klarna.ErrNotSent)
		require.ErrorContains(t, err, "WithoutLines")
		require.Empty(t, s.seen)
	}
	require.NoError(t, c.UpdateAuthorization(t.Context(), orderID, ordermanagement.AuthorizationUpdate{OrderAmount: 10470}, ordermanagement.WithoutLines()))
	require.JSONEq(t, `{"order_amount":10470}`, s.sent[0])
	for _, op := range operations(t) {
		if op.name == ordermanagement.OperationUpdateAuthorization {
			continue
		}
		s := &script{lines: []line{op.success}}
		require.ErrorContains(t, op.call(t, s.client(t), ordermanagement.WithoutLines()), "ordermanagement.UpdateAuthorization only", op.name)
		require.Empty(t, s.seen)
	}
}

func TestNoParcelsAreAnEmptyList(t *testing.T) {
	t.Parallel()
	s := &script{lines: []line{{status: 204}}}
	client, err := klarna.New(klarna.PlaygroundEU, klarna.APIKey("klarna_test_api_c2VjcmV0LW9mLXRoZS1zaG9w"), klarna.WithHTTPClient(&http.Client{Transport: s}))
	require.NoError(t, err)
	require.NoError(t, ordermanagement.New(client).AddShippingInfo(t.Context(), orderID, captureID, nil))
	require.JSONEq(t, `{"shipping_info":[]}`, s.sent[0])
}

func TestBodyIsCheckedBeforeItIsSent(t *testing.T) {
	t.Parallel()
	wrong := errors.New("wrong")
	for _, op := range operations(t) {
		var seen any
		s := &script{lines: []line{op.success}}
		err := op.call(t, s.client(t, klarna.WithPreflight(func(body any) error { seen = body; return wrong })))
		if seen == nil {
			require.NoError(t, err, op.name)
			require.Empty(t, s.sent[0], "%s has a body that is not checked", op.name)
			continue
		}
		require.ErrorIs(t, err, wrong, op.name)
		require.Empty(t, s.seen)
	}
}

func TestClientThatWasNotMade(t *testing.T) {
	t.Parallel()
	for _, c := range []*ordermanagement.Client{nil, {}, ordermanagement.New(nil), ordermanagement.New(&klarna.Client{})} {
		for _, op := range operations(t) {
			require.ErrorContains(t, op.call(t, c), "the client was not made by klarna.New", op.name)
		}
	}
}
