package klarna_test

import (
	"encoding/json"
	"log/slog"
	"strings"
	"testing"

	"github.com/klarna-go/klarna-payments/internal/wiretest"
	"github.com/klarna-go/klarna-payments/klarna"
	"github.com/stretchr/testify/require"
)

func TestLoggerGetsOneRecordForEachAttempt(t *testing.T) {
	t.Parallel()
	var out strings.Builder
	logger := slog.New(slog.NewJSONHandler(&out, &slog.HandlerOptions{Level: slog.LevelDebug}))
	s := &script{Lines: []line{{Err: wiretest.ErrReset}, {Status: 503, Body: `{"error_code":"UNAVAILABLE"}`}, {Status: 200, Body: `{"order_id":"o-1"}`}}}
	_, err := clientOf(t, s, klarna.WithLogger(logger)).CreateOrder(t.Context(), authorizationToken, orderRequest())
	require.NoError(t, err)

	records := strings.Split(strings.TrimSpace(out.String()), "\n")
	require.Len(t, records, 3)
	for i, want := range []map[string]any{
		{"level": "WARN", "attempt": 1.0, "error": "read tcp: connection reset by peer"},
		{"level": "WARN", "attempt": 2.0, "status": 503.0, "correlation_id": "c-2", "error": "503 UNAVAILABLE (attempt 2)"},
		{"level": "DEBUG", "attempt": 3.0, "status": 200.0, "correlation_id": "c-3"},
	} {
		var record map[string]any
		require.NoError(t, json.Unmarshal([]byte(records[i]), &record))
		require.NotZero(t, record["duration"])
		delete(record, "time")
		delete(record, "duration")
		want["msg"], want["operation"] = "klarna", "CreateOrder"
		want["route"] = "POST /payments/v1/authorizations/{authorizationToken}/order"
		require.Equal(t, want, record)
	}
	require.NotContains(t, out.String(), authorizationToken)

	out.Reset()
	quiet := slog.New(slog.NewJSONHandler(&out, nil))
	_, err = clientOf(t, &script{Lines: []line{{Status: 200, Body: `{"order_id":"o-1"}`}}}, klarna.WithLogger(quiet)).CreateOrder(t.Context(), authorizationToken, orderRequest())
	require.NoError(t, err)
	require.Empty(t, out.String(), "a success is at level Debug")

	_, err = klarna.New(klarna.PlaygroundEU, klarna.APIKey(apiKey), klarna.WithLogger(nil))
	require.EqualError(t, err, "klarna: WithLogger: the logger is nil")
}
