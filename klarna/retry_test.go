package klarna_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/klarna-go/klarna-payments/klarna"
	"github.com/stretchr/testify/require"
)

// quickRetries is a policy whose waits a test does not notice.
var quickRetries = klarna.WithRetry(klarna.RetryPolicy{BaseDelay: time.Microsecond, MaxDelay: time.Millisecond})

// script answers one attempt after the other as it is told, and the last line for all further ones.
type script struct {
	lines []line
	mu    sync.Mutex
	sent  []string // the bodies
}

// line is what one attempt comes to.
type line struct {
	status int
	body   string
	err    error // instead of an answer
	broken error // the answer breaks off with it
	header http.Header
}

func (s *script) RoundTrip(r *http.Request) (*http.Response, error) {
	var body []byte
	if r.Body != nil {
		body, _ = io.ReadAll(r.Body)
		_ = r.Body.Close()
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	l := s.lines[min(len(s.sent), len(s.lines)-1)]
	s.sent = append(s.sent, string(body))
	if l.err != nil {
		return nil, l.err
	}
	header := http.Header{"Klarna-Correlation-Id": {"c-" + string(rune('0'+len(s.sent)))}}
	for key, values := range l.header {
		header[key] = values
	}
	reader := io.Reader(strings.NewReader(l.body))
	if l.broken != nil {
		reader = io.MultiReader(reader, brokenReader{l.broken})
	}
	return &http.Response{StatusCode: l.status, Header: header, Body: io.NopCloser(reader), ContentLength: -1, Request: r}, nil
}

type brokenReader struct{ err error }

func (b brokenReader) Read([]byte) (int, error) { return 0, b.err }

func (s *script) client(t *testing.T, opts ...klarna.Option) *klarna.Client {
	t.Helper()
	opts = append([]klarna.Option{klarna.WithHTTPClient(&http.Client{Transport: s}), quickRetries}, opts...)
	client, err := klarna.New(klarna.PlaygroundEU, klarna.APIKey(apiKey), opts...)
	require.NoError(t, err)
	return client
}

var (
	errDial  = &net.OpError{Op: "dial", Net: "tcp", Err: syscall.ECONNREFUSED}
	errReset = &net.OpError{Op: "read", Net: "tcp", Err: syscall.ECONNRESET}
)

// The whole policy: every operation against everything that can become of an attempt.
func TestRetryMatrix(t *testing.T) {
	t.Parallel()
	const no, again, ambiguous = 1, 3, -1 // attempts; ambiguous is again, but once for a customer token
	rows := map[string]struct {
		line     line
		attempts int
	}{
		"dial":               {line{err: errDial}, again},
		"dial, a proxy":      {line{err: &net.OpError{Op: "proxyconnect", Err: syscall.ECONNREFUSED}}, again},
		"name":               {line{err: &net.DNSError{Err: "no such host"}}, again},
		"certificate":        {line{err: &tls.CertificateVerificationError{Err: errors.New("unknown authority")}}, again},
		"no TLS":             {line{err: http.ErrSchemeMismatch}, again},
		"429":                {line{status: 429}, again},
		"429 JSON":           {line{status: 429, body: `{"error_code":"TOO_MANY_REQUESTS"}`}, again},
		"429 HTML":           {line{status: 429, body: longHTML(100)}, again},
		"reset":              {line{err: errReset}, ambiguous},
		"EOF":                {line{err: io.EOF}, ambiguous},
		"time-out":           {line{err: context.DeadlineExceeded}, ambiguous},
		"odd transport":      {line{err: errors.New("something")}, ambiguous},
		"remote TLS alert":   {line{err: &net.OpError{Op: "remote error", Err: tls.AlertError(80)}}, ambiguous},
		"408":                {line{status: 408}, ambiguous},
		"500":                {line{status: 500, body: `{"error_code":"INTERNAL_SERVER_ERROR"}`}, ambiguous},
		"502 HTML":           {line{status: 502, body: longHTML(20_000)}, ambiguous},
		"503 nothing":        {line{status: 503}, ambiguous},
		"504":                {line{status: 504}, ambiguous},
		"503 that broke off": {line{status: 503, body: "x", broken: errReset}, ambiguous},
		"200 that broke off": {line{status: 200, body: `{"order_id":`, broken: io.ErrUnexpectedEOF}, ambiguous},
		"200 HTML":           {line{status: 200, body: longHTML(100)}, ambiguous},
		"200 null":           {line{status: 200, body: "null"}, ambiguous},
		"200 too large":      {line{status: 200, body: strings.Repeat(" ", 8<<20+1)}, no},
		"500 too large":      {line{status: 500, body: longHTML(70_000)}, no},
		"302":                {line{status: 302}, no},
		"400":                {line{status: 400, body: `{"error_code":"BAD_VALUE"}`}, no},
		"401":                {line{status: 401, body: longHTML(100)}, no},
		"403":                {line{status: 403, body: `{"error_code":"REJECTED"}`}, no},
		"404":                {line{status: 404, body: `{"error_code":"NOT_FOUND"}`}, no},
		"409":                {line{status: 409, body: `{"error_code":"BAD_VALUE"}`}, no},
		"413":                {line{status: 413}, no},
		"422":                {line{status: 422}, no},
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
				s := &script{lines: []line{row.line}}
				var response klarna.Response
				err := op.call(t, s.client(t), klarna.WithResponse(&response))
				var e *klarna.Error
				require.ErrorAs(t, err, &e, op.name)
				require.Len(t, s.sent, want, op.name)
				require.Equal(t, want, e.Attempts, op.name)
				require.Equal(t, want, response.Attempts, op.name)
				for _, body := range s.sent {
					require.Equal(t, s.sent[0], body, "every attempt sends the same bytes")
				}
				if s.sent[0] == "" {
					require.Contains(t, []klarna.Operation{klarna.OperationReadSession, klarna.OperationCancelAuthorization}, op.name)
				}

				doubtful := op.name == klarna.OperationCreateOrder || op.name == klarna.OperationCreateCustomerToken
				open := row.attempts == ambiguous || strings.Contains(name, "too large") || name == "302"
				require.Equal(t, doubtful && open, errors.Is(err, klarna.ErrOutcomeUnknown), "%s: %v", op.name, err)
				require.NotErrorIs(t, err, klarna.ErrOrderAlreadyPlaced)
				if row.line.err != nil {
					require.ErrorIs(t, err, row.line.err)
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
		"dial": {err: errDial}, "reset": {err: errReset}, "503": {status: 503}, "429": {status: 429},
		"200 with another answer": {status: 200, body: `{"redirect_url":"https://old.example","expires_at":"2026-11-23T10:15:30Z"}`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, op := range operations() {
				if op.name == klarna.OperationCreateCustomerToken && name != "dial" && name != "429" {
					continue // it is not tried again
				}
				if (op.name == klarna.OperationReadSession || op.status == 204) && strings.HasPrefix(name, "200") {
					continue // this is an answer to them
				}
				s := &script{lines: []line{first, {status: op.status, body: op.answer}}}
				var response klarna.Response
				require.NoError(t, op.call(t, s.client(t), klarna.WithResponse(&response)))
				require.Len(t, s.sent, 2)
				require.Equal(t, 2, response.Attempts)
				require.Equal(t, op.status, response.StatusCode)
			}
		})
	}
	s := &script{lines: []line{{status: 200, body: `{"redirect_url":"https://old.example"}`}, {status: 200, body: `{"order_id":"o-1"}`}}}
	order, err := s.client(t).CreateOrder(t.Context(), authorizationToken, orderRequest())
	require.NoError(t, err)
	require.Equal(t, klarna.Order{OrderID: "o-1"}, *order, "nothing is left of the attempt before")
}

func TestOutcomeUnknownStandsBesideTheLastAnswer(t *testing.T) {
	t.Parallel()
	s := &script{lines: []line{{status: 503}}}
	_, err := s.client(t).CreateOrder(t.Context(), authorizationToken, orderRequest())
	require.ErrorIs(t, err, klarna.ErrOutcomeUnknown)
	require.ErrorIs(t, err, klarna.ErrServer)
	require.EqualError(t, err, "klarna: CreateOrder: 503 Service Unavailable: without a body; the outcome is unknown (attempt 3) (correlation id c-3)")
}

// After an attempt without an answer, what the next one is told decides what became of the order.
func TestRepeatedOrderIsJudgedByWhatTheRepeatIsTold(t *testing.T) {
	t.Parallel()
	const (
		refused = "refused"
		placed  = "already placed"
		unknown = "unknown"
	)
	for name, test := range map[string]struct {
		repeat line
		want   string
	}{
		"consumed":            {line{status: 403, body: `{"error_code":"INVALID_OPERATION","error_messages":["Authorization token already consumed"]}`}, placed},
		"session completed":   {line{status: 404, body: `{"error_code":"SESSION_COMPLETED","error_messages":["Session has already been completed"]}`}, placed},
		"another body":        {line{status: 409, body: `{"error_code":"BAD_VALUE","error_messages":["The order has been already completed with different request body"]}`}, placed},
		"bad value":           {line{status: 400, body: `{"error_code":"BAD_VALUE"}`}, refused},
		"not matching":        {line{status: 409, body: `{"error_code":"BAD_VALUE","error_messages":["Not matching fields: [locale]"]}`}, refused},
		"rejected":            {line{status: 403, body: `{"error_code":"REJECTED"}`}, refused},
		"shop inactive":       {line{status: 403, body: `{"error_code":"MERCHANT_INACTIVE"}`}, refused},
		"token unknown":       {line{status: 404, body: `{"error_code":"NOT_FOUND","error_messages":["Invalid authorization token"]}`}, unknown},
		"other operation":     {line{status: 403, body: `{"error_code":"INVALID_OPERATION"}`}, unknown},
		"credentials":         {line{status: 401}, unknown},
		"no connection":       {line{err: errDial}, unknown},
		"rate limit":          {line{status: 429}, unknown},
		"redirect":            {line{status: 302}, unknown},
		"again without trace": {line{err: errReset}, unknown},
		"placed, as a word":   {line{status: 409, body: `{"error_code":"BAD_VALUE","error_messages":["Order is already placed"]}`}, placed},
		"400 of a gateway":    {line{status: 400, body: longHTML(100)}, unknown},
		"400 of nobody":       {line{status: 400}, unknown},
		"409 of a gateway":    {line{status: 409, body: longHTML(100)}, unknown},
		"409 of another kind": {line{status: 409, body: `{"error_code":"CONFLICT"}`}, unknown},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := &script{lines: []line{{err: errReset}, test.repeat}}
			_, err := s.client(t).CreateOrder(t.Context(), authorizationToken, orderRequest())
			require.Error(t, err)
			require.Equal(t, test.want == placed, errors.Is(err, klarna.ErrOrderAlreadyPlaced), err)
			require.Equal(t, test.want == unknown, errors.Is(err, klarna.ErrOutcomeUnknown), err)
		})
	}
}

