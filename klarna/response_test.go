package klarna_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/klarna-go/klarna-payments/klarna"
	"github.com/stretchr/testify/require"
)

// The kinds that errors.Is can tell apart.
var kinds = []error{
	klarna.ErrInvalidRequest, klarna.ErrUnauthorized, klarna.ErrForbidden, klarna.ErrNotFound, klarna.ErrConflict,
	klarna.ErrRateLimited, klarna.ErrServer, klarna.ErrUnexpectedResponse, klarna.ErrResponseTooLarge, klarna.ErrInvalidID,
}

// requireKinds fails unless errors.Is finds exactly these.
func requireKinds(t *testing.T, err error, want ...error) {
	t.Helper()
	var found []error
	for _, kind := range kinds {
		if errors.Is(err, kind) {
			found = append(found, kind)
		}
	}
	require.ElementsMatch(t, want, found, "%v", err)
}

const html = "text/html; charset=utf-8"

func TestUnusableResponseIsAnErrorWithStatusAndCorrelationID(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		status            int
		contentType, body string
		kinds             []error
		wantErr           string
	}{
		"200 HTML":                {200, html, "<html>Please log in</html>", []error{klarna.ErrUnexpectedResponse}, "200 OK: response is not JSON (26 bytes, text/html)"},
		"200 null":                {200, "application/json", "null", []error{klarna.ErrUnexpectedResponse}, "200 OK: response has no "},
		"200 {}":                  {200, "application/json", "{}", []error{klarna.ErrUnexpectedResponse}, "200 OK: response has no "},
		"200 list":                {200, "application/json", "[]", []error{klarna.ErrUnexpectedResponse}, "200 OK: response "},
		"200 string":              {200, "application/json", `"yes"`, []error{klarna.ErrUnexpectedResponse}, "200 OK: response "},
		"200 nothing":             {200, "application/json", "", []error{klarna.ErrUnexpectedResponse}, "200 OK: no response body"},
		"204 nothing":             {204, "", "", []error{klarna.ErrUnexpectedResponse}, "204 No Content: no response body"},
		"200 truncated":           {200, "application/json", `{"session_id":"s","client_token":"a.b.c","order_id":"o","token_id":"t","status":"comp`, []error{klarna.ErrUnexpectedResponse}, "200 OK: response is not JSON (85 bytes, application/json)"},
		"200 over 8 MiB":          {200, "application/json", `{"x":"` + strings.Repeat("x", 8<<20) + `"}`, []error{klarna.ErrResponseTooLarge}, "200 OK: response is longer than 8 MiB"},
		"302":                     {302, html, "", []error{klarna.ErrUnexpectedResponse}, "302 Found: no response body"},
		"304":                     {304, "", "", []error{klarna.ErrUnexpectedResponse}, "304 Not Modified"},
		"401 HTML":                {401, html, "<html>401 Authorization Required</html>", []error{klarna.ErrUnauthorized}, "401 Unauthorized: response is not an error object (39 bytes, text/html)"},
		"401 empty list":          {401, "application/json", `{"error_code":"UNAUTHORIZED","error_messages":[]}`, []error{klarna.ErrUnauthorized}, "401 UNAUTHORIZED"},
		"408":                     {408, "", "", []error{klarna.ErrUnexpectedResponse}, "408 Request Timeout: no response body"},
		"413":                     {413, "", "", []error{klarna.ErrInvalidRequest}, "413 Request Entity Too Large: no response body"},
		"429":                     {429, "", "", []error{klarna.ErrRateLimited}, "429 Too Many Requests: no response body"},
		"500 nothing":             {500, "", "", []error{klarna.ErrServer}, "500 Internal Server Error: no response body"},
		"502 HTML":                {502, html, longHTML(20_000), []error{klarna.ErrServer}, "502 Bad Gateway: response is not an error object (20000 bytes, text/html)"},
		"503 over 64 KiB":         {503, html, longHTML(70_000), []error{klarna.ErrServer, klarna.ErrResponseTooLarge}, "503 Service Unavailable: response is not an error object (more than 65536 bytes, text/html)"},
		"599":                     {599, "", "", []error{klarna.ErrServer}, "599: no response body"},
		"error_message, singular": {400, "application/json", `{"error_code":"BAD_REQUEST","error_message":"No"}`, []error{klarna.ErrInvalidRequest}, "400 BAD_REQUEST: No"},
		"error_messages, string":  {400, "application/json", `{"error_code":"BAD_VALUE","error_messages":"Bad value: locale"}`, []error{klarna.ErrInvalidRequest}, "400 BAD_VALUE: Bad value: locale"},
		"error_messages, mixed":   {403, "application/json", `{"error_code":"REJECTED","error_messages":[1,"Rejected",null,{}]}`, []error{klarna.ErrForbidden}, "403 REJECTED: Rejected"},
		"error_code, number":      {400, "application/json", `{"error_code":17,"error_messages":["No"]}`, []error{klarna.ErrInvalidRequest}, "400 Bad Request: No"},
		"error JSON, other shape": {404, "application/json", `["not","found"]`, []error{klarna.ErrNotFound}, "404 Not Found: response is not an error object (15 bytes, application/json)"},
		"error JSON, as HTML":     {409, html, `{"error_code":"BAD_VALUE","error_messages":["a","b"]}`, []error{klarna.ErrConflict}, "409 BAD_VALUE: a; b"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := newServer(t, respond(test.status, test.contentType, test.body))
			client := server.hostileClient(t)
			for _, op := range operations() {
				if op.status != 204 || test.status >= 300 {
					err := op.call(t, client)
					requireKinds(t, err, test.kinds...)
					requireError(t, err, op.name, test.status, test.wantErr)
				}
			}
			_, err := client.Raw().CreateOrderWithResponse(t.Context(), authorizationToken, orderRequest())
			requireKinds(t, err, test.kinds...)
			requireError(t, err, klarna.OperationCreateOrder, test.status, test.wantErr)
		})
	}
}

