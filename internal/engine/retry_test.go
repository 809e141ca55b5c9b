package engine

import (
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestDelayGrowsAtRandomAndStaysBounded(t *testing.T) {
	t.Parallel()
	policy := RetryPolicy{}.withDefaults()
	require.Equal(t, RetryPolicy{3, 250 * time.Millisecond, 5 * time.Second}, policy)
	for attempts, longest := range map[int]time.Duration{
		1: 250 * time.Millisecond, 2: 500 * time.Millisecond, 4: 2 * time.Second, 6: 5 * time.Second, 40: 5 * time.Second, 70: 5 * time.Second, math.MaxInt: 5 * time.Second,
	} {
		var least, most time.Duration = math.MaxInt64, 0
		for range 2000 {
			delay := policy.delay(attempts, 0)
			least, most = min(least, delay), max(most, delay)
		}
		require.LessOrEqual(t, most, longest, attempts)
		require.Greater(t, most, longest*9/10, attempts)
		require.Less(t, least, longest/10, attempts)
	}
	require.Equal(t, 2*time.Second, policy.delay(1, 2*time.Second), "what the server asks for")
	require.Equal(t, 5*time.Second, policy.delay(1, time.Hour), "up to the longest")
	require.LessOrEqual(t, RetryPolicy{MaxDelay: math.MaxInt64, BaseDelay: math.MaxInt64}.withDefaults().delay(1, 0), 24*time.Hour)
}