func TestOrderThatExistsIsNoPlainFailureOnTheFirstAttemptEither(t *testing.T) {
	t.Parallel()
	consumed := line{status: 403, body: `{"error_code":"INVALID_OPERATION","error_messages":["Authorization token already consumed"]}`}
	completed := line{status: 404, body: `{"error_code":"SESSION_COMPLETED","error_messages":["Session has already been completed"]}`}
	for _, op := range operations() {
		err := op.call(t, (&script{lines: []line{completed}}).client(t))
		require.ErrorIs(t, err, klarna.ErrOrderAlreadyPlaced, op.name)
		require.ErrorIs(t, err, klarna.ErrNotFound, op.name)
		err = op.call(t, (&script{lines: []line{consumed}}).client(t))
		require.ErrorIs(t, err, klarna.ErrForbidden, op.name)
		require.Equal(t, op.name == klarna.OperationCreateOrder, errors.Is(err, klarna.ErrOrderAlreadyPlaced), op.name)
	}
}

func TestCancelWhoseRepeatFindsNothingIsDone(t *testing.T) {
	t.Parallel()
	gone := line{status: 404, body: `{"error_code":"NOT_FOUND","error_messages":["Invalid authorization token"]}`}
	for name, test := range map[string]struct {
		lines []line
		done  bool
	}{
		"answer lost, then gone":        {[]line{{err: errReset}, gone}, true},
		"503, then gone":                {[]line{{status: 503}, gone}, true},
		"gone at once":                  {[]line{gone}, false},
		"never sent, then gone":         {[]line{{err: errDial}, gone}, false},
		"429, then gone":                {[]line{{status: 429}, gone}, false},
		"lost, then not to be deleted":  {[]line{{err: errReset}, {status: 404, body: `{"error_code":"NOT_FOUND","error_messages":["Authorization cannot be deleted"]}`}}, false},
		"lost, then session completed":  {[]line{{err: errReset}, {status: 404, body: `{"error_code":"SESSION_COMPLETED"}`}}, false},
		"lost, then refused":            {[]line{{err: errReset}, {status: 403}}, false},
		"lost, twice, then it is gone":  {[]line{{err: errReset}, {status: 500}, gone}, true},
		"lost, then a gateway's 404":    {[]line{{err: errReset}, {status: 404, body: longHTML(100)}}, false},
		"lost, then 404 of nobody":      {[]line{{err: errReset}, {status: 404}}, false},
		"lost, then 429, and then gone": {[]line{{err: errReset}, {status: 429}, gone}, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			err := (&script{lines: test.lines}).client(t).CancelAuthorization(t.Context(), authorizationToken)
			require.Equal(t, test.done, err == nil, err)
			require.NotErrorIs(t, err, klarna.ErrOutcomeUnknown)
		})
	}
}

