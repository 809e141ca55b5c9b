package klarna

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"time"
)

// try sends a request until it succeeds, is refused, or may not or cannot be sent again. An error is that of the last
// attempt, with what the earlier ones leave open.
func (s *sender) try(req *http.Request, op Operation, id string, call *call) (answer, *Error) {
	most := s.retry.MaxAttempts
	if call != nil && call.maxAttempts > 0 {
		most = call.maxAttempts
	}
	var correlationIDs []string
	doubt := false // an earlier attempt may have taken effect
	for attempts := 1; ; attempts++ {
		a, failed, fate := s.attempt(req, op, id, call, attempts)
		if failed == nil {
			return a, nil
		}
		if doubt && isDone(op, failed) {
			return a, nil
		}
		if failed.CorrelationID != "" {
			correlationIDs = append(correlationIDs, failed.CorrelationID)
		}
		failed.CorrelationIDs = correlationIDs
		more := attempts < most && !a.cut && req.Context().Err() == nil && retryRules[op].allows(fate)
		if more && s.wait(req.Context(), s.retry.delay(attempts, failed.RetryAfter), failed) {
			doubt = doubt || fate == ambiguous
			continue
		}
		failed.conclude(op, fate, doubt)
		return a, failed
	}
}

// conclude adds to an error what it means for an order or a customer token.
func (e *Error) conclude(op Operation, last fate, doubt bool) {
	switch {
	case saysAlreadyPlaced(op, e):
		e.kinds = append(e.kinds, ErrOrderAlreadyPlaced)
	case leavesDoubt(op) && (last == ambiguous || doubt && !isVerdict(e)):
		e.kinds = append(e.kinds, ErrOutcomeUnknown)
	}
}

// wait waits before the next attempt. It does not begin a wait that the context's deadline would cut short, and says in
// the error why there was no further attempt.
func (s *sender) wait(ctx context.Context, delay time.Duration, failed *Error) bool {
	if deadline, ok := ctx.Deadline(); ok && time.Until(deadline) <= delay {
		failed.gaveUp = fmt.Sprintf("not tried again, since waiting %v for it would outlast the deadline", delay.Round(time.Millisecond))
		return false
	}
	timer := time.NewTimer(delay)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		failed.gaveUp = "not tried again, since the context ended while waiting for it"
		failed.kinds = append(failed.kinds, ctx.Err())
		return false
	}
}

// attempt sends the request once, and gives what came of it.
func (s *sender) attempt(req *http.Request, op Operation, id string, call *call, number int) (answer, *Error, fate) {
	start := time.Now()
	req, end := s.observed(req, op, number)
	a, err := s.exchange(req, op, number)
	if a.http != nil {
		// The header comes before the body: some answers carry the id in one of them only.
		a.correlationID = printable(s.hide(op, id, strings.TrimSpace(a.http.Header.Get(correlationHeader))), maxWordBytes)
	}
	if err == nil {
		err = a.judge(op)
	}
	if err == nil && op.hasAnswer() {
		err = a.decode(op, call)
	}
	var failed *Error
	var what fate
	if err != nil {
		failed, what = s.toError(op, id, a, err), fateOf(&a, err)
	}
	end(&a, failed)
	s.log(req.Context(), op, &a, failed, time.Since(start))
	return a, failed, what
}

const correlationHeader = "Klarna-Correlation-Id"

// exchange sends the request and reads the whole answer, within the time that one attempt has.
func (s *sender) exchange(req *http.Request, op Operation, number int) (answer, error) {
	caller := req.Context()
	if err := caller.Err(); err != nil {
		return answer{attempts: number - 1}, fmt.Errorf("%w: %w", errNotSent, err)
	}
	if s.limiter != nil {
		if err := s.limiter.Wait(context.WithValue(caller, operationKey{}, op)); err != nil {
			return answer{attempts: number - 1}, fmt.Errorf("%w: the limiter: %w", errNotSent, err)
		}
	}
	ctx, cancel := context.WithTimeout(caller, s.timeout)
	defer cancel()
	once := req.WithContext(ctx)
	if req.GetBody != nil {
		body, err := req.GetBody()
		if err != nil {
			return answer{attempts: number - 1}, fmt.Errorf("%w: %w", errNotSent, err)
		}
		once.Body = body
	}
	resp, err := s.httpClient.Do(once) //nolint:gosec // G704: guard has checked host, scheme and path
	if err != nil {
		return answer{attempts: number}, s.explainTimeout(ctx, caller, err)
	}
	defer func() { _ = resp.Body.Close() }() // it was read as far as it will be
	limit := maxErrorBytes
	if isSuccess(resp.StatusCode) {
		limit = maxAnswerBytes
	}
	body, cut, err := readBody(resp.Body, resp.ContentLength, limit)
	a := answer{attempts: number, http: resp, body: body, cut: cut}
	if err != nil {
		return a, s.explainTimeout(ctx, caller, fmt.Errorf("the answer broke off: %w", err))
	}
	return a, nil
}

// explainTimeout tells our own limit from the caller's deadline.
func (s *sender) explainTimeout(attempt, caller context.Context, err error) error {
	if attempt.Err() != nil && caller.Err() == nil && !isNeverSent(err) {
		return fmt.Errorf("no whole answer within %v: %w", s.timeout, context.DeadlineExceeded)
	}
	return err
}

func isSuccess(status int) bool { return status >= 200 && status < 300 }
