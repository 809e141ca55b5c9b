package payway_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/klarna-go/klarna-payments/internal/wiretest"
	"github.com/klarna-go/klarna-payments/klarna"
	"github.com/klarna-go/klarna-payments/payway"
)

func TestErrorBodyOfEachShape(t *testing.T) {
	t.Parallel()
	html := http.Header{"Content-Type": {"text/html; charset=utf-8"}}
	for name, test := range map[string]struct {
		line    line
		text    string
		code    string
		fields  []string
		message string
		is      error
	}{
		"flat": {line{Status: 400, Body: `{"code":"invalid_parameter","field":"period_id","message":"must match format"}`},
			"400 invalid_parameter: period_id: must match format", payway.ErrorCodeInvalidParameter, []string{"period_id"}, "must match format", payway.ErrInvalidRequest},
		"list of fields": {line{Status: 409, Body: `{"code":"invalid_parameter","field":["a","b","c"],"message":"do not go together"}`},
			"409 invalid_parameter: a, b, c: do not go together", "invalid_parameter", []string{"a", "b", "c"}, "do not go together", payway.ErrConflict},
		"message alone": {line{Status: 404, Body: `{"message":"was not found"}`}, "404 Not Found: was not found", "", nil, "was not found", payway.ErrNotFound},
		"status":        {line{Status: 403, Body: `{"status":"error","message":"Forbidden"}`}, "403 Forbidden: Forbidden", "", nil, "Forbidden", payway.ErrForbidden},
		"OAuth": {line{Status: 401, Body: `{"error":"invalid_token","error_description":"The token has expired"}`},
			"401 invalid_token: The token has expired", "invalid_token", nil, "The token has expired", payway.ErrUnauthorized},
		"one odd member": {line{Status: 422, Body: `{"code":7,"field":{"a":1},"message":"no"}`}, "422 Unprocessable Entity: no", "", nil, "no", payway.ErrInvalidRequest},
		"odd list":       {line{Status: 400, Body: `{"code":null,"field":[1,"b",null,""],"message":["x","y"]}`}, "400 Bad Request: b: x; y", "", []string{"b"}, "x; y", payway.ErrInvalidRequest},
		"HTML":           {line{Status: 502, Header: html, Body: "<p>no"}, "502 Bad Gateway: response is not an error object (5 bytes, text/html)", "", nil, "", payway.ErrServer},
		"nothing":        {line{Status: 401}, "401 Unauthorized: no response body", "", nil, "", payway.ErrUnauthorized},
		"a list":         {line{Status: 400, Body: `[{"code":"x"}]`}, "400 Bad Request: response is not an error object (14 bytes, application/json)", "", nil, "", payway.ErrInvalidRequest},
		"time-out":       {line{Status: 408}, "408 Request Timeout: no response body", "", nil, "", klarna.ErrUnexpectedResponse},
		"rate limit":     {line{Status: 429, Header: http.Header{"Retry-After": {"2"}}}, "429 Too Many Requests: no response body", "", nil, "", payway.ErrRateLimited},
		"200 HTML":       {line{Status: 200, Header: html, Body: "<p>log in"}, "200 OK: response is not JSON (9 bytes, text/html)", "", nil, "", klarna.ErrUnexpectedResponse},
		"200 nothing":    {line{Status: 200}, "200 OK: no response body", "", nil, "", klarna.ErrUnexpectedResponse},
		"no envelope":    {line{Status: 200, Body: `{"klarna_client_token":"t","klarna_payments_session_id":"s"}`}, "200 OK: response has no item.klarna_client_token", "", nil, "", klarna.ErrUnexpectedResponse},
		"no id":          {line{Status: 200, Body: `{"item":{"klarna_client_token":"t"}}`}, "200 OK: response has no item.klarna_payments_session_id", "", nil, "", klarna.ErrUnexpectedResponse},
		"a wrong type":   {line{Status: 200, Body: `{"item":{"klarna_client_token":1}}`}, "200 OK: the response's member item.klarna_client_token has the wrong type or form", "", nil, "", klarna.ErrUnexpectedResponse},
		"half a body":    {line{Status: 200, Body: `{"item":{`, Broken: errHalf}, "200 OK: the response broke off: connection reset by peer", "", nil, "", errHalf},
		"too large":      {line{Status: 500, Header: http.Header{"Content-Type": {"application/json"}}, Body: strings.Repeat("x", 70<<10)}, "500 Internal Server Error: response is not an error object (more than 65536 bytes, application/json)", "", nil, "", klarna.ErrResponseTooLarge},
		"no response":    {line{Err: wiretest.ErrReset}, "read tcp: connection reset by peer", "", nil, "", klarna.ErrNoResponse},
		"no connection":  {line{Err: wiretest.ErrDial, Unread: true}, "dial tcp: connection refused", "", nil, "", klarna.ErrNotSent},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := &script{Lines: []line{test.line}}
			_, err := clientThrough(t, s, klarna.WithRetry(klarna.NoRetry())).CreateSession(t.Context(), token, request())
			e := asError(t, err)
			require.EqualError(t, err, "payway: CreateSession: "+test.text)
			require.Equal(t, payway.Error{StatusCode: test.line.Status, Code: test.code, Fields: test.fields, Message: test.message, Attempts: 1},
				payway.Error{StatusCode: e.StatusCode, Code: e.Code, Fields: e.Fields, Message: e.Message, Attempts: e.Attempts})
			require.ErrorIs(t, err, test.is)
			require.LessOrEqual(t, len(e.Body), 64<<10)
			if test.line.Status != 0 && len(test.line.Body) < 100 {
				require.Equal(t, test.line.Body, string(e.Body))
				require.NotNil(t, e.Header)
			}
			if test.line.Status == 429 {
				require.Equal(t, 2*time.Second, e.RetryAfter)
			}
		})
	}
}

