package klarna_test

import (
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/klarna-go/klarna-payments/klarna"
	"github.com/stretchr/testify/require"
)

func TestPlacedOrderIsNeverLostToAStrictDecoder(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		status            int
		contentType, body string
		want              klarna.Order
	}{
		"200":              {200, "application/json", `{"order_id":"o-1"}`, klarna.Order{OrderID: "o-1"}},
		"201":              {201, "application/json", `{"order_id":"o-1"}`, klarna.Order{OrderID: "o-1"}},
		"200, as text":     {200, "text/plain", `{"order_id":"o-1"}`, klarna.Order{OrderID: "o-1"}},
		"200, no type":     {200, "", `{"order_id":"o-1"}`, klarna.Order{OrderID: "o-1"}},
		"unknown member":   {200, "application/json", `{"order_id":"o-1","colour":{"a":[1]}}`, klarna.Order{OrderID: "o-1"}},
		"unknown values":   {200, "application/json", `{"order_id":"o-1","fraud_status":"MAYBE","authorized_payment_method":{"type":"pay_by_thought"}}`, klarna.Order{OrderID: "o-1", FraudStatus: "MAYBE", AuthorizedPaymentMethod: klarna.AuthorizedPaymentMethod{Type: "pay_by_thought"}}},
		"bare string":      {200, "application/json", `{"order_id":"o-1","authorized_payment_method":"invoice"}`, klarna.Order{OrderID: "o-1", AuthorizedPaymentMethod: klarna.AuthorizedPaymentMethod{Type: klarna.AuthorizedPaymentMethodTypeInvoice}}},
		"odd types":        {200, "application/json", `{"redirect_url":7,"fraud_status":{},"authorized_payment_method":[],"order_id":"o-1"}`, klarna.Order{OrderID: "o-1"}},
		"nulls":            {200, "application/json", `{"order_id":"o-1","redirect_url":null,"authorized_payment_method":null}`, klarna.Order{OrderID: "o-1"}},
		"trailing garbage": {200, "application/json", `{"order_id":"o-1"}</html>`, klarna.Order{OrderID: "o-1"}},
		"id as a number":   {200, "application/json", `{"order_id":4711}`, klarna.Order{OrderID: "4711"}},
		"byte order mark":  {200, "application/json", "\ufeff" + `{"order_id":"o-1"}`, klarna.Order{OrderID: "o-1"}},
		"duplicate":        {200, "application/json", `{"order_id":"o-0","order_id":"o-1"}`, klarna.Order{OrderID: "o-1"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			client := newServer(t, respond(test.status, test.contentType, test.body)).hostileClient(t)
			order, err := client.CreateOrder(t.Context(), authorizationToken, orderRequest())
			require.NoError(t, err)
			require.Equal(t, test.want, *order)

			raw, err := client.Raw().CreateOrderWithResponse(t.Context(), authorizationToken, orderRequest())
			require.NoError(t, err)
			require.NotNil(t, raw.JSON200)
			require.Equal(t, test.want, *raw.JSON200)
		})
	}
}

func TestMissingFieldIsNamed(t *testing.T) {
	t.Parallel()
	for body, wantErr := range map[string]string{
		`{"session_id":"s-1"}`:       "CreateSession: 200 OK: response has no client_token",
		`{"client_token":"a.b.c"}`:   "CreateSession: 200 OK: response has no session_id",
		`{"session_id":7,"token":1}`: "CreateSession: 200 OK: the response's member session_id has the wrong type or form",
	} {
		_, err := newServer(t, respondJSON(200, body)).hostileClient(t).CreateSession(t.Context(), sessionCreate())
		require.ErrorIs(t, err, klarna.ErrUnexpectedResponse)
		require.ErrorContains(t, err, wantErr)
	}
	_, err := newServer(t, respondJSON(200, `{"order":"o-1"}`)).hostileClient(t).CreateOrder(t.Context(), authorizationToken, orderRequest())
	require.ErrorContains(t, err, "CreateOrder: 200 OK: response has no order_id")
	_, err = newServer(t, respondJSON(200, `{"token":"t-1"}`)).hostileClient(t).CreateCustomerToken(t.Context(), authorizationToken, tokenRequest())
	require.ErrorContains(t, err, "CreateCustomerToken: 200 OK: response has no token_id")
	_, err = newServer(t, respondJSON(200, `{"unknown":1}`)).hostileClient(t).ReadSession(t.Context(), sessionID)
	require.ErrorContains(t, err, "ReadSession: 200 OK: response has no known member")
}

// Nothing else in a session can stop OrderPlaced.
func TestOddMemberOfASessionIsNamedAndOrderPlacedReadsOn(t *testing.T) {
	t.Parallel()
	for member, value := range map[string]string{
		"expires_at": `"tomorrow"`, "design": `7`, "order_amount": `25.00`, "order_lines.name": `17`, "order_lines": `"none"`, "customer": `"Jane"`,
	} {
		name, nested, ok := strings.Cut(member, ".")
		if ok {
			value = `[{"` + nested + `":` + value + `}]`
		}
		client := newServer(t, respondJSON(200, `{"`+name+`":`+value+`,"status":"complete"}`)).hostileClient(t)
		_, err := client.ReadSession(t.Context(), sessionID)
		require.ErrorIs(t, err, klarna.ErrUnexpectedResponse, member)
		require.ErrorContains(t, err, "the response's member "+member+" has the wrong type or form")
		require.NotContains(t, err.Error(), "Jane")
		placed, err := client.OrderPlaced(t.Context(), sessionID)
		require.NoError(t, err, member)
		require.True(t, placed, member)
	}
	for _, absent := range []string{`null`, `""`} {
		session, err := newServer(t, respondJSON(200, `{"expires_at":`+absent+`,"options":null,"status":"complete"}`)).hostileClient(t).ReadSession(t.Context(), sessionID)
		require.NoError(t, err, absent)
		require.Equal(t, klarna.SessionRead{Status: klarna.SessionStatusComplete}, *session)
	}
	session, err := newServer(t, respondJSON(200, `{"expires_at":"2026-11-23T10:15:30+01:00"}`)).client(t).ReadSession(t.Context(), sessionID)
	require.NoError(t, err)
	require.True(t, session.ExpiresAt.Equal(time.Date(2026, 11, 23, 9, 15, 30, 0, time.UTC)))
}

func TestLongResponseIsReadWhole(t *testing.T) {
	t.Parallel()
	design := strings.Repeat("x", 5<<20)
	for name, write := range map[string]http.HandlerFunc{
		"with its length": respondJSON(200, `{"design":"`+design+`"}`),
		"in chunks": func(w http.ResponseWriter, _ *http.Request) {
			_, _ = io.WriteString(w, `{"design":"`)
			w.(http.Flusher).Flush()
			_, _ = io.WriteString(w, design+`"}`)
		},
	} {
		session, err := newServer(t, write).hostileClient(t).ReadSession(t.Context(), sessionID)
		require.NoError(t, err, name)
		require.Len(t, session.Design, len(design), name)
	}
}
