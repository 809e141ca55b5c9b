package payway

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/klarna-go/klarna-payments/internal/engine"
	"github.com/klarna-go/klarna-payments/klarna"
)

// Errors that errors.Is reports for an [Error], by the status of Payway's response. Without such a status it reports one of
// package klarna's: [klarna.ErrNotSent], [klarna.ErrNoResponse], [klarna.ErrUnexpectedResponse] (a redirect, HTML with status
// 200, half a body, a session without its ids) or [klarna.ErrResponseTooLarge]. What 401 and 403 mean is inferred.
var (
	ErrInvalidRequest = errors.New("payway: invalid request") // 400 and every other 4xx without a sentinel error, except 408: the request has to change
	ErrUnauthorized   = errors.New("payway: unauthorized")    // 401: the token is unknown or has expired
	ErrForbidden      = errors.New("payway: forbidden")       // 403: the token lacks the scope or an identity
	ErrNotFound       = errors.New("payway: not found")       // 404: what the request names does not exist
	ErrConflict       = errors.New("payway: conflict")        // 409: values contradict each other
	ErrRateLimited    = errors.New("payway: rate limited")    // 429: wait Error.RetryAfter
	ErrServer         = errors.New("payway: server error")    // 5xx: Payway failed
)

// Error reports a call that was not sent, that Payway rejected, or whose response was missing or unusable. Use [errors.As] for
// its details, and [errors.Is] with the sentinel errors (Err…) to find out what to do.
//
// Its text, and what fmt, slog and json make of it, contains no token and no body.
//
// Source: the section "Error handling" of Payway's overview.
type Error struct {
	StatusCode int           // of the last response; 0 if there was none
	Code       string        // such as invalid_parameter; read it together with StatusCode
	Fields     []string      // the fields of the request that the error is about
	Message    string        // for logs
	Header     http.Header   // of the last response; nil if there was none
	Body       []byte        // of the last response, its first 64 KiB; it may contain personal data
	RetryAfter time.Duration // how long Payway asks to wait; 0 if it does not
	Attempts   int           // how many attempts the call made, whether or not they reached Payway

	kinds []error        // what errors.Is finds, besides the cause
	rest  engine.Failure // what else the text is made of
}

// newError converts an engine's failure.
func newError(f *engine.Failure) *Error {
	e := &Error{
		StatusCode: f.StatusCode, Code: f.Code, Fields: f.Fields, Message: strings.Join(f.Messages, "; "), Header: f.Header, Body: f.Body,
		RetryAfter: f.RetryAfter, Attempts: f.Attempts, rest: engine.Failure{Detail: f.Detail, Cause: f.Cause, Stopped: f.Stopped},
	}
	switch {
	case f.NothingSent:
		e.kinds = []error{klarna.ErrNotSent}
	case f.StatusCode == 0 && f.Class == engine.Ambiguous:
		e.kinds = []error{klarna.ErrNoResponse}
	case f.StatusCode != 0:
		e.kinds = []error{statusError(f.StatusCode)}
	}
	if f.Kind == engine.TooLarge {
		e.kinds = append(e.kinds, klarna.ErrResponseTooLarge)
	}
	for _, err := range []error{f.StopCause, f.Cause} {
		if err != nil {
			e.kinds = append(e.kinds, err)
		}
	}
	return e
}

var byStatus = map[int]error{
	http.StatusUnauthorized:    ErrUnauthorized,
	http.StatusForbidden:       ErrForbidden,
	http.StatusNotFound:        ErrNotFound,
	http.StatusRequestTimeout:  klarna.ErrUnexpectedResponse, // the server stopped waiting: nothing is wrong with the request
	http.StatusConflict:        ErrConflict,
	http.StatusTooManyRequests: ErrRateLimited,
}

// statusError returns the sentinel error of a status, whose response was not a usable success.
func statusError(status int) error {
	if err := byStatus[status]; err != nil {
		return err
	}
	switch status / 100 {
	case 4:
		return ErrInvalidRequest
	case 5:
		return ErrServer
	}
	return klarna.ErrUnexpectedResponse
}

// notSent returns the error of a call that cannot be right, and so was not sent.
func notSent(text string, kinds ...error) *Error {
	return &Error{rest: engine.Failure{Detail: "not sent: " + text}, kinds: append(kinds, klarna.ErrNotSent)}
}

// Error returns the operation, the status, and Payway's code, fields and message.
func (e *Error) Error() string {
	f := e.rest
	f.StatusCode, f.Code, f.Fields, f.Attempts = e.StatusCode, e.Code, e.Fields, e.Attempts
	if e.Message != "" {
		f.Messages = []string{e.Message}
	}
	return "payway: CreateSession: " + f.Error()
}

// Unwrap returns the sentinel errors that apply and the cause of a failed transport, such as [context.DeadlineExceeded]. For an
// Error that a test creates, it is the sentinel error of its StatusCode.
func (e *Error) Unwrap() []error {
	if e.kinds == nil && e.StatusCode != 0 {
		return []error{statusError(e.StatusCode)}
	}
	return slices.Clone(e.kinds)
}

// Format prints the text of Error for every verb, so that %+v and %#v show no header or body either.
func (e Error) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, e.Error()) }

// MarshalText returns the text of Error.
func (e Error) MarshalText() ([]byte, error) { return []byte(e.Error()), nil }

// parseErrorBody reads every form of error that Payway's hosts are known to send. One odd member does not cost the others.
//
//	{"code": "invalid_parameter", "field": "period_id", "message": "…"}    field may be a list
//	{"status": "error", "message": "Forbidden"}
//	{"error": "invalid_token", "error_description": "…"}                   OAuth 2.0
func parseErrorBody(body []byte) engine.ErrorBody {
	var members map[string]json.RawMessage
	if json.Unmarshal(body, &members) != nil {
		return engine.ErrorBody{}
	}
	parsed := engine.ErrorBody{
		Messages: append(texts(members["message"]), texts(members["error_description"])...),
		Fields:   texts(members["field"]),
	}
	if codes := append(texts(members["code"]), texts(members["error"])...); len(codes) > 0 {
		parsed.Code = codes[0]
	}
	return parsed
}

// texts reads a string, or the strings of a list, without empty ones, and nothing of anything else.
func texts(raw json.RawMessage) (all []string) {
	var value any
	_ = json.Unmarshal(raw, &value) // fails for a member that is missing
	list, ok := value.([]any)
	if !ok {
		list = []any{value}
	}
	for _, item := range list {
		if s, _ := item.(string); s != "" {
			all = append(all, s)
		}
	}
	return all
}
