package klarna_test

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/klarna-go/klarna-payments/klarna"
	"github.com/stretchr/testify/require"
)

// responding is a transport that returns one response, without a network.
func responding(status int, header http.Header, body []byte) http.RoundTripper {
	return roundTrip(func(r *http.Request) (*http.Response, error) {
		return &http.Response{StatusCode: status, Header: header.Clone(), Body: io.NopCloser(bytes.NewReader(body)), ContentLength: -1, Request: r}, nil
	})
}

func fuzzClient(t *testing.T, transport http.RoundTripper) *klarna.Client {
	t.Helper()
	client, err := klarna.New(klarna.PlaygroundEU, klarna.APIKey(apiKey), klarna.WithRetry(klarna.NoRetry()),
		klarna.WithHTTPClient(&http.Client{Transport: transport}))
	require.NoError(t, err)
	return client
}

// Whatever an error's body and header hold, the error is an *Error with the status, one printable line, and bounded.
func FuzzErrorDecoding(f *testing.F) {
	f.Add(400, "application/json", "c-1", []byte(`{"error_code":"BAD_VALUE","error_messages":["Bad value: order_lines[0].tax_rate"],"correlation_id":"c-1"}`))
	f.Add(401, "text/html", "", []byte("<html>401 Authorization Required</html>"))
	f.Add(409, "application/json", "", []byte(`{"error_code":"BAD_VALUE","error_messages":"Not matching fields: [a.b, c[1].d]"}`))
	f.Add(403, "application/json", "\x00", []byte(`{"error_code":["x"],"error_message":"\u2028","error_messages":[[]]}`))
	f.Add(503, "", "", []byte(nil))
	f.Fuzz(func(t *testing.T, status int, contentType, correlationID string, body []byte) {
		if status < 300 || status > 999 {
			return
		}
		header := http.Header{"Content-Type": {contentType}, "Klarna-Correlation-Id": {correlationID}}
		_, err := fuzzClient(t, responding(status, header, body)).CreateOrder(t.Context(), authorizationToken, orderRequest())
		var e *klarna.Error
		require.ErrorAs(t, err, &e)
		require.Equal(t, status, e.StatusCode)
		text := err.Error()
		require.Less(t, len(text), 20_000)
		require.Equal(t, -1, strings.IndexFunc(text, func(r rune) bool { return r < ' ' || r == 0x7f }), "%q", text)
		require.LessOrEqual(t, len(e.Body), 64<<10)
		if len(body) < 4<<10 { // beyond it a message may be cut within a field's path
			for _, field := range e.Fields {
				require.Contains(t, strings.Join(e.Messages, " "), field)
			}
		}
	})
}

// Whatever a 2xx body contains, the result is complete or there is an error: never a zero value, never a panic.
func FuzzSuccessDecoding(f *testing.F) {
	for _, body := range []string{
		`{"session_id":"s-1","client_token":"a.b.c","payment_method_categories":[{"identifier":"pay_later","asset_urls":{}}]}`,
		`{"status":"complete","expires_at":"2026-11-23T10:15:30Z","order_amount":1,"order_lines":[{"unit_price":-1}]}`,
		`{"order_id":"o-1","authorized_payment_method":"invoice","fraud_status":"PENDING"}`,
		`{"token_id":"t-1","customer":{"gender":7}}`,
		`null`, `{}`, `[]`, `"x"`, `{"order_id":`, `{"order_id":"o-1"}x`, `{"expires_at":0}`, `{"order_amount":1e9}`,
	} {
		f.Add(200, []byte(body))
		f.Add(201, []byte(body))
	}
	f.Fuzz(func(t *testing.T, status int, body []byte) {
		if status < 200 || status > 299 {
			return
		}
		client := fuzzClient(t, responding(status, http.Header{}, body))
		session, err := client.CreateSession(t.Context(), sessionCreate())
		require.True(t, err != nil || session.SessionID != "" && session.ClientToken != "")
		read, err := client.ReadSession(t.Context(), sessionID)
		require.True(t, (err == nil) != (read == nil))
		order, err := client.CreateOrder(t.Context(), authorizationToken, orderRequest())
		require.True(t, err != nil || order.OrderID != "")
		token, err := client.CreateCustomerToken(t.Context(), authorizationToken, tokenRequest())
		require.True(t, err != nil || token.TokenID != "")
		_ = client.UpdateSession(t.Context(), sessionID, klarna.SessionUpdate{})
		raw, err := client.Raw().CreateOrderWithResponse(t.Context(), authorizationToken, orderRequest())
		require.Equal(t, order != nil, err == nil, "Raw and CreateOrder agree")
		if err == nil {
			require.Equal(t, order.OrderID, raw.JSON200.OrderID)
		}
	})
}

func FuzzAuthorizationCallback(f *testing.F) {
	f.Add("application/json", []byte(`{"authorization_token":"t-1","session_id":"s-1"}`))
	f.Add("", []byte(`{"authorization_token":7}`))
	f.Fuzz(func(t *testing.T, contentType string, body []byte) {
		r := httptest.NewRequest(http.MethodPost, "/", bytes.NewReader(body))
		r.Header["Content-Type"] = []string{contentType}
		callback, err := klarna.ParseAuthorizationCallback(r)
		require.Equal(t, err == nil, callback.AuthorizationToken != "" && callback.SessionID != "")
	})
}

func FuzzFraudNotification(f *testing.F) {
	f.Add("application/json", []byte(`{"order_id":"o-1","event_type":"FRAUD_RISK_ACCEPTED"}`))
	f.Add("text/html", []byte(`[]`))
	f.Fuzz(func(t *testing.T, contentType string, body []byte) {
		r := httptest.NewRequest(http.MethodPost, "/", bytes.NewReader(body))
		r.Header["Content-Type"] = []string{contentType}
		notification, err := klarna.ParseFraudNotification(r)
		require.Equal(t, err == nil, notification.OrderID != "" && notification.EventType != "")
	})
}

// Whatever an id is, it is rejected or arrives as it is, in its place in the path.
func FuzzIDs(f *testing.F) {
	for _, id := range []string{"", ".", "..", "a/b", "../x", "%2e%2e", "a?b#c", "a\x00", "é", authorizationToken, "order", "x/order"} {
		f.Add(id)
	}
	f.Fuzz(func(t *testing.T, id string) {
		var sent []*url.URL
		client := fuzzClient(t, roundTrip(func(r *http.Request) (*http.Response, error) {
			sent = append(sent, r.URL)
			return &http.Response{StatusCode: 204, Header: http.Header{}, Body: http.NoBody}, nil
		}))
		err := client.CancelAuthorization(t.Context(), id)
		_, rawErr := client.Raw().CancelAuthorizationWithResponse(t.Context(), id)
		if err != nil {
			require.ErrorIs(t, err, klarna.ErrInvalidID)
			require.Error(t, rawErr)
			require.Empty(t, sent)
			return
		}
		require.NoError(t, rawErr)
		for _, u := range sent {
			segment, ok := strings.CutPrefix(u.EscapedPath(), "/payments/v1/authorizations/")
			require.True(t, ok)
			require.NotContains(t, segment, "/")
			require.Empty(t, u.RawQuery)
			require.Empty(t, u.Fragment)
			arrived, err := url.PathUnescape(segment)
			require.NoError(t, err)
			require.Equal(t, id, arrived)
		}
	})
}
