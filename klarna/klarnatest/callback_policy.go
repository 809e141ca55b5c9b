package klarnatest

import "time"

// CallbackPolicy is how the server calls the shop back. The zero value, and so each field that is zero, is what Klarna
// does: at once, up to three tries, a second before the next one and two before the last.
type CallbackPolicy struct {
	Never bool          // no callback comes
	Twice bool          // after the last try it all comes once more
	First bool          // the browser gets its token only when the callback is through, so that the callback wins the race
	Delay time.Duration // how long the callback is late
	Wait  time.Duration // before the second try, and twice that before the third
}

const (
	callbackTries   = 3
	callbackTimeout = 2 * time.Second // to connect, and again to read the answer
)

// SetCallbacks sets how the server calls back from now on. Times are real time: [Server.Advance] does not shorten them.
func (s *Server) SetCallbacks(policy CallbackPolicy) {
	if policy.Delay < 0 || policy.Wait < 0 {
		panic("klarnatest: SetCallbacks: a time to wait is not negative")
	}
	if policy.Wait == 0 {
		policy.Wait = time.Second
	}
	s.callbacks.mu.Lock()
	defer s.callbacks.mu.Unlock()
	s.callbacks.policy = policy
}
