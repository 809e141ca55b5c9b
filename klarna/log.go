package klarna

import (
	"context"
	"errors"
	"log/slog"
	"time"
)

// WithLogger logs one record for each attempt: its operation, route template, status, duration, number and correlation
// id. It is at level Debug when the attempt succeeded and at Warn when not. No record holds an id, a credential or a
// body. Without it nothing is logged.
func WithLogger(logger *slog.Logger) Option {
	return func(c *config) error {
		if logger == nil {
			return errors.New("klarna: WithLogger: the logger is nil")
		}
		c.logger = logger
		return nil
	}
}

func (s *sender) log(ctx context.Context, op Operation, a *answer, failed *Error, took time.Duration) {
	if s.logger == nil {
		return
	}
	level := slog.LevelDebug
	if failed != nil {
		level = slog.LevelWarn
	}
	if !s.logger.Enabled(ctx, level) {
		return
	}
	attrs := []slog.Attr{
		slog.String("operation", string(op)),
		slog.String("route", op.Route()),
		slog.Int("attempt", a.attempts),
		slog.Duration("duration", took),
	}
	if a.http != nil {
		attrs = append(attrs, slog.Int("status", a.http.StatusCode), slog.String("correlation_id", a.correlationID))
	}
	if failed != nil {
		attrs = append(attrs, slog.String("error", failed.verdict()))
	}
	s.logger.LogAttrs(ctx, level, "klarna", attrs...)
}
