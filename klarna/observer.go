package klarna

import (
	"context"
	"errors"
	"log/slog"

	"github.com/klarna-go/klarna-payments/internal/engine"
)

// Observer is notified when a call and each of its attempts begin and end, for traces and metrics; package otelklarna is one
// for OpenTelemetry. It gets route templates in place of URLs, and nothing that is secret or personal. It must be safe
// for concurrent use.
type Observer interface {
	// StartCall is called before the first attempt. The context that it returns is used for the attempts, and the
	// function is called when the call is over.
	StartCall(context.Context, Observation) (context.Context, func(Outcome))
	// StartAttempt is called before each attempt. The context that it returns is used for the request, and the function
	// is called when the response was read.
	StartAttempt(context.Context, Observation) (context.Context, func(Outcome))
}

// Observation is what an [Observer] gets at the start.
type Observation struct {
	Operation     Operation
	Method        string // of HTTP
	Route         string // the path as a template, such as /payments/v1/sessions/{session_id}
	ServerAddress string // the host's name
	ServerPort    int
	Attempt       int // the number of the attempt, from 1; 0 for a call
}

// Outcome is what an [Observer] gets at the end.
type Outcome struct {
	StatusCode    int    // of the (last) response; 0 if there was none
	CorrelationID string // of the (last) response
	Attempts      int    // how many there were so far
	Err           error  // nil after a success; mostly an *[Error]
}

// WithObserver notifies an observer of calls and attempts.
func WithObserver(observer Observer) Option {
	return func(c *config) error {
		if observer == nil {
			return errors.New("klarna: WithObserver: the observer is nil")
		}
		c.observer = observer
		return nil
	}
}

// observing adapts an Observer for the engine.
type observing struct {
	Observer
	asError func(*engine.Operation, *engine.Failure) error
}

func (o observing) StartCall(ctx context.Context, of engine.Observation) (context.Context, func(engine.Outcome)) {
	ctx, end := o.Observer.StartCall(ctx, observation(of))
	return ctx, o.outcomeTo(of.Operation, end)
}

func (o observing) StartAttempt(ctx context.Context, of engine.Observation) (context.Context, func(engine.Outcome)) {
	ctx, end := o.Observer.StartAttempt(ctx, observation(of))
	return ctx, o.outcomeTo(of.Operation, end)
}

func observation(of engine.Observation) Observation {
	return Observation{
		Operation: Operation(of.Operation.Name), Method: of.Operation.Method, Route: of.Operation.Path,
		ServerAddress: of.Base.Hostname(), ServerPort: of.Port(), Attempt: of.Attempt,
	}
}

func (o observing) outcomeTo(op *engine.Operation, end func(Outcome)) func(engine.Outcome) {
	return func(of engine.Outcome) {
		outcome := Outcome{StatusCode: of.StatusCode, CorrelationID: of.CorrelationID, Attempts: of.Attempts}
		if of.Failure != nil {
			outcome.Err = o.asError(op, of.Failure)
		}
		end(outcome)
	}
}

// observedError converts a failure for an observer: without the header and the body, which may contain the client token or
// personal data.
func observedError(op *engine.Operation, f *engine.Failure) error {
	e := newError(op, f)
	e.Header, e.Body = nil, nil
	return e
}

// Limiter holds calls back, so that a shop stays under Klarna's rate limit, which counts per merchant id. A *rate.Limiter
// of golang.org/x/time is one.
type Limiter interface {
	// Wait returns when a request may be sent, or an error when it may not.
	Wait(context.Context) error
}

type operationKey struct{}

// OperationFromContext returns the operation that a [Limiter] is called for, from the context of its Wait: Klarna
// counts new sessions apart from everything else. It is empty in any other context.
func OperationFromContext(ctx context.Context) Operation {
	op, _ := ctx.Value(operationKey{}).(Operation)
	return op
}

// WithLimiter has every attempt wait for the limiter. When Wait fails, the call makes no further attempt. Before the first
// attempt it fails with [ErrNotSent], later with the error of the last attempt; both wrap Wait's error.
func WithLimiter(limiter Limiter) Option {
	return func(c *config) error {
		if limiter == nil {
			return errors.New("klarna: WithLimiter: the limiter is nil")
		}
		c.limiter = limiter
		return nil
	}
}

// limiting lets an engine wait for a Limiter.
type limiting struct{ limiter Limiter }

func (l limiting) wait(ctx context.Context, op *engine.Operation) error {
	return l.limiter.Wait(context.WithValue(ctx, operationKey{}, Operation(op.Name)))
}

// WithLogger logs one record for each attempt: its operation, route template, status, duration, number and correlation
// id. It is at level Debug when the attempt succeeded and at Warn otherwise. No record contains an id, a credential or a
// body. Without a logger nothing is logged.
func WithLogger(logger *slog.Logger) Option {
	return func(c *config) error {
		if logger == nil {
			return errors.New("klarna: WithLogger: the logger is nil")
		}
		c.logger = logger
		return nil
	}
}
