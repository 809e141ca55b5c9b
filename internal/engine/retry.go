package engine

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// RetryPolicy sets how many attempts a call makes and how long to wait between attempts. A field that is 0 has its default.
type RetryPolicy struct {
	MaxAttempts int           // the first one included; 3 by default
	BaseDelay   time.Duration // the longest first wait; 250 ms by default
	MaxDelay    time.Duration // the longest wait; 5 s by default
}

func (p RetryPolicy) withDefaults() RetryPolicy {
	if p.MaxAttempts == 0 {
		p.MaxAttempts = 3
	}
	if p.BaseDelay == 0 {
		p.BaseDelay = 250 * time.Millisecond
	}
	if p.MaxDelay == 0 {
		p.MaxDelay = 5 * time.Second
	}
	p.MaxDelay = min(p.MaxDelay, maxRetryAfter) // no call waits for a day
	return p
}

// delay is how long to wait after so many attempts: full jitter, or what the server asks for when that is longer.
func (p RetryPolicy) delay(attempts int, asked time.Duration) time.Duration {
	longest := p.MaxDelay
	if shift := attempts - 1; shift < 62 && p.BaseDelay <= p.MaxDelay>>shift {
		longest = p.BaseDelay << shift
	}
	return min(max(rand.N(longest+1), asked), p.MaxDelay) //nolint:gosec // G404: nobody gains by guessing a delay
}

// try makes attempts until one succeeds, is rejected, or may not or cannot be repeated. A failure is that of the last
// attempt, with what the earlier ones leave open.
func (e *Engine) try(ctx context.Context, call *Call, original *snapshot) (exchange, *Failure) {
	maxAttempts := e.Retry.MaxAttempts
	if call.MaxAttempts > 0 {
		maxAttempts = call.MaxAttempts
	}
	if err := e.admit(ctx, call.Operation); err != nil {
		x := exchange{Response: Response{IdempotencyKey: call.IdempotencyKey}, notSent: true}
		f := e.newFailure(call, &x, fmt.Errorf("nothing was sent: %w", err))
		f.NothingSent = true
		return x, f
	}
	var correlationIDs []string
	mayHaveApplied, sent := false, false // by an earlier attempt
	for attempts := 1; ; attempts++ {
		x, attemptErr := e.attempt(ctx, call, attempts)
		attempts = x.Attempts // the transport may have sent copies by itself
		mayHaveApplied = mayHaveApplied || x.hidden > 0
		if attemptErr == nil || mayHaveApplied && call.Operation.applied(attemptErr) {
			return x, nil
		}
		callErr := *attemptErr // an observer may still be looking at the attempt's own failure
		if callErr.CorrelationID != "" {
			correlationIDs = append(correlationIDs, callErr.CorrelationID)
		}
		callErr.CorrelationIDs = correlationIDs
		if attempts < maxAttempts && callErr.repeatable &&
			call.Operation.Retries(callErr.Class, call.IdempotencyKey != "") &&
			wait(ctx, e.Retry.delay(attempts, callErr.RetryAfter), &callErr) {
			err := e.admit(ctx, call.Operation)
			if err == nil {
				mayHaveApplied = mayHaveApplied || callErr.Class == Ambiguous
				sent = sent || callErr.Class != NotSent
				call.Request.Header = original.restore()
				_ = e.setHeader(call.Request.Header, call) // it was checked before
				continue
			}
			callErr.stopRetrying(redactor{e, call}.clean(err.Error(), maxMessageBytes), err)
		}
		callErr.NothingSent = callErr.Class == NotSent && !sent
		// A conflict about a key that the caller brought may be with an earlier call, whose outcome the caller did not learn.
		mayHaveApplied = mayHaveApplied || call.callersKey && callErr.StatusCode == http.StatusConflict
		callErr.OutcomeUnknown = call.Operation.Commits &&
			(callErr.Class == Ambiguous || mayHaveApplied && !call.Operation.disproves(&callErr))
		return x, &callErr
	}
}

// snapshot is the header of a request as it was given to the engine. A transport or a cookie jar may change the header of an
// attempt. It stays on the stack, since most calls need no second attempt.
type snapshot struct {
	fields [4]struct{ key, value string }
	header http.Header // the other fields: with several values, or too many
}

func snapshotOf(header http.Header) (s snapshot) {
	i := 0
	for key, values := range header {
		if len(values) == 1 && i < len(s.fields) {
			s.fields[i].key, s.fields[i].value = key, values[0]
			i++
			continue
		}
		if s.header == nil {
			s.header = http.Header{}
		}
		s.header[key] = slices.Clone(values)
	}
	return s
}

func (s *snapshot) restore() http.Header {
	header := s.header.Clone()
	if header == nil {
		header = http.Header{}
	}
	for _, field := range s.fields {
		if field.key != "" {
			header[field.key] = []string{field.value}
		}
	}
	return header
}

func (o *Operation) applied(f *Failure) bool {
	return o.Applied != nil && f.Class == Rejected && o.Applied(f)
}

func (o *Operation) disproves(f *Failure) bool {
	return o.Disproves != nil && f.Class == Rejected && o.Disproves(f)
}

// admit asks whether an attempt may be made: the context must not be over, and the limiter must agree.
func (e *Engine) admit(ctx context.Context, op *Operation) error {
	if err := endOf(ctx); err != nil {
		return err
	}
	if e.Limiter == nil {
		return nil
	}
	if err := e.Limiter(ctx, op); err != nil {
		return fmt.Errorf("the limiter: %w", err)
	}
	return nil
}

// endOf returns why a context is over. Its deadline counts from the moment that it passes, even if the context says so only
// a moment later.
func endOf(ctx context.Context) error {
	if deadline, ok := ctx.Deadline(); ok && ctx.Err() == nil && !time.Now().Before(deadline) {
		return context.DeadlineExceeded
	}
	return ctx.Err()
}

// wait waits before the next attempt. If waiting would pass the context's deadline, it returns at once. The failure then
// names why it was not retried, unless the end of the context is what made the attempt fail.
func wait(ctx context.Context, delay time.Duration, f *Failure) bool {
	if ended := endOf(ctx); ended != nil && errors.Is(f.Cause, ended) {
		return false
	}
	if deadline, ok := ctx.Deadline(); ok && time.Until(deadline) <= delay {
		f.stopRetrying(fmt.Sprintf("waiting %v would pass the deadline", delay.Round(time.Millisecond)), nil)
		return false
	}
	timer := time.NewTimer(delay)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		f.stopRetrying("the context ended while waiting", ctx.Err())
		return false
	}
}

// maxRetryAfter bounds what a response may ask for: rate-limit windows are a second long.
const maxRetryAfter = 24 * time.Hour

// retryAfter is how long a response asks to wait: Retry-After in either of its forms, or X-Ratelimit-Reset in seconds
// from now. Klarna sends the latter with every response, so it counts only for those that are over the limit. The longer
// one counts.
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

// seconds reads a number of seconds, whole or not. Anything else, or a negative number, is 0.
func seconds(s string) time.Duration {
	n, err := strconv.ParseFloat(strings.TrimSpace(s), 64)
	if err != nil || !(n > 0) { // NaN is not greater than 0 either
		return 0
	}
	if n > maxRetryAfter.Seconds() {
		return maxRetryAfter
	}
	return time.Duration(n * float64(time.Second))
}
