package engine

import (
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestRetryAfterReadsEveryForm(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)
	tests := map[string]struct {
		reset, retryAfter string
		want              time.Duration
	}{
		"none":               {"", "", 0},
		"reset":              {"1", "", time.Second},
		"reset, fraction":    {" 0.25 ", "", 250 * time.Millisecond},
		"seconds":            {"", "120", 2 * time.Minute},
		"date":               {"", "Sat, 21 Nov 2026 12:00:30 GMT", 30 * time.Second},
		"date in the past":   {"", "Sat, 21 Nov 2026 11:59:00 GMT", 0},
		"the longer counts":  {"5", "2", 5 * time.Second},
		"negative":           {"-1", "-7", 0},
		"zero":               {"0", "0", 0},
		"not a number":       {"NaN", "soon", 0},
		"infinite":           {"Inf", "", 24 * time.Hour},
		"beyond int64":       {"", "99999999999999999999", 24 * time.Hour},
		"date far away":      {"", "Sat, 21 Nov 2099 12:00:30 GMT", 24 * time.Hour},
		"a list, as limit's": {"5, 5;w=1", "", 0},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			header := http.Header{}
			header.Set("X-Ratelimit-Reset", test.reset)
			header.Set("Retry-After", test.retryAfter)
			require.Equal(t, test.want, retryAfter(header, now, true))
			if test.retryAfter == "" {
				require.Zero(t, retryAfter(header, now, false), "Klarna sends its reset with every response")
			}
		})
	}
}
