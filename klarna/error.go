package klarna

import (
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"time"

	"github.com/klarna-go/klarna-payments/internal/engine"
)

// Errors that errors.Is reports for an [Error], by the status of Klarna's response.
var (
	// ErrInvalidRequest is 400, every other 4xx without a sentinel error of its own except 408, and what preflight rejects:
	// correct the request.
	ErrInvalidRequest = errors.New("klarna: invalid request")
	// ErrUnauthorized is 401: the credentials are wrong, or belong to another region or environment.
	ErrUnauthorized = errors.New("klarna: unauthorized")
	// ErrForbidden is 403: not allowed for this shop, or not in this state.
	ErrForbidden = errors.New("klarna: forbidden")
	// ErrNotFound is 404: the session or authorization is unknown or has expired.
	ErrNotFound = errors.New("klarna: not found")
	// ErrConflict is 409: the order differs from what the shopper authorized, or exists with another body.
	ErrConflict = errors.New("klarna: conflict")
	// ErrRateLimited is 429: the merchant id is over its rate limit. Error.RetryAfter is how long to wait.
	ErrRateLimited = errors.New("klarna: rate limited")
	// ErrServer is 5xx: Klarna failed. Whether the request took effect is unknown.
	ErrServer = errors.New("klarna: server error")
)

// Errors that errors.Is reports by meaning. ErrInvalidID, and ErrNotSent for a request that failed a check, come without an
// [Error].
var (
	// ErrUnexpectedResponse reports a response that Klarna does not send: an HTML page, no body, half a body, a redirect, 408,
	// or a body without a required field. The usual cause is a proxy between you and Klarna.
	ErrUnexpectedResponse = errors.New("klarna: unexpected response")
	// ErrResponseTooLarge reports a body longer than what is read: 8 MiB of a success, 64 KiB of an error.
	ErrResponseTooLarge = errors.New("klarna: response too large")
	// ErrNotSent reports that Klarna did not process the request: nothing was sent; or no part of its body was sent; or
	// the server guarantees that it did not process it. It is safe to make the call again.
	ErrNotSent = errors.New("klarna: not sent")
	// ErrNoResponse reports that a request was sent, or may have been, and no response came.
	ErrNoResponse = errors.New("klarna: no response")
	// ErrInvalidID reports a session id or an authorization token that is malformed: it is empty, ".", "..", longer than
	// 255 bytes, or contains a control character. Such an id could turn the call into another one, so nothing was sent.
	ErrInvalidID = errors.New("klarna: invalid id")
	// ErrOrderAlreadyPlaced reports that an order exists: the authorization token was used before, or the session is
	// complete. The browser and the callback may both have placed it, or an earlier attempt whose response was lost.
	// Look the order up in your own records; Klarna's merchant portal finds it by its merchant reference.
	//
	// An authorization that created a customer token may count as used as well, without an order. A shop that creates
	// customer tokens asks [Client.OrderPlaced] before it takes the order for placed.
	ErrOrderAlreadyPlaced = errors.New("klarna: order already placed")
	// ErrOutcomeUnknown reports that a call ended ambiguously, and that Klarna may have carried it out: an order may be placed,
	// a customer token created, an amount captured. After CreateOrder, [Client.OrderPlaced] finds out. After a call with an
	// idempotency key, make the call again with Error.IdempotencyKey, within 24 hours. There is no way to find out whether a
	// customer token was created: have the shopper approve again, and use the new token.
	ErrOutcomeUnknown = errors.New("klarna: outcome unknown")
)

// Error reports a call that Klarna rejected, that got no usable response, or that could not be sent. A call with an invalid id,
// option or body returns another error, and nothing is sent. Use [errors.As] for the details of an Error, and [errors.Is] with
// the sentinel errors (Err…) to find out what to do.
//
// Its text, and what fmt, slog and json make of it, contains no token, credential or body.
type Error struct {
	Operation     Operation
	StatusCode    int           // of the last response; 0 if there was none
	Code          string        // Klarna's error_code, such as BAD_VALUE; read it together with StatusCode
	Messages      []string      // Klarna's error_messages: English, for logs, not for shoppers and not to be parsed
	Fields        []string      // the fields that Messages name, such as order_lines[0].tax_rate, as far as they can be read
	CorrelationID string        // the id of the exchange in Klarna's logs; Klarna's support asks for it
	Header        http.Header   // of the last response; nil if there was none
	Body          []byte        // of the last response, its first 64 KiB; it may contain personal data
	RetryAfter    time.Duration // how long Klarna asks to wait; 0 if it does not
	Attempts      int           // how many attempts the call made, whether or not they reached Klarna

	// IdempotencyKey is what the request had as Klarna-Idempotency-Key, to be used again after an unknown outcome. It is not
	// part of any text.
	IdempotencyKey string

	// CorrelationIDs are those of all attempts, in their order, as far as they have one. With them, Klarna's support can
	// find out what happened to a call whose outcome is unknown.
	CorrelationIDs []string

	kinds   []error // what errors.Is finds, besides the cause
	cause   error   // why there was no (whole) response
	detail  string  // what was wrong with the response, where its body does not name it
	stopped string  // why there was no further attempt, where the policy allows one
}

