package contract

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func normalizeJSON(t *testing.T, schema, body string) (normal string, oddities []string) {
	t.Helper()
	c, err := Load()
	require.NoError(t, err)
	var tree map[string]any
	decoder := json.NewDecoder(bytes.NewReader([]byte(body)))
	decoder.UseNumber()
	require.NoError(t, decoder.Decode(&tree))
	before, err := json.Marshal(tree)
	require.NoError(t, err)
	result, found, err := c.Normalize(schema, tree)
	require.NoError(t, err)
	after, err := json.Marshal(tree)
	require.NoError(t, err)
	require.Equal(t, string(before), string(after), "the body stays as it is")
	encoded, err := json.Marshal(result)
	require.NoError(t, err)
	for _, oddity := range found {
		oddities = append(oddities, strings.TrimSpace(oddity.Path+" "+string(oddity.Rule)))
		require.True(t, strings.HasPrefix(oddity.String(), oddity.Path+" "), oddity.String())
		require.True(t, strings.HasSuffix(oddity.String(), " ("+string(oddity.Rule)+")"), oddity.String())
	}
	return string(encoded), oddities
}

func TestNormalize(t *testing.T) {
	t.Parallel()
	for body, want := range map[string]struct {
		normal   string
		oddities []string
	}{
		`{}`:                                  {`{}`, nil},
		`{"order_amount":1,"locale":"de-DE"}`: {`{"locale":"de-DE","order_amount":1}`, nil},

		`{"order_amount":"1"}`:                        {`{"order_amount":1}`, []string{"order_amount coerced"}},
		`{"order_amount":1.0}`:                        {`{"order_amount":1}`, []string{"order_amount coerced"}},
		`{"order_amount":1e2}`:                        {`{"order_amount":100}`, []string{"order_amount coerced"}},
		`{"order_amount":"-1.99"}`:                    {`{"order_amount":-2}`, []string{"order_amount rounded"}},
		`{"order_amount":-0.5}`:                       {`{"order_amount":-1}`, []string{"order_amount rounded"}},
		`{"order_amount":0.49}`:                       {`{"order_amount":0}`, []string{"order_amount rounded"}},
		`{"order_amount":1998.9999999999998}`:         {`{"order_amount":1999}`, []string{"order_amount rounded"}},
		`{"order_amount":700.0000000000001}`:          {`{"order_amount":700}`, []string{"order_amount rounded"}},
		`{"order_amount":19.995e2}`:                   {`{"order_amount":2000}`, []string{"order_amount rounded"}},
		`{"order_amount":1e-2}`:                       {`{"order_amount":0}`, []string{"order_amount rounded"}},
		`{"order_amount":-0}`:                         {`{"order_amount":0}`, []string{"order_amount coerced"}},
		`{"order_amount":" 1\n"}`:                     {`{"order_amount":1}`, []string{"order_amount coerced"}},
		`{"custom_payment_method_ids":["a",null]}`:    {`{"custom_payment_method_ids":["a"]}`, []string{"custom_payment_method_ids[1] null"}},
		`{"order_tax_amount":""}`:                     {`{}`, []string{"order_tax_amount empty"}},
		`{"order_tax_amount":[]}`:                     {`{}`, []string{"order_tax_amount empty"}},
		`{"merchant_data":{}}`:                        {`{}`, []string{"merchant_data empty"}},
		`{"merchant_data":""}`:                        {`{"merchant_data":""}`, nil},
		`{"merchant_data":1.50}`:                      {`{"merchant_data":"1.50"}`, []string{"merchant_data coerced"}},
		`{"attachment":{}}`:                           {`{}`, []string{"attachment empty"}},
		`{"attachment":{"body":""}}`:                  {`{"attachment":{"body":""}}`, nil},
		`{"intent":"BUY"}`:                            {`{"intent":"buy"}`, []string{"intent other_case"}},
		`{"intent":""}`:                               {`{}`, []string{"intent empty"}},
		`{"customer":{"type":"PERSON","title":null}}`: {`{"customer":{"type":"person"}}`, []string{"customer.title null", "customer.type other_case"}},

		// What cannot be read as anything stays, for the contract to reject.
		`{"order_amount":null}`:                            {`{}`, nil},
		`{"order_amount":true}`:                            {`{"order_amount":true}`, nil},
		`{"order_amount":"a"}`:                             {`{"order_amount":"a"}`, nil},
		`{"order_amount":"1 2"}`:                           {`{"order_amount":"1 2"}`, nil},
		`{"order_amount":"9223372036854775807.5"}`:         {`{"order_amount":"9223372036854775807.5"}`, nil},
		`{"order_amount":"-9223372036854775808.5"}`:        {`{"order_amount":"-9223372036854775808.5"}`, nil},
		`{"order_amount":"0x1"}`:                           {`{"order_amount":"0x1"}`, nil},
		`{"order_amount":9223372036854775808}`:             {`{"order_amount":9223372036854775808}`, nil},
		`{"order_amount":1e400}`:                           {`{"order_amount":1e400}`, nil},
		`{"order_amount":1e-999999999}`:                    {`{"order_amount":1e-999999999}`, nil},
		`{"order_amount":9007199254740993e1}`:              {`{"order_amount":9007199254740993e1}`, nil},
		`{"order_lines":[]}`:                               {`{"order_lines":[]}`, nil},
		`{"order_lines":{"0":{}}}`:                         {`{"order_lines":{"0":{}}}`, nil},
		`{"order_lines":[null,1]}`:                         {`{"order_lines":[null,1]}`, nil},
		`{"order_lines":[{"name":"","quantity":"2"}]}`:     {`{"order_lines":[{"name":"","quantity":2}]}`, []string{"order_lines[0].quantity coerced"}},
		`{"merchant_data":{"a":1}}`:                        {`{"merchant_data":{"a":1}}`, nil},
		`{"options":"x","customer":1,"merchant_urls":[1]}`: {`{"customer":1,"merchant_urls":[1],"options":"x"}`, nil},

		// Names may be anything.
		`{"":1}`:                {`{}`, []string{"… unknown_member"}},
		`{"a b":1}`:             {`{}`, []string{"… unknown_member"}},
		`{"erika@x.example":1}`: {`{}`, []string{"… unknown_member"}},
		`{"a\r\nX: y":1}`:       {`{}`, []string{"… unknown_member"}},
		`{"customer":{"` + strings.Repeat("x", 65) + `":1}}`: {`{"customer":{}}`, []string{"customer.… unknown_member"}},
	} {
		normal, oddities := normalizeJSON(t, "session_create", body)
		require.Equal(t, want.normal, normal, body)
		require.Equal(t, want.oddities, oddities, body)
	}
	_, oddities := normalizeJSON(t, "create_order_request", `{"auto_capture":"TRUE","custom_payment_method_ids":[1,null,true]}`)
	require.Equal(t, []string{"auto_capture coerced", "custom_payment_method_ids[0] coerced", "custom_payment_method_ids[1] null", "custom_payment_method_ids[2] coerced"}, oddities)
	normal, oddities := normalizeJSON(t, "customer_token_creation_request", `{"locale":"","purchase_country":null,"description":""}`)
	require.Equal(t, `{"description":""}`, normal)
	require.Equal(t, []string{"locale empty", "purchase_country null"}, oddities)

	c, err := Load()
	require.NoError(t, err)
	_, _, err = c.Normalize("no_such_schema", nil)
	require.ErrorContains(t, err, `there is no schema "no_such_schema"`)
}

