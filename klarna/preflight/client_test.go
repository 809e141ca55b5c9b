package preflight_test

import (
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"

	"github.com/klarna-go/klarna-payments/klarna"
	"github.com/klarna-go/klarna-payments/klarna/preflight"
	"github.com/stretchr/testify/require"
)

func TestSwitchedOnARequestThatFailsMakesNoNetworkCall(t *testing.T) {
	t.Parallel()
	var calls atomic.Int64
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		calls.Add(1)
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write([]byte(`{"session_id":"s-1","client_token":"a.b.c"}`))
	}))
	t.Cleanup(server.Close)
	newClient := func(opts ...klarna.Option) *klarna.Client {
		client, err := klarna.New(klarna.Environment(server.URL), klarna.APIKey("klarna_test_api_x"), opts...)
		require.NoError(t, err)
		return client
	}
	wrong := decodeExample[klarna.SessionCreate](t, "session_create.arithmetic-wrong.json")
	right := decodeExample[klarna.SessionCreate](t, "session_create.json")

	checked := newClient(klarna.WithPreflight(preflight.Check))
	_, err := checked.CreateSession(t.Context(), wrong)
	var found *preflight.Error
	require.ErrorAs(t, err, &found)
	require.Len(t, found.Problems, 8)
	require.ErrorContains(t, err, "klarna: CreateSession: not sent: preflight: 8 problems: order_amount is 2500, but total_amount of all lines adds up to 7500")
	require.Zero(t, calls.Load())

	_, err = checked.CreateSession(t.Context(), right)
	require.NoError(t, err)
	require.EqualValues(t, 1, calls.Load())

	_, err = newClient().CreateSession(t.Context(), wrong)
	require.NoError(t, err, "it is off by default")
	require.EqualValues(t, 2, calls.Load())
}
