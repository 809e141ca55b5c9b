package paywaytest_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/klarna-go/klarna-payments/internal/contract"
	"github.com/klarna-go/klarna-payments/klarna"
	"github.com/klarna-go/klarna-payments/klarna/klarnatest"
	"github.com/klarna-go/klarna-payments/payway"
	"github.com/klarna-go/klarna-payments/payway/paywaytest"
)

func request() payway.SessionRequest {
	return payway.SessionRequest{Code: "nordlys_web", PeriodType: payway.PeriodTypeRecurring, ConfirmationURL: "https://paper.example/thanks"}
}

var quickRetries = klarna.WithRetry(klarna.RetryPolicy{BaseDelay: time.Microsecond, MaxDelay: time.Millisecond})

// checkedClient checks every exchange against the contract.
func checkedClient(t *testing.T, server *paywaytest.Server) *payway.Client {
	t.Helper()
	document, err := contract.LoadNamed("payway")
	require.NoError(t, err)
	transport := &http.Transport{}
	t.Cleanup(transport.CloseIdleConnections)
	return server.Client(quickRetries, klarna.WithHTTPClient(&http.Client{
		Transport: &contract.RoundTripper{Base: transport, Contract: document, T: t, Strict: true},
	}))
}

func newServer(t *testing.T, opts ...paywaytest.Option) *paywaytest.Server {
	t.Helper()
	server := paywaytest.NewServer(opts...)
	t.Cleanup(server.Close)
	return server
}

func TestReaderGetsAnAuthorizationToken(t *testing.T) {
	t.Parallel()
	server := newServer(t)
	session, err := checkedClient(t, server).CreateSession(t.Context(), server.Token, request())
	require.NoError(t, err)
	require.Regexp(t, "^[0-9a-f]{24}$", session.SessionID)
	require.NotEmpty(t, session.PaymentMethodCategories)
	require.NotEmpty(t, session.PaymentMethodCategories[0].Name)
	token, err := server.Authorize(session.SessionID)
	require.NoError(t, err)
	require.NotEmpty(t, token)

	requests := server.Requests()
	require.Len(t, requests, 1)
	require.Equal(t, "reader", requests[0].Identity)
	require.Equal(t, 200, requests[0].StatusCode)
	require.Equal(t, session.SessionID, requests[0].SessionID)
	require.JSONEq(t, `{"code":"nordlys_web","period_type":"recurring","confirmation_url":"https://paper.example/thanks"}`, string(requests[0].Body))

	_, err = server.Authorize("65a1c3d4e5f60718293a4b5c")
	require.ErrorContains(t, err, "there is no such session")
	_, err = server.Authorize("")
	require.Error(t, err)
}

// The script in the browser sends the client token to the Klarna that the token names.
func TestClientTokenWorksWithTheBrowserScriptOfAGivenKlarna(t *testing.T) {
	t.Parallel()
	of := klarnatest.NewServer()
	defer of.Close()
	server := newServer(t, paywaytest.WithKlarna(of))
	require.Same(t, of, server.Klarna)
	session, err := checkedClient(t, server).CreateSession(t.Context(), server.Token, request())
	require.NoError(t, err)
	claims, err := base64.RawURLEncoding.DecodeString(strings.Split(session.ClientToken, ".")[1])
	require.NoError(t, err)
	var told struct {
		BaseURL string `json:"base_url"`
	}
	require.NoError(t, json.Unmarshal(claims, &told))
	require.Equal(t, of.URL, told.BaseURL)

	body, err := json.Marshal(map[string]string{"client_token": session.ClientToken})
	require.NoError(t, err)
	resp, err := http.Post(told.BaseURL+"/kp/sandbox/authorize", "application/json", bytes.NewReader(body)) // as klarnatest's script does
	require.NoError(t, err)
	defer resp.Body.Close()
	var result struct {
		Approved           bool   `json:"approved"`
		AuthorizationToken string `json:"authorization_token"`
	}
	require.NoError(t, json.NewDecoder(resp.Body).Decode(&result))
	require.True(t, result.Approved)
	require.NotEmpty(t, result.AuthorizationToken)

	server.Close()
	_, err = of.Client().CreateSession(t.Context(), klarna.SessionCreate{})
	require.ErrorIs(t, err, klarna.ErrInvalidRequest, "a given Klarna stays open")
}

