package klarna

import (
	"net/http"
	"strconv"
	"strings"
	"time"
)

// maxRetryAfter bounds what an answer may ask for: Klarna's windows are a second long.
const maxRetryAfter = 24 * time.Hour

// retryAfter is how long an answer asks to wait: X-Ratelimit-Reset in seconds from now, which Klarna sends, or
// Retry-After in either of its forms, which a gateway may send. The longer one counts.
func retryAfter(header http.Header, now time.Time) time.Duration {
	wait := max(seconds(header.Get("X-Ratelimit-Reset")), seconds(header.Get("Retry-After")))
	if date, err := http.ParseTime(header.Get("Retry-After")); err == nil {
		wait = max(wait, date.Sub(now))
	}
	return min(wait, maxRetryAfter)
}

// seconds reads a number of seconds, whole or not. Anything else, or a negative one, is none.
func seconds(s string) time.Duration {
	n, err := strconv.ParseFloat(strings.TrimSpace(s), 64)
	if err != nil || !(n > 0) { // not a number is not greater than 0 either
		return 0
	}
	if n > maxRetryAfter.Seconds() {
		return maxRetryAfter
	}
	return time.Duration(n * float64(time.Second))
}
