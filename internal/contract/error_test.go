package contract

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/stretchr/testify/require"
)

func TestALongListIsCutShort(t *testing.T) {
	t.Parallel()
	lines := strings.Repeat(`{"name":"n","quantity":-1,"unit_price":1,"total_amount":1},`, 500)
	err := contractForTest(t).Body("session", []byte(`{"order_lines":[`+strings.TrimSuffix(lines, ",")+`]}`))
	var rejected *Error
	require.ErrorAs(t, err, &rejected)
	require.Len(t, rejected.Violations, 500)
	require.True(t, strings.HasSuffix(err.Error(), "order_lines[9].quantity: number must be at least 0; and 490 more"), err)
}

// No way of printing an error reveals its values: it is what ends up in the log of a build.
func TestPrintingAnErrorShowsNoValue(t *testing.T) {
	t.Parallel()
	c := contractForTest(t)
	body := swap(t, goodSession, `"country":"DE"}`, `"country":"private"}`)
	for _, err := range []error{
		c.Request(newRequest("POST", sessionPath), []byte(body)),
		c.Request(newRequest("GET", "/payments/v1/the-session-id"), nil),
		c.Request(newRequest("POST", orderPath), []byte(`"private`)),
		c.Response(newRequest("POST", orderPath), 200, jsonHeader(), []byte(`{"redirect_url":["private"]}`)),
		c.Body("session_create", []byte(body)),
	} {
		require.Error(t, err)
		for _, verb := range []string{"%v", "%+v", "%s", "%q", "%#v"} {
			requireNothingPrivate(t, fmt.Sprintf(verb, err))
		}
	}
}

// Who unwraps an error and prints what is inside gets no value of a field either.
func TestTheValidatorsErrorShowsNoValue(t *testing.T) {
	t.Parallel()
	c := contractForTest(t)
	body := swap(t, goodSession, `"country":"DE"}`, `"country":"private"}`)
	for _, err := range []error{
		c.Request(newRequest("POST", sessionsPath), []byte(body)),
		c.Response(newRequest("POST", orderPath), 200, jsonHeader(), []byte(`{"redirect_url":["private"]}`)),
		c.Body("session_create", []byte(body)),
	} {
		inner := errors.Unwrap(err)
		require.ErrorAs(t, inner, new(*openapi3.SchemaError))
		requireNothingPrivate(t, inner.Error())
	}
}

// Whatever the validator may come to return, its text is not trusted to be free of values.
func TestAnUnknownErrorIsNamedByItsType(t *testing.T) {
	t.Parallel()
	err := wrap("request", openapi3.MultiError{errors.New("private")})
	require.Equal(t, "contract: request: rejected with a *errors.errorString", err.Error())
}

func TestPathsAreWrittenAsKlarnaWritesThem(t *testing.T) {
	t.Parallel()
	for want, pointer := range map[string][]string{
		"":                               nil,
		"locale":                         {"locale"},
		"order_lines[0].total_amount":    {"order_lines", "0", "total_amount"},
		"billing_address.postal_code":    {"billing_address", "postal_code"},
		"custom_payment_method_ids[12]":  {"custom_payment_method_ids", "12"},
		"order_lines[3].subscription.id": {"order_lines", "3", "subscription", "id"},
	} {
		require.Equal(t, want, fieldPath(pointer))
	}
}
