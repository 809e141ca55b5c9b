package klarna_test

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"testing"

	"github.com/klarna-go/klarna-payments/klarna"
	"github.com/stretchr/testify/require"
)

func TestWithResponseReportsTheLastResponse(t *testing.T) {
	t.Parallel()
	for _, op := range operations() {
		t.Run(string(op.name), func(t *testing.T) {
			t.Parallel()
			var response klarna.Response
			server := newServer(t, func(w http.ResponseWriter, r *http.Request) {
				w.Header().Set("X-Ratelimit-Remaining", "4")
				respondJSON(op.status, op.response)(w, r)
			})
			require.NoError(t, op.call(t, server.client(t), klarna.WithResponse(&response)))
			require.Equal(t, op.status, response.StatusCode)
			require.Equal(t, correlationID, response.CorrelationID)
			require.Equal(t, 1, response.Attempts)
			require.Equal(t, "4", response.Header.Get("X-Ratelimit-Remaining"))

			rejecting := newServer(t, respondJSON(403, `{"error_code":"REJECTED"}`))
			require.Error(t, op.call(t, rejecting.client(t), klarna.WithResponse(&response)))
			require.Equal(t, 403, response.StatusCode)

			rejecting.Close()
			require.Error(t, op.call(t, rejecting.client(t), klarna.WithResponse(&response)))
			require.Equal(t, klarna.Response{Attempts: 1}, response)
		})
	}
}

func TestResponsePrintsNoHeader(t *testing.T) {
	t.Parallel()
	response := klarna.Response{StatusCode: 200, CorrelationID: "c-1", Attempts: 2, Header: http.Header{"Location": {"s3cretvalue"}}}
	var out strings.Builder
	for _, value := range []any{response, &response} {
		fmt.Fprintf(&out, "%v %+v %#v %d %s\n", value, value, value, value, value)
		slog.New(slog.NewJSONHandler(&out, nil)).Info("text", "response", value)
	}
	asJSON, err := json.Marshal(response)
	require.NoError(t, err)
	require.JSONEq(t, `{"status":200,"correlation_id":"c-1","attempts":2}`, string(asJSON))
	require.NotContains(t, out.String(), "s3cretvalue")
	require.Equal(t, "200 (correlation id c-1)", fmt.Sprint(response))
	require.Equal(t, "no response", fmt.Sprint(klarna.Response{}))
	require.Contains(t, out.String(), `"response":{"status":200,"correlation_id":"c-1","attempts":2}`)
}

func TestWithHeaderAddsAHeader(t *testing.T) {
	t.Parallel()
	for _, op := range operations() {
		server := newServer(t, respondJSON(op.status, op.response))
		require.NoError(t, op.call(t, server.client(t),
			klarna.WithHeader("klarna-idempotency-key", "k-1"),
			klarna.WithHeader("X-Klarna-Integration-Metadata", `{"integrator":{"name":"SHOP"}}`),
			klarna.WithHeader("X-Klarna-Integration-Metadata", "second")))
		seen := server.exchanges()[0].Header
		require.Equal(t, "k-1", seen.Get("Klarna-Idempotency-Key"))
		require.Equal(t, []string{`{"integrator":{"name":"SHOP"}}`, "second"}, seen["X-Klarna-Integration-Metadata"])
	}
}

func TestWrongCallOptionSendsNothing(t *testing.T) {
	t.Parallel()
	server := newServer(t, respond(204, "", ""))
	client := server.client(t)
	tests := map[string]struct {
		option  klarna.CallOption
		wantErr string
	}{
		"nil":                  {nil, "call option 1 is nil"},
		"no response":          {klarna.WithResponse(nil), "WithResponse: the response is nil"},
		"authorization":        {klarna.WithHeader("authorization", "Basic s3cretvalue"), "Authorization"},
		"idempotency":          {klarna.WithHeader("Idempotency-Key", "s3cretvalue"), "Idempotency-Key"},
		"x-idempotency":        {klarna.WithHeader("x-idempotency-key", "s3cretvalue"), "X-Idempotency-Key"},
		"host":                 {klarna.WithHeader("Host", "s3cretvalue"), "Host"},
		"length":               {klarna.WithHeader("content-length", "0"), "Content-Length"},
		"line feed in value":   {klarna.WithHeader("X-A", "s3cretvalue\r\nAuthorization: x"), "X-A: the value contains a control character"},
		"line feed in key":     {klarna.WithHeader("X-A\r\nHost", "s3cretvalue"), "the key is not a valid header name"},
		"empty key":            {klarna.WithHeader("", "s3cretvalue"), "the key is not a valid header name"},
		"key with a separator": {klarna.WithHeader("X:A", "s3cretvalue"), "the key is not a valid header name"},
		"key beyond ASCII":     {klarna.WithHeader("X-Ä", "s3cretvalue"), "the key is not a valid header name"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			for _, op := range operations() {
				err := op.call(t, client, test.option)
				require.ErrorContains(t, err, "klarna: "+string(op.name)+": ")
				require.ErrorContains(t, err, test.wantErr)
				require.NotContains(t, err.Error(), "s3cretvalue")
			}
		})
	}
	require.Empty(t, server.exchanges())
}
