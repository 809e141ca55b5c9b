package api_test

import (
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/stretchr/testify/require"
)

// rules are what the document keeps beyond being valid. Each gives the places that break it.
var rules = map[string]func(*openapi3.T) []string{
	"everything is described":                   undescribed,
	"every body has an example":                 withoutExample,
	"the amounts of the examples add up":        wrongSums,
	"every refusal is declared":                 undeclaredRefusals,
	"refusals have a body and a correlation id": bareRefusals,
	"the client's calls need credentials":       openToAll,
	"no request offers a read-only field":       readOnlyInRequests,
	"there is no oneOf or the like":             composed,
	"a list of values is a schema by itself":    inlineEnums,
	"no two schemas list the same values":       twinEnums,
	"every value has a name in Go":              unnamedValues,
	"an object is a schema by itself":           inlineObjects,
}

func TestTheDocumentKeepsItsRules(t *testing.T) {
	t.Parallel()
	for name, faults := range rules {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			require.Empty(t, faults(load(t)))
		})
	}
}

func TestTheRulesBite(t *testing.T) {
	t.Parallel()
	bitten := map[string]bool{}
	for _, test := range []struct {
		rule   string
		damage func(*openapi3.T)
		want   string
	}{
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
			"createCreditSession request germany: order_amount is 1, the lines give 12400"},
		{"the amounts of the examples add up", func(doc *openapi3.T) {
			example(doc, "createCreditSession", "unitedStates")["order_tax_amount"] = 0.0
		}, "createCreditSession request unitedStates: order_tax_amount is 0, the lines give 1000"},
		{"every refusal is declared", func(doc *openapi3.T) { operation(doc, "readCreditSession").Responses.Delete("429") },
			"readCreditSession 429"},
		{"every refusal is declared", func(doc *openapi3.T) { operation(doc, "createOrder").Responses.Delete("409") },
			"createOrder 409"},
		{"every refusal is declared", func(doc *openapi3.T) { operation(doc, "cancelAuthorization").Responses.Delete("5XX") },
			"cancelAuthorization 5XX"},
		{"refusals have a body and a correlation id", func(doc *openapi3.T) { response(doc, "createOrder", 401).Content = nil },
			"createOrder 401 has no ErrorV2"},
		{"refusals have a body and a correlation id", func(doc *openapi3.T) { response(doc, "createOrder", 503).Headers = nil },
			"createOrder 5XX has no Klarna-Correlation-Id"},
		{"refusals have a body and a correlation id", func(doc *openapi3.T) { response(doc, "updateCreditSession", 204).Headers = nil },
			"updateCreditSession 204 has no Klarna-Correlation-Id"},
		{"the client's calls need credentials", func(doc *openapi3.T) {
			operation(doc, "createOrder").Security = &openapi3.SecurityRequirements{}
		}, "createOrder"},
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
		{"no two schemas list the same values", func(doc *openapi3.T) { schema(doc, "session_status").Enum = schema(doc, "intent").Enum },
			"intent and session_status"},
		{"every value has a name in Go", func(doc *openapi3.T) { schema(doc, "intent").Enum = append(schema(doc, "intent").Enum, "newer") },
			"intent"},
		{"an object is a schema by itself", func(doc *openapi3.T) {
			schema(doc, "session").Properties["options"] = openapi3.NewObjectSchema().NewRef()
		}, "session.options"},
	} {
		bitten[test.rule] = true
		t.Run(test.rule+", "+test.want, func(t *testing.T) {
			t.Parallel()
			doc := load(t)
			test.damage(doc)
			require.Contains(t, rules[test.rule](doc), test.want)
		})
	}
	for name := range rules {
		require.True(t, bitten[name], "nothing shows that the rule %q bites", name)
	}
}