func TestAttemptsAreAsManyAsThePolicySays(t *testing.T) {
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
		s := &script{lines: []line{{status: 503}}}
		_, err := s.client(t, test.option).ReadSession(t.Context(), sessionID, test.call...)
		require.ErrorIs(t, err, klarna.ErrServer)
		require.Len(t, s.sent, test.want)
	}
	_, err := (&script{lines: []line{{status: 503}}}).client(t).ReadSession(t.Context(), sessionID, klarna.WithMaxAttempts(0))
	require.EqualError(t, err, "klarna: ReadSession: WithMaxAttempts: 0 is not a number of attempts; it must be at least 1")
	for says, policy := range map[string]klarna.RetryPolicy{
		"MaxAttempts is -1": {MaxAttempts: -1}, "BaseDelay is -1ns": {BaseDelay: -1}, "MaxDelay is -1ns": {MaxDelay: -1},
	} {
		_, err := klarna.New(klarna.PlaygroundEU, klarna.APIKey(apiKey), klarna.WithRetry(policy))
		require.ErrorContains(t, err, "klarna: WithRetry: "+says)
	}
}

func TestWaitThatOutlastsTheDeadlineIsNotBegun(t *testing.T) {
	t.Parallel()
	s := &script{lines: []line{{status: 429, header: http.Header{"X-Ratelimit-Reset": {"10"}}}}}
	client := s.client(t, klarna.WithRetry(klarna.RetryPolicy{}))
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	_, err := client.CreateOrder(ctx, authorizationToken, orderRequest())
	require.NoError(t, ctx.Err(), "it came back before the deadline")
	require.Len(t, s.sent, 1)
	require.ErrorIs(t, err, klarna.ErrRateLimited)
	require.ErrorContains(t, err, "not tried again: waiting 5s for it would outlast the deadline")
	var e *klarna.Error
	require.ErrorAs(t, err, &e)
	require.Equal(t, 10*time.Second, e.RetryAfter)
}

