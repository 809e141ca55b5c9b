package klarna

import (
	"fmt"
	"math/rand/v2"
	"time"
)

// RetryPolicy says how often and how patiently a call is tried. The zero value is the default policy, and so is each
// field that is 0: three attempts, a base delay of 250 ms and a longest delay of 5 s. [NoRetry] is a single attempt.
//
// The wait before attempt n+1 is a random part of BaseDelay × 2ⁿ⁻¹, at most MaxDelay, so that clients that failed
// together do not come back together. When Klarna asks to wait longer (X-Ratelimit-Reset or Retry-After), that counts,
// up to MaxDelay as well. A wait that would outlast the context's deadline is not begun.
//
// What is tried again depends on the operation and on what became of the attempt: whether it was never sent (no
// connection came about), was over the rate limit (429), is ambiguous (no answer, half of one, one that makes no sense,
// 408 or 5xx: Klarna may have acted on it), or was refused:
//
//	                     never sent  429    ambiguous               other 4xx
//	CreateSession        again       again  again                   no
//	ReadSession          again       again  again                   no
//	UpdateSession        again       again  again                   no
//	CreateOrder          again       again  again, the same bytes   no
//	CancelAuthorization  again       again  again                   no
//	CreateCustomerToken  again       again  no: ErrOutcomeUnknown   no
type RetryPolicy struct {
	MaxAttempts int           // the first one included
	BaseDelay   time.Duration // the longest first wait
	MaxDelay    time.Duration // the longest wait of all
}

// NoRetry is the policy of a single attempt.
func NoRetry() RetryPolicy { return RetryPolicy{MaxAttempts: 1} }

const (
	defaultMaxAttempts = 3
	defaultBaseDelay   = 250 * time.Millisecond
	defaultMaxDelay    = 5 * time.Second
)

// WithRetry sets the retry policy. The default is the zero RetryPolicy.
func WithRetry(policy RetryPolicy) Option {
	return func(c *config) error {
		switch {
		case policy.MaxAttempts < 0:
			return fmt.Errorf("klarna: WithRetry: MaxAttempts is %d; it must not be negative", policy.MaxAttempts)
		case policy.BaseDelay < 0:
			return fmt.Errorf("klarna: WithRetry: BaseDelay is %v; it must not be negative", policy.BaseDelay)
		case policy.MaxDelay < 0:
			return fmt.Errorf("klarna: WithRetry: MaxDelay is %v; it must not be negative", policy.MaxDelay)
		}
		c.retry = policy
		return nil
	}
}

// WithMaxAttempts sets how often this call is tried, the first time included, instead of the client's policy.
func WithMaxAttempts(attempts int) CallOption {
	return func(c *call) error {
		if attempts < 1 {
			return fmt.Errorf("WithMaxAttempts: %d is not a number of attempts; it must be at least 1", attempts)
		}
		c.maxAttempts = attempts
		return nil
	}
}

func (p RetryPolicy) withDefaults() RetryPolicy {
	if p.MaxAttempts == 0 {
		p.MaxAttempts = defaultMaxAttempts
	}
	if p.BaseDelay == 0 {
		p.BaseDelay = defaultBaseDelay
	}
	if p.MaxDelay == 0 {
		p.MaxDelay = defaultMaxDelay
	}
	p.MaxDelay = min(p.MaxDelay, maxRetryAfter) // no call waits for a day
	return p
}

// delay is how long to wait after so many attempts: full jitter, or what Klarna asks for when that is longer.
func (p RetryPolicy) delay(attempts int, asked time.Duration) time.Duration {
	longest := p.MaxDelay
	if shift := attempts - 1; shift < 62 && p.BaseDelay <= p.MaxDelay>>shift {
		longest = p.BaseDelay << shift
	}
	return min(max(rand.N(longest+1), asked), p.MaxDelay) //nolint:gosec // G404: nobody gains by guessing a delay
}
