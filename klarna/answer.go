package klarna

import (
	"bytes"
	"encoding/json"
	"net/http"
)

// answer is one whole exchange: what came back, with its body read.
type answer struct {
	attempts      int
	http          *http.Response // nil when none came
	correlationID string         // of the header
	body          []byte
	cut           bool // the body was longer than what is read
	neverSent     bool // no connection came about
}

// isRepeatable is false for what would only come again: a body without an end, or a redirect.
func (a *answer) isRepeatable() bool {
	return !a.cut && (a.http == nil || a.http.StatusCode < 300 || a.http.StatusCode >= 400)
}

// refusal is why an answer is an error, before it is made into one.
type refusal struct {
	kinds  []error
	detail string
}

func (r *refusal) Error() string { return r.detail }

// judge says whether a status and body are a success for the operation. What is in a body that a success must have is
// checked when it is decoded.
func (a *answer) judge(op Operation) error {
	status := a.http.StatusCode
	switch {
	case a.cut && isSuccess(status):
		return &refusal{[]error{ErrResponseTooLarge}, "the answer is longer than 8 MiB"}
	case a.cut:
		return &refusal{[]error{kindOf(status), ErrResponseTooLarge}, describeBody(a.http.Header, a.body, true)}
	case !isSuccess(status):
		return &refusal{kinds: []error{kindOf(status)}}
	case !op.hasAnswer() && status != http.StatusNoContent && !isEmptyOrObject(a.body):
		return unexpected("an answer " + describeBody(a.http.Header, a.body, false) + " where none belongs")
	}
	return nil
}

func unexpected(detail string) error {
	return &refusal{[]error{ErrUnexpectedResponse}, detail}
}

// isEmptyOrObject is what an operation without an answer may come back with: a login page of some gateway is neither.
func isEmptyOrObject(body []byte) bool {
	body = bytes.TrimSpace(body)
	return len(body) == 0 || body[0] == '{' && json.Valid(body)
}

func (a *answer) response() Response {
	if a.http == nil {
		return Response{Attempts: a.attempts}
	}
	return Response{
		StatusCode:    a.http.StatusCode,
		CorrelationID: a.correlationID,
		Attempts:      a.attempts,
		Header:        a.http.Header,
	}
}
