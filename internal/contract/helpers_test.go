package contract

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/klarna-go/klarna-payments/api"
)

const (
	sessionsPath = "/payments/v1/sessions"
	sessionPath  = "/payments/v1/sessions/the-session-id"
	tokenPath    = "/payments/v1/authorizations/the-secret-token"
	orderPath    = tokenPath + "/order"
)

// goodSession is a session_create that keeps every rule, with a name and an e-mail address that no error may quote.
const goodSession = `{"purchase_country":"DE","purchase_currency":"EUR","order_amount":11900,"order_lines":[` +
	`{"name":"Running shoe","quantity":1,"unit_price":11900,"total_amount":11900}],` +
	`"billing_address":{"given_name":"Erika-Private","email":"erika-private@example.com","country":"DE"},` +
	`"intent":"buy"}`

// goodMerchantSession is a response to it.
const goodMerchantSession = `{"session_id":"the-session-id","client_token":"the-client-token"}`

// contractForTest returns the contract of Payments v1.
func contractForTest(t *testing.T) *Contract {
	t.Helper()
	c, err := Load()
	require.NoError(t, err)
	return c
}

// each runs a test for every contract.
func each(t *testing.T, test func(t *testing.T, name string, c *Contract)) {
	for _, row := range api.Contracts {
		t.Run(row.Name, func(t *testing.T) {
			c, err := LoadNamed(row.Name)
			require.NoError(t, err)
			test(t, row.Name, c)
		})
	}
}

// newRequest is a request to Klarna with the header of a JSON body, and with credentials that no error may quote.
func newRequest(method, path string) *http.Request {
	req := httptest.NewRequest(method, "https://api.klarna.com"+path, nil)
	req.Header.Set("Content-Type", "application/json")
	req.SetBasicAuth("PK-private", "password-private")
	return req
}

func jsonHeader() http.Header { return http.Header{"Content-Type": {"application/json"}} }

// notOneValue is the violation of a body that goes wrong at this byte.
func notOneValue(at int) string { return fmt.Sprintf("the body is not one JSON value (byte %d)", at) }

// swap replaces the one place in body where old stands.
func swap(t *testing.T, body, old, with string) string {
	t.Helper()
	require.Equal(t, 1, strings.Count(body, old), "%q must stand in the body once", old)
	return strings.Replace(body, old, with, 1)
}

// requireViolation fails unless err is an *Error with a violation of this text, and quotes nothing private.
func requireViolation(t *testing.T, err error, want string) {
	t.Helper()
	var rejected *Error
	require.ErrorAs(t, err, &rejected)
	var texts []string
	for _, v := range rejected.Violations {
		texts = append(texts, v.String())
	}
	require.Contains(t, texts, want)
	requireNothingPrivate(t, err.Error())
}

// requireNothingPrivate fails when text holds a value of a test's request or response.
func requireNothingPrivate(t *testing.T, text string) {
	t.Helper()
	for _, private := range []string{"private", "the-session-id", "the-secret-token", "the-client-token", "Basic "} {
		require.NotContains(t, strings.ToLower(text), strings.ToLower(private))
	}
}