// newError converts an engine's failure.
func newError(op *engine.Operation, f *engine.Failure) *Error {
	e := &Error{
		Operation: Operation(op.Name), StatusCode: f.StatusCode, Code: f.Code, Messages: f.Messages,
		CorrelationID: f.CorrelationID, Header: f.Header, Body: f.Body, RetryAfter: f.RetryAfter, Attempts: f.Attempts,
		CorrelationIDs: f.CorrelationIDs, IdempotencyKey: f.IdempotencyKey, cause: f.Cause, detail: f.Detail, stopped: f.Stopped,
		Fields: fieldsOf(f.StatusCode, f.Code, f.Messages),
	}
	switch {
	case f.NothingSent:
		e.kinds = []error{ErrNotSent}
	case f.StatusCode == 0: // the last attempt may not have been sent, but an earlier one was
		e.kinds = []error{ErrNoResponse}
	case f.StatusCode != 0 && f.Kind == engine.TooLarge && f.StatusCode < 300:
		e.kinds = []error{ErrResponseTooLarge}
	case f.StatusCode != 0:
		e.kinds = []error{statusError(f.StatusCode)}
		if f.Kind == engine.TooLarge {
			e.kinds = append(e.kinds, ErrResponseTooLarge)
		}
	}
	if f.StopCause != nil {
		e.kinds = append(e.kinds, f.StopCause)
	}
	switch {
	case saysAlreadyPlaced(op, f):
		e.kinds = append(e.kinds, ErrOrderAlreadyPlaced)
	case f.OutcomeUnknown:
		e.kinds = append(e.kinds, ErrOutcomeUnknown)
	case f.Class == engine.Rejected && op.Codes[f.Code] != nil:
		e.kinds = append(e.kinds, op.Codes[f.Code])
	}
	return e
}

// statusError returns the sentinel error of a status that is not a success.
func statusError(status int) error {
	switch {
	case status == http.StatusUnauthorized:
		return ErrUnauthorized
	case status == http.StatusForbidden:
		return ErrForbidden
	case status == http.StatusNotFound:
		return ErrNotFound
	case status == http.StatusConflict:
		return ErrConflict
	case status == http.StatusTooManyRequests:
		return ErrRateLimited
	case status == http.StatusRequestTimeout: // the server stopped waiting: nothing is wrong with the request
		return ErrUnexpectedResponse
	case status >= 400 && status < 500:
		return ErrInvalidRequest
	case status >= 500 && status < 600:
		return ErrServer
	}
	return ErrUnexpectedResponse
}

// text returns what happened, without the frame that all errors have.
func (e *Error) text() string {
	return (&engine.Failure{
		StatusCode: e.StatusCode, Code: e.Code, Messages: e.Messages, Detail: e.detail, Cause: e.cause, Stopped: e.stopped,
		Attempts: e.Attempts, OutcomeUnknown: slices.Contains(e.kinds, ErrOutcomeUnknown),
	}).Error()
}

// Error returns the operation, the status, Klarna's code and messages, and the correlation id.
func (e *Error) Error() string {
	text := "klarna: " + string(e.Operation) + ": " + e.text()
	if e.CorrelationID != "" {
		text += " (correlation id " + e.CorrelationID + ")"
	}
	return text
}

// Unwrap returns the sentinel errors that apply and the cause of a failed transport, such as [context.DeadlineExceeded]. For an
// Error that a test creates, it is the sentinel error of its StatusCode.
func (e *Error) Unwrap() []error {
	kinds := slices.Clip(e.kinds)
	if kinds == nil && e.StatusCode != 0 {
		kinds = []error{statusError(e.StatusCode)}
	}
	if e.cause != nil {
		kinds = append(kinds, e.cause)
	}
	return kinds
}

// Format prints the text of Error for every verb, so that %+v and %#v show no header or body either.
func (e Error) Format(f fmt.State, verb rune) { formatText(f, verb, "klarna.Error", e.Error()) }

// LogValue returns a group of the operation, the status, Klarna's code, messages and correlation id, and the number of
// attempts. The header and the body are left out.
func (e Error) LogValue() slog.Value {
	attrs := []slog.Attr{slog.String("operation", string(e.Operation)), slog.String("error", e.text())}
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

// MarshalJSON returns what LogValue returns.
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

// invalidCall is an error without a response to report, mostly because the call is invalid and was not sent.
type invalidCall struct {
	operation, text string
	kinds           []error
}

func (e *invalidCall) Error() string { return "klarna: " + e.operation + ": " + e.text }

func (e *invalidCall) Unwrap() []error { return e.kinds }

// callError converts an engine's error.
func callError(op *engine.Operation, err error) error {
	var failure *engine.Failure
	if errors.As(err, &failure) {
		return newError(op, failure)
	}
	kinds := []error{ErrNotSent, err}
	var invalid *engine.InvalidCall
	if errors.As(err, &invalid) {
		switch invalid.Reason {
		case engine.InvalidID:
			kinds = append(kinds, ErrInvalidID)
		case engine.InvalidRequest:
			kinds = append(kinds, ErrInvalidRequest)
		case engine.InvalidTarget, engine.Unreadable:
		}
	}
	return &invalidCall{op.Name, err.Error(), kinds}
}
