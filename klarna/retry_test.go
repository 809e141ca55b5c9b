package klarna_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"syscall"
	"testing"
	"testing/iotest"
	"time"

	"github.com/klarna-go/klarna-payments/internal/wiretest"
	"github.com/klarna-go/klarna-payments/klarna"
	"github.com/stretchr/testify/require"
)

// The whole policy: every operation against everything that can become of an attempt.
func TestRetryMatrix(t *testing.T) {
	t.Parallel()
	const no, again, ambiguous = 1, 3, -1 // attempts; ambiguous is again, but once for a customer token
	rows := map[string]struct {
		line     line
		attempts int
	}{
		"dial":               {line{Err: wiretest.ErrDial, Unread: true}, again},
		"dial, a proxy":      {line{Err: &net.OpError{Op: "proxyconnect", Err: syscall.ECONNREFUSED}, Unread: true}, again},
		"name":               {line{Err: &net.DNSError{Err: "no such host"}, Unread: true}, again},
		"certificate":        {line{Err: &tls.CertificateVerificationError{Err: errors.New("unknown authority")}, Unread: true}, again},
		"no TLS":             {line{Err: http.ErrSchemeMismatch, Unread: true}, again},
		"429":                {line{Status: 429}, again},
		"429 JSON":           {line{Status: 429, Body: `{"error_code":"TOO_MANY_REQUESTS"}`}, again},
		"429 HTML":           {line{Status: 429, Body: longHTML(100)}, again},
		"reset":              {line{Err: wiretest.ErrReset}, ambiguous},
		"EOF":                {line{Err: io.EOF}, ambiguous},
		"time-out":           {line{Err: context.DeadlineExceeded}, ambiguous},
		"odd transport":      {line{Err: errors.New("something")}, ambiguous},
		"remote TLS alert":   {line{Err: &net.OpError{Op: "remote error", Err: tls.AlertError(80)}}, ambiguous},
		"408":                {line{Status: 408}, ambiguous},
		"500":                {line{Status: 500, Body: `{"error_code":"INTERNAL_SERVER_ERROR"}`}, ambiguous},
		"502 HTML":           {line{Status: 502, Body: longHTML(20_000)}, ambiguous},
		"503 nothing":        {line{Status: 503}, ambiguous},
		"504":                {line{Status: 504}, ambiguous},
		"503 that broke off": {line{Status: 503, Body: "x", Broken: wiretest.ErrReset}, ambiguous},
		"200 that broke off": {line{Status: 200, Body: `{"order_id":`, Broken: io.ErrUnexpectedEOF}, ambiguous},
		"200 HTML":           {line{Status: 200, Body: longHTML(100)}, ambiguous},
		"200 null":           {line{Status: 200, Body: "null"}, ambiguous},
		"200 too large":      {line{Status: 200, Body: strings.Repeat(" ", 8<<20+1)}, no},
		"500 too large":      {line{Status: 500, Body: longHTML(70_000)}, no},
		"302":                {line{Status: 302}, no},
		"400":                {line{Status: 400, Body: `{"error_code":"BAD_VALUE"}`}, no},
		"401":                {line{Status: 401, Body: longHTML(100)}, no},
		"403":                {line{Status: 403, Body: `{"error_code":"REJECTED"}`}, no},
		"404":                {line{Status: 404, Body: `{"error_code":"NOT_FOUND"}`}, no},
		"409":                {line{Status: 409, Body: `{"error_code":"BAD_VALUE"}`}, no},
		"413":                {line{Status: 413}, no},
		"422":                {line{Status: 422}, no},
	}
	for name, row := range rows {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, op := range operations() {
				want := row.attempts
				if want == ambiguous {
					want = again
					if op.name == klarna.OperationCreateCustomerToken {
						want = 1
					}
				}
				s := &script{Lines: []line{row.line}}
				var response klarna.Response
				err := op.call(t, clientOf(t, s), klarna.WithResponse(&response))
				var e *klarna.Error
				require.ErrorAs(t, err, &e, op.name)
				require.Len(t, s.Sent(), want, op.name)
				require.Equal(t, want, e.Attempts, op.name)
				require.Equal(t, want, response.Attempts, op.name)
				for _, body := range s.Sent() {
					require.Equal(t, s.Sent()[0], body, "every attempt sends the same bytes")
				}
				if s.Sent()[0] == "" && !row.line.Unread {
					require.Contains(t, []klarna.Operation{klarna.OperationReadSession, klarna.OperationCancelAuthorization}, op.name)
				}

				doubtful := op.name == klarna.OperationCreateOrder || op.name == klarna.OperationCreateCustomerToken
				open := row.attempts == ambiguous || strings.Contains(name, "too large") || name == "302"
				require.Equal(t, doubtful && open, errors.Is(err, klarna.ErrOutcomeUnknown), "%s: %v", op.name, err)
				require.NotErrorIs(t, err, klarna.ErrOrderAlreadyPlaced)
				if row.line.Err != nil {
					require.ErrorIs(t, err, row.line.Err)
					require.Empty(t, e.CorrelationIDs)
				} else {
					require.Equal(t, []string{"c-1", "c-2", "c-3"}[:want], e.CorrelationIDs)
				}
			}
		})
	}
}

