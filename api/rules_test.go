package api_test

import (
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/klarna-go/klarna-payments/api"
)

// rules are what a document keeps beyond being valid. Each returns the places that break it.
var rules = map[string]func(*openapi3.T, api.Contract) []string{
	"it is OpenAPI 3.0.3":                     otherVersion,
	"the servers are the provider's":          otherServers,
	"every path is of this API":               otherPaths,
	"everything is described":                 alike(undescribed),
	"every body has an example":               alike(withoutExample),
	"the amounts of the examples add up":      alike(wrongSums),
	"every error is declared":                 undeclaredErrors,
	"responses have their headers and bodies": incompleteResponses,
	"calls need the provider's credentials":   otherSecurity,
	"the callbacks are those of the row":      otherCallbacks,
	"no request offers a read-only field":     alike(readOnlyInRequests),
	"there is no oneOf or the like":           alike(composed),
	"a list of values is a schema by itself":  alike(inlineEnums),
	"no two schemas list the same values":     alike(twinEnums),
	"every value has a name in Go":            alike(unnamedValues),
	"an object is a schema by itself":         alike(inlineObjects),
	"a time may be empty":                     alike(strictTimes),
}

// alike makes a rule of one that is the same for all contracts.
func alike(rule func(*openapi3.T) []string) func(*openapi3.T, api.Contract) []string {
	return func(doc *openapi3.T, _ api.Contract) []string { return rule(doc) }
}

func TestTheDocumentKeepsItsRules(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, contract api.Contract) {
		doc := load(t, contract)
		for name, faults := range rules {
			assert.Empty(t, faults(doc, contract), name)
		}
	})
}

