package payway_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/klarna-go/klarna-payments/klarna"
	"github.com/klarna-go/klarna-payments/payway"
)

func TestResponseIsDecodedToAllItsFields(t *testing.T) {
	t.Parallel()
	for _, status := range []int{200, 201} { // the provider does not name the status
		s := &script{Lines: []line{{Status: status, Body: success}}}
		session, err := clientThrough(t, s).CreateSession(t.Context(), token, request())
		require.NoError(t, err)
		require.Equal(t, &payway.Session{
			SessionID: sessionID, ClientToken: clientToken,
			PaymentMethodCategories: []payway.PaymentMethodCategory{
				{Identifier: payway.PaymentMethodCategoryIdentifierDirectDebit, Name: "Autogiro",
					AssetURLs: payway.AssetURLs{Descriptive: "https://cdn.example/dd/d.svg", Standard: "https://cdn.example/dd/s.svg"}},
				{Identifier: payway.PaymentMethodCategoryIdentifierPayLater, Name: "Få först. Betala sen.",
					AssetURLs: payway.AssetURLs{Descriptive: "https://cdn.example/pl/d.svg", Standard: "https://cdn.example/pl/s.svg"}},
			},
		}, session)
	}
}

func TestRequestIsWhatTheContractSays(t *testing.T) {
	t.Parallel()
	s := &script{Lines: []line{{Status: 200, Body: success}}}
	client := clientThrough(t, checked(t, s), klarna.WithUserAgent("paper/1.0"))
	for body, r := range map[string]payway.SessionRequest{
		`{"code":"nordlys_web","confirmation_url":"https://paper.example/thanks","disable_account_info_overwrite":true,` +
			`"period_id":"64b7f0a2c9d1e83a5f00b21c","period_type":"recurring","start_date":"2026-12-01"}`: request(),
		`{"code":"c","confirmation_url":"http://localhost/x","period_type":"limited"}`: {
			Code: "c", ConfirmationURL: "http://localhost/x", PeriodType: payway.PeriodTypeLimited},
		`{"code":"c","confirmation_url":"https://a.example","period_type":"of a later day"}`: {
			Code: "c", ConfirmationURL: "https://a.example", PeriodType: "of a later day"},
	} {
		var response klarna.Response
		_, err := client.CreateSession(t.Context(), token, r, klarna.WithResponse(&response), klarna.WithHeader("X-Trace", "1"))
		require.NoError(t, err)
		require.Equal(t, 200, response.StatusCode)
		sent := s.Seen()[len(s.Seen())-1]
		require.JSONEq(t, body, s.Sent()[len(s.Sent())-1])
		require.Equal(t, "POST https://payway-api.stage.adeprimo.se/external/api/v1/klarna_payments/create_session", sent.Method+" "+sent.URL.String())
		require.Regexp(t, `^paper/1.0 klarna-payments-go/`, sent.UserAgent())
		delete(sent.Header, "User-Agent")
		require.Equal(t, http.Header{
			"Authorization": {"Bearer " + string(token)}, "Content-Type": {"application/json"}, "Accept": {"application/json"}, "X-Trace": {"1"},
		}, sent.Header)
	}
}

func TestEachCallHasItsOwnToken(t *testing.T) {
	t.Parallel()
	s := &script{Lines: []line{{Status: 503}, {Status: 200, Body: success}}}
	client := clientThrough(t, s)
	for _, token := range []payway.Token{"first", "second"} {
		_, err := client.CreateSession(t.Context(), token, request())
		require.NoError(t, err)
	}
	var sent []string
	for _, r := range s.Seen() {
		sent = append(sent, r.Header.Get("Authorization"))
	}
	require.Equal(t, []string{"Bearer first", "Bearer first", "Bearer second"}, sent)
}