func requireError(t *testing.T, err error, op klarna.Operation, status int, wantErr string) {
	t.Helper()
	require.ErrorContains(t, err, "klarna: "+string(op)+": "+wantErr)
	require.ErrorContains(t, err, "(correlation id "+correlationID+")")
	var e *klarna.Error
	require.ErrorAs(t, err, &e)
	require.Equal(t, op, e.Operation)
	require.Equal(t, status, e.StatusCode)
	require.Equal(t, correlationID, e.CorrelationID)
	require.Equal(t, correlationID, e.Header.Get("Klarna-Correlation-Id"))
	require.Equal(t, 1, e.Attempts)
	require.Equal(t, []string{correlationID}, e.CorrelationIDs)
	doubtful := op == klarna.OperationCreateOrder || op == klarna.OperationCreateCustomerToken
	require.Equal(t, doubtful && (status < 400 || status == 408 || status >= 500), errors.Is(err, klarna.ErrOutcomeUnknown))
	require.NotErrorIs(t, err, klarna.ErrOrderAlreadyPlaced)
	require.LessOrEqual(t, len(e.Body), 64<<10)
}

func TestUpdateAndCancelTakeNothingOrAnObject(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		status            int
		contentType, body string
		wantErr           string // "" when it is a success
	}{
		"204":           {204, "", "", ""},
		"204, as JSON":  {204, "application/json", "", ""},
		"200":           {200, "", "", ""},
		"200 {}":        {200, "application/json", " {}\n", ""},
		"202":           {202, "application/json", "", ""},
		"200 an error":  {200, "application/json", `{"error_code":"BAD_VALUE","error_messages":["Bad value: locale"]}`, "but there is an error object"},
		"200 HTML":      {200, html, "<html>Please log in</html>", "has no body, but there is one (26 bytes)"},
		"200 null":      {200, "application/json", "null", "a success of this operation has no body"},
		"200 truncated": {200, "application/json", `{"a":`, "a success of this operation has no body"},
		"200 too large": {200, "application/json", strings.Repeat(" ", 8<<20+1), "response is longer than 8 MiB"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			client := newServer(t, respond(test.status, test.contentType, test.body)).hostileClient(t)
			for _, err := range []error{
				client.UpdateSession(t.Context(), sessionID, klarna.SessionUpdate{}),
				client.CancelAuthorization(t.Context(), authorizationToken),
			} {
				if test.wantErr == "" {
					require.NoError(t, err)
				} else {
					require.ErrorContains(t, err, test.wantErr)
				}
			}
		})
	}
}

// A 204 must have no body, but a server that writes one anyway must not trouble this call or the next.
func TestBodyAfter204IsNobodysTrouble(t *testing.T) {
	t.Parallel()
	raw := newRawServer(t, "HTTP/1.1 204 No Content\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}")
	client, err := klarna.New(klarna.Environment(raw), klarna.APIKey(apiKey))
	require.NoError(t, err)
	for range 3 {
		require.NoError(t, client.CancelAuthorization(t.Context(), authorizationToken))
		require.NoError(t, client.UpdateSession(t.Context(), sessionID, klarna.SessionUpdate{}))
	}
}