func TestLaterAttemptThatSucceedsIsASuccess(t *testing.T) {
	t.Parallel()
	for name, first := range map[string]line{
		"dial": {Err: wiretest.ErrDial, Unread: true}, "reset": {Err: wiretest.ErrReset}, "503": {Status: 503}, "429": {Status: 429},
		"200 with another body": {Status: 200, Body: `{"redirect_url":"https://old.example","expires_at":"2026-11-23T10:15:30Z"}`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, op := range operations() {
				if op.name == klarna.OperationCreateCustomerToken && name != "dial" && name != "429" {
					continue // it is not retried
				}
				if (op.name == klarna.OperationReadSession || op.status == 204) && strings.HasPrefix(name, "200") {
					continue // for them this is a success
				}
				s := &script{Lines: []line{first, {Status: op.status, Body: op.response}}}
				var response klarna.Response
				require.NoError(t, op.call(t, clientOf(t, s), klarna.WithResponse(&response)))
				require.Len(t, s.Sent(), 2)
				require.Equal(t, 2, response.Attempts)
				require.Equal(t, op.status, response.StatusCode)
			}
		})
	}
	s := &script{Lines: []line{{Status: 200, Body: `{"redirect_url":"https://old.example"}`}, {Status: 200, Body: `{"order_id":"o-1"}`}}}
	order, err := clientOf(t, s).CreateOrder(t.Context(), authorizationToken, orderRequest())
	require.NoError(t, err)
	require.Equal(t, klarna.Order{OrderID: "o-1"}, *order, "nothing is left of the attempt before")
}

func TestNumberOfAttemptsFollowsThePolicy(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		option klarna.Option
		call   []klarna.CallOption
		want   int
	}{
		{quickRetries, nil, 3},
		{klarna.WithRetry(klarna.NoRetry()), nil, 1},
		{klarna.WithRetry(klarna.RetryPolicy{MaxAttempts: 5, BaseDelay: 1, MaxDelay: 1}), nil, 5},
		{quickRetries, []klarna.CallOption{klarna.WithMaxAttempts(1)}, 1},
		{quickRetries, []klarna.CallOption{klarna.WithMaxAttempts(4)}, 4},
		{klarna.WithRetry(klarna.RetryPolicy{MaxAttempts: 1, BaseDelay: 1, MaxDelay: 1}), []klarna.CallOption{klarna.WithMaxAttempts(2)}, 2},
	} {
		s := &script{Lines: []line{{Status: 503}}}
		_, err := clientOf(t, s, test.option).ReadSession(t.Context(), sessionID, test.call...)
		require.ErrorIs(t, err, klarna.ErrServer)
		require.Len(t, s.Sent(), test.want)
	}
	_, err := clientOf(t, &script{Lines: []line{{Status: 503}}}).ReadSession(t.Context(), sessionID, klarna.WithMaxAttempts(0))
	require.EqualError(t, err, "klarna: ReadSession: WithMaxAttempts: 0 attempts; there must be at least 1")
	for wantErr, policy := range map[string]klarna.RetryPolicy{
		"MaxAttempts is -1": {MaxAttempts: -1}, "BaseDelay is -1ns": {BaseDelay: -1}, "MaxDelay is -1ns": {MaxDelay: -1},
	} {
		_, err := klarna.New(klarna.PlaygroundEU, klarna.APIKey(apiKey), klarna.WithRetry(policy))
		require.ErrorContains(t, err, "klarna: WithRetry: "+wantErr)
	}
}

func TestWaitThatOutlastsTheDeadlineIsNotBegun(t *testing.T) {
	t.Parallel()
	s := &script{Lines: []line{{Status: 429, Header: http.Header{"X-Ratelimit-Reset": {"10"}}}}}
	client := clientOf(t, s, klarna.WithRetry(klarna.RetryPolicy{}))
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	_, err := client.CreateOrder(ctx, authorizationToken, orderRequest())
	require.NoError(t, ctx.Err(), "it came back before the deadline")
	require.Len(t, s.Sent(), 1)
	require.ErrorIs(t, err, klarna.ErrRateLimited)
	require.ErrorContains(t, err, "not retried: waiting 5s would pass the deadline")
	var e *klarna.Error
	require.ErrorAs(t, err, &e)
	require.Equal(t, 10*time.Second, e.RetryAfter)
}

