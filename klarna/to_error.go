package klarna

import (
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

// toError makes the *Error of a call out of what came back and why that is not a success.
func (s *sender) toError(op Operation, id string, a answer, why error) *Error {
	e := &Error{Operation: op, Attempts: a.attempts}
	hide := func(text string) string { return s.hide(op, id, text) }
	if a.http != nil {
		e.StatusCode, e.Header = a.http.StatusCode, a.http.Header
		e.Body = slices.Clip(a.body[:min(len(a.body), maxErrorBytes)])
		var parsed errorBody
		if !isSuccess(e.StatusCode) {
			parsed = parseErrorBody(a.body)
		}
		e.CorrelationID = a.correlationID
		if e.CorrelationID == "" {
			e.CorrelationID = printable(hide(parsed.correlationID), maxWordBytes)
		}
		e.Code = printable(hide(parsed.code), maxWordBytes)
		for _, message := range parsed.messages[:min(len(parsed.messages), maxMessages)] {
			e.Messages = append(e.Messages, printable(withoutEmail(hide(message)), maxMessageBytes))
		}
		e.Fields = fieldsOf(e.StatusCode, e.Code, e.Messages)
		switch e.StatusCode {
		case http.StatusTooManyRequests:
			e.RetryAfter = retryAfter(a.http.Header, time.Now(), true)
		case http.StatusServiceUnavailable:
			e.RetryAfter = retryAfter(a.http.Header, time.Now(), false)
		}
		if !isSuccess(e.StatusCode) && e.Code == "" && e.Messages == nil {
			e.detail = describeBody(a.http.Header, a.body, a.cut)
		}
	}
	var refused *refusal
	if errors.As(why, &refused) {
		e.kinds = refused.kinds
		if refused.detail != "" {
			e.detail = refused.detail
		}
		return e
	}
	e.cause = withoutURL(why, hide)
	if a.http != nil { // it broke off; kindOf gives ErrUnexpectedResponse for a 2xx
		e.kinds = []error{kindOf(e.StatusCode)}
	}
	return e
}

// hide replaces secrets in a text that came from the network: the credentials and the id of the call.
func (s *sender) hide(op Operation, id, text string) string {
	for _, secret := range s.secrets {
		text = hideOne(text, secret, "{credentials}")
	}
	if id == "" {
		return text
	}
	placeholder := "{authorization_token}"
	if op.idName() == "session id" {
		placeholder = "{session_id}"
	}
	text = hideOne(text, id, placeholder)
	if plain, err := url.PathUnescape(id); err == nil {
		text = hideOne(text, plain, placeholder)
	}
	return text
}

func hideOne(text, secret, placeholder string) string {
	if len(secret) < minSecretBytes {
		return text
	}
	return strings.ReplaceAll(text, secret, placeholder)
}

// minSecretBytes is the length from which a text is looked for: a shorter one is no secret, and would be found in
// every second word.
const minSecretBytes = 8

// withoutURL takes the URL off a failure of net/http, since an authorization token is part of it, and bounds what is
// left. A text that holds a secret, or what a peer sent in place of HTTP, loses its chain.
func withoutURL(err error, hide func(string) string) error {
	var failed *url.Error
	if errors.As(err, &failed) {
		err = failed.Err
	}
	text := err.Error()
	if strings.Contains(text, "malformed ") || strings.Contains(text, "bad Content-Length") || strings.Contains(text, "invalid header ") {
		return errors.New("the answer is not HTTP")
	}
	shown := printable(hide(text), maxMessageBytes)
	switch shown {
	case text:
		return err
	case printable(text, maxMessageBytes):
		return &shownError{shown, err}
	}
	return errors.New(shown)
}

// shownError shows another text than the error below it.
type shownError struct {
	text string
	err  error
}

func (e *shownError) Error() string { return e.text }

func (e *shownError) Unwrap() error { return e.err }

// withoutEmail replaces e-mail addresses, should a message of Klarna's repeat one.
func withoutEmail(message string) string {
	if !strings.Contains(message, "@") {
		return message
	}
	words := strings.Fields(message)
	for i, word := range words {
		if strings.Contains(word, "@") {
			words[i] = "{e-mail}"
		}
	}
	return strings.Join(words, " ")
}
