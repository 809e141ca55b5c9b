package klarna_test

import (
	"errors"
	"net/http"
	"slices"
	"testing"

	"github.com/klarna-go/klarna-payments/klarna"
	"github.com/stretchr/testify/require"
)

func TestOutcomeUnknownIsReportedWithTheLastResponse(t *testing.T) {
	t.Parallel()
	s := &script{lines: []line{{status: 503}}}
	_, err := s.client(t).CreateOrder(t.Context(), authorizationToken, orderRequest())
	require.ErrorIs(t, err, klarna.ErrOutcomeUnknown)
	require.ErrorIs(t, err, klarna.ErrServer)
	require.EqualError(t, err, "klarna: CreateOrder: 503 Service Unavailable: no response body; the outcome is unknown (attempt 3) (correlation id c-3)")
}

// After an attempt without a response, the response to the retry decides what is known of the order.
func TestOutcomeAfterALostResponseFollowsFromTheRetry(t *testing.T) {
	t.Parallel()
	const (
		rejected = "rejected"
		placed   = "already placed"
		unknown  = "unknown"
	)
	for name, test := range map[string]struct {
		repeat line
		want   string
	}{
		"consumed":            {line{status: 403, body: `{"error_code":"INVALID_OPERATION","error_messages":["Authorization token already consumed"]}`}, placed},
		"session completed":   {line{status: 404, body: `{"error_code":"SESSION_COMPLETED","error_messages":["Session has already been completed"]}`}, placed},
		"another body":        {line{status: 409, body: `{"error_code":"BAD_VALUE","error_messages":["The order has been already completed with different request body"]}`}, placed},
		"bad value":           {line{status: 400, body: `{"error_code":"BAD_VALUE"}`}, rejected},
		"not matching":        {line{status: 409, body: `{"error_code":"BAD_VALUE","error_messages":["Not matching fields: [locale]"]}`}, rejected},
		"bad request":         {line{status: 400, body: `{"error_code":"BAD_REQUEST"}`}, unknown},
		"rejected":            {line{status: 403, body: `{"error_code":"REJECTED"}`}, unknown},
		"shop inactive":       {line{status: 403, body: `{"error_code":"MERCHANT_INACTIVE"}`}, unknown},
		"already expired":     {line{status: 403, body: `{"error_code":"INVALID_OPERATION","error_messages":["The authorization has already expired"]}`}, unknown},
		"token unknown":       {line{status: 404, body: `{"error_code":"NOT_FOUND","error_messages":["Invalid authorization token"]}`}, unknown},
		"other operation":     {line{status: 403, body: `{"error_code":"INVALID_OPERATION"}`}, unknown},
		"credentials":         {line{status: 401}, unknown},
		"no connection":       {line{err: errDial, dials: true}, unknown},
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
		"response lost, then gone":      {[]line{{err: errReset}, gone}, true},
		"503, then gone":                {[]line{{status: 503}, gone}, true},
		"gone at once":                  {[]line{gone}, false},
		"429, then gone":                {[]line{{status: 429}, gone}, false},
		"lost, then not to be deleted":  {[]line{{err: errReset}, {status: 404, body: `{"error_code":"NOT_FOUND","error_messages":["Authorization cannot be deleted"]}`}}, false},
		"lost, then session completed":  {[]line{{err: errReset}, {status: 404, body: `{"error_code":"SESSION_COMPLETED"}`}}, false},
		"lost, then rejected":           {[]line{{err: errReset}, {status: 403}}, false},
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
	response, err := s.client(t).Raw().CancelAuthorizationWithResponse(t.Context(), authorizationToken)
	require.NoError(t, err)
	require.Equal(t, 204, response.StatusCode())
	require.Nil(t, response.JSON404)
}

// A transport that retries by itself may have sent the request before it failed to connect.
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
