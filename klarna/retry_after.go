package klarna

import (
	"net/http"
	"strconv"
	"strings"
	"time"
)

// maxRetryAfter bounds what an answer may ask for: Klarna's windows are a second long.
const maxRetryAfter = 24 * time.Hour

// retryAfter is how long an answer asks to wait: Retry-After in either of its forms, which a gateway may send, or
// X-Ratelimit-Reset in seconds from now. Klarna sends that one with every answer, so it counts for those only that are
// over the limit. The longer one counts.
func retryAfter(header http.Header, now time.Time, overLimit bool) time.Duration {
	wait := seconds(header.Get("Retry-After"))
	if overLimit {
		wait = max(wait, seconds(header.Get("X-Ratelimit-Reset")))
	}
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