// No text of an oddity holds a value.
func TestOdditiesQuoteNoValue(t *testing.T) {
	t.Parallel()
	const canary = "4711471147"
	c, err := Load()
	require.NoError(t, err)
	_, found, err := c.Normalize("session_create", map[string]any{
		"merchant_reference1": json.Number(canary), "order_amount": canary, "order_tax_amount": canary + ".5",
		"intent": canary, canary: canary, "billing_address": map[string]any{"phone": json.Number(canary)},
	})
	require.NoError(t, err)
	require.Len(t, found, 5)
	for _, oddity := range found {
		require.NotContains(t, oddity.String(), canary)
	}
}

func TestBodySchema(t *testing.T) {
	t.Parallel()
	for name, schemas := range map[string]map[string]string{
		"payments": {
			"POST /payments/v1/sessions": "session_create", "POST /payments/v1/sessions/{session_id}": "session",
			"GET /payments/v1/sessions/{session_id}": "", "POST /payments/v1/authorizations/{authorizationToken}/order": "create_order_request",
			"POST /no/such/path": "",
		},
		"order-management": {"PATCH /ordermanagement/v1/orders/{order_id}/authorization": "Update_authorization", "POST /ordermanagement/v1/orders/{order_id}/cancel": ""},
	} {
		c, err := LoadNamed(name)
		require.NoError(t, err)
		for route, schema := range schemas {
			require.Equal(t, schema, c.BodySchema(route), route)
		}
	}
}
