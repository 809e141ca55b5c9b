package contract

import (
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/stretchr/testify/require"
)

func TestAGoodBodyPasses(t *testing.T) {
	t.Parallel()
	c := contractForTest(t)
	require.NoError(t, c.Body("session_create", []byte(goodSession)))
	require.NoError(t, c.Body("session", []byte(`{}`)))
	require.NoError(t, c.Body("authorization_callback", []byte(`{"authorization_token":"t","session_id":"s"}`)))
}

func TestAWrongBodyIsRejected(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ name, schema, body, want string }{
		{"an unknown field", "session", `{"intend":"buy"}`, `property "intend" is unsupported`},
		{"a read-only field", "session_read", `{"client_token":"the-client-token"}`,
			`client_token: readOnly property "client_token" in request`},
		{"a required field of a nested object", "session", `{"attachment":{"body":"{}"}}`,
			`attachment.content_type: property "content_type" is missing`},
		{"a rule below a list and a reference", "session",
			`{"order_lines":[{"name":"n","quantity":1,"unit_price":1,"total_amount":1},` +
				`{"name":"n","quantity":1,"unit_price":1,"total_amount":1,` +
				`"subscription":{"name":"n","interval":"private","interval_count":1}}]}`,
			`order_lines[1].subscription.interval: value is not one of the allowed values ["DAY","WEEK","MONTH","YEAR"]`},
		{"an amount beyond any number", "session", `{"order_amount":1e999}`,
			"order_amount: cannot convert json.Number to float64"},
		{"null", "session_create", `null`, "Value is not nullable"},
		{"nothing", "session_create", ``, "the body is missing"},
		{"not JSON", "session_create", `private`, notOneValue(1)},
		{"garbage behind the JSON", "session", `{} private`, notOneValue(4)},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			err := contractForTest(t).Body(test.schema, []byte(test.body))
			requireViolation(t, err, test.want)
			require.ErrorContains(t, err, "body "+test.schema+": ")
		})
	}
}

func TestAnUnknownSchemaIsNotAViolation(t *testing.T) {
	t.Parallel()
	err := contractForTest(t).Body("sesion", []byte(`{}`))
	require.ErrorContains(t, err, "sesion")
	require.NotErrorAs(t, err, new(*Error))
	err = contractForTest(t).Value("sesion", map[string]any{})
	require.ErrorContains(t, err, "sesion")
	require.NotErrorAs(t, err, new(*Error))
}

func TestADecodedValueIsCheckedAsItsBodyIs(t *testing.T) {
	t.Parallel()
	c := contractForTest(t)
	value := map[string]any{"order_amount": int64(-1), "order_lines": []any{map[string]any{"name": "n", "quantity": 1}}}
	require.EqualError(t, c.Value("session", value),
		c.Body("session", []byte(`{"order_amount":-1,"order_lines":[{"name":"n","quantity":1}]}`)).Error())
	require.NoError(t, c.Value("session", map[string]any{"order_amount": int64(1)}))
}

// The check before sending reads keywords and paths from the validator's own error.
func TestTheValidatorsErrorIsWithinReach(t *testing.T) {
	t.Parallel()
	err := contractForTest(t).Body("session", []byte(`{"order_amount":-1,"order_tax_amount":-1}`))
	var all openapi3.MultiError
	require.ErrorAs(t, err, &all)
	require.Len(t, all, 2)
	var one *openapi3.SchemaError
	require.ErrorAs(t, err, &one)
	require.Equal(t, "minimum", one.SchemaField)
	require.Equal(t, []string{"order_amount"}, one.JSONPointer())
}

func TestAViolationHasTheFaultBehindIt(t *testing.T) {
	t.Parallel()
	var rejected *Error
	require.ErrorAs(t, contractForTest(t).Body("session", []byte(`{"order_lines":[{"subscription":{"interval":"private"}}]}`)), &rejected)
	keywords := map[string]string{}
	for _, violation := range rejected.Violations {
		keywords[violation.Path] = violation.Fault().SchemaField
	}
	require.Equal(t, "enum", keywords["order_lines[0].subscription.interval"], "also inside an allOf")
	require.Equal(t, "required", keywords["order_lines[0].subscription.name"])

	require.ErrorAs(t, contractForTest(t).Body("session", []byte(`[`)), &rejected)
	require.Nil(t, rejected.Violations[0].Fault(), "not a fault of the schema")
}
