package engine

import (
	"context"
	"errors"
	"io"
	"net/textproto"
	"net/url"
	"regexp"
	"strings"
)

// redactor removes the secrets of a call from texts that came from the network: credentials and path parameters. Of an
// operation of any path, all segments of the path and the values of the query are taken for secrets.
type redactor struct {
	engine *Engine
	call   *Call
}

// minSecretBytes is the length from which a text is looked for. A shorter one is no secret, and is part of many words.
const minSecretBytes = 8

func (r redactor) redact(text string) string {
	replace := func(secret, placeholder string) {
		if len(secret) >= minSecretBytes {
			text = replaceFold(text, secret, placeholder)
		}
	}
	for _, secret := range r.engine.Secrets {
		replace(secret, "{credentials}")
	}
	_, credentials, _ := strings.Cut(r.call.Authorization, " ")
	replace(credentials, "{credentials}")
	replace(r.call.IdempotencyKey, "{idempotency_key}")
	if r.call.Operation.Path == "" {
		for _, values := range r.call.Request.URL.Query() {
			for _, value := range values {
				replace(value, "{query}")
				replace(url.QueryEscape(value), "{query}")
			}
		}
	}
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

// replaceFold replaces every occurrence of a text, whatever the case of its ASCII letters.
func replaceFold(text, old, replacement string) string {
	var b strings.Builder
	for i := 0; i+len(old) <= len(text); {
		if text[i]|0x20 != old[0]|0x20 || !strings.EqualFold(text[i:i+len(old)], old) {
			i++
			continue
		}
		b.WriteString(text[:i])
		b.WriteString(replacement)
		text, i = text[i+len(old):], 0
	}
	if b.Len() == 0 {
		return text
	}
	return b.String() + text
}

// transportError makes the error of a transport fit to be shown: without the URL, which may contain a secret; without secrets;
// without what a peer sent in place of HTTP, which net/http quotes; bounded. An error whose text had to change this way
// loses its chain, but for the reasons of a context and the end of a stream.
func (r redactor) transportError(err error) error {
	err = withoutURL(err)
	text := err.Error()
	var malformed textproto.ProtocolError
	if errors.As(err, &malformed) || strings.Contains(text, "malformed ") {
		return errors.New("the response is not HTTP")
	}
	redacted := quoted.ReplaceAllString(r.redact(text), `"…"`)
	shown := printable(redacted, maxMessageBytes)
	switch {
	case shown == text:
		return err
	case redacted == text: // it is only shorter, or on one line
		return &shownError{shown, err}
	}
	var reasons []error
	for _, reason := range []error{context.Canceled, context.DeadlineExceeded, io.ErrUnexpectedEOF, io.EOF} {
		if errors.Is(err, reason) {
			reasons = append(reasons, reason)
		}
	}
	return &shownError{shown, errors.Join(reasons...)}
}

// withoutURL takes the error of net/http out of the one that adds the URL.
func withoutURL(err error) error {
	var failed *url.Error
	if errors.As(err, &failed) {
		return failed.Err
	}
	return err
}

// quoted is what net/http quotes with %q, to the end of the text if that was cut.
var quoted = regexp.MustCompile(`"(\\.|[^"\\])*("|$)`)

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
