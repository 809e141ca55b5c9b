package engine

import (
	"context"
	"log/slog"
	"net/url"
	"strconv"
	"time"
)

// Observer is notified when a call and each of its attempts begin and end. It must be safe for concurrent use.
type Observer interface {
	StartCall(context.Context, Observation) (context.Context, func(Outcome))
	StartAttempt(context.Context, Observation) (context.Context, func(Outcome))
}

// Observation is what an observer gets at the start.
type Observation struct {
	Operation *Operation
	Base      *url.URL
	Attempt   int // from 1; 0 for a call
}

// Port is the port of the base URL, or its scheme's.
func (o Observation) Port() int {
	if port, err := strconv.Atoi(o.Base.Port()); err == nil {
		return port
	}
	if o.Base.Scheme == "http" {
		return 80
	}
	return 443
}

// Outcome is what an observer gets at the end.
type Outcome struct {
	StatusCode    int // 0 if there was no response
	CorrelationID string
	Attempts      int
	Failure       *Failure // nil after a success
}

func (x *exchange) outcome(f *Failure) Outcome {
	return Outcome{StatusCode: x.StatusCode, CorrelationID: x.CorrelationID, Attempts: x.Attempts, Failure: f}
}

// log writes one record for an attempt: at level Debug when it succeeded, and at Warn otherwise.
func (e *Engine) log(ctx context.Context, op *Operation, x *exchange, f *Failure, took time.Duration) {
	level := slog.LevelDebug
	if f != nil {
		level = slog.LevelWarn
	}
	if !e.Logger.Enabled(ctx, level) {
		return
	}
	attrs := []slog.Attr{
		slog.String("operation", op.Name),
		slog.String("route", op.Route()),
		slog.Int("attempt", x.Attempts),
		slog.Duration("duration", took),
	}
	if x.StatusCode != 0 {
		attrs = append(attrs, slog.Int("status", x.StatusCode), slog.String("correlation_id", x.CorrelationID))
	}
	if f != nil {
		attrs = append(attrs, slog.String("error", f.Error()))
	}
	e.Logger.LogAttrs(ctx, level, e.LogMessage, attrs...)
}
