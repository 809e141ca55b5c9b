package klarnatest

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"strconv"
	"time"
)

// CallbackKind names what a callback is about.
type CallbackKind string

// The kinds of callbacks.
const (
	CallbackAuthorization CallbackKind = "authorization" // to merchant_urls.authorization, when the shopper approved
	CallbackNotification  CallbackKind = "notification"  // to merchant_urls.notification, by Server.NotifyFraud
	CallbackHostedPage    CallbackKind = "hosted page"   // to the status_update URL of a hosted page, when its status changed
)

// Callback is one attempt to call the shop, or one that was not made. Printed or logged it shows no URL, since shops put
// secrets into it.
type Callback struct {
	Time       time.Time    // when it began
	Kind       CallbackKind // what it was about
	URL        string       // where it went, placeholders replaced
	Try        int          // the number of the attempt, from 1; 0 when it was skipped
	StatusCode int          // what the shop responded with; 0 when it did not
	Skipped    string       // why it was not made, such as a URL that is not on this machine
	Err        error        // why there is no response
}

// Format prints the kind, the number of the attempt and the result, for every verb.
func (c Callback) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, c.text()) }

func (c Callback) text() string {
	text := string(c.Kind) + " callback"
	switch {
	case c.Skipped != "":
		return text + " skipped: " + c.Skipped
	case c.Err != nil:
		return text + ", try " + strconv.Itoa(c.Try) + ": " + c.Err.Error()
	}
	return text + ", try " + strconv.Itoa(c.Try) + ": " + strconv.Itoa(c.StatusCode)
}

// LogValue returns a group of the same.
func (c Callback) LogValue() slog.Value { return slog.GroupValue(c.attrs()...) }

func (c Callback) attrs() []slog.Attr {
	if c.Skipped != "" {
		return []slog.Attr{slog.String("kind", string(c.Kind)), slog.String("skipped", c.Skipped)}
	}
	attrs := []slog.Attr{slog.String("kind", string(c.Kind)), slog.Int("try", c.Try), slog.Int("status", c.StatusCode)}
	if c.Err != nil {
		attrs = append(attrs, slog.String("error", c.Err.Error()))
	}
	return attrs
}

// Callbacks returns the attempts to call the shop so far, in the order in which they ended, and the callbacks that were
// skipped. Of more than 10,000 it forgets the oldest.
func (s *Server) Callbacks() []Callback {
	s.callbacks.mu.Lock()
	defer s.callbacks.mu.Unlock()
	return slices.Clone(s.callbacks.record)
}

// WaitForCallbacks waits until no callback is under way or waiting for its next attempt. It returns an error if the context
// ends before.
func (s *Server) WaitForCallbacks(ctx context.Context) error {
	for {
		s.callbacks.mu.Lock()
		idle, pending := s.callbacks.idle, s.callbacks.pending
		s.callbacks.mu.Unlock()
		if pending == 0 {
			return nil
		}
		select {
		case <-idle:
		case <-ctx.Done():
			return fmt.Errorf("klarnatest: WaitForCallbacks: %w", ctx.Err())
		}
	}
}