func TestErrorThatATestMakesUpMatchesItsStatus(t *testing.T) {
	t.Parallel()
	require.ErrorIs(t, &payway.Error{StatusCode: 401}, payway.ErrUnauthorized)
	require.ErrorIs(t, &payway.Error{StatusCode: 503}, payway.ErrServer)
	require.EqualError(t, &payway.Error{StatusCode: 400, Code: "c", Fields: []string{"f"}, Message: "m"}, "payway: CreateSession: 400 c: f: m")
	require.Empty(t, (&payway.Error{}).Unwrap())
}

func TestWhatIsRetried(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		first    line
		attempts int
	}{
		"not sent":         {line{Err: wiretest.ErrDial, Unread: true}, 2},
		"429":              {line{Status: 429}, 2},
		"500":              {line{Status: 500}, 2},
		"503":              {line{Status: 503, Header: http.Header{"Content-Type": {"text/html"}}, Body: "<p>down"}, 2},
		"lost response":    {line{Err: wiretest.ErrReset}, 2},
		"half a response":  {line{Status: 200, Body: `{"item":{`, Broken: io.ErrUnexpectedEOF}, 2},
		"unusable success": {line{Status: 200, Body: `{}`}, 2},
		"408":              {line{Status: 408}, 2},
		"400":              {line{Status: 400}, 1},
		"401":              {line{Status: 401}, 1},
		"403":              {line{Status: 403}, 1},
		"404":              {line{Status: 404}, 1},
		"409":              {line{Status: 409}, 1},
		"302":              {line{Status: 302}, 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := &script{Lines: []line{test.first, {Status: 200, Body: success}}}
			var response klarna.Response
			session, err := clientThrough(t, s).CreateSession(t.Context(), token, request(), klarna.WithResponse(&response))
			require.Len(t, s.Seen(), test.attempts)
			require.Equal(t, test.attempts, response.Attempts)
			require.Equal(t, test.attempts == 2, err == nil)
			if err == nil {
				require.Equal(t, sessionID, session.SessionID)
				require.Equal(t, s.Sent()[1], `{"code":"nordlys_web","confirmation_url":"https://paper.example/thanks","disable_account_info_overwrite":true,"period_id":"64b7f0a2c9d1e83a5f00b21c","period_type":"recurring","start_date":"2026-12-01"}`)
			}

			s = &script{Lines: []line{test.first}}
			_, err = clientThrough(t, s).CreateSession(t.Context(), token, request(), klarna.WithMaxAttempts(1))
			require.Error(t, err)
			require.Len(t, s.Seen(), 1)
		})
	}
}

const canary = "CANARY-0123456789"

// echo responds with the token in every place of a response.
type echo struct{ status int }

func (e echo) RoundTrip(r *http.Request) (*http.Response, error) {
	_, _ = io.Copy(io.Discard, r.Body)
	said := r.Header.Get("Authorization")
	if e.status == 0 {
		return nil, fmt.Errorf("no way to %s with %s or %q", r.URL, said, strings.ToLower(said))
	}
	body, err := json.Marshal(map[string]any{"code": said, "field": []string{said, canary}, "message": said, "error": said, "error_description": said})
	return &http.Response{StatusCode: e.status, Header: http.Header{"Content-Type": {said}, "X-Echo": {said}}, Body: io.NopCloser(strings.NewReader(string(body)))}, err
}

