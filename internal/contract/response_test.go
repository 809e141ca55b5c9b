package contract

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestGoodResponsesPass(t *testing.T) {
	t.Parallel()
	const rejection = `{"error_code":"BAD_VALUE","error_messages":["Bad value: order_lines"],"correlation_id":"c"}`
	for _, test := range []struct {
		name, method, path string
		status             int
		body               string
	}{
		{"a new session", "POST", sessionsPath, 200, goodMerchantSession},
		{"a session with its read-only fields", "GET", sessionPath, 200,
			`{"status":"complete","client_token":"the-client-token","expires_at":"2026-11-23T10:15:30.123Z"}`},
		{"an update", "POST", sessionPath, 204, ""},
		{"a cancelled authorization", "DELETE", tokenPath, 204, ""},
		{"an order", "POST", orderPath, 200, `{"order_id":"the-order-id","fraud_status":"NEWER"}`},
		{"a rejection", "POST", sessionsPath, 400, rejection},
		{"too many requests", "GET", sessionPath, 429, rejection},
		{"a failure with a status of its own", "POST", orderPath, 503, rejection},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			req := newRequest(test.method, test.path)
			require.NoError(t, contractForTest(t).Response(req, test.status, jsonHeader(), []byte(test.body)))
			require.NoError(t, contractForTest(t).StrictResponse(req, test.status, jsonHeader(), []byte(test.body)))
		})
	}
}

func TestWrongResponsesAreRejected(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name, method, path string
		status             int
		body               string
		want               string
	}{
		{"a status that is not declared", "POST", sessionsPath, 418, `{}`, "the status is not declared"},
		{"a success that is not declared", "POST", sessionsPath, 201, goodMerchantSession, "the status is not declared"},
		{"a redirect, which the validator lets pass", "POST", orderPath, 307, ``, "the status is not declared"},
		{"another redirect", "GET", sessionPath, 301, ``, "the status is not declared"},
		{"not modified", "GET", sessionPath, 304, ``, "the status is not declared"},
		{"a status of another operation", "GET", sessionPath, 409, `{}`, "the status is not declared"},
		{"no status at all", "GET", sessionPath, 0, ``, "the status is not declared"},
		{"no body where one is declared", "POST", sessionsPath, 200, ``, "the body is missing"},
		{"a rejection without a body", "POST", sessionsPath, 400, ``, "the body is missing"},
		{"a body where none is declared", "POST", sessionPath, 204, `{}`, "there is a body where none is declared"},
		{"a body on a cancelled authorization", "DELETE", tokenPath, 204, ` `, "there is a body where none is declared"},
		{"an order without its id", "POST", orderPath, 200, `{"fraud_status":"ACCEPTED"}`,
			`order_id: property "order_id" is missing`},
		{"an empty object for a session", "POST", sessionsPath, 200, `{}`, `session_id: property "session_id" is missing`},
		{"null for a session", "POST", sessionsPath, 200, `null`, "Value is not nullable"},
		{"a wrong type", "POST", sessionsPath, 200, `{"session_id":7,"client_token":"the-client-token"}`,
			"session_id: value must be a string"},
		{"a wrong type in a shared schema", "POST", orderPath, 200,
			`{"order_id":"o","authorized_payment_method":"private"}`, "authorized_payment_method: value must be an object"},
		{"an invalid date", "GET", sessionPath, 200, `{"expires_at":"private"}`,
			`expires_at: string doesn't match the format "date-time" (string doesn't match pattern "` +
				`^[0-9]{4}-(0[1-9]|10|11|12)-(0[1-9]|[12][0-9]|3[01])T([0-1][0-9]|2[0-3]):[0-5][0-9]:([0-5][0-9]|60)(\.[0-9]+)?(Z|(\+|-)[0-9]{2}:[0-9]{2})$")`},
		{"not JSON", "POST", sessionsPath, 200, `private`, "the body is not JSON"},
		{"garbage behind the JSON", "POST", sessionsPath, 200, goodMerchantSession + `private`,
			notOneValue(len(goodMerchantSession) + 1)},
		{"a response to a path that the document does not have", "GET", "/private", 200, `{}`, "the document has no such path"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			req := newRequest(test.method, test.path)
			requireViolation(t, contractForTest(t).Response(req, test.status, jsonHeader(), []byte(test.body)), test.want)
			requireViolation(t, contractForTest(t).StrictResponse(req, test.status, jsonHeader(), []byte(test.body)), test.want)
		})
	}
}

func TestAResponseOfAnotherContentTypeIsRejected(t *testing.T) {
	t.Parallel()
	for _, contentType := range []string{"text/html", "text/plain; charset=utf-8", ""} {
		header := http.Header{"Content-Type": {contentType}}
		err := contractForTest(t).Response(newRequest("POST", sessionsPath), 200, header, []byte(goodMerchantSession))
		requireViolation(t, err, `response header Content-Type has unexpected value: "`+contentType+`"`)
		require.ErrorContains(t, err, "response to POST /payments/v1/sessions: ")
	}
	require.Error(t, contractForTest(t).Response(newRequest("POST", sessionsPath), 200, nil, []byte(goodMerchantSession)))
}

// Klarna adds fields; our own fake server must not invent any.
func TestUnknownFieldsPassUnlessStrict(t *testing.T) {
	t.Parallel()
	c := contractForTest(t)
	for _, test := range []struct{ name, method, path, body, want string }{
		{"at the top", "POST", orderPath, `{"order_id":"o","newer":1}`, `property "newer" is unsupported`},
		{"deep inside", "POST", sessionsPath, swap(t, goodMerchantSession, `}`,
			`,"payment_method_categories":[{"identifier":"klarna","asset_urls":{"newer":"private"}}]}`),
			`payment_method_categories[0].asset_urls: property "newer" is unsupported`},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			req := newRequest(test.method, test.path)
			require.NoError(t, c.Response(req, 200, jsonHeader(), []byte(test.body)))
			requireViolation(t, c.StrictResponse(req, 200, jsonHeader(), []byte(test.body)), test.want)
		})
	}
}