func TestWaitEndsWithTheContext(t *testing.T) {
	t.Parallel()
	for _, first := range []line{{status: 503, header: http.Header{"Retry-After": {"60"}}}, {status: 429, header: http.Header{"Retry-After": {"60"}}}} {
		s := &script{lines: []line{first}}
		client := s.client(t, klarna.WithRetry(klarna.RetryPolicy{MaxDelay: time.Minute}))
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error)
		go func() {
			_, err := client.CreateOrder(ctx, authorizationToken, orderRequest())
			done <- err
		}()
		require.Eventually(t, func() bool {
			s.mu.Lock()
			defer s.mu.Unlock()
			return len(s.sent) == 1
		}, 5*time.Second, time.Millisecond)
		cancel()
		err := <-done
		require.ErrorIs(t, err, context.Canceled)
		require.ErrorContains(t, err, "not tried again: the context ended while waiting for it")
		require.Equal(t, first.status == 503, errors.Is(err, klarna.ErrOutcomeUnknown))
		require.Len(t, s.sent, 1)
	}
}

func TestContextThatIsOverSendsNothing(t *testing.T) {
	t.Parallel()
	s := &script{lines: []line{{status: 200, body: `{"order_id":"o-1"}`}}}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := s.client(t).CreateOrder(ctx, authorizationToken, orderRequest())
	require.ErrorIs(t, err, context.Canceled)
	require.NotErrorIs(t, err, klarna.ErrOutcomeUnknown)
	require.EqualError(t, err, "klarna: CreateOrder: nothing was sent: context canceled")
	require.Empty(t, s.sent)
}

func TestRawIsTriedAgainWithTheSameBytes(t *testing.T) {
	t.Parallel()
	body := `{"purchase_country":"DE"}`
	for name, reader := range map[string]io.Reader{
		"that can be read again": strings.NewReader(body),
		"that can be read once":  io.MultiReader(strings.NewReader(body)),
	} {
		s := &script{lines: []line{{status: 503}, {err: errReset}, {status: 200, body: `{"order_id":"o-1"}`}}}
		order, err := s.client(t).Raw().CreateOrderWithBodyWithResponse(t.Context(), authorizationToken, "application/json", reader)
		require.NoError(t, err, name)
		require.Equal(t, "o-1", order.JSON200.OrderID)
		require.Equal(t, []string{body, body, body}, s.sent, name)
	}
}

