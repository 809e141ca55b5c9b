package klarna

import (
	"fmt"
	"time"
)

// RetryPolicy sets how many attempts a call makes and how long it waits between them. A field that is 0 has its default:
// three attempts, a base delay of 250 ms and a longest delay of 5 s. [NoRetry] is a single attempt.
//
// Attempts are spaced by exponential backoff with full jitter: the wait before attempt n+1 is a random part of BaseDelay ×
// 2ⁿ⁻¹, at most MaxDelay. If Klarna asks for a longer wait (X-Ratelimit-Reset or Retry-After), the call waits that long; if
// that is more than MaxDelay, it retries after MaxDelay. If waiting would pass the context's deadline, the call returns at once.
//
// What is retried depends on the operation and on the failure: the request was not sent (no connection was established, or the
// server guarantees that it did not process it), it was over the rate limit (429), the failure is ambiguous (no response, half
// of one, an unusable one, 408 or 5xx: Klarna may have carried the request out), or Klarna rejected it. Redirects and responses
// that are too large are never retried. Each attempt sends the same bytes.
//
//	                     not sent    429       ambiguous                         rejected
//	CreateSession        retried     retried   retried                           no
//	ReadSession          retried     retried   retried                           no
//	UpdateSession        retried     retried   retried                           no
//	CreateOrder          retried     retried   retried, then ErrOutcomeUnknown   no
//	CancelAuthorization  retried     retried   retried                           no
//	CreateCustomerToken  retried     retried   no: ErrOutcomeUnknown             no
type RetryPolicy struct {
	MaxAttempts int           // the first one included
	BaseDelay   time.Duration // the longest first wait
	MaxDelay    time.Duration // the longest wait of all
}

// NoRetry is the policy of a single attempt.
func NoRetry() RetryPolicy { return RetryPolicy{MaxAttempts: 1} }

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
