package payway_test

import (
	"net/http"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"github.com/klarna-go/klarna-payments/klarna"
	"github.com/klarna-go/klarna-payments/payway"
)

// Whatever a response is, the call ends in a session with its ids or in an error of one bounded line.
func FuzzErrorDecoding(f *testing.F) {
	for _, body := range []string{
		success, "", "null", "[]", "<p>", `{"item":null}`, `{"item":{"klarna_client_token":"t","klarna_payments_session_id":""}}`,
		`{"code":"invalid_parameter","field":"period_id","message":"m"}`, `{"code":"invalid_parameter","field":["a","b"],"message":"m"}`,
		`{"status":"error","message":"Forbidden"}`, `{"error":"invalid_token","error_description":"d"}`, `{"code":1,"field":{},"message":[]}`,
		`{"message":"` + string(token) + `"}`, "{\"message\":\"a\\nb\\u2028c\"}", `{"message":"reader@paper.example"}`,
	} {
		for _, status := range []int{200, 400, 503} {
			f.Add(status, "application/json", []byte(body))
		}
	}
	f.Add(200, "text/html\r\n", []byte("x"))
	f.Fuzz(func(t *testing.T, status int, contentType string, body []byte) {
		if status < 200 || status > 599 {
			t.Skip("no final status")
		}
		s := &script{Lines: []line{{Status: status, Header: http.Header{"Content-Type": {contentType}}, Body: string(body)}}}
		session, err := clientThrough(t, s, klarna.WithRetry(klarna.NoRetry())).CreateSession(t.Context(), token, request())
		if err == nil {
			require.True(t, status < 300 && session.ClientToken != "" && session.SessionID != "")
			return
		}
		require.Nil(t, session)
		e := asError(t, err)
		require.Equal(t, status, e.StatusCode)
		require.NotEmpty(t, e.Unwrap())
		text := err.Error()
		require.True(t, utf8.ValidString(text))
		require.Less(t, len(text), 20<<10)
		require.NotContains(t, strings.ToLower(text), strings.ToLower(string(token)))
		require.False(t, strings.ContainsAny(text, "\r\n\x00\u2028"), "%q", text)
		require.ErrorIs(t, &payway.Error{StatusCode: e.StatusCode}, e.Unwrap()[0])
	})
}
