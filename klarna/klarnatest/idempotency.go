package klarnatest

import (
	"net/http"
	"time"
)

// keyLifetime is how long Klarna keeps an idempotency key.
const keyLifetime = 24 * time.Hour

// maxKeysPerSession is how many keys are stored for each session that may be.
const maxKeysPerSession = 10

// usedKey is an idempotency key that was used.
type usedKey struct {
	key     string
	used    time.Time     // by the server's clock
	done    chan struct{} // closed when the first request was handled
	kept    bool          // there is an outcome
	outcome orderOutcome
	busy    time.Time // in real time, until when the first request runs
}

// once carries out a request, or returns the outcome of the one that had the same idempotency key. delay is how long the
// response of this one will be held back.
//
// The key alone counts, as Klarna documents it. inferred: that means neither the body nor the operation nor the order. What
// was rejected is rejected again as far as the order's state was asked, but not what never got there: an invalid body, wrong
// credentials, a rate limit. A repeat while the first request runs gets the same outcome; with [WithKeyConflicts], 409.
func (s *Server) once(r *http.Request, delay time.Duration, do func() (outcome orderOutcome, kept bool)) orderOutcome {
	key := r.Header.Get("Klarna-Idempotency-Key")
	if key == "" || r.Method == http.MethodGet {
		outcome, _ := do()
		return outcome
	}
	for {
		now := s.clock.now()
		s.mu.Lock()
		s.forget(now)
		first := s.keys[key]
		if first == nil {
			first = &usedKey{key: key, used: now, done: make(chan struct{}), busy: time.Now().Add(delay)}
			s.addKey(first)
			s.mu.Unlock()
			return s.first(first, do)
		}
		s.mu.Unlock()
		if s.keyConflicts && first.running() {
			return orderOutcome{rejected: conflict}
		}
		<-first.done // it takes no longer than to validate a body
		if first.kept {
			return first.outcome
		}
	}
}

// first carries out the first request of a key.
func (s *Server) first(k *usedKey, do func() (orderOutcome, bool)) orderOutcome {
	defer func() {
		s.mu.Lock()
		if !k.kept {
			s.dropKey(k)
		}
		s.mu.Unlock()
		close(k.done)
	}()
	k.outcome, k.kept = do()
	return k.outcome
}

// running reports whether the response of the request is still to come.
func (k *usedKey) running() bool {
	select {
	case <-k.done:
		return time.Now().Before(k.busy)
	default:
		return true
	}
}

func (st *store) addKey(k *usedKey) {
	st.keys[k.key] = k
	st.oldestKeys = append(st.oldestKeys, k)
	st.bytes += k.size()
	for len(st.oldestKeys) > maxKeysPerSession*st.maxSessions {
		st.forgetKey()
	}
	st.shrink()
}

// forgetKey forgets the oldest key.
func (st *store) forgetKey() {
	k := shift(&st.oldestKeys)
	st.bytes -= k.size()
	st.dropKey(k)
}

// dropKey makes a key as good as unused. What is stored of it goes when it is the oldest.
func (st *store) dropKey(k *usedKey) {
	if st.keys[k.key] == k {
		delete(st.keys, k.key)
	}
}

func (k *usedKey) size() int { return keyOverhead + len(k.key) }