func TestRequestOverOneMegabyteIsNotSent(t *testing.T) {
	t.Parallel()
	s := &script{lines: []line{{status: 204}}}
	client := s.client(t)
	err := client.UpdateSession(t.Context(), sessionID, klarna.Session{MerchantData: strings.Repeat("x", 1<<20)})
	require.ErrorIs(t, err, klarna.ErrInvalidRequest)
	require.EqualError(t, err, "klarna: UpdateSession: klarna: invalid request: its body has 1048596 bytes, and Klarna takes 1 MB: nothing was sent")
	large := io.MultiReader(bytes.NewReader(make([]byte, 2<<20)))
	_, err = client.Raw().UpdateCreditSessionWithBodyWithResponse(t.Context(), sessionID, "application/json", large)
	require.ErrorIs(t, err, klarna.ErrInvalidRequest)
	_, err = client.Raw().UpdateCreditSessionWithBodyWithResponse(t.Context(), sessionID, "application/json", brokenReader{io.ErrClosedPipe})
	require.ErrorIs(t, err, io.ErrClosedPipe)
	require.Empty(t, s.sent)
	require.NoError(t, client.UpdateSession(t.Context(), sessionID, klarna.Session{MerchantData: strings.Repeat("x", 1<<20-100)}))
}

func TestOrderPlacedReadsTheSession(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		line   line
		placed bool
		err    error
	}{
		"complete":          {line{status: 200, body: `{"status":"complete"}`}, true, nil},
		"incomplete":        {line{status: 200, body: `{"status":"incomplete"}`}, false, nil},
		"session completed": {line{status: 404, body: `{"error_code":"SESSION_COMPLETED"}`}, true, nil},
		"expired":           {line{status: 404, body: `{"error_code":"NOT_FOUND"}`}, false, klarna.ErrNotFound},
		"down":              {line{status: 503}, false, klarna.ErrServer},
		"no status":         {line{status: 200, body: `{"order_amount":100}`}, false, klarna.ErrUnexpectedResponse},
		"odd status":        {line{status: 200, body: `{"status":"COMPLETE"}`}, false, klarna.ErrUnexpectedResponse},
	} {
		placed, err := (&script{lines: []line{test.line}}).client(t).OrderPlaced(t.Context(), sessionID)
		require.ErrorIs(t, err, test.err, name)
		require.Equal(t, test.placed, placed, name)
	}
	require.False(t, slices.Contains(kinds, klarna.ErrOutcomeUnknown), "kinds are told apart by status")
}

func TestRawCancellationThatIsDoneIsASuccess(t *testing.T) {
	t.Parallel()
	s := &script{lines: []line{{err: errReset}, {status: 404, body: `{"error_code":"NOT_FOUND","error_messages":["Invalid authorization token"]}`}}}
	answer, err := s.client(t).Raw().CancelAuthorizationWithResponse(t.Context(), authorizationToken)
	require.NoError(t, err)
	require.Equal(t, 204, answer.StatusCode())
	require.Nil(t, answer.JSON404)
}

// A transport that tries again by itself may have sent the request before it failed to connect.
func TestTransportThatRepeatsByItselfProvesNothing(t *testing.T) {
	t.Parallel()
	server := newServer(t, func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) })
	repeating := roundTrip(func(r *http.Request) (*http.Response, error) {
		if _, err := server.Client().Transport.RoundTrip(r); err != nil {
			return nil, errDial // from its second try
		}
		return nil, errors.New("unexpected")
	})
	client, err := klarna.New(klarna.Environment(server.URL), klarna.APIKey(apiKey), quickRetries, klarna.WithHTTPClient(&http.Client{Transport: repeating}))
	require.NoError(t, err)
	_, err = client.CreateCustomerToken(t.Context(), authorizationToken, tokenRequest())
	require.ErrorIs(t, err, klarna.ErrOutcomeUnknown)
	require.Len(t, server.exchanges(), 1)
}

func TestResponseHoldsNothingOfACallBefore(t *testing.T) {
	t.Parallel()
	client := (&script{lines: []line{{status: 200, body: `{"status":"complete"}`}}}).client(t)
	var response klarna.Response
	_, err := client.ReadSession(t.Context(), sessionID, klarna.WithResponse(&response))
	require.NoError(t, err)
	require.Equal(t, 200, response.StatusCode)
	_, err = client.CreateOrder(t.Context(), authorizationToken, orderRequest(), klarna.WithResponse(&response), klarna.WithMaxAttempts(0))
	require.Error(t, err)
	require.Zero(t, response)
}

func TestAnswerWithoutHeaderIsAnAnswer(t *testing.T) {
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
