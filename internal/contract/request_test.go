package contract

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/routers"
	"github.com/stretchr/testify/require"
)

func TestGoodRequestsPass(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ name, method, path, body string }{
		{"create a session", "POST", sessionsPath, goodSession},
		{"read a session", "GET", sessionPath, ""},
		{"update a reference alone", "POST", sessionPath, `{"merchant_reference1":"ON1"}`},
		{"update the tax to zero", "POST", sessionPath, `{"order_tax_amount":0}`},
		{"cancel an authorization", "DELETE", tokenPath, ""},
		{"place an order", "POST", orderPath, swap(t, goodSession, `,"intent":"buy"`, "")},
		{"make a customer token", "POST", tokenPath + "/customer-token", `{"description":"Coffee","intended_use":"SUBSCRIPTION",` +
			`"locale":"de-DE","purchase_country":"DE","purchase_currency":"EUR"}`},
		{"an id with an escaped slash is one segment", "GET", sessionsPath + "/a%2Fb", ""},
		{"a kind of line that is newer than the document", "POST", sessionPath,
			`{"order_lines":[{"type":"newer","name":"n","quantity":1,"unit_price":1,"total_amount":1}]}`},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			require.NoError(t, contractForTest(t).Request(newRequest(test.method, test.path), []byte(test.body)))
		})
	}
}

func TestWrongBodiesAreRejected(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ name, old, with, want string }{
		{"a field that the document does not know", `"intent"`, `"intend"`, `property "intend" is unsupported`},
		{"a read-only field", `"intent":"buy"`, `"client_token":"private"`, `property "client_token" is unsupported`},
		{"a field that the document does not know, in an order line", `"quantity":1`, `"quantity":1,"colour":"private"`,
			`order_lines[0]: property "colour" is unsupported`},
		{"a field that the document does not know, in an address", `"email"`, `"mail"`,
			`billing_address: property "mail" is unsupported`},
		{"null for a required list", `[{"name":"Running shoe","quantity":1,"unit_price":11900,"total_amount":11900}]`, `null`,
			"order_lines: Value is not nullable"},
		{"an empty cart", `{"name":"Running shoe","quantity":1,"unit_price":11900,"total_amount":11900}`, ``,
			"order_lines: minimum number of items is 1"},
		{"null for an optional object", `{"given_name":"Erika-Private","email":"erika-private@example.com","country":"DE"}`, `null`,
			"billing_address: Value is not nullable"},
		{"a missing required field", `"purchase_country":"DE",`, ``, `purchase_country: property "purchase_country" is missing`},
		{"a missing required field of a line", `"name":"Running shoe",`, ``, `order_lines[0].name: property "name" is missing`},
		{"an amount as a string", `"order_amount":11900`, `"order_amount":"private"`, "order_amount: value must be an integer"},
		{"an amount with a fraction", `"order_amount":11900`, `"order_amount":119.5`, "order_amount: value must be an integer"},
		{"an amount beyond any number", `"order_amount":11900`, `"order_amount":1e999`,
			"order_amount: cannot convert json.Number to float64"},
		{"a negative amount", `"order_amount":11900`, `"order_amount":-1`, "order_amount: number must be at least 0"},
		{"a price over the limit", `"unit_price":11900`, `"unit_price":200000001`,
			"order_lines[0].unit_price: number must be at most 200000000"},
		{"a country of three letters", `"purchase_country":"DE"`, `"purchase_country":"privateDEU"`,
			`purchase_country: string doesn't match the regular expression "^[A-Za-z]{2,2}$"`},
		{"a value outside a closed list, behind a reference", `"intent":"buy"`, `"acquiring_channel":"private"`,
			`acquiring_channel: value is not one of the allowed values ["ECOMMERCE","IN_STORE","TELESALES"]`},
		{"a rule of a shared schema, behind a reference", `"country":"DE"}`, `"country":"Private"}`,
			`billing_address.country: string doesn't match the regular expression "^[A-Za-z]{2,2}$"`},
		{"a list for an object", goodSession, `["private"]`, "value must be an object"},
		{"null", goodSession, `null`, "Value is not nullable"},
		{"nothing", goodSession, ``, "the body is missing"},
		{"not JSON", goodSession, `private`, "the body is not JSON"},
		{"half a body", `"intent":"buy"}`, `"intent":"bu`, "the body is not JSON"},
		{"a second value behind the first", `"intent":"buy"}`, `"intent":"buy"}{}`, notOneValue(len(goodSession) + 1)},
		{"garbage behind the JSON", `"intent":"buy"}`, `"intent":"buy"}private`, notOneValue(len(goodSession) + 1)},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			body := swap(t, goodSession, test.old, test.with)
			err := contractForTest(t).Request(newRequest("POST", sessionsPath), []byte(body))
			requireViolation(t, err, test.want)
			require.ErrorContains(t, err, "request POST /payments/v1/sessions: ")
		})
	}
}

