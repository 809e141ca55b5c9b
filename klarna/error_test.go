package klarna_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/klarna-go/klarna-payments/klarna"
	"github.com/stretchr/testify/require"
)

func TestErrorHoldsWhatKlarnaSaid(t *testing.T) {
	t.Parallel()
	body := `{"error_code":"BAD_VALUE","error_messages":["Bad value: order_lines[0].total_tax_amount","Bad value: locale"],"correlation_id":"from-the-body","service_version":"1"}`
	for _, op := range operations() {
		server := newServer(t, respondJSON(403, body))
		err := op.call(t, server.client(t))
		var e *klarna.Error
		require.ErrorAs(t, err, &e)
		require.Equal(t, op.name, e.Operation)
		require.Equal(t, 403, e.StatusCode)
		require.Equal(t, "BAD_VALUE", e.Code)
		require.Equal(t, []string{"Bad value: order_lines[0].total_tax_amount", "Bad value: locale"}, e.Messages)
		require.Equal(t, correlationID, e.CorrelationID, "the header comes before the body")
		require.JSONEq(t, body, string(e.Body))
		require.Equal(t, 1, e.Attempts)
		require.Equal(t, "klarna: "+string(op.name)+": 403 BAD_VALUE: Bad value: order_lines[0].total_tax_amount; Bad value: locale (correlation id "+correlationID+")", err.Error())
		requireKinds(t, err, klarna.ErrForbidden)
	}
}

func TestCorrelationIDOfTheBodyServesWhereTheHeaderLacks(t *testing.T) {
	t.Parallel()
	server := newServer(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(404)
		_, _ = io.WriteString(w, `{"error_code":"NOT_FOUND","error_messages":["Invalid session id"],"correlation_id":"from-the-body"}`)
	})
	_, err := server.client(t).ReadSession(t.Context(), sessionID)
	require.EqualError(t, err, "klarna: ReadSession: 404 NOT_FOUND: Invalid session id (correlation id from-the-body)")
}

func TestErrorReportsHowLongToWait(t *testing.T) {
	t.Parallel()
	for status, want := range map[int]time.Duration{429: 2 * time.Second, 503: 0, 400: 0} {
		server := newServer(t, func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("X-Ratelimit-Reset", "2")
			respondJSON(status, `{"error_code":"CODE"}`)(w, r)
		})
		_, err := server.client(t).CreateSession(t.Context(), sessionCreate())
		var e *klarna.Error
		require.ErrorAs(t, err, &e)
		require.Equal(t, want, e.RetryAfter, status)
	}
}

func TestErrorTextIsOneBoundedLine(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("é", 2000)
	body, err := json.Marshal(map[string]any{
		"error_code":     "BAD\r\nVALUE\u2028" + long,
		"error_messages": append([]string{"first\nlevel=ERROR forged\x1b[31m"}, strings.Fields(strings.Repeat(long+" ", 5))...),
		"correlation_id": "c\x00" + long,
	})
	require.NoError(t, err)
	server := newServer(t, func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(400)
		_, _ = w.Write(body)
	})
	_, err = server.hostileClient(t).CreateSession(t.Context(), sessionCreate())
	text := err.Error()
	require.NotContains(t, text, "\n")
	require.NotContains(t, text, "\r")
	require.NotContains(t, text, "\x1b")
	require.NotContains(t, text, "\u2028")
	require.Contains(t, text, "first level=ERROR forged [31m; é")
	require.Less(t, len(text), 4000)
	require.True(t, strings.HasPrefix(text, "klarna: CreateSession: 400 BAD  VALUE "))
}

// What a server or a transport echoes back is not to bring the secrets of a call into a log.
func TestErrorShowsNoSecretHoweverItIsPrinted(t *testing.T) {
	t.Parallel()
	const token = "s3cret/token-of-the-shopper"
	echo := newServer(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Klarna-Correlation-Id", "c-"+token)
		w.Header().Set("X-Echo", token)
		w.WriteHeader(403)
		_ = json.NewEncoder(w).Encode(map[string]any{
			"error_code":     "CODE " + token,
			"error_messages": []string{"no " + r.URL.EscapedPath(), "nor " + token, "with " + r.Header.Get("Authorization")},
		})
	})
	failing := roundTrip(func(r *http.Request) (*http.Response, error) {
		return nil, fmt.Errorf("cannot send %s with %s", r.URL, r.Header.Get("Authorization"))
	})
	down, err := klarna.New("https://127.0.0.1:1", klarna.APIKey(apiKey), klarna.WithRetry(klarna.NoRetry()))
	require.NoError(t, err)
	for name, client := range map[string]*klarna.Client{
		"echo":    echo.hostileClient(t),
		"failing": echo.clientThrough(t, failing),
		"down":    down,
	} {
		_, err := client.CreateOrder(t.Context(), token, orderRequest())
		var e *klarna.Error
		require.ErrorAs(t, err, &e, name)

		var out strings.Builder
		for _, value := range []any{err, *e, []error{err}, struct{ E error }{err}, fmt.Errorf("wrapped: %w", err), errors.Unwrap(err)} {
			for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%d", "%x"} {
				fmt.Fprintf(&out, verb+"\n", value)
			}
			slog.New(slog.NewTextHandler(&out, nil)).Error("text", "err", value)
			slog.New(slog.NewJSONHandler(&out, nil)).Error("json", "err", value)
		}
		asJSON, err := json.Marshal(e)
		require.NoError(t, err)
		out.Write(asJSON)
		for cause := range chain(e) {
			fmt.Fprintf(&out, "%v %+v\n", cause, cause)
		}
		fmt.Fprint(&out, e.Code, e.Messages, e.CorrelationID)
		for _, secret := range []string{token, "s3cret%2Ftoken", fmt.Sprintf("%x", token), apiKey} {
			require.NotContains(t, out.String(), secret, name)
		}
		require.Contains(t, out.String(), "CreateOrder", name)
	}
}

