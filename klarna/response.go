package klarna

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"strconv"
)

// Response is what came back besides the body; see [WithResponse]. Printed, logged or encoded it shows no header.
type Response struct {
	StatusCode    int
	CorrelationID string      // the id of the exchange in Klarna's logs
	Attempts      int         // how often the request was tried
	Header        http.Header // with X-Ratelimit-Limit, -Remaining and -Reset, where Klarna sends them
}

func (r Response) text() string {
	if r.StatusCode == 0 {
		return "no answer"
	}
	text := strconv.Itoa(r.StatusCode)
	if r.CorrelationID != "" {
		text += " (correlation id " + r.CorrelationID + ")"
	}
	return text
}

// Format prints the status and the correlation id for every verb.
func (r Response) Format(f fmt.State, verb rune) { formatText(f, verb, "klarna.Response", r.text()) }

// LogValue is a group of the status, the correlation id and the number of attempts.
func (r Response) LogValue() slog.Value {
	return slog.GroupValue(slog.Int("status", r.StatusCode), slog.String("correlation_id", r.CorrelationID), slog.Int("attempts", r.Attempts))
}

// MarshalJSON gives what LogValue gives.
func (r Response) MarshalJSON() ([]byte, error) {
	return json.Marshal(struct {
		StatusCode    int    `json:"status"`
		CorrelationID string `json:"correlation_id"`
		Attempts      int    `json:"attempts"`
	}{r.StatusCode, r.CorrelationID, r.Attempts})
}