func TestAllFaultsAreReportedTogether(t *testing.T) {
	t.Parallel()
	body := swap(t, goodSession, `"order_amount":11900`, `"order_amount":-1,"more":1`)
	body = swap(t, body, `"quantity":1`, `"quantity":-1`)
	body = swap(t, body, `"country":"DE"}`, `"country":"DEU"}`)
	err := contractForTest(t).Request(newRequest("POST", sessionsPath), []byte(body))
	requireViolation(t, err, "order_amount: number must be at least 0")
	requireViolation(t, err, `property "more" is unsupported`)
	requireViolation(t, err, "order_lines[0].quantity: number must be at least 0")
	requireViolation(t, err, `billing_address.country: string doesn't match the regular expression "^[A-Za-z]{2,2}$"`)
}

func TestWrongRequestsAreRejected(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ name, method, path, body, want string }{
		{"a path that the document does not have", "POST", "/payments/v2/sessions", goodSession, "the document has no such path"},
		{"an id with a slash in it", "GET", sessionsPath + "/a/b", "", "the document has no such path"},
		{"an id that climbs out", "POST", "/payments/v1/authorizations/../../../ordermanagement/v1/orders/1/cancel", "",
			"the document has no such path"},
		{"an empty id", "GET", sessionsPath + "/", "", "the document has no such path"},
		{"a method that the path does not have", "PUT", sessionPath, goodSession, "the path has no operation with this method"},
		{"a query that the operation does not have", "GET", sessionPath + "?private=1", "",
			"the operation has no such query parameter"},
		{"an empty query", "GET", sessionPath + "?", "", "the operation has no such query parameter"},
		{"a body on GET", "GET", sessionPath, "{}", "the operation takes no body"},
		{"a body on DELETE", "DELETE", tokenPath, "null", "the operation takes no body"},
		{"no body where one is required", "POST", orderPath, "", "the body is missing"},
		{"a field of the session on the order", "POST", orderPath, goodSession, `property "intent" is unsupported`},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			err := contractForTest(t).Request(newRequest(test.method, test.path), []byte(test.body))
			requireViolation(t, err, test.want)
		})
	}
}

func TestTheContentTypeMustBeJSON(t *testing.T) {
	t.Parallel()
	for contentType, want := range map[string]string{
		"application/json":                  "",
		"application/json; charset=utf-8":   "",
		"":                                  `header Content-Type has unexpected value ""`,
		"application/x-www-form-urlencoded": `header Content-Type has unexpected value "application/x-www-form-urlencoded"`,
	} {
		t.Run(contentType, func(t *testing.T) {
			t.Parallel()
			req := newRequest("POST", sessionsPath)
			req.Header.Set("Content-Type", contentType)
			err := contractForTest(t).Request(req, []byte(goodSession))
			if want == "" {
				require.NoError(t, err)
				return
			}
			requireViolation(t, err, want)
		})
	}
}

// A server chooses between 404 and 405 by this.
func TestAWrongRouteCanBeToldApart(t *testing.T) {
	t.Parallel()
	c := contractForTest(t)
	require.ErrorIs(t, c.Request(newRequest("GET", "/elsewhere"), nil), routers.ErrPathNotFound)
	require.ErrorIs(t, c.Request(newRequest("PATCH", sessionPath), nil), routers.ErrMethodNotAllowed)
}

func TestTheHostDoesNotMatter(t *testing.T) {
	t.Parallel()
	req, err := http.NewRequest("POST", "http://127.0.0.1:8080"+sessionsPath, nil)
	require.NoError(t, err)
	req.Header.Set("Content-Type", "application/json")
	require.NoError(t, contractForTest(t).Request(req, []byte(goodSession)))
}

func TestTheRequestIsLeftAlone(t *testing.T) {
	t.Parallel()
	req := newRequest("POST", orderPath)
	req.Body = io.NopCloser(strings.NewReader("unread"))
	body := []byte(swap(t, goodSession, `,"intent":"buy"`, ""))
	before := string(body)
	require.NoError(t, contractForTest(t).Request(req, body))

	require.Equal(t, before, string(body), "no default is written into it")
	rest, err := io.ReadAll(req.Body)
	require.NoError(t, err)
	require.Equal(t, "unread", string(rest))
	require.Zero(t, req.ContentLength)
	require.Nil(t, req.GetBody)
}