// chain is every error below an error.
func chain(err error) func(func(error) bool) {
	return func(yield func(error) bool) {
		queue := []error{err}
		for len(queue) > 0 {
			next := queue[0]
			queue = queue[1:]
			if !yield(next) {
				return
			}
			switch e := next.(type) { //nolint:errorlint // the tree is walked down, node by node
			case interface{ Unwrap() []error }:
				queue = append(queue, e.Unwrap()...)
			case interface{ Unwrap() error }:
				if below := e.Unwrap(); below != nil {
					queue = append(queue, below)
				}
			}
		}
	}
}

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func TestErrorAsJSONAndInLogsHasWhatSupportAsksFor(t *testing.T) {
	t.Parallel()
	server := newServer(t, respondJSON(409, `{"error_code":"BAD_VALUE","error_messages":["Not matching fields: [locale]"]}`))
	_, err := server.client(t).CreateOrder(t.Context(), authorizationToken, orderRequest())
	asJSON, jsonErr := json.Marshal(err)
	require.NoError(t, jsonErr)
	require.JSONEq(t, `{"operation":"CreateOrder","error":"409 BAD_VALUE: Not matching fields: [locale]","status":409,"code":"BAD_VALUE","correlation_id":"`+correlationID+`","attempts":1}`, string(asJSON))

	var log strings.Builder
	slog.New(slog.NewTextHandler(&log, nil)).Error("no order", "err", err)
	require.Contains(t, log.String(), `err.operation=CreateOrder err.error="409 BAD_VALUE: Not matching fields: [locale]" err.status=409 err.code=BAD_VALUE err.correlation_id=`+correlationID)
	require.Equal(t, "%!d(klarna.Error)", fmt.Sprintf("%d", err))
}

func TestErrorThatATestMakesUpIsOfItsStatus(t *testing.T) {
	t.Parallel()
	for status, kind := range map[int]error{400: klarna.ErrInvalidRequest, 404: klarna.ErrNotFound, 409: klarna.ErrConflict, 429: klarna.ErrRateLimited, 503: klarna.ErrServer} {
		requireKinds(t, &klarna.Error{StatusCode: status}, kind)
	}
	requireKinds(t, &klarna.Error{})
}

// What a peer sends in place of HTTP, or a message repeats of the request, is not for a log.
func TestErrorTextHasNothingOfABrokenResponse(t *testing.T) {
	t.Parallel()
	const personal = "jane.doe@example.com"
	for name, response := range map[string]string{
		"status line":    "HTTP/1.1 " + strings.Repeat(personal, 2000) + "\r\n\r\n",
		"no HTTP":        personal + " " + strings.Repeat("x", 50_000) + "\r\n\r\n",
		"header line":    "HTTP/1.1 200 OK\r\n" + personal + "\r\n\r\n",
		"content length": "HTTP/1.1 200 OK\r\nContent-Length: " + personal + "\r\n\r\n",
		"message":        "HTTP/1.1 400 Bad Request\r\nContent-Length: 95\r\n\r\n" + `{"error_code":"BAD_VALUE","error_messages":["Bad value: billing_address.email ` + personal + `"]}`,
	} {
		client, err := klarna.New(klarna.Environment(newRawServer(t, response)), klarna.APIKey(apiKey), klarna.WithRetry(klarna.NoRetry()))
		require.NoError(t, err)
		_, err = client.ReadSession(t.Context(), sessionID)
		require.Error(t, err, name)
		require.Less(t, len(err.Error()), 1000, name)
		for cause := range chain(err) {
			require.NotContains(t, fmt.Sprintf("%v %+v", cause, cause), "jane", name)
		}
	}
	odd := errors.Join(errors.New("line one"), context.DeadlineExceeded)
	client := newServer(t, nil).clientThrough(t, roundTrip(func(*http.Request) (*http.Response, error) { return nil, odd }))
	_, err := client.ReadSession(t.Context(), sessionID)
	require.EqualError(t, err, "klarna: ReadSession: line one context deadline exceeded")
	require.ErrorIs(t, err, context.DeadlineExceeded)
}