func TestTokenNeedsScopeAndIdentity(t *testing.T) {
	t.Parallel()
	server := newServer(t)
	client := checkedClient(t, server)
	revoked := server.NewToken("reader", payway.Scope)
	server.Revoke(revoked)
	for name, test := range map[string]struct {
		token payway.Token
		want  error
		text  string
	}{
		"unknown":            {"unknown", payway.ErrUnauthorized, "401 Unauthorized: The token is missing, unknown or expired"},
		"revoked":            {revoked, payway.ErrUnauthorized, "401 Unauthorized"},
		"without a scope":    {server.NewToken("reader"), payway.ErrForbidden, "403 Forbidden: The token lacks the scope /external/klarna_payments/w"},
		"with another scope": {server.NewToken("reader", "/external/klarna_payments/r"), payway.ErrForbidden, "lacks the scope"},
		"without identity":   {server.NewToken("", payway.Scope), payway.ErrForbidden, "403 Forbidden: The token has no identity"},
	} {
		_, err := client.CreateSession(t.Context(), test.token, request())
		require.ErrorIs(t, err, test.want, name)
		require.ErrorContains(t, err, test.text, name)
	}
	_, err := client.CreateSession(t.Context(), server.NewToken("another", "/external/me/r", payway.Scope), request())
	require.NoError(t, err)
	requests := server.Requests()
	require.Equal(t, "another", requests[len(requests)-1].Identity)
}

func TestBodyIsChecked(t *testing.T) {
	t.Parallel()
	server := newServer(t)
	const path = "/external/api/v1/klarna_payments/create_session"
	for name, test := range map[string]struct {
		method, path, contentType, body string
		status                          int
		want                            string
	}{
		"another path":              {"POST", "/external/api/v1/klarna_payments/place_order", "application/json", "{}", 404, `{"code":"not_found","message":"There is no such endpoint"}`},
		"another method":            {"PUT", path, "application/json", "{}", 404, `{"code":"not_found","message":"There is no such endpoint"}`},
		"another type":              {"POST", path, "text/plain", "{}", 400, `{"code":"invalid_content_type_error","message":"Content-Type must be application/json"}`},
		"no JSON":                   {"POST", path, "application/json", "{", 400, `{"code":"json_parser_error","message":"The body is not a JSON object"}`},
		"too long":                  {"POST", path, "application/json", `{"code":"` + strings.Repeat("x", 1<<20) + `"}`, 400, `{"code":"json_parser_error","message":"The body is not a JSON object"}`},
		"no code":                   {"POST", path, "application/json", `{"period_type":"recurring","confirmation_url":"https://a.example"}`, 400, `{"code":"invalid_parameter","field":"code","message":"property \"code\" is missing"}`},
		"a null":                    {"POST", path, "application/json", `{"code":"c","period_type":"recurring","confirmation_url":"https://a.example","start_date":null}`, 400, `{"code":"invalid_parameter","field":"start_date","message":"Value is not nullable"}`},
		"an unknown member":         {"POST", path, "application/json", `{"code":"c","period_type":"recurring","confirmation_url":"https://a.example","price":1}`, 400, `{"code":"unknown_parameter","field":"price","message":"is not recognized"}`},
		"a comma":                   {"POST", path, "application/json", `{"code":"c","period_type":"recurring","confirmation_url":"https://a.example","period_id":"5f0d9ea795cfebfb8544ab12,"}`, 400, `{"code":"invalid_parameter","field":"period_id","message":"string doesn't match the regular expression \"^[0-9a-fA-F]{24}$\""}`},
		"a relative URL":            {"POST", path, "application/json", `{"code":"c","period_type":"recurring","confirmation_url":"/thanks"}`, 400, `{"code":"invalid_parameter","field":"confirmation_url","message":"must be an absolute URL"}`},
		"a day that does not exist": {"POST", path, "application/json", `{"code":"c","period_type":"recurring","confirmation_url":"https://a.example","start_date":"2026-02-30"}`, 400, `{"code":"invalid_parameter","field":"start_date","message":"must be a day such as 2026-12-01"}`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			req, err := http.NewRequestWithContext(t.Context(), test.method, server.URL+test.path, strings.NewReader(test.body))
			require.NoError(t, err)
			req.Header.Set("Authorization", "Bearer "+string(server.Token))
			req.Header.Set("Content-Type", test.contentType)
			resp, err := http.DefaultClient.Do(req)
			require.NoError(t, err)
			defer resp.Body.Close()
			body, err := io.ReadAll(resp.Body)
			require.NoError(t, err)
			require.Equal(t, test.status, resp.StatusCode)
			require.JSONEq(t, test.want, string(body))
		})
	}
}

