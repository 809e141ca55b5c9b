package klarnatest

import (
	"cmp"
	"net/netip"
	"time"
)

// CallbackPolicy controls how the server calls the shop back. The zero value, and so each field that is zero, is what Klarna
// does: at once, with up to three attempts, a second before the next one and two before the last. The status of a hosted page gets
// up to four attempts, with four seconds before the last.
type CallbackPolicy struct {
	Never   bool          // no callback comes
	Twice   bool          // after the last attempt it all comes once more
	First   bool          // the browser gets its token or redirect only when the callback is through, so that the callback wins the race
	Delay   time.Duration // how long the callback is late
	Wait    time.Duration // before the second attempt, and twice as long before each further one; 0 is a second
	Timeout time.Duration // for the shop to accept a connection, and again to respond; 0 is two seconds, and three for a hosted page

	// Allow reports whether a callback may go to an address, which the URL's host has or resolved to. It is asked when the
	// server connects, for each address: nothing is resolved after it. Nil allows loopback addresses only.
	Allow func(host string, address netip.AddrPort) bool
}

const (
	callbackTries       = 3
	callbackTimeout     = 2 * time.Second
	maxPendingCallbacks = 10_000
)

// SetCallbacks sets how the server calls back from now on. Times are real time: [Server.Advance] does not shorten them.
func (s *Server) SetCallbacks(policy CallbackPolicy) {
	if policy.Delay < 0 || policy.Wait < 0 || policy.Timeout < 0 {
		panic("klarnatest: SetCallbacks: a time to wait is not negative")
	}
	s.callbacks.mu.Lock()
	defer s.callbacks.mu.Unlock()
	s.callbacks.policy = policy
}

// withDefaults sets what is zero. timeout is that of the kind of callback; 0 is callbackTimeout.
func (p CallbackPolicy) withDefaults(timeout time.Duration) CallbackPolicy {
	p.Wait = cmp.Or(p.Wait, time.Second)
	p.Timeout = cmp.Or(p.Timeout, timeout, callbackTimeout)
	return p
}
