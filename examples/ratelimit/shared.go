package ratelimit

import (
	"context"
	"fmt"
	"time"

	"github.com/go-redis/redis_rate/v10"
	"github.com/klarna-go/klarna-payments/klarna"
	"github.com/redis/go-redis/v9"
)

// Shared is a limiter for a shop on several machines, with its count in Redis.
type Shared struct {
	limiter   *redis_rate.Limiter
	quota     Quota
	merchant  string
	failOpen  bool
	onFailure func(error)
}

// Option changes how a [Shared] limiter works.
type Option func(*Shared)

// WithMerchant sets the name to count under, for a shop with several merchant ids. The default is "klarna".
func WithMerchant(name string) Option { return func(s *Shared) { s.merchant = name } }

// WithCallsThroughWhenDown lets calls through when Redis cannot be reached, and reports why: being over the limit for a
// while costs a shop less than not selling. Without it such a call fails with Redis's error.
func WithCallsThroughWhenDown(report func(error)) Option {
	return func(s *Shared) { s.failOpen, s.onFailure = true, report }
}

// NewShared returns a limiter with its count in Redis. Set short time limits on the client: a call waits for Redis.
func NewShared(client redis.UniversalClient, quota Quota, opts ...Option) *Shared {
	s := &Shared{limiter: redis_rate.NewLimiter(client), quota: quota, merchant: "klarna"}
	for _, opt := range opts {
		opt(s)
	}
	return s
}

// Wait waits until a call may be sent. It fails at once when the context's deadline is sooner than that.
func (s *Shared) Wait(ctx context.Context) error {
	category, perSecond := s.quota.of(klarna.OperationFromContext(ctx))
	limit := redis_rate.Limit{Rate: perSecond, Period: time.Second, Burst: max(1, perSecond/10)}
	for {
		result, err := s.limiter.Allow(ctx, s.merchant+":"+category, limit)
		switch {
		case err != nil && ctx.Err() != nil:
			return ctx.Err()
		case err != nil && s.failOpen:
			if s.onFailure != nil {
				s.onFailure(err)
			}
			return nil
		case err != nil:
			return fmt.Errorf("the shared rate limit cannot be read from Redis: %w", err)
		case result.Allowed > 0:
			return nil
		}
		if err := sleep(ctx, result.RetryAfter); err != nil {
			return err
		}
	}
}

// sleep waits, but not when the deadline would come first.
func sleep(ctx context.Context, d time.Duration) error {
	if deadline, ok := ctx.Deadline(); ok && time.Until(deadline) < d {
		return fmt.Errorf("the rate limit asks to wait %v, which the deadline does not leave: %w", d.Round(time.Millisecond), context.DeadlineExceeded)
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