func TestFaultsComeInTheirOrder(t *testing.T) {
	t.Parallel()
	server := newServer(t)
	client := server.Client(klarna.WithRetry(klarna.NoRetry()))
	server.Fail(paywaytest.Status(409, payway.ErrorCodeInvalidParameter, "exclude each other", "code", "period_id"), paywaytest.Reset())
	server.Fail(paywaytest.Status(400, "", "no", "code"), func(w http.ResponseWriter, r *http.Request, serve http.HandlerFunc) {
		w.Header().Set("X-Late", "1")
		serve(w, r)
	})
	_, err := client.CreateSession(t.Context(), server.Token, request())
	require.ErrorIs(t, err, payway.ErrConflict)
	require.EqualError(t, err, "payway: CreateSession: 409 invalid_parameter: code, period_id: exclude each other")
	_, err = client.CreateSession(t.Context(), server.Token, request())
	require.ErrorIs(t, err, klarna.ErrNoResponse)
	_, err = client.CreateSession(t.Context(), server.Token, request())
	require.EqualError(t, err, "payway: CreateSession: 400 Bad Request: code: no")
	var response klarna.Response
	_, err = client.CreateSession(t.Context(), server.Token, request(), klarna.WithResponse(&response))
	require.NoError(t, err)
	require.Equal(t, "1", response.Header.Get("X-Late"))

	requests := server.Requests()
	var statuses []int
	for _, r := range requests {
		statuses = append(statuses, r.StatusCode)
	}
	require.Equal(t, []int{409, 0, 400, 200}, statuses)
	_, err = server.Authorize(requests[1].SessionID)
	require.NoError(t, err, "the session whose response was lost exists")
}

func TestFaultIsRetriedAway(t *testing.T) {
	t.Parallel()
	server := newServer(t)
	server.Fail(paywaytest.Reset(), paywaytest.Status(503, "", "down"))
	session, err := checkedClient(t, server).CreateSession(t.Context(), server.Token, request())
	require.NoError(t, err)
	require.Equal(t, session.SessionID, server.Requests()[2].SessionID)
}

func TestKlarnaThatFailsIsABadGateway(t *testing.T) {
	t.Parallel()
	server := newServer(t)
	server.Klarna.Fail(klarna.OperationCreateSession, klarnatest.Status(400, "BAD_VALUE", "no"))
	_, err := server.Client(klarna.WithRetry(klarna.NoRetry())).CreateSession(t.Context(), server.Token, request())
	require.ErrorIs(t, err, payway.ErrServer)
	require.Equal(t, 502, server.Requests()[0].StatusCode)
}

func TestKlarnaMayBeBehindAProxy(t *testing.T) {
	t.Parallel()
	of := klarnatest.NewServer(klarnatest.WithURL("http://klarna.test"))
	defer of.Close()
	server := newServer(t, paywaytest.WithKlarna(of))
	_, err := checkedClient(t, server).CreateSession(t.Context(), server.Token, request())
	require.NoError(t, err)
}

func TestServerListensAndLogsAsToldWithoutTokens(t *testing.T) {
	t.Parallel()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	var out strings.Builder
	server := paywaytest.NewServer(paywaytest.WithListener(listener), paywaytest.WithLogger(slog.New(slog.NewTextHandler(&out, nil))))
	require.Equal(t, "http://"+listener.Addr().String(), server.URL)
	session, err := server.Client().CreateSession(t.Context(), server.Token, request())
	require.NoError(t, err)
	server.Close()
	require.Regexp(t, `msg=payway.CreateSession status=200 duration=\S+\n$`, out.String())
	for _, secret := range []string{string(server.Token), session.ClientToken, session.SessionID, "nordlys"} {
		require.NotContains(t, out.String(), secret)
	}
	require.Panics(t, func() { server.Client(klarna.WithTimeout(-1)) })
	_, err = http.Get(server.Klarna.URL)
	require.Error(t, err, "Close closes the Klarna of its own")
	_, err = server.Client(klarna.WithRetry(klarna.NoRetry())).CreateSession(t.Context(), server.Token, request())
	require.True(t, errors.Is(err, klarna.ErrNotSent), "%v", err)
}
