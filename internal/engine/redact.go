package engine

import (
	"errors"
	"net/url"
	"strings"
)

// redactor removes the secrets of a call from texts that came from the network: credentials and path parameters.
type redactor struct {
	engine *Engine
	call   *Call
}

// minSecretBytes is the length from which a text is looked for. A shorter one is no secret, and is part of many words.
const minSecretBytes = 8

func (r redactor) redact(text string) string {
	replace := func(secret, placeholder string) {
		if len(secret) >= minSecretBytes {
			text = strings.ReplaceAll(text, secret, placeholder)
		}
	}
	for _, secret := range r.engine.Secrets {
		replace(secret, "{credentials}")
	}
	_, credentials, _ := strings.Cut(r.call.Authorization, " ")
	replace(credentials, "{credentials}")
	replace(r.call.IdempotencyKey, "{idempotency_key}")
	path, _ := strings.CutPrefix(r.call.Request.URL.EscapedPath(), r.engine.prefix)
	r.call.Operation.params(path, func(name, escaped string) {
		placeholder := "{" + name + "}"
		replace(escaped, placeholder)
		if id, err := url.PathUnescape(escaped); err == nil && id != escaped {
			replace(id, placeholder)
		}
	})
	return text
}

// clean redacts a text and makes it fit for a log line: one line, no control characters, bounded.
func (r redactor) clean(text string, limit int) string {
	if text == "" {
		return ""
	}
	return printable(r.redact(text), limit)
}

// transportError removes the URL from an error of net/http, since it may contain a secret, and bounds the text. An error whose
// text contains a secret, or what a peer sent in place of HTTP, loses its chain.
func (r redactor) transportError(err error) error {
	var failed *url.Error
	if errors.As(err, &failed) {
		err = failed.Err
	}
	text := err.Error()
	if strings.Contains(text, "malformed ") || strings.Contains(text, "bad Content-Length") || strings.Contains(text, "invalid header ") {
		return errors.New("the response is not HTTP")
	}
	shown := r.clean(text, maxMessageBytes)
	switch shown {
	case text:
		return err
	case printable(text, maxMessageBytes):
		return &shownError{shown, err}
	}
	return errors.New(shown)
}

// shownError shows another text than the error that it wraps.
type shownError struct {
	text string
	err  error
}

func (e *shownError) Error() string { return e.text }

func (e *shownError) Unwrap() error { return e.err }

// withoutEmail replaces e-mail addresses, in case a message repeats one.
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

// printable makes a text fit for a log line: one line, no control characters, bounded.
func printable(s string, limit int) string {
	if len(s) <= limit && isVisibleASCII(s) {
		return s
	}
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

func isVisibleASCII(s string) bool {
	for i := range len(s) {
		if s[i] < ' ' || s[i] > '~' {
			return false
		}
	}
	return true
}
