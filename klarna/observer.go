package klarna

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strconv"
)

// Observer is told when a call and each of its attempts begin and end, for traces and metrics; package otelklarna is one
// for OpenTelemetry. It gets route templates in place of URLs, and nothing that is secret or personal. It must be safe
// for concurrent use.
type Observer interface {
	// StartCall is called before the first attempt. The context that it returns is used for the attempts, and the
	// function is called when the call is over.
	StartCall(context.Context, Observation) (context.Context, func(Outcome))
	// StartAttempt is called before each attempt. The context that it returns is used for the request, and the function
	// is called when the answer was read.
	StartAttempt(context.Context, Observation) (context.Context, func(Outcome))
}

// Observation is what an [Observer] is told at the start.
type Observation struct {
	Operation     Operation
	Method        string // of HTTP
	Route         string // the path as a template, such as /payments/v1/sessions/{session_id}
	ServerAddress string // the host's name
	ServerPort    int
	Attempt       int // the number of the attempt, from 1; 0 for a call
}

// Outcome is what an [Observer] is told at the end.
type Outcome struct {
	StatusCode    int    // of the (last) answer; 0 when none came
	CorrelationID string // of the (last) answer
	Attempts      int    // how many there were so far
	Err           error  // nil after a success; mostly an *[Error]
}

// WithObserver tells an observer of calls and attempts.
func WithObserver(observer Observer) Option {
	return func(c *config) error {
		if observer == nil {
			return errors.New("klarna: WithObserver: the observer is nil")
		}
		c.observer = observer
		return nil
	}
}

// observed gives a request the context of an observer's call or attempt, and the function to end it with.
func (s *sender) observed(req *http.Request, op Operation, attempt int) (*http.Request, func(*answer, *Error)) {
	if s.observer == nil {
		return req, func(*answer, *Error) {}
	}
	start := s.observer.StartCall
	if attempt > 0 {
		start = s.observer.StartAttempt
	}
	ctx, end := start(req.Context(), Observation{
		Operation: op, Method: op.method(), Route: op.path(),
		ServerAddress: s.base.Hostname(), ServerPort: portOf(s.base), Attempt: attempt,
	})
	return req.WithContext(ctx), func(a *answer, failed *Error) {
		outcome := Outcome{CorrelationID: a.correlationID, Attempts: a.attempts}
		if a.http != nil {
			outcome.StatusCode = a.http.StatusCode
		}
		if failed != nil {
			outcome.Err = failed
		}
		end(outcome)
	}
}

func portOf(base *url.URL) int {
	if port, err := strconv.Atoi(base.Port()); err == nil {
		return port
	}
	if base.Scheme == "http" {
		return 80
	}
	return 443
}
