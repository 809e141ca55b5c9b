package klarnatest

import (
	"fmt"
	"net/http"
	"strconv"
	"sync"
	"time"

	"github.com/klarna-go/klarna-payments/klarna"
)

// Calls a second that Klarna's playground allows.
const (
	createSessionLimit = 5
	otherLimit         = 50
)

// limits counts calls, once a limit is set.
type limits struct {
	mu     sync.Mutex
	quotas map[bool]int // by whether it is for creating sessions; none: nothing is limited
	began  map[bool]time.Time
	used   map[bool]int
}

// SetRateLimit limits the calls per second: those of CreateSession, and those of all other operations together. A call over
// its limit is rejected with 429 until the second has passed on the server's clock, which [Server.Advance] moves. A limit of 0
// is no limit, as in a new server. Klarna allows 5 and 50 calls per second in its playground, and 40 and 200 in production. It
// panics if a limit is negative.
//
// inferred: a second begins with its first call, and the two limits are independent. Calls with wrong credentials are not
// counted, since Klarna counts by merchant.
func (s *Server) SetRateLimit(createSession, others int) {
	if createSession < 0 || others < 0 {
		panic("klarnatest: SetRateLimit: a limit is not negative")
	}
	s.limits.mu.Lock()
	defer s.limits.mu.Unlock()
	s.limits.quotas = map[bool]int{true: createSession, false: others}
	s.limits.began, s.limits.used = map[bool]time.Time{}, map[bool]int{}
}

func (l *limits) clear() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.quotas, l.began, l.used = nil, nil, nil
}

// take counts a call, and returns how many are left, after how many seconds the count begins anew, and whether this one is
// too many.
func (l *limits) take(op klarna.Operation, now time.Time) (remaining, reset int, over bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	creates := op == klarna.OperationCreateSession
	quota := l.quotas[creates]
	if quota == 0 {
		return quotaOf(op) - 1, 1, false // a caller always seems to be the first of its second
	}
	if now.Sub(l.began[creates]) >= time.Second {
		l.began[creates], l.used[creates] = now, 0
	}
	if l.used[creates] == quota {
		return 0, 1, true // less than a second is left, and whole seconds are told
	}
	l.used[creates]++
	return quota - l.used[creates], 1, false
}

// of is the limit of an operation: the one that is set, or that of Klarna's playground.
func (l *limits) of(op klarna.Operation) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	if quota := l.quotas[op == klarna.OperationCreateSession]; quota > 0 {
		return quota
	}
	return quotaOf(op)
}

func quotaOf(op klarna.Operation) int {
	if op == klarna.OperationCreateSession {
		return createSessionLimit
	}
	return otherLimit
}

// setRateLimit sets the headers that Klarna sends with every response, in the form seen there.
func setRateLimit(header http.Header, quota, remaining, reset int) {
	header.Set("X-Ratelimit-Limit", fmt.Sprintf("%d, %d;w=1", quota, quota))
	header.Set("X-Ratelimit-Remaining", strconv.Itoa(remaining))
	header.Set("X-Ratelimit-Reset", strconv.Itoa(reset))
}
