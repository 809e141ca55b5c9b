package engine

import (
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// Whatever a server asks for, the wait is between nothing and a day.
func FuzzRetryAfter(f *testing.F) {
	f.Add("1", "")
	f.Add("", "120")
	f.Add("0.5", "Sat, 21 Nov 2026 12:00:30 GMT")
	f.Add("1e308", "-9223372036854775808")
	f.Fuzz(func(t *testing.T, reset, after string) {
		header := http.Header{"X-Ratelimit-Reset": {reset}, "Retry-After": {after}}
		wait := retryAfter(header, time.Unix(1_800_000_000, 0), len(reset)%2 == 0)
		require.GreaterOrEqual(t, wait, time.Duration(0))
		require.LessOrEqual(t, wait, 24*time.Hour)
		delay := RetryPolicy{}.withDefaults().delay(1, wait)
		require.GreaterOrEqual(t, delay, time.Duration(0))
		require.LessOrEqual(t, delay, 5*time.Second)
	})
}
