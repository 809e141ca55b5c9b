package engine

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Failure is why a call, or one attempt of it, did not succeed. No text in it holds a secret of the call.
type Failure struct {
	Class Class
	Kind  Kind

	StatusCode     int // of the last response; 0 if there was none
	Header         http.Header
	Body           []byte // its first 64 KiB
	Code           string
	Messages       []string
	Fields         []string
	CorrelationID  string
	CorrelationIDs []string // of all attempts, in their order
	RetryAfter     time.Duration
	Attempts       int
	IdempotencyKey string

	OutcomeUnknown bool   // the operation commits something, and may have done so
	NothingSent    bool   // no attempt left this machine
	Detail         string // what was wrong with the response, where its error body does not name it
	Cause          error  // why there was no (whole) response
	Stopped        string // why there was no further attempt, where the policy allows one
	StopCause      error

	repeatable bool // a further attempt could end differently
}

// Kind distinguishes failures with the same class and status.
type Kind uint8

// Kinds of failures.
const (
	NoResponse Kind = iota // there was no response, or nothing was sent
	Status                 // the status is not a success
	TooLarge               // the body is longer than what is read
	Unexpected             // a success without a usable result
	BrokenOff              // the body broke off
)

const (
	maxMessages     = 20  // of an error body, and as many fields
	maxMessageBytes = 500 // of one message
	maxWordBytes    = 120 // of a code, a field or a correlation id
)

// responseError is what is wrong with a response, before it is made into a Failure.
type responseError struct {
	kind   Kind
	detail string
}

func (e *responseError) Error() string { return e.detail }

func unexpected(format string, args ...any) error {
	return &responseError{Unexpected, fmt.Sprintf(format, args...)}
}

// newFailure makes a failure of an exchange and the reason why that is not a success.
func (e *Engine) newFailure(call *Call, x *exchange, reason error) *Failure {
	f := &Failure{
		Class: x.classify(call.Operation), Attempts: x.Attempts, IdempotencyKey: x.IdempotencyKey,
		repeatable: x.isRepeatable(),
	}
	r := redactor{e, call}
	if x.StatusCode != 0 {
		f.Kind, f.StatusCode, f.Header, f.CorrelationID = Status, x.StatusCode, x.Header, x.CorrelationID
		f.Body = slices.Clip(x.Body[:min(len(x.Body), maxErrorBytes)])
		if !isSuccess(f.StatusCode) {
			f.readErrorBody(e.ParseError(x.Body), r)
			if f.Code == "" && f.Messages == nil && f.Fields == nil {
				f.Detail = describeBody(x.Header, x.Body, x.cut)
			}
		}
		switch f.StatusCode {
		case http.StatusTooManyRequests:
			f.RetryAfter = retryAfter(x.Header, time.Now(), true)
		case http.StatusServiceUnavailable:
			f.RetryAfter = retryAfter(x.Header, time.Now(), false)
		}
	}
	var response *responseError
	switch {
	case errors.As(reason, &response):
		f.Kind = response.kind
		if response.detail != "" {
			f.Detail = response.detail
		}
	case f.StatusCode != 0:
		f.Kind, f.Cause = BrokenOff, r.transportError(reason)
	default:
		f.Cause = r.transportError(reason)
	}
	return f
}

func (f *Failure) readErrorBody(body ErrorBody, r redactor) {
	if f.CorrelationID == "" {
		f.CorrelationID = r.clean(body.CorrelationID, maxWordBytes)
	}
	f.Code = r.clean(body.Code, maxWordBytes)
	for _, message := range body.Messages[:min(len(body.Messages), maxMessages)] {
		f.Messages = append(f.Messages, printable(withoutEmail(r.redact(message)), maxMessageBytes))
	}
	for _, field := range body.Fields[:min(len(body.Fields), maxMessages)] {
		f.Fields = append(f.Fields, printable(withoutEmail(r.redact(field)), maxWordBytes))
	}
}

func (f *Failure) stopRetrying(why string, cause error) { f.Stopped, f.StopCause = why, cause }

// Error returns what happened. It holds no secret, and no personal data but what the API's own messages repeat.
func (f *Failure) Error() string {
	var parts []string
	if f.StatusCode != 0 {
		status := strconv.Itoa(f.StatusCode)
		if f.Code != "" {
			status += " " + f.Code
		} else if text := http.StatusText(f.StatusCode); text != "" {
			status += " " + text
		}
		parts = append(parts, status)
	}
	if len(f.Fields) > 0 {
		parts = append(parts, strings.Join(f.Fields, ", "))
	}
	if len(f.Messages) > 0 {
		parts = append(parts, strings.Join(f.Messages, "; "))
	}
	if f.Detail != "" {
		parts = append(parts, f.Detail)
	}
	if f.Cause != nil {
		parts = append(parts, f.Cause.Error())
	}
	text := strings.Join(parts, ": ")
	if f.OutcomeUnknown {
		text += "; the outcome is unknown"
	}
	if f.Attempts > 1 {
		text += fmt.Sprintf(" (attempt %d)", f.Attempts)
	}
	if f.Stopped != "" {
		text += "; not retried: " + f.Stopped
	}
	return text
}

// describeBody describes a body that is not the API's JSON, without quoting any of it.
func describeBody(header http.Header, body []byte, cut bool) string {
	if len(body) == 0 {
		return "no response body"
	}
	size := fmt.Sprintf("%d bytes", len(body))
	if cut {
		size = fmt.Sprintf("more than %d bytes", len(body))
	}
	mediaType, _, _ := strings.Cut(header.Get("Content-Type"), ";")
	switch mediaType = strings.TrimSpace(mediaType); mediaType {
	case "text/html", "text/plain", "text/xml", "application/json", "application/xml", "application/problem+json":
		size += ", " + mediaType
	case "":
	default: // it could hold anything
		size += ", another type"
	}
	return "response is not an error object (" + size + ")"
}
