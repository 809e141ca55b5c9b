package klarna_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/klarna-go/klarna-payments/internal/settlements"
	"github.com/klarna-go/klarna-payments/internal/wiretest"
	"github.com/klarna-go/klarna-payments/klarna"
)

var _ settlements.HttpRequestDoer = (*klarna.Client)(nil)

func doRequest(t *testing.T, method, url, body string) *http.Request {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	require.NoError(t, err)
	return req
}

func TestDoSendsToTheClientsHostWithItsCredentials(t *testing.T) {
	t.Parallel()
	server := newServer(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/csv")
		w.WriteHeader(http.StatusAccepted)
		_, _ = io.WriteString(w, "a,b\n")
	})
	client := server.clientThrough(t, server.Client().Transport)
	require.Equal(t, server.URL, client.BaseURL())
	for _, url := range []string{"/settlements/v1/reports?payment_reference=X", server.URL + "/settlements/v1/reports?payment_reference=X"} {
		req := doRequest(t, http.MethodPost, url, `{"a":1}`)
		req.Header.Set("Authorization", "Basic other")
		req.Header.Set("Accept", "text/csv")
		before := req.URL.String()
		resp, err := client.Do(req)
		require.NoError(t, err)
		body, err := io.ReadAll(resp.Body)
		require.NoError(t, err)
		require.Equal(t, "a,b\n", string(body))
		require.Equal(t, http.StatusAccepted, resp.StatusCode)
		require.Equal(t, "202 Accepted", resp.Status)
		require.EqualValues(t, 4, resp.ContentLength)
		require.Equal(t, "text/csv", resp.Header.Get("Content-Type"))
		seen := server.exchanges()[len(server.exchanges())-1]
		require.Equal(t, "/settlements/v1/reports", seen.Path)
		require.Equal(t, `{"a":1}`, seen.Body)
		require.Equal(t, "Basic "+apiKey, seen.Header.Get("Authorization"))
		require.Equal(t, "text/csv", seen.Header.Get("Accept"))
		require.True(t, strings.HasPrefix(seen.Header.Get("User-Agent"), "klarna-payments-go/"))
		require.Equal(t, "Basic other", req.Header.Get("Authorization"), "the request was changed")
		require.Equal(t, before, req.URL.String(), "the request was changed")
	}
}

func TestDoKeepsThePathOfTheBaseURL(t *testing.T) {
	t.Parallel()
	server := newServer(t, respondJSON(200, `{}`))
	client, err := klarna.New(klarna.Environment(server.URL+"/gateway/"), klarna.APIKey(apiKey))
	require.NoError(t, err)
	require.Equal(t, server.URL+"/gateway", client.BaseURL())
	_, err = client.Do(doRequest(t, http.MethodGet, "/settlements/v1/payouts", ""))
	require.NoError(t, err)
	_, err = client.Do(doRequest(t, http.MethodGet, client.BaseURL()+"/settlements/v1/payouts", ""))
	require.NoError(t, err)
	for _, seen := range server.exchanges() {
		require.Equal(t, "/gateway/settlements/v1/payouts", seen.Path)
	}
	_, err = client.Do(doRequest(t, http.MethodGet, server.URL+"/settlements/v1/payouts", ""))
	require.ErrorIs(t, err, klarna.ErrNotSent, "it is beside the gateway")
}

func TestDoSendsNothingWrong(t *testing.T) {
	t.Parallel()
	s := &script{Lines: []line{{Status: 200}}}
	client := clientOf(t, s)
	for _, url := range []string{"https://api.klarna.com/a", "http://api.playground.klarna.com/a", "https://other.example/a"} {
		_, err := client.Do(doRequest(t, http.MethodGet, url, ""))
		require.ErrorIs(t, err, klarna.ErrNotSent, url)
	}
	for _, path := range []string{"/a//b", "/a/", "/a/../b", "/a/%2e%2e/b", "/a/./b", "/a/%0a", "a"} {
		_, err := client.Do(doRequest(t, http.MethodGet, path, ""))
		require.ErrorIs(t, err, klarna.ErrInvalidID, path)
	}
	for _, header := range []http.Header{{"Idempotency-Key": {"k"}}, {"Klarna-Idempotency-Key": {""}}, {"Klarna-Idempotency-Key": {"a b"}}} {
		req := doRequest(t, http.MethodPost, "/a", "{}")
		req.Header = header
		_, err := client.Do(req)
		require.ErrorIs(t, err, klarna.ErrNotSent, header)
	}
	_, err := client.Do(doRequest(t, http.MethodPost, "/a", strings.Repeat("x", 1<<20+1)))
	require.ErrorIs(t, err, klarna.ErrInvalidRequest)
	for _, req := range []*http.Request{nil, {}} {
		_, err := client.Do(req)
		require.Error(t, err)
	}
	_, err = (*klarna.Client)(nil).Do(doRequest(t, http.MethodGet, "/a", ""))
	require.ErrorContains(t, err, "klarna.New")
	require.Empty(t, s.Sent())
}

