package klarna

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// What errors.Is finds in an [Error], by the status of Klarna's answer.
var (
	// ErrInvalidRequest is 400 and every other 4xx that has no name of its own: the request has to change.
	ErrInvalidRequest = errors.New("klarna: invalid request")
	// ErrUnauthorized is 401: the credentials are wrong, or belong to another region or environment.
	ErrUnauthorized = errors.New("klarna: unauthorized")
	// ErrForbidden is 403: not allowed for this shop, or not in this state.
	ErrForbidden = errors.New("klarna: forbidden")
	// ErrNotFound is 404: no such session or authorization, or not any more.
	ErrNotFound = errors.New("klarna: not found")
	// ErrConflict is 409: the order differs from what the shopper authorized, or exists with another body.
	ErrConflict = errors.New("klarna: conflict")
	// ErrRateLimited is 429: the merchant id is over its rate limit. Error.RetryAfter says how long to wait.
	ErrRateLimited = errors.New("klarna: rate limited")
	// ErrServer is 5xx: Klarna failed. Whether the request took effect is open.
	ErrServer = errors.New("klarna: server error")
)

// What errors.Is finds in an [Error], by its meaning.
var (
	// ErrUnexpectedResponse says that an answer came which is not Klarna's to give: a page of HTML, no body, half a
	// body, a redirect, or a body without the field that matters. A gateway on the way is the usual cause.
	ErrUnexpectedResponse = errors.New("klarna: unexpected response")
	// ErrResponseTooLarge says that the body was longer than what is read: 8 MiB of an answer, 64 KiB of an error.
	ErrResponseTooLarge = errors.New("klarna: response too large")
)

// Error is every call that did not end well once something was sent or tried: Klarna refused, or the answer makes no
// sense, or none came. Use [errors.As] to get at it, and [errors.Is] with the Err… variables to tell what to do.
//
// Its text, and what fmt, slog and json make of it, holds no token, credential or body.
type Error struct {
	Operation     Operation
	StatusCode    int           // of the last answer; 0 when none came
	Code          string        // Klarna's error_code, such as BAD_VALUE; read it together with StatusCode
	Messages      []string      // Klarna's error_messages: English, for logs, not for shoppers and not to be parsed
	Fields        []string      // the fields that Messages name, such as order_lines[0].tax_rate, as far as they can be read
	CorrelationID string        // the id of the exchange in Klarna's logs; Klarna's support asks for it
	Header        http.Header   // of the last answer; nil when none came
	Body          []byte        // of the last answer, its first 64 KiB; it may hold personal data
	RetryAfter    time.Duration // how long Klarna asks to wait; 0 when it does not say
	Attempts      int           // how often the request was sent

	// CorrelationIDs is those of all attempts, in their order, of those that had one. Klarna's support can tell by them
	// what became of a call whose outcome is unknown.
	CorrelationIDs []string

	kinds  []error // what errors.Is finds
	cause  error   // why no (whole) answer came
	detail string  // what was wrong with the answer, where Klarna does not say
	gaveUp string  // why there was no further attempt, where the policy would have had one
}

// Error is the operation, the status, Klarna's code and messages, and the correlation id.
func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString("klarna: ")
	b.WriteString(string(e.Operation))
	b.WriteString(": ")
	b.WriteString(e.verdict())
	if e.CorrelationID != "" {
		b.WriteString(" (correlation id ")
		b.WriteString(e.CorrelationID)
		b.WriteByte(')')
	}
	return b.String()
}

// verdict is what happened, without the frame that all errors have.
func (e *Error) verdict() string {
	var parts []string
	if e.StatusCode != 0 {
		status := strconv.Itoa(e.StatusCode)
		if e.Code != "" {
			status += " " + e.Code
		} else if text := http.StatusText(e.StatusCode); text != "" {
			status += " " + text
		}
		parts = append(parts, status)
	}
	if len(e.Messages) > 0 {
		parts = append(parts, strings.Join(e.Messages, "; "))
	}
	if e.detail != "" {
		parts = append(parts, e.detail)
	}
	if e.cause != nil {
		parts = append(parts, e.cause.Error())
	}
	verdict := strings.Join(parts, ": ")
	if slices.Contains(e.kinds, ErrOutcomeUnknown) {
		verdict += "; the outcome is unknown"
	}
	if e.Attempts > 1 {
		verdict += fmt.Sprintf(" (attempt %d)", e.Attempts)
	}
	if e.gaveUp != "" {
		verdict += "; not tried again: " + e.gaveUp
	}
	return verdict
}

// clone is a copy whose kinds can be added to.
func (e *Error) clone() *Error {
	c := *e
	c.kinds = slices.Clip(c.kinds)
	return &c
}

// giveUp notes why there was no further attempt.
func (e *Error) giveUp(why string, cause error) {
	e.gaveUp = why
	if cause != nil {
		e.kinds = append(e.kinds, cause)
	}
}

// conclude adds to an error what it means for an order or a customer token.
func (e *Error) conclude(last fate, doubt bool) {
	switch {
	case e.saysAlreadyPlaced():
		e.kinds = append(e.kinds, ErrOrderAlreadyPlaced)
	case leavesDoubt(e.Operation) && (last == ambiguous || doubt && !e.isVerdict()):
		e.kinds = append(e.kinds, ErrOutcomeUnknown)
	}
}

// Unwrap gives the Err… variables that apply and the cause of a failed transport, such as [context.DeadlineExceeded].
// An Error that a test makes up has the one of its StatusCode.
func (e *Error) Unwrap() []error {
	kinds := slices.Clip(e.kinds)
	if kinds == nil && e.StatusCode != 0 {
		kinds = []error{kindOf(e.StatusCode)}
	}
	if e.cause != nil {
		kinds = append(kinds, e.cause)
	}
	return kinds
}

// kindOf is the Err… variable of a status that is not 2xx.
func kindOf(status int) error {
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
	case status == http.StatusRequestTimeout: // the server gave up waiting: nothing is wrong with the request
		return ErrUnexpectedResponse
	case status >= 400 && status < 500:
		return ErrInvalidRequest
	case status >= 500 && status < 600:
		return ErrServer
	}
	return ErrUnexpectedResponse
}

// describeBody says what came instead of Klarna's JSON, without quoting any of it.
func describeBody(header http.Header, body []byte, cut bool) string {
	if len(body) == 0 {
		return "without a body"
	}
	size := fmt.Sprintf("%d bytes", len(body))
	if cut {
		size = fmt.Sprintf("more than %d bytes", len(body))
	}
	switch mediaType := mediaTypeOf(header); mediaType {
	case "text/html", "text/plain", "text/xml", "application/json", "application/xml", "application/problem+json":
		size += " of " + mediaType
	case "":
	default: // it could hold anything
		size += " of another type"
	}
	return "with " + size
}

func mediaTypeOf(header http.Header) string {
	mediaType, _, _ := strings.Cut(header.Get("Content-Type"), ";")
	return strings.TrimSpace(mediaType)
}
