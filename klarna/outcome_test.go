package klarna_test

import (
	"errors"
	"net/http"
	"slices"
	"testing"

	"github.com/klarna-go/klarna-payments/internal/wiretest"
	"github.com/klarna-go/klarna-payments/klarna"
	"github.com/stretchr/testify/require"
)

func TestOutcomeUnknownIsReportedWithTheLastResponse(t *testing.T) {
	t.Parallel()
	s := &script{Lines: []line{{Status: 503}}}
	_, err := clientOf(t, s).CreateOrder(t.Context(), authorizationToken, orderRequest())
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
		"consumed":            {line{Status: 403, Body: `{"error_code":"INVALID_OPERATION","error_messages":["Authorization token already consumed"]}`}, placed},
		"session completed":   {line{Status: 404, Body: `{"error_code":"SESSION_COMPLETED","error_messages":["Session has already been completed"]}`}, placed},
		"another body":        {line{Status: 409, Body: `{"error_code":"BAD_VALUE","error_messages":["The order has been already completed with different request body"]}`}, placed},
		"bad value":           {line{Status: 400, Body: `{"error_code":"BAD_VALUE"}`}, rejected},
		"not matching":        {line{Status: 409, Body: `{"error_code":"BAD_VALUE","error_messages":["Not matching fields: [locale]"]}`}, rejected},
		"bad request":         {line{Status: 400, Body: `{"error_code":"BAD_REQUEST"}`}, unknown},
		"rejected":            {line{Status: 403, Body: `{"error_code":"REJECTED"}`}, unknown},
		"shop inactive":       {line{Status: 403, Body: `{"error_code":"MERCHANT_INACTIVE"}`}, unknown},
		"already expired":     {line{Status: 403, Body: `{"error_code":"INVALID_OPERATION","error_messages":["The authorization has already expired"]}`}, unknown},
		"token unknown":       {line{Status: 404, Body: `{"error_code":"NOT_FOUND","error_messages":["Invalid authorization token"]}`}, unknown},
		"other operation":     {line{Status: 403, Body: `{"error_code":"INVALID_OPERATION"}`}, unknown},
		"credentials":         {line{Status: 401}, unknown},
		"no connection":       {line{Err: wiretest.ErrDial, Unread: true}, unknown},
		"rate limit":          {line{Status: 429}, unknown},
		"redirect":            {line{Status: 302}, unknown},
		"again without trace": {line{Err: wiretest.ErrReset}, unknown},
		"placed, as a word":   {line{Status: 409, Body: `{"error_code":"BAD_VALUE","error_messages":["Order is already placed"]}`}, placed},
		"400 of a gateway":    {line{Status: 400, Body: longHTML(100)}, unknown},
		"400 of nobody":       {line{Status: 400}, unknown},
		"409 of a gateway":    {line{Status: 409, Body: longHTML(100)}, unknown},
		"409 of another kind": {line{Status: 409, Body: `{"error_code":"CONFLICT"}`}, unknown},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := &script{Lines: []line{{Err: wiretest.ErrReset}, test.repeat}}
			_, err := clientOf(t, s).CreateOrder(t.Context(), authorizationToken, orderRequest())
			require.Error(t, err)
			require.Equal(t, test.want == placed, errors.Is(err, klarna.ErrOrderAlreadyPlaced), err)
			require.Equal(t, test.want == unknown, errors.Is(err, klarna.ErrOutcomeUnknown), err)
		})
	}
}

func TestOrderThatExistsIsNoPlainFailureOnTheFirstAttemptEither(t *testing.T) {
	t.Parallel()
	consumed := line{Status: 403, Body: `{"error_code":"INVALID_OPERATION","error_messages":["Authorization token already consumed"]}`}
	completed := line{Status: 404, Body: `{"error_code":"SESSION_COMPLETED","error_messages":["Session has already been completed"]}`}
	for _, op := range operations() {
		err := op.call(t, clientOf(t, &script{Lines: []line{completed}}))
		require.ErrorIs(t, err, klarna.ErrOrderAlreadyPlaced, op.name)
		require.ErrorIs(t, err, klarna.ErrNotFound, op.name)
		err = op.call(t, clientOf(t, &script{Lines: []line{consumed}}))
		require.ErrorIs(t, err, klarna.ErrForbidden, op.name)
		require.Equal(t, op.name == klarna.OperationCreateOrder, errors.Is(err, klarna.ErrOrderAlreadyPlaced), op.name)
	}
}

