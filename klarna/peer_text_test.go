package klarna_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/klarna-go/klarna-payments/internal/wiretest"
	"github.com/klarna-go/klarna-payments/klarna"
	"github.com/stretchr/testify/require"
	"golang.org/x/net/http2"
)

// peerSecrets must not appear in a text, whatever the peer sends.
var peerSecrets = []string{"jane", "example.org", "s3cr3t", wireToken, strings.ToUpper(wireToken), wireKey}

// textsOf returns everything that an error prints as, those below it included.
func textsOf(err error) string {
	var log bytes.Buffer
	slog.New(slog.NewJSONHandler(&log, nil)).Error("failed", "err", err)
	encoded, _ := json.Marshal(err)
	texts := []string{err.Error(), fmt.Sprintf("%v %+v %#v %q", err, err, err, err), log.String(), string(encoded)}
	var walk func(error)
	walk = func(err error) {
		texts = append(texts, err.Error())
		switch err := err.(type) { //nolint:errorlint // the whole tree is walked
		case interface{ Unwrap() error }:
			if below := err.Unwrap(); below != nil {
				walk(below)
			}
		case interface{ Unwrap() []error }:
			for _, below := range err.Unwrap() {
				walk(below)
			}
		}
	}
	walk(err)
	return strings.Join(texts, "\n")
}

func requireNoPeerText(t *testing.T, err error) {
	t.Helper()
	require.Error(t, err)
	texts := textsOf(err)
	for _, secret := range peerSecrets {
		require.NotContains(t, strings.ToLower(texts), strings.ToLower(secret))
	}
}

func TestErrorQuotesNothingThatIsNotHTTP(t *testing.T) {
	t.Parallel()
	for name, raw := range map[string]string{
		"unparsable Location":    "HTTP/1.1 302 Found\r\nLocation: https://sso.example.org/%zz?user=jane@example.org&sso=s3cr3t\r\nContent-Length: 0\r\n\r\n",
		"parsable Location":      "HTTP/1.1 302 Found\r\nLocation: https://sso.example.org/?user=jane@example.org&sso=s3cr3t\r\nContent-Length: 0\r\n\r\n",
		"Transfer-Encoding":      "HTTP/1.1 200 OK\r\nTransfer-Encoding: jane@example.org\r\n\r\n",
		"two Transfer-Encodings": "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: jane\r\n\r\n",
		"Content-Length":         "HTTP/1.1 200 OK\r\nContent-Length: jane@example.org\r\n\r\n",
		"two Content-Lengths":    "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: jane\r\n\r\n",
		"status line":            "HTTP/1.1 jane@example.org s3cr3t\r\n\r\n",
		"version":                "HTTP/jane s3cr3t\r\n\r\n",
		"header":                 "HTTP/1.1 200 OK\r\njane@example.org s3cr3t\r\n\r\n",
		"chunk":                  "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\njane@example.org\r\n",
		"trailer":                "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: Content-Length\r\n\r\n0\r\njane s3cr3t\r\n\r\n",
		"text of another":        "220 jane.example.org ESMTP s3cr3t\r\n",
		"gzip":                   "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 10\r\n\r\njane s3cr3",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			peer := wiretest.NewHTTP1(t, func(e *wiretest.Exchange) {
				e.Write(raw)
				e.CloseConnection()
			})
			client := wireClient(t, peer.URL, klarna.WithRetry(klarna.NoRetry()), klarna.WithTimeout(time.Second))
			_, err := client.CreateOrder(t.Context(), wireToken, wireOrder())
			requireNoPeerText(t, err)
		})
	}
}

// The peer may give a reason for closing an HTTP/2 connection.
func TestErrorDoesNotQuoteReasonOfGoAway(t *testing.T) {
	t.Parallel()
	peer := wiretest.NewHTTP2(t, func(s *wiretest.Stream) {
		s.Read()
		s.GoAway(s.ID(), http2.ErrCodeEnhanceYourCalm, "jane@example.org s3cr3t")
		s.CloseConnection()
	})
	_, err := wireClient(t, peer.URL, klarna.WithRetry(klarna.NoRetry())).CreateOrder(t.Context(), wireToken, wireOrder())
	requireNoPeerText(t, err)
	require.ErrorIs(t, err, klarna.ErrOutcomeUnknown)
}