type slow struct{}

func (slow) RoundTrip(r *http.Request) (*http.Response, error) {
	<-r.Context().Done()
	return nil, fmt.Errorf("gave up with %s: %w", r.Header.Get("Authorization"), r.Context().Err())
}

func TestNoTokenComesOut(t *testing.T) {
	t.Parallel()
	for name, transport := range map[string]http.RoundTripper{
		"echo of 200": echo{200}, "echo of 302": echo{302}, "echo of 400": echo{400}, "echo of 401": echo{401}, "echo of 429": echo{429},
		"echo of 500": echo{500}, "echo of an error": echo{}, "slow": slow{},
		"HTML":    &script{Lines: []line{{Status: 200, Body: "<p>" + canary}}},
		"half":    &script{Lines: []line{{Status: 200, Body: `{"item":{"klarna_client_token":"` + canary, Broken: io.ErrUnexpectedEOF}}},
		"no id":   &script{Lines: []line{{Status: 200, Body: `{"item":{"klarna_client_token":"` + canary + `"}}`}}},
		"no host": &http.Transport{},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var out strings.Builder
			r := &recorder{}
			client := clientThrough(t, transport, klarna.WithObserver(r), klarna.WithTimeout(20*time.Millisecond),
				klarna.WithLogger(slog.New(slog.NewTextHandler(&out, &slog.HandlerOptions{Level: slog.LevelDebug}))))
			if name == "no host" {
				var err error
				client, err = payway.New("https://127.0.0.1:1", quickRetries, klarna.WithObserver(r))
				require.NoError(t, err)
			}
			var response klarna.Response
			_, err := client.CreateSession(t.Context(), canary, request(), klarna.WithResponse(&response))
			e := asError(t, err)
			printEveryWay(&out, client, *client, payway.Token(canary), struct{ T payway.Token }{canary}, []payway.Token{canary}, err, *e, e.Code, e.Fields, e.Message, response)
			for _, cause := range e.Unwrap() {
				printEveryWay(&out, cause)
			}
			for i, observed := range r.observed {
				printEveryWay(&out, observed, r.outcomes[i], r.outcomes[i].Err)
			}
			require.NotEmpty(t, r.observed)
			printed := out.String()
			for _, secret := range []string{canary, strings.ToLower(canary), fmt.Sprintf("%x", canary), fmt.Sprintf("%X", canary)} {
				if at := strings.Index(printed, secret); at >= 0 {
					require.Failf(t, "a token came out", "…%s…", printed[max(0, at-200):min(len(printed), at+100)])
				}
			}
		})
	}
}

func printEveryWay(out io.Writer, values ...any) {
	for _, value := range values {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%T"} {
			fmt.Fprintf(out, verb+"\n", value)
		}
		slog.New(slog.NewTextHandler(out, nil)).Info("text", "value", value)
		slog.New(slog.NewJSONHandler(out, nil)).Info("json", "value", value)
		if text, ok := value.(fmt.Stringer); ok {
			_, _ = io.WriteString(out, text.String())
		}
		if asJSON, err := json.Marshal(value); err == nil {
			_, _ = out.Write(asJSON)
		}
		func() {
			defer func() { fmt.Fprintln(out, recover()) }()
			panic(value)
		}()
	}
}

// A panic that nobody recovers prints what Error returns.
func TestErrorIsOneBoundedLine(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("é\n", 100_000)[:60<<10]
	body, err := json.Marshal(map[string]any{"code": long, "field": []string{long, "reader@paper.example"}, "message": long})
	require.NoError(t, err)
	s := &script{Lines: []line{{Status: 400, Body: string(body[:60<<10])}, {Status: 400, Body: `{"message":"x reader@paper.example"}`}}}
	_, err = clientThrough(t, s).CreateSession(t.Context(), token, request())
	require.Less(t, len(err.Error()), 2000)
	require.NotContains(t, err.Error(), "\n")
	_, err = clientThrough(t, s).CreateSession(t.Context(), token, request())
	require.EqualError(t, err, "payway: CreateSession: 400 Bad Request: x {e-mail}")
}

func TestEndOfTheContextIsFound(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	_, err := clientThrough(t, slow{}).CreateSession(ctx, token, request())
	require.ErrorIs(t, err, context.DeadlineExceeded)
	_, err = clientThrough(t, slow{}).CreateSession(ctx, token, request())
	require.ErrorIs(t, err, context.DeadlineExceeded)
	require.ErrorIs(t, err, klarna.ErrNotSent)
}
