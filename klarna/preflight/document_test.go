package preflight_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/klarna-go/klarna-payments/api"
	"github.com/klarna-go/klarna-payments/klarna"
	"github.com/klarna-go/klarna-payments/klarna/preflight"
	"github.com/stretchr/testify/require"
)

// field is one field of a request, as the OpenAPI document has it.
type field struct {
	path     string
	rule     *openapi3.Schema
	required bool

	seenWithout bool // Klarna was seen not to miss it
}

// eachField runs a test for every field of every request in the document, so also for those that a new document brings.
func eachField(t *testing.T, test func(t *testing.T, body func(value any) any, field field)) {
	t.Helper()
	for contract, requests := range map[string]map[string]func() any{
		"payments": requests, "order-management": orderRequests, "hosted-payment-page": pageRequests, "customer-token": chargeRequests,
	} {
		document, err := openapi3.NewLoader().LoadFromData(api.ContractNamed(contract).OpenAPI())
		require.NoError(t, err)
		for name, fresh := range requests {
			fields := fieldsOf(document.Components.Schemas[name].Value, "")
			require.NotEmpty(t, fields)
			for _, field := range fields {
				field.seenWithout = name == "customer_token_creation_request" && slices.Contains([]string{"locale", "purchase_country", "purchase_currency"}, field.path)
				t.Run(name+"/"+field.path, func(t *testing.T) {
					test(t, func(value any) any { return with(t, fresh(), field.path, value) }, field)
				})
			}
		}
	}
}

// requests returns a new valid request, by the name that it has in the document. It has the objects with required
// fields, since one without any value is left out as a whole.
var requests = map[string]func() any{
	"session_create": func() any {
		session := sessionOf([]klarna.OrderLine{subscribed()})
		session.Attachment = klarna.Attachment{Body: "{}", ContentType: "application/json"}
		return &session
	},
	"session": func() any {
		update := klarna.CartUpdate([]klarna.OrderLine{subscribed()})
		update.Attachment = klarna.Attachment{Body: "{}", ContentType: "application/json"}
		return &update
	},
	"create_order_request": func() any {
		order := klarna.OrderFromSession(sessionOf([]klarna.OrderLine{subscribed()}))
		return &order
	},
	"customer_token_creation_request": func() any {
		return &klarna.CustomerTokenCreationRequest{
			Description: "Coffee", IntendedUse: klarna.IntendedUseSubscription, Locale: "de-DE", PurchaseCountry: "DE", PurchaseCurrency: "EUR",
		}
	},
}

func subscribed() klarna.OrderLine {
	line := goods()
	line.Subscription = klarna.Subscription{Name: "Coffee", Interval: klarna.SubscriptionIntervalMonth, IntervalCount: 1}
	return line
}

func fieldsOf(schema *openapi3.Schema, path string) []field {
	var all []field
	for _, name := range slices.Sorted(maps.Keys(schema.Properties)) {
		rule := schema.Properties[name].Value
		if len(rule.AllOf) == 1 {
			rule = rule.AllOf[0].Value
		}
		here := field{path: path + name, rule: rule, required: slices.Contains(schema.Required, name)}
		all = append(all, here)
		switch {
		case rule.Type.Is(openapi3.TypeObject):
			all = append(all, fieldsOf(rule, here.path+".")...)
		case rule.Type.Is(openapi3.TypeArray) && rule.Items.Value.Type.Is(openapi3.TypeObject):
			all = append(all, fieldsOf(rule.Items.Value, here.path+"[0].")...)
		}
	}
	return all
}

// with sets a field by its path, by way of JSON.
func with(t *testing.T, request any, path string, value any) any {
	t.Helper()
	encoded, err := json.Marshal(request)
	require.NoError(t, err)
	body := map[string]any{}
	require.NoError(t, json.Unmarshal(encoded, &body))
	object, steps := body, strings.Split(path, ".")
	for _, step := range steps[:len(steps)-1] {
		if list, ok := strings.CutSuffix(step, "[0]"); ok {
			object = object[list].([]any)[0].(map[string]any)
			continue
		}
		if object[step] == nil {
			object[step] = map[string]any{}
		}
		object = object[step].(map[string]any)
	}
	object[steps[len(steps)-1]] = value
	encoded, err = json.Marshal(body)
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(encoded, request))
	return request
}

func requireFound(t *testing.T, body any, path, code string) {
	t.Helper()
	require.Contains(t, whereOf(preflight.Inspect(body).Problems), at{path, code})
}