func TestWrongCallIsNotSent(t *testing.T) {
	t.Parallel()
	s := &script{Lines: []line{{Status: 200, Body: success}}}
	client := clientThrough(t, s)
	for want, test := range map[string]struct {
		token  payway.Token
		change func(*payway.SessionRequest)
		opts   []klarna.CallOption
		is     error
	}{
		"code is empty": {change: func(r *payway.SessionRequest) { r.Code = "" }},
		"period_type is empty; confirmation_url is empty": {change: func(r *payway.SessionRequest) { r.PeriodType, r.ConfirmationURL = "", "" }},
		"confirmation_url is not an absolute http or https URL": {change: func(r *payway.SessionRequest) {
			r.ConfirmationURL = "/thanks"
		}},
		"period_id must have 24 hexadecimal digits and nothing else; remove the comma or blank": {change: func(r *payway.SessionRequest) { r.PeriodID += "," }},
		"period_id must have 24 hexadecimal digits":                                             {change: func(r *payway.SessionRequest) { r.PeriodID = "5f0d9ea795cfebfb8544ab1" }},
		"start_date is not a day such as 2026-12-01":                                            {change: func(r *payway.SessionRequest) { r.StartDate = "2026-02-30" }},
		"the token is empty": {token: "-", change: func(*payway.SessionRequest) {}, is: payway.ErrUnauthorized},
		"the token contains a blank, a control character or a letter beyond ASCII; pass it without the word Bearer": {token: "Bearer s3cret", is: payway.ErrUnauthorized},
		"WithMaxAttempts: 0 attempts; there must be at least 1":                                                     {opts: []klarna.CallOption{klarna.WithMaxAttempts(0)}, is: klarna.ErrNotSent},
		"the operation takes no idempotency key":                                                                    {opts: []klarna.CallOption{klarna.WithIdempotencyKey("k")}, is: klarna.ErrNotSent},
	} {
		r, with := request(), token
		if test.change != nil {
			test.change(&r)
		}
		if test.token != "" {
			with = test.token
		}
		if with == "-" {
			with = ""
		}
		if test.is == nil {
			test.is = payway.ErrInvalidRequest
		}
		_, err := client.CreateSession(t.Context(), with, r, test.opts...)
		require.EqualError(t, err, "payway: CreateSession: not sent: "+want)
		require.ErrorIs(t, err, test.is)
		require.ErrorIs(t, err, klarna.ErrNotSent)
		require.Zero(t, asError(t, err).Attempts)
	}
	require.Empty(t, s.Seen())

	for _, url := range []string{"paper.example/x", "ftp://paper.example", "https://", "https:///x", "://", "https://paper.example:port"} {
		r := request()
		r.ConfirmationURL = url
		_, err := client.CreateSession(t.Context(), token, r)
		require.ErrorContains(t, err, "confirmation_url is not", url)
	}
	require.Empty(t, s.Seen())
}

// The id of the provider's example is sent once its comma is gone.
func TestPeriodIDWithoutTheProvidersCommaIsSent(t *testing.T) {
	t.Parallel()
	s := &script{Lines: []line{{Status: 200, Body: success}}}
	r := request()
	r.PeriodID = "5f0d9ea795cfebfb8544ab12,"
	_, err := clientThrough(t, s).CreateSession(t.Context(), token, r)
	require.ErrorContains(t, err, "remove the comma")
	r.PeriodID = "5f0d9ea795cfebfb8544ab12"
	_, err = clientThrough(t, s).CreateSession(t.Context(), token, r)
	require.NoError(t, err)
	require.Len(t, s.Seen(), 1)
}

func TestClientThatNewDidNotMakeFailsWithoutPanic(t *testing.T) {
	t.Parallel()
	for _, client := range []*payway.Client{nil, {}} {
		_, err := client.CreateSession(t.Context(), token, request())
		require.EqualError(t, err, "payway: CreateSession: not sent: the client was not made by payway.New")
	}
	var none context.Context
	_, err := clientThrough(t, &script{}).CreateSession(none, token, request())
	require.EqualError(t, err, "payway: CreateSession: not sent: the context is nil")
}

