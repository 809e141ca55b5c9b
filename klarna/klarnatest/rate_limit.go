package klarnatest

import (
	"fmt"
	"net/http"
	"strconv"

	"github.com/klarna-go/klarna-payments/klarna"
)

// Calls a second that Klarna's playground allows.
const (
	createSessionLimit = 5
	otherLimit         = 50
)

// setRateLimit sets the headers that Klarna sends with every answer, in the form seen there. No limit is kept, so a
// caller always seems to be the first of its second.
func setRateLimit(header http.Header, op klarna.Operation) {
	limit := otherLimit
	if op == klarna.OperationCreateSession {
		limit = createSessionLimit
	}
	header.Set("X-Ratelimit-Limit", fmt.Sprintf("%d, %d;w=1", limit, limit))
	header.Set("X-Ratelimit-Remaining", strconv.Itoa(limit-1))
	header.Set("X-Ratelimit-Reset", "1")
}