func requireNotFound(t *testing.T, body any, path, code string) {
	t.Helper()
	require.NotContains(t, whereOf(preflight.Inspect(body).Problems), at{path, code})
}

func requireWarned(t *testing.T, body any, path, code string) {
	t.Helper()
	require.Contains(t, whereOf(preflight.Inspect(body).Warnings), at{path, code})
	requireNotFound(t, body, path, code)
}

func TestEveryTextOfTheDocumentIsChecked(t *testing.T) {
	t.Parallel()
	eachField(t, func(t *testing.T, body func(any) any, field field) {
		if !field.rule.Type.Is(openapi3.TypeString) {
			return
		}
		switch {
		case field.seenWithout:
			requireWarned(t, body(""), field.path, preflight.CodeMayBeMissing)
		case field.required:
			requireFound(t, body(""), field.path, preflight.CodeMissing)
			requireNotFound(t, body("x"), field.path, preflight.CodeMissing)
		}
		if limit := field.rule.MaxLength; limit != nil {
			requireFound(t, body(strings.Repeat("ü", int(*limit)+1)), field.path, preflight.CodeTooLong)
			requireNotFound(t, body(strings.Repeat("ü", int(*limit))), field.path, preflight.CodeTooLong)
		}
		switch {
		case field.path == "merchant_urls.app_return_url":
			requireWarned(t, body("?!"), field.path, preflight.CodeAppScheme)
		case field.rule.Pattern != "":
			requireFound(t, body("?!"), field.path, preflight.CodeWrongFormat)
			requireNotFound(t, body(field.rule.Example), field.path, preflight.CodeWrongFormat)
		}
		if len(field.rule.Enum) > 0 {
			requireFound(t, body("?!"), field.path, preflight.CodeNotAllowed)
			requireNotFound(t, body(field.rule.Enum[0]), field.path, preflight.CodeNotAllowed)
		}
		if field.rule.Extensions["x-extensible-enum"] != nil {
			require.NoError(t, preflight.Check(body("a_value_to_come")))
		}
	})
}

// The validator compares in float64, which has no odd numbers from 2^53 on and makes MaxInt64 one larger.
func TestEveryNumberOfTheDocumentIsChecked(t *testing.T) {
	t.Parallel()
	eachField(t, func(t *testing.T, body func(any) any, field field) {
		if !field.rule.Type.Is(openapi3.TypeInteger) {
			return
		}
		largest, smallest := int64(math.MaxInt64), int64(math.MinInt64)
		if field.rule.Format == "int32" { // of which a Go field cannot be out of its range
			largest, smallest = math.MaxInt32, math.MinInt32
		}
		lowest := smallest
		if limit := field.rule.Max; limit != nil {
			largest = int64(*limit)
			for _, value := range []int64{largest + 1, 1 << 53, 1<<53 + 1, math.MaxInt64 - 1, math.MaxInt64} {
				requireFound(t, body(value), field.path, preflight.CodeTooLarge)
				require.Contains(t, messages(body(value)), fmt.Sprintf("%s is %d, but must be %d or less", field.path, value, largest))
			}
		}
		if limit := field.rule.Min; limit != nil {
			smallest = int64(*limit)
			for _, value := range []int64{smallest - 1, -1 << 53, -1<<53 - 1, math.MinInt64 + 1, math.MinInt64, math.MinInt32} {
				if value < lowest {
					continue
				}
				requireFound(t, body(value), field.path, preflight.CodeTooSmall)
				require.Contains(t, messages(body(value)), fmt.Sprintf("%s is %d, but must be %d or more", field.path, value, smallest))
			}
		}
		for _, value := range []int64{largest, smallest} {
			for _, code := range []string{preflight.CodeTooLarge, preflight.CodeTooSmall, preflight.CodeWrongFormat, preflight.CodeInvalid} {
				requireNotFound(t, body(value), field.path, code)
			}
		}
	})
}

// Limits from 2^53 on would not be exact in the validator.
func TestLimitsOfTheDocumentAreExact(t *testing.T) {
	t.Parallel()
	eachField(t, func(t *testing.T, _ func(any) any, field field) {
		for _, limit := range []*float64{field.rule.Min, field.rule.Max} {
			if limit != nil {
				require.Less(t, math.Abs(*limit), float64(1<<53))
				require.Equal(t, math.Trunc(*limit), *limit)
			}
		}
	})
}

func messages(body any) []string {
	var all []string
	for _, problem := range preflight.Inspect(body).Problems {
		all = append(all, problem.Message)
	}
	return all
}