func TestWaitEndsWithTheContext(t *testing.T) {
	t.Parallel()
	for _, first := range []line{{Status: 503, Header: http.Header{"Retry-After": {"60"}}}, {Status: 429, Header: http.Header{"Retry-After": {"60"}}}} {
		s := &script{Lines: []line{first}}
		client := clientOf(t, s, klarna.WithRetry(klarna.RetryPolicy{MaxDelay: time.Minute}))
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error)
		go func() {
			_, err := client.CreateOrder(ctx, authorizationToken, orderRequest())
			done <- err
		}()
		require.Eventually(t, func() bool {
			return len(s.Sent()) == 1
		}, 5*time.Second, time.Millisecond)
		cancel()
		err := <-done
		require.ErrorIs(t, err, context.Canceled)
		require.ErrorContains(t, err, "not retried: the context ended while waiting")
		require.Equal(t, first.Status == 503, errors.Is(err, klarna.ErrOutcomeUnknown))
		require.Len(t, s.Sent(), 1)
	}
}

func TestContextThatIsOverSendsNothing(t *testing.T) {
	t.Parallel()
	s := &script{Lines: []line{{Status: 200, Body: `{"order_id":"o-1"}`}}}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := clientOf(t, s).CreateOrder(ctx, authorizationToken, orderRequest())
	require.ErrorIs(t, err, context.Canceled)
	require.NotErrorIs(t, err, klarna.ErrOutcomeUnknown)
	require.EqualError(t, err, "klarna: CreateOrder: nothing was sent: context canceled")
	require.Empty(t, s.Sent())
}

func TestRawIsRetriedWithTheSameBytes(t *testing.T) {
	t.Parallel()
	body := `{"purchase_country":"DE"}`
	for name, reader := range map[string]io.Reader{
		"that can be read again": strings.NewReader(body),
		"that can be read once":  io.MultiReader(strings.NewReader(body)),
	} {
		s := &script{Lines: []line{{Status: 503}, {Err: wiretest.ErrReset}, {Status: 200, Body: `{"order_id":"o-1"}`}}}
		order, err := clientOf(t, s).Raw().CreateOrderWithBodyWithResponse(t.Context(), authorizationToken, "application/json", reader)
		require.NoError(t, err, name)
		require.Equal(t, "o-1", order.JSON200.OrderID)
		require.Equal(t, []string{body, body, body}, s.Sent(), name)
	}
}

func TestRequestOverOneMegabyteIsNotSent(t *testing.T) {
	t.Parallel()
	s := &script{Lines: []line{{Status: 204}}}
	client := clientOf(t, s)
	err := client.UpdateSession(t.Context(), sessionID, klarna.SessionUpdate{MerchantData: strings.Repeat("x", 1<<20)})
	require.ErrorIs(t, err, klarna.ErrInvalidRequest)
	require.EqualError(t, err, "klarna: UpdateSession: the body has 1048596 bytes, more than the 1048576 that are accepted")
	large := io.MultiReader(bytes.NewReader(make([]byte, 2<<20)))
	_, err = client.Raw().UpdateCreditSessionWithBodyWithResponse(t.Context(), sessionID, "application/json", large)
	require.ErrorIs(t, err, klarna.ErrInvalidRequest)
	_, err = client.Raw().UpdateCreditSessionWithBodyWithResponse(t.Context(), sessionID, "application/json", iotest.ErrReader(io.ErrClosedPipe))
	require.ErrorIs(t, err, io.ErrClosedPipe)
	require.Empty(t, s.Sent())
	require.NoError(t, client.UpdateSession(t.Context(), sessionID, klarna.SessionUpdate{MerchantData: strings.Repeat("x", 1<<20-100)}))
}

func TestResponseHoldsNothingOfACallBefore(t *testing.T) {
	t.Parallel()
	client := clientOf(t, &script{Lines: []line{{Status: 200, Body: `{"status":"complete"}`}}})
	var response klarna.Response
	_, err := client.ReadSession(t.Context(), sessionID, klarna.WithResponse(&response))
	require.NoError(t, err)
	require.Equal(t, 200, response.StatusCode)
	_, err = client.CreateOrder(t.Context(), authorizationToken, orderRequest(), klarna.WithResponse(&response), klarna.WithMaxAttempts(0))
	require.Error(t, err)
	require.Zero(t, response)
}

func TestResponseWithoutHeaderIsAResponse(t *testing.T) {
	t.Parallel()
	bare := roundTrip(func(*http.Request) (*http.Response, error) {
		return &http.Response{StatusCode: 201, Body: io.NopCloser(strings.NewReader(`{"order_id":"o-1"}`))}, nil
	})
	client, err := klarna.New(klarna.PlaygroundEU, klarna.APIKey(apiKey), klarna.WithHTTPClient(&http.Client{Transport: bare}))
	require.NoError(t, err)
	order, err := client.Raw().CreateOrderWithResponse(t.Context(), authorizationToken, orderRequest())
	require.NoError(t, err)
	require.Equal(t, "o-1", order.JSON200.OrderID)
}