func TestCancelWhoseRepeatFindsNothingIsDone(t *testing.T) {
	t.Parallel()
	gone := line{Status: 404, Body: `{"error_code":"NOT_FOUND","error_messages":["Invalid authorization token"]}`}
	for name, test := range map[string]struct {
		lines []line
		done  bool
	}{
		"response lost, then gone":      {[]line{{Err: wiretest.ErrReset}, gone}, true},
		"503, then gone":                {[]line{{Status: 503}, gone}, true},
		"gone at once":                  {[]line{gone}, false},
		"429, then gone":                {[]line{{Status: 429}, gone}, false},
		"lost, then not to be deleted":  {[]line{{Err: wiretest.ErrReset}, {Status: 404, Body: `{"error_code":"NOT_FOUND","error_messages":["Authorization cannot be deleted"]}`}}, false},
		"lost, then session completed":  {[]line{{Err: wiretest.ErrReset}, {Status: 404, Body: `{"error_code":"SESSION_COMPLETED"}`}}, false},
		"lost, then rejected":           {[]line{{Err: wiretest.ErrReset}, {Status: 403}}, false},
		"lost, twice, then it is gone":  {[]line{{Err: wiretest.ErrReset}, {Status: 500}, gone}, true},
		"lost, then a gateway's 404":    {[]line{{Err: wiretest.ErrReset}, {Status: 404, Body: longHTML(100)}}, false},
		"lost, then 404 of nobody":      {[]line{{Err: wiretest.ErrReset}, {Status: 404}}, false},
		"lost, then 429, and then gone": {[]line{{Err: wiretest.ErrReset}, {Status: 429}, gone}, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			err := clientOf(t, &script{Lines: test.lines}).CancelAuthorization(t.Context(), authorizationToken)
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
		"complete":          {line{Status: 200, Body: `{"status":"complete"}`}, true, nil},
		"incomplete":        {line{Status: 200, Body: `{"status":"incomplete"}`}, false, nil},
		"session completed": {line{Status: 404, Body: `{"error_code":"SESSION_COMPLETED"}`}, true, nil},
		"expired":           {line{Status: 404, Body: `{"error_code":"NOT_FOUND"}`}, false, klarna.ErrNotFound},
		"down":              {line{Status: 503}, false, klarna.ErrServer},
		"no status":         {line{Status: 200, Body: `{"order_amount":100}`}, false, klarna.ErrUnexpectedResponse},
		"odd status":        {line{Status: 200, Body: `{"status":"COMPLETE"}`}, false, klarna.ErrUnexpectedResponse},
	} {
		placed, err := clientOf(t, &script{Lines: []line{test.line}}).OrderPlaced(t.Context(), sessionID)
		require.ErrorIs(t, err, test.err, name)
		require.Equal(t, test.placed, placed, name)
	}
	require.False(t, slices.Contains(kinds, klarna.ErrOutcomeUnknown), "kinds are told apart by status")
}

func TestRawCancellationThatIsDoneIsASuccess(t *testing.T) {
	t.Parallel()
	s := &script{Lines: []line{{Err: wiretest.ErrReset}, {Status: 404, Body: `{"error_code":"NOT_FOUND","error_messages":["Invalid authorization token"]}`}}}
	response, err := clientOf(t, s).Raw().CancelAuthorizationWithResponse(t.Context(), authorizationToken)
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
			return nil, wiretest.ErrDial // from its second try
		}
		return nil, errors.New("unexpected")
	})
	client, err := klarna.New(klarna.Environment(server.URL), klarna.APIKey(apiKey), quickRetries, klarna.WithHTTPClient(&http.Client{Transport: repeating}))
	require.NoError(t, err)
	_, err = client.CreateCustomerToken(t.Context(), authorizationToken, tokenRequest())
	require.ErrorIs(t, err, klarna.ErrOutcomeUnknown)
	require.Len(t, server.exchanges(), 1)
}