func TestDoRetriesReadingAndWhatHasAKey(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		method, key string
		attempts    int
		unknown     bool
	}{
		{http.MethodGet, "", 3, false},
		{"", "", 3, false}, // as net/http has it, GET
		{http.MethodHead, "", 3, false},
		{http.MethodPost, "", 1, true},
		{http.MethodPut, "", 1, true},
		{http.MethodPatch, "", 1, true},
		{http.MethodDelete, "", 1, true},
		{http.MethodPost, "k-1", 3, true},
		{http.MethodPatch, "k-1", 3, true},
	} {
		for _, failure := range []line{{Err: wiretest.ErrReset}, {Status: 500}, {Status: 200, Body: `{"a`, Broken: io.ErrUnexpectedEOF}} {
			s := &script{Lines: []line{failure}}
			req := doRequest(t, test.method, "/a/b", "{}")
			if test.key != "" {
				req.Header.Set("Klarna-Idempotency-Key", test.key)
			}
			_, err := clientOf(t, s).Do(req)
			require.Len(t, s.Sent(), test.attempts, test)
			require.Equal(t, test.unknown, errors.Is(err, klarna.ErrOutcomeUnknown), "%v: %v", test, err)
			var e *klarna.Error
			require.ErrorAs(t, err, &e)
			require.Equal(t, klarna.OperationDo, e.Operation)
			require.Equal(t, test.key, e.IdempotencyKey)
		}
		s := &script{Lines: []line{{Status: 429}, {Status: 429}, {Status: 200, Body: "ok"}}}
		resp, err := clientOf(t, s).Do(doRequest(t, test.method, "/a/b", "{}"))
		require.NoError(t, err, test)
		require.Equal(t, 200, resp.StatusCode)
		require.Equal(t, []string{"{}", "{}", "{}"}, s.Sent())
	}
}

func TestDoReturnsErrorsWithoutPathAndQuery(t *testing.T) {
	t.Parallel()
	const id, reference = "payout-0123456789", "reference 9876543210"
	for _, l := range []line{
		{Status: 404, Body: `{"error_code":"NOT_FOUND","error_messages":["no ` + id + ` of ` + reference + `"]}`},
		{Status: 500, Body: "<html>" + id}, {Err: wiretest.ErrReset}, {Status: 302, Header: http.Header{"Location": {"/" + id}}},
		{Err: errors.New("GET https://api.playground.klarna.com/disputes/" + id + "?reference=reference+9876543210 failed")},
	} {
		var logs bytes.Buffer
		s := &script{Lines: []line{l}}
		_, err := clientOf(t, s, klarna.WithLogger(slog.New(slog.NewTextHandler(&logs, nil)))).Do(doRequest(t, http.MethodGet, "/disputes/"+id+"?reference=reference+9876543210", ""))
		require.Error(t, err)
		for _, secret := range []string{id, "9876543210"} {
			require.NotContains(t, err.Error(), secret)
			require.NotContains(t, logs.String(), secret)
		}
		require.Contains(t, logs.String(), "operation=Do")
		require.Len(t, s.Sent(), map[bool]int{true: 1, false: 3}[l.Status == 404 || l.Status == 302], "no redirect is followed")
	}
}

func TestDoBoundsTheBody(t *testing.T) {
	t.Parallel()
	s := &script{Lines: []line{{Status: 200, Body: strings.Repeat("x", 8<<20)}}}
	resp, err := clientOf(t, s).Do(doRequest(t, http.MethodGet, "/a", ""))
	require.NoError(t, err)
	require.EqualValues(t, 8<<20, resp.ContentLength)
	s = &script{Lines: []line{{Status: 200, Body: strings.Repeat("x", 8<<20+1)}}}
	_, err = clientOf(t, s).Do(doRequest(t, http.MethodGet, "/a", ""))
	require.ErrorIs(t, err, klarna.ErrResponseTooLarge)
}

func TestDoObeysItsContextAndTheLimiter(t *testing.T) {
	t.Parallel()
	s := &script{Lines: []line{{Status: 200}}}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := clientOf(t, s).Do(doRequest(t, http.MethodGet, "/a", "").WithContext(ctx))
	require.ErrorIs(t, err, context.Canceled)

	var asked klarna.Operation
	_, err = clientOf(t, s, klarna.WithLimiter(waitFunc(func(ctx context.Context) error {
		asked = klarna.OperationFromContext(ctx)
		return errors.New("no")
	}))).Do(doRequest(t, http.MethodGet, "/a", ""))
	require.ErrorIs(t, err, klarna.ErrNotSent)
	require.Equal(t, klarna.OperationDo, asked)
	require.Empty(t, s.Sent())
	require.Empty(t, klarna.OperationDo.Route())
}

type waitFunc func(context.Context) error

func (w waitFunc) Wait(ctx context.Context) error { return w(ctx) }
