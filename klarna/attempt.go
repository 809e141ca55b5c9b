package klarna

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptrace"
	"strings"
	"sync/atomic"
	"time"
)

// try sends a request until it succeeds, is refused, or may not or cannot be sent again. An error is that of the last
// attempt, with what the earlier ones leave open.
func (s *sender) try(req *http.Request, op Operation, id string, call *call) (answer, *Error) {
	ctx := req.Context()
	most := s.retry.MaxAttempts
	if call != nil && call.maxAttempts > 0 {
		most = call.maxAttempts
	}
	if err := s.leave(ctx, op); err != nil {
		return answer{}, s.toError(op, id, answer{}, fmt.Errorf("nothing was sent: %w", err))
	}
	var correlationIDs []string
	doubt := false // an earlier attempt may have taken effect
	for attempts := 1; ; attempts++ {
		a, attempted, fate := s.attempt(req, op, id, call, attempts)
		if attempted == nil || doubt && attempted.isDone() {
			return a, nil
		}
		failed := attempted.clone() // an observer may still be looking at the attempt's own error
		if failed.CorrelationID != "" {
			correlationIDs = append(correlationIDs, failed.CorrelationID)
		}
		failed.CorrelationIDs = correlationIDs
		more := attempts < most && a.isRepeatable() && ctx.Err() == nil && retryRules[op].allows(fate)
		if more && s.wait(ctx, s.retry.delay(attempts, failed.RetryAfter), failed) {
			err := s.leave(ctx, op)
			if err == nil {
				doubt = doubt || fate == ambiguous
				continue
			}
			failed.giveUp(printable(s.hide(op, id, err.Error()), maxMessageBytes), err)
		}
		failed.conclude(fate, doubt)
		return a, failed
	}
}

// leave asks whether an attempt may be made: the context must not be over, and the limiter must agree.
func (s *sender) leave(ctx context.Context, op Operation) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if s.limiter == nil {
		return nil
	}
	if err := s.limiter.Wait(context.WithValue(ctx, operationKey{}, op)); err != nil {
		return fmt.Errorf("the limiter: %w", err)
	}
	return nil
}

// wait waits before the next attempt. It does not begin a wait that the context's deadline would cut short, and says in
// the error why there was no further attempt.
func (s *sender) wait(ctx context.Context, delay time.Duration, failed *Error) bool {
	if deadline, ok := ctx.Deadline(); ok && time.Until(deadline) <= delay {
		failed.giveUp(fmt.Sprintf("waiting %v for it would outlast the deadline", delay.Round(time.Millisecond)), nil)
		return false
	}
	timer := time.NewTimer(delay)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		failed.giveUp("the context ended while waiting for it", ctx.Err())
		return false
	}
}

// attempt sends the request once, and gives what came of it.
func (s *sender) attempt(req *http.Request, op Operation, id string, call *call, number int) (answer, *Error, fate) {
	start := time.Now()
	req, end := s.observed(req, op, number)
	a, err := s.exchange(req, number)
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
		failed, what = s.toError(op, id, a, err), fateOf(&a)
	}
	end(&a, failed)
	s.log(req.Context(), op, &a, failed, time.Since(start))
	return a, failed, what
}

const correlationHeader = "Klarna-Correlation-Id"

// exchange sends the request and reads the whole answer, within the time that one attempt has.
func (s *sender) exchange(req *http.Request, number int) (answer, error) {
	caller := req.Context()
	ctx, cancel := context.WithTimeout(caller, s.timeout)
	defer cancel()
	var connection connection
	connection.GotConn = connection.got
	once := req.WithContext(httptrace.WithClientTrace(ctx, &connection.ClientTrace))
	if req.GetBody != nil && number > 1 { // the first attempt has the request's own
		body, err := req.GetBody()
		if err != nil {
			return answer{attempts: number}, err
		}
		once.Body = body
	}
	resp, err := s.httpClient.Do(once) //nolint:gosec // G704: guard has checked host, scheme and path
	if err != nil {
		a := answer{attempts: number, neverSent: s.wasNeverSent(connection.wasGot.Load(), err)}
		return a, s.explainTimeout(ctx, caller, a.neverSent, err)
	}
	defer func() { _ = resp.Body.Close() }() // it was read as far as it will be
	if resp.Header == nil {
		resp.Header = http.Header{}
	}
	limit := maxErrorBytes
	if isSuccess(resp.StatusCode) {
		limit = maxAnswerBytes
	}
	body, cut, err := readBody(resp.Body, resp.ContentLength, limit)
	a := answer{attempts: number, http: resp, body: body, cut: cut}
	if err != nil {
		return a, s.explainTimeout(ctx, caller, false, fmt.Errorf("the answer broke off: %w", err))
	}
	return a, nil
}

// connection notes whether the transport got a connection for a request.
type connection struct {
	httptrace.ClientTrace
	wasGot atomic.Bool
}

func (c *connection) got(httptrace.GotConnInfo) { c.wasGot.Store(true) }

// explainTimeout tells our own limit from the caller's deadline.
func (s *sender) explainTimeout(attempt, caller context.Context, neverSent bool, err error) error {
	if !errors.Is(attempt.Err(), context.DeadlineExceeded) || caller.Err() != nil {
		return err
	}
	if neverSent {
		return fmt.Errorf("no connection within %v: %w", s.timeout, context.DeadlineExceeded)
	}
	return fmt.Errorf("no whole answer within %v: %w", s.timeout, context.DeadlineExceeded)
}

func isSuccess(status int) bool { return status >= 200 && status < 300 }
