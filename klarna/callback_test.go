package klarna_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/klarna-go/klarna-payments/klarna"
	"github.com/stretchr/testify/require"
)

func callback(method, contentType string, body io.Reader) *http.Request {
	r := httptest.NewRequest(method, "/klarna", body)
	if contentType != "" {
		r.Header.Set("Content-Type", contentType)
	}
	return r
}

func TestCallbacksAreRead(t *testing.T) {
	t.Parallel()
	for _, contentType := range []string{"application/json", "application/json; charset=utf-8", "application/vnd.klarna+json", ""} {
		authorized, err := klarna.ParseAuthorizationCallback(callback("POST", contentType, strings.NewReader(
			`{"authorization_token":"`+authorizationToken+`","session_id":"`+sessionID+`","merchant_reference1":7,"collected_shipping_address":{"city":"Berlin"}}`)))
		require.NoError(t, err, contentType)
		require.Equal(t, klarna.AuthorizationCallback{AuthorizationToken: authorizationToken, SessionID: sessionID}, authorized)

		fraud, err := klarna.ParseFraudNotification(callback("POST", contentType, strings.NewReader(
			`{"order_id":"o-1","event_type":"FRAUD_RISK_ACCEPTED","timestamp":"2026-11-21T10:00:00Z"}`)))
		require.NoError(t, err, contentType)
		require.Equal(t, klarna.FraudNotification{OrderID: "o-1", EventType: klarna.FraudEventTypeAccepted}, fraud)
	}
	fraud, err := klarna.ParseFraudNotification(callback("POST", "", strings.NewReader(`{"order_id":"o-1","event_type":"OF_THE_FUTURE"}`)))
	require.NoError(t, err)
	require.Equal(t, "OF_THE_FUTURE", fraud.EventType)
}

func TestInvalidCallbackIsRejectedWithoutQuotingIt(t *testing.T) {
	t.Parallel()
	const secret = "s3cretvalue"
	whole := `{"authorization_token":"t-` + secret + `","session_id":"s-1","order_id":"o-1","event_type":"FRAUD_RISK_ACCEPTED"}`
	for name, test := range map[string]struct {
		request *http.Request
		wantErr string
	}{
		"nil":              {nil, "there is no request"},
		"no body":          {&http.Request{Method: "POST"}, "there is no request"},
		"GET":              {callback("GET", "", strings.NewReader(whole)), "the method must be POST"},
		"form":             {callback("POST", "application/x-www-form-urlencoded", strings.NewReader(whole)), "the content type must be application/json"},
		"odd content type": {callback("POST", secret+";;", strings.NewReader(whole)), "the content type must be application/json"},
		"empty":            {callback("POST", "", http.NoBody), "the body is empty"},
		"no JSON":          {callback("POST", "", strings.NewReader("token="+secret)), "the body is not JSON"},
		"two":              {callback("POST", "", strings.NewReader(whole+whole)), "the body is not JSON"},
		"too long":         {callback("POST", "", strings.NewReader(whole+strings.Repeat(" ", 64<<10))), "the body is longer than 65536 bytes"},
		"breaks off":       {callback("POST", "", iotest.ErrReader(io.ErrUnexpectedEOF)), "the body cannot be read: unexpected EOF"},
		"null":             {callback("POST", "", strings.NewReader("null")), " is empty"},
		"list":             {callback("POST", "", strings.NewReader(`["`+secret+`"]`)), " is empty"},
		"numbers":          {callback("POST", "", strings.NewReader(`{"authorization_token":1,"order_id":2}`)), " is empty"},
		"dots":             {callback("POST", "", strings.NewReader(`{"authorization_token":"..","order_id":".."}`)), " is a dot segment"},
		"control":          {callback("POST", "", strings.NewReader(`{"authorization_token":"`+secret+`\n","order_id":"`+secret+`\n"}`)), " contains a control character"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := klarna.ParseAuthorizationCallback(test.request)
			require.Zero(t, got)
			require.ErrorContains(t, err, "klarna: authorization callback: ")
			require.ErrorContains(t, err, test.wantErr)
			require.NotContains(t, err.Error(), secret)
		})
	}
	_, err := klarna.ParseAuthorizationCallback(callback("POST", "", strings.NewReader(`{"authorization_token":"t-1"}`)))
	require.EqualError(t, err, "klarna: authorization callback: session_id is empty")
	_, err = klarna.ParseFraudNotification(callback("POST", "", strings.NewReader(`{"order_id":"o-1"}`)))
	require.EqualError(t, err, "klarna: fraud notification: event_type is empty")
	_, err = klarna.ParseFraudNotification(callback("POST", "", strings.NewReader(`{"event_type":"FRAUD_RISK_ACCEPTED"}`)))
	require.EqualError(t, err, "klarna: fraud notification: order_id is empty")
	_, err = klarna.ParseFraudNotification(callback("GET", "", strings.NewReader(whole)))
	require.EqualError(t, err, "klarna: fraud notification: the method must be POST")
}
