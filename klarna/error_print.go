package klarna

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
)

// Format prints the text of Error for every verb, so that %+v and %#v show no header or body either.
func (e Error) Format(f fmt.State, verb rune) { formatText(f, verb, "klarna.Error", e.Error()) }

// LogValue is a group of the operation, the status, Klarna's code, messages and correlation id, and the number of
// attempts. The header and the body are left out.
func (e Error) LogValue() slog.Value {
	attrs := []slog.Attr{slog.String("operation", string(e.Operation)), slog.String("error", e.verdict())}
	if e.StatusCode != 0 {
		attrs = append(attrs, slog.Int("status", e.StatusCode))
	}
	if e.Code != "" {
		attrs = append(attrs, slog.String("code", e.Code))
	}
	if e.CorrelationID != "" {
		attrs = append(attrs, slog.String("correlation_id", e.CorrelationID))
	}
	return slog.GroupValue(append(attrs, slog.Int("attempts", e.Attempts))...)
}

// MarshalJSON gives what LogValue gives.
func (e Error) MarshalJSON() ([]byte, error) {
	object := map[string]any{}
	for _, attr := range e.LogValue().Group() {
		object[attr.Key] = attr.Value.Any()
	}
	return json.Marshal(object)
}

// formatText prints a text in place of a value whose fields must not be seen.
func formatText(f fmt.State, verb rune, typeName, text string) {
	switch verb {
	case 'v', 's', 'q', 'x', 'X':
		_, _ = fmt.Fprintf(f, fmt.FormatString(f, verb), text)
	default:
		_, _ = fmt.Fprintf(f, "%%!%c(%s)", verb, typeName)
	}
}

// printable makes a text that came from the network fit for a log line: one line, no control characters, bounded.
func printable(s string, limit int) string {
	s = strings.ToValidUTF8(s, "?")
	s = strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f || (r >= 0x80 && r < 0xa0) || r == '\u2028' || r == '\u2029' {
			return ' '
		}
		return r
	}, s)
	if len(s) > limit {
		s = strings.ToValidUTF8(s[:limit], "") + "…"
	}
	return s
}