func TestNewChecksEnvironmentAndOptions(t *testing.T) {
	t.Parallel()
	for want, test := range map[string]struct {
		env  payway.Environment
		opts []klarna.Option
	}{
		"payway: the environment is not a URL; use payway.Stage, payway.Production or another https base URL": {env: ""},
		`payway: the base URL of host "payway.example" must be https; plain http is for loopback only`:        {env: "http://payway.example"},
		"payway: klarna: WithInsecureHTTP: this API is for https and loopback only":                           {payway.Stage, []klarna.Option{klarna.WithInsecureHTTP()}},
		"payway: klarna: WithPreflight: this API has no such check":                                           {payway.Stage, []klarna.Option{klarna.WithPreflight(func(any) error { return nil })}},
		"payway: klarna: WithTimeout: 0s; it must be more than 0":                                             {payway.Stage, []klarna.Option{klarna.WithTimeout(0)}},
		"payway: klarna: option 1 is nil":                                                                     {payway.Stage, []klarna.Option{nil}},
	} {
		client, err := payway.New(test.env, test.opts...)
		require.ErrorContains(t, err, want)
		require.Nil(t, client)
	}
	require.Equal(t, "https://payway-api.stage.adeprimo.se https://backend.worldoftulo.com", string(payway.Stage+" "+payway.Production))
	for _, env := range []payway.Environment{payway.Stage, payway.Production, "http://127.0.0.1:1/gateway"} {
		_, err := payway.New(env)
		require.NoError(t, err)
	}
}

func TestRedirectIsNotFollowed(t *testing.T) {
	t.Parallel()
	elsewhere := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("the redirect was followed") }))
	defer elsewhere.Close()
	for _, status := range []int{301, 302, 303, 307, 308} {
		server := httptest.NewServer(http.RedirectHandler(elsewhere.URL, status))
		defer server.Close()
		client, err := payway.New(payway.Environment(server.URL), klarna.WithHTTPClient(server.Client()), quickRetries)
		require.NoError(t, err)
		_, err = client.CreateSession(t.Context(), token, request())
		require.ErrorIs(t, err, klarna.ErrUnexpectedResponse)
		require.Equal(t, 1, asError(t, err).Attempts)
	}
}

// recorder is an observer and a limiter.
type recorder struct {
	observed []klarna.Observation
	outcomes []klarna.Outcome
	limited  []klarna.Operation
}

func (r *recorder) StartCall(ctx context.Context, o klarna.Observation) (context.Context, func(klarna.Outcome)) {
	r.observed = append(r.observed, o)
	return ctx, func(o klarna.Outcome) { r.outcomes = append(r.outcomes, o) }
}

func (r *recorder) StartAttempt(ctx context.Context, o klarna.Observation) (context.Context, func(klarna.Outcome)) {
	return r.StartCall(ctx, o)
}

func (r *recorder) Wait(ctx context.Context) error {
	r.limited = append(r.limited, klarna.OperationFromContext(ctx))
	return nil
}

func TestObserverAndLimiterAreToldTheOperation(t *testing.T) {
	t.Parallel()
	r := &recorder{}
	s := &script{Lines: []line{{Status: 400, Body: `{"code":"invalid_parameter","field":"code","message":"is unknown"}`}}}
	_, err := clientThrough(t, s, klarna.WithObserver(r), klarna.WithLimiter(r)).CreateSession(t.Context(), token, request())
	require.Error(t, err)
	require.Equal(t, []klarna.Operation{payway.OperationCreateSession}, r.limited)
	require.Len(t, r.observed, 2)
	require.Equal(t, klarna.Observation{
		Operation: "payway.CreateSession", Method: "POST", Route: "/external/api/v1/klarna_payments/create_session",
		ServerAddress: "payway-api.stage.adeprimo.se", ServerPort: 443,
	}, r.observed[0])
	for _, outcome := range r.outcomes {
		e := asError(t, outcome.Err)
		require.Equal(t, "payway: CreateSession: 400 invalid_parameter: code: is unknown", e.Error())
		require.ErrorIs(t, e, payway.ErrInvalidRequest)
		require.Nil(t, e.Header)
		require.Nil(t, e.Body)
	}
}
