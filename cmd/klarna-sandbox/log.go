package main

import (
	"io"
	"log/slog"
	"time"
)

// newHandler writes one short line for each call.
func newHandler(out io.Writer) slog.Handler {
	return slog.NewTextHandler(out, &slog.HandlerOptions{ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
		switch {
		case a.Key == slog.LevelKey:
			return slog.Attr{} // there is but one
		case a.Key == slog.TimeKey:
			a.Value = slog.StringValue(a.Value.Time().Format(time.TimeOnly))
		case a.Key == slog.MessageKey:
			a.Key = "call"
		case a.Value.Kind() == slog.KindDuration:
			a.Value = slog.DurationValue(a.Value.Duration().Round(10 * time.Microsecond))
		}
		return a
	}})
}