func TestTheRulesBite(t *testing.T) {
	t.Parallel()
	bitten := map[string]bool{}
	for _, test := range []struct {
		rule   string
		damage func(*openapi3.T)
		want   string
	}{
		{"it is OpenAPI 3.0.3", func(doc *openapi3.T) { doc.OpenAPI = "3.1.0" }, "3.1.0"},
		{"the servers are the provider's", func(doc *openapi3.T) { doc.Servers = doc.Servers[:1] }, "[https://api.klarna.com]"},
		{"every path is of this API", func(doc *openapi3.T) { doc.Paths.Set("/payments/v2/sessions", &openapi3.PathItem{}) },
			"/payments/v2/sessions"},
		{"everything is described", func(doc *openapi3.T) { schema(doc, "order_line").Description = "" },
			"order_line"},
		{"everything is described", func(doc *openapi3.T) { property(doc, "order_line", "name").Description = "" },
			"order_line.name"},
		{"everything is described", func(doc *openapi3.T) {
			schema(doc, "ErrorV2").Properties["error_messages"].Value.Items.Value.Description = ""
		},
			"ErrorV2.error_messages[]"},
		{"everything is described", func(doc *openapi3.T) {
			schema(doc, "session").Properties["options"] = &openapi3.SchemaRef{
				Ref: "#/components/schemas/options", Value: schema(doc, "options"),
			}
		}, "session.options has no sentence of its own"},
		{"everything is described", func(doc *openapi3.T) { operation(doc, "createOrder").Description = "" }, "createOrder"},
		{"everything is described", func(doc *openapi3.T) { operation(doc, "createOrder").Summary = "" }, "createOrder has no summary"},
		{"everything is described", func(doc *openapi3.T) { operation(doc, "fraudNotification").Description = "" },
			"fraudNotification"},
		{"everything is described", func(doc *openapi3.T) { doc.Components.Parameters["session_id"].Value.Description = "" },
			"readCreditSession session_id"},
		{"everything is described", func(doc *openapi3.T) { doc.Components.Headers["X-Ratelimit-Reset"].Value.Description = "" },
			"readCreditSession 429 X-Ratelimit-Reset"},
		{"everything is described", func(doc *openapi3.T) { *doc.Components.Responses["NotFound"].Value.Description = "" },
			"createOrder 404"},
		{"every body has an example", func(doc *openapi3.T) { response(doc, "createOrder", 200).Content["application/json"].Examples = nil },
			"createOrder 200"},
		{"every body has an example", func(doc *openapi3.T) {
			operation(doc, "authorizationCallback").RequestBody.Value.Content["application/json"].Examples = nil
		}, "authorizationCallback request"},
		{"the amounts of the examples add up", func(doc *openapi3.T) { example(doc, "createCreditSession", "germany")["order_amount"] = 1.0 },
			"createCreditSession request germany: order_amount is 1, the lines add up to 12400"},
		{"the amounts of the examples add up", func(doc *openapi3.T) {
			example(doc, "createCreditSession", "unitedStates")["order_tax_amount"] = 0.0
		}, "createCreditSession request unitedStates: order_tax_amount is 0, the lines add up to 1000"},
		{"every error is declared", func(doc *openapi3.T) { operation(doc, "readCreditSession").Responses.Delete("429") },
			"readCreditSession 429"},
		{"every error is declared", func(doc *openapi3.T) { operation(doc, "createOrder").Responses.Delete("409") },
			"createOrder 409"},
		{"every error is declared", func(doc *openapi3.T) { operation(doc, "cancelAuthorization").Responses.Delete("5XX") },
			"cancelAuthorization 5XX"},
		{"responses have their headers and bodies", func(doc *openapi3.T) { response(doc, "createOrder", 401).Content = nil },
			"createOrder 401 has no ErrorV2"},
		{"responses have their headers and bodies", func(doc *openapi3.T) { response(doc, "createOrder", 503).Headers = nil },
			"createOrder 5XX has no Klarna-Correlation-Id"},
		{"responses have their headers and bodies", func(doc *openapi3.T) { response(doc, "updateCreditSession", 204).Headers = nil },
			"updateCreditSession 204 has no Klarna-Correlation-Id"},
		{"calls need the provider's credentials", func(doc *openapi3.T) {
			operation(doc, "createOrder").Security = &openapi3.SecurityRequirements{}
		}, "createOrder"},
		{"calls need the provider's credentials", func(doc *openapi3.T) { doc.Security = nil }, "security"},
		{"calls need the provider's credentials", func(doc *openapi3.T) {
			doc.Components.SecuritySchemes["basic"].Value.Scheme = "bearer"
		}, "basic"},
		{"responses have their headers and bodies", func(doc *openapi3.T) {
			delete(doc.Components.Responses["TooManyRequests"].Value.Headers, "X-Ratelimit-Reset")
		}, "createOrder 429 has no X-Ratelimit-Reset"},
		{"the callbacks are those of the row", func(doc *openapi3.T) { operation(doc, "createOrder").Callbacks = nil }, "fraudNotification"},
		{"the callbacks are those of the row", func(doc *openapi3.T) {
			operation(doc, "fraudNotification").RequestBody.Value.Required = false
		}, "fraudNotification"},
		{"the callbacks are those of the row", func(doc *openapi3.T) { operation(doc, "fraudNotification").Security = nil },
			"fraudNotification asks for credentials"},
		{"the callbacks are those of the row", func(doc *openapi3.T) {
			operation(doc, "readCreditSession").Callbacks = operation(doc, "createOrder").Callbacks
		}, "fraudNotification"},
		{"a time may be empty", func(doc *openapi3.T) { property(doc, "session_read", "expires_at").Extensions = nil },
			"session_read.expires_at"},
		{"a list of values is a schema by itself", func(doc *openapi3.T) {
			property(doc, "customer", "gender").Extensions = map[string]any{"x-extensible-enum": []any{"male"}}
		}, "customer.gender"},
		{"no request offers a read-only field", func(doc *openapi3.T) { property(doc, "address", "city").ReadOnly = true },
			"createCreditSession request/properties/billing_address/allOf/0/properties/city"},
		{"there is no oneOf or the like", func(doc *openapi3.T) { schema(doc, "order").OneOf = openapi3.SchemaRefs{} },
			"order"},
		{"there is no oneOf or the like", func(doc *openapi3.T) {
			s := property(doc, "order", "fraud_status")
			s.AllOf = append(s.AllOf, s.AllOf[0])
		}, "order.fraud_status"},
		{"a list of values is a schema by itself", func(doc *openapi3.T) { property(doc, "customer", "gender").Enum = []any{"male", "female"} },
			"customer.gender"},
		{"no two schemas list the same values", func(doc *openapi3.T) { schema(doc, "session_status").Enum = schema(doc, "acquiring_channel").Enum },
			"acquiring_channel and session_status"},
		{"every value has a name in Go", func(doc *openapi3.T) {
			schema(doc, "acquiring_channel").Enum = append(schema(doc, "acquiring_channel").Enum, "newer")
		}, "acquiring_channel"},
		{"an object is a schema by itself", func(doc *openapi3.T) {
			schema(doc, "session").Properties["options"] = openapi3.NewObjectSchema().NewRef()
		}, "session.options"},
	} {
		bitten[test.rule] = true
		t.Run(test.rule+", "+test.want, func(t *testing.T) {
			t.Parallel()
			doc := load(t, payments)
			test.damage(doc)
			require.Contains(t, rules[test.rule](doc, payments), test.want)
		})
	}
	for name := range rules {
		require.True(t, bitten[name], "nothing shows that the rule %q bites", name)
	}
}