func TestEchoedTokenIsRedactedInEitherCase(t *testing.T) {
	t.Parallel()
	for _, echo := range []string{wireToken, strings.ToUpper(wireToken), strings.ToUpper(wireToken[:18]) + wireToken[18:]} {
		body := fmt.Sprintf(`{"error_code":"BAD_VALUE","error_messages":["Invalid authorization token %s"],"correlation_id":%q}`, echo, echo)
		peer := wiretest.NewHTTP1(t, func(e *wiretest.Exchange) { e.Write(http1Response(400, len(body), body)) })
		_, err := wireClient(t, peer.URL).CreateOrder(t.Context(), wireToken, wireOrder())
		requireNoPeerText(t, err)
		var failed *klarna.Error
		require.ErrorAs(t, err, &failed)
		require.Len(t, failed.Messages, 1)
	}
}

// Whatever part of the client is printed, its credentials are not.
func TestPartsOfClientShowNoCredentials(t *testing.T) {
	t.Parallel()
	const password = "correct-horse-s3cr3t"
	client, err := klarna.New(klarna.PlaygroundEU, klarna.BasicAuth("K123456_jane", password))
	require.NoError(t, err)
	encoded := "SzEyMzQ1Nl9qYW5lOmNvcnJlY3QtaG9yc2UtczNjcjN0"
	for name, part := range map[string]any{
		"client": client, "value": *client, "raw": client.Raw(), "inner": client.Raw().ClientInterface,
		"in a struct": struct{ Klarna any }{client.Raw().ClientInterface},
	} {
		var log bytes.Buffer
		slog.New(slog.NewTextHandler(&log, nil)).Info("part", "part", part)
		slog.New(slog.NewJSONHandler(&log, nil)).Info("part", "part", part)
		texts := log.String() + fmt.Sprintf("%v %+v %#v %s", part, part, part, part)
		require.NotContains(t, texts, password, name)
		require.NotContains(t, texts, encoded, name)
	}
}

// outcomes collects what an observer gets.
type outcomes struct {
	mu   sync.Mutex
	list []klarna.Outcome
}

func (o *outcomes) start(ctx context.Context, _ klarna.Observation) (context.Context, func(klarna.Outcome)) {
	return ctx, func(outcome klarna.Outcome) {
		o.mu.Lock()
		defer o.mu.Unlock()
		o.list = append(o.list, outcome)
	}
}

func (o *outcomes) StartCall(ctx context.Context, observation klarna.Observation) (context.Context, func(klarna.Outcome)) {
	return o.start(ctx, observation)
}

func (o *outcomes) StartAttempt(ctx context.Context, observation klarna.Observation) (context.Context, func(klarna.Outcome)) {
	return o.start(ctx, observation)
}

// A 200 without a session id is an error, and its body may hold the client token: that is for the caller, not for an observer.
func TestObserverGetsNoBody(t *testing.T) {
	t.Parallel()
	body := `{"client_token":"jane.s3cr3t.token"}`
	peer := wiretest.NewHTTP1(t, func(e *wiretest.Exchange) {
		e.Write(fmt.Sprintf("HTTP/1.1 200 OK\r\nSet-Cookie: jane=s3cr3t\r\nContent-Length: %d\r\n\r\n%s", len(body), body))
	})
	observed := &outcomes{}
	_, err := wireClient(t, peer.URL, klarna.WithObserver(observed), klarna.WithRetry(klarna.NoRetry())).CreateSession(t.Context(), wireCart())
	var failed *klarna.Error
	require.ErrorAs(t, err, &failed)
	require.Equal(t, body, string(failed.Body))
	require.Len(t, observed.list, 2)
	for _, outcome := range observed.list {
		require.ErrorIs(t, outcome.Err, klarna.ErrUnexpectedResponse)
		requireNoPeerText(t, outcome.Err)
		var seen *klarna.Error
		if errors.As(outcome.Err, &seen) {
			require.Empty(t, seen.Body)
			require.Empty(t, seen.Header)
		}
	}
}
