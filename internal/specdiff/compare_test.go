package specdiff

import (
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/stretchr/testify/require"
)

// A comparison that overlooks something would pass for ever. Each fact is changed once here, in a copy.
func TestTheComparisonNamesWhatChanged(t *testing.T) {
	t.Parallel()
	klarna := loadKlarna(t)
	before := Compare(klarna, load(t))
	untried := facts(new(openapi3.Schema))
	for _, test := range []struct {
		name   string
		damage func(*openapi3.T)
		want   Difference
	}{
		{"a path is gone", func(doc *openapi3.T) { doc.Paths.Delete("/payments/v1/sessions") },
			onlyKlarna("/payments/v1/sessions")},
		{"a path is new", func(doc *openapi3.T) { doc.Paths.Set("/payments/v1/new", &openapi3.PathItem{}) },
			onlyOurs("/payments/v1/new")},
		{"a method is gone", func(doc *openapi3.T) { doc.Paths.Value("/payments/v1/sessions/{session_id}").Get = nil },
			onlyKlarna("/payments/v1/sessions/{session_id} GET")},
		{"an operation is renamed", func(doc *openapi3.T) { operation(doc, "createOrder").OperationID = "placeOrder" },
			Difference{"/payments/v1/authorizations/{authorizationToken}/order POST", "operationId", "createOrder", "placeOrder"}},
		{"a parameter is gone", func(doc *openapi3.T) { doc.Paths.Value("/payments/v1/sessions/{session_id}").Parameters = nil },
			onlyKlarna("readCreditSession.path.session_id")},
		{"a parameter is optional", func(doc *openapi3.T) { doc.Components.Parameters["session_id"].Value.Required = false },
			Difference{"readCreditSession.path.session_id", "required", "true", ""}},
		{"a parameter has another type", func(doc *openapi3.T) {
			doc.Components.Parameters["session_id"].Value.Schema.Value.Type = &openapi3.Types{"integer"}
		}, Difference{"readCreditSession.path.session_id", "type", "string", "integer"}},
		{"a request body is gone", func(doc *openapi3.T) { operation(doc, "createOrder").RequestBody = nil },
			onlyKlarna("createOrder.requestBody")},
		{"a request body is new", func(doc *openapi3.T) {
			operation(doc, "cancelAuthorization").RequestBody = operation(doc, "createOrder").RequestBody
		}, onlyOurs("cancelAuthorization.requestBody")},
		{"a request body has another schema", func(doc *openapi3.T) {
			operation(doc, "createOrder").RequestBody = operation(doc, "createCreditSession").RequestBody
		}, Difference{"createOrder.requestBody", "reference", "create_order_request", "session_create"}},
		{"a request body has another content type", func(doc *openapi3.T) {
			content := operation(doc, "createOrder").RequestBody.Value.Content
			content["text/json"] = content["application/json"]
			delete(content, "application/json")
		}, onlyKlarna("createOrder.requestBody application/json")},
		{"a response is gone", func(doc *openapi3.T) { operation(doc, "createOrder").Responses.Delete("409") },
			onlyKlarna("createOrder.responses.409")},
		{"a response is new", func(doc *openapi3.T) {
			operation(doc, "createOrder").Responses.Set("201", operation(doc, "createOrder").Responses.Value("200"))
		}, onlyOurs("responses.201")},
		{"a response has another schema", func(doc *openapi3.T) {
			operation(doc, "createOrder").Responses.Set("200", operation(doc, "readCreditSession").Responses.Value("200"))
		}, Difference{"createOrder.responses.200", "reference", "order", "session_read"}},
		{"a response lost its body", func(doc *openapi3.T) { response(doc, "createOrder", 200).Content = nil },
			onlyKlarna("createOrder.responses.200 application/json")},
		{"a 204 got a body", func(doc *openapi3.T) {
			response(doc, "cancelAuthorization", 204).Content = response(doc, "createOrder", 200).Content
		}, onlyOurs("cancelAuthorization.responses.204 application/json")},
		{"a schema is gone", func(doc *openapi3.T) { delete(doc.Components.Schemas, "options") },
			onlyKlarna("options")},
		{"a schema is new", func(doc *openapi3.T) { doc.Components.Schemas["newer"] = openapi3.NewObjectSchema().NewRef() },
			onlyOurs("newer")},
		{"a property is gone", func(doc *openapi3.T) { delete(schema(doc, "order").Properties, "redirect_url") },
			onlyKlarna("order.redirect_url")},
		{"a property is new", func(doc *openapi3.T) {
			schema(doc, "order").Properties["newer"] = openapi3.NewStringSchema().NewRef()
		}, onlyOurs("order.newer")},
		{"a property is required", func(doc *openapi3.T) { schema(doc, "order").Required = []string{"order_id", "fraud_status"} },
			Difference{"order.fraud_status", "required", "", "true"}},
		{"a property is optional", func(doc *openapi3.T) { schema(doc, "order").Required = nil },
			Difference{"order.order_id", "required", "true", ""}},
		{"a type", func(doc *openapi3.T) { property(doc, "order_line", "quantity").Type = &openapi3.Types{"number"} },
			Difference{"order_line.quantity", "type", "integer", "number"}},
		{"a format", func(doc *openapi3.T) { property(doc, "order_line", "quantity").Format = "int32" },
			Difference{"order_line.quantity", "format", "int64", "int32"}},
		{"a pattern", func(doc *openapi3.T) { property(doc, "address", "country").Pattern = "^[A-Z]{2}$" },
			Difference{"address.country", "pattern", "^[A-Za-z]{2,2}$", "^[A-Z]{2}$"}},
		{"a minimum", func(doc *openapi3.T) { *property(doc, "order_line", "quantity").Min = 1 },
			Difference{"order_line.quantity", "minimum", "0", "1"}},
		{"a minimum of 0 is not none", func(doc *openapi3.T) { property(doc, "order_line", "quantity").Min = nil },
			Difference{"order_line.quantity", "minimum", "0", ""}},
		{"a minimum that Klarna has not", func(doc *openapi3.T) { property(doc, "order_line", "total_amount").WithMin(0) },
			Difference{"order_line.total_amount", "minimum", "", "0"}},
		{"a lower maximum", func(doc *openapi3.T) { *property(doc, "order_line", "tax_rate").Max = 5000 },
			Difference{"order_line.tax_rate", "maximum", "10000", "5000"}},
		{"an exclusive minimum", func(doc *openapi3.T) { property(doc, "order_line", "quantity").WithExclusiveMin(true) },
			Difference{"order_line.quantity", "exclusiveMinimum", "", "true"}},
		{"an exclusive maximum", func(doc *openapi3.T) { property(doc, "order_line", "tax_rate").WithExclusiveMax(true) },
			Difference{"order_line.tax_rate", "exclusiveMaximum", "", "true"}},
		{"a step", func(doc *openapi3.T) { property(doc, "order_line", "tax_rate").MultipleOf = openapi3.Ptr(100.0) },
			Difference{"order_line.tax_rate", "multipleOf", "", "100"}},
		{"a shortest text", func(doc *openapi3.T) { property(doc, "order_line", "name").MinLength = 2 },
			Difference{"order_line.name", "minLength", "1", "2"}},
		{"a longest text", func(doc *openapi3.T) { *property(doc, "address", "city").MaxLength = 98 },
			Difference{"address.city", "maxLength", "99", "98"}},
		{"a shortest list", func(doc *openapi3.T) { property(doc, "session", "order_lines").MinItems = 0 },
			Difference{"session.order_lines", "minItems", "1", ""}},
		{"a longest list", func(doc *openapi3.T) { *property(doc, "session", "order_lines").MaxItems = 999 },
			Difference{"session.order_lines", "maxItems", "1000", "999"}},
		{"a list that may repeat itself", func(doc *openapi3.T) {
			property(doc, "merchant_session", "payment_method_categories").UniqueItems = false
		}, Difference{"merchant_session.payment_method_categories", "uniqueItems", "true", ""}},
		{"a list of something else", func(doc *openapi3.T) {
			property(doc, "session", "order_lines").Items = property(doc, "merchant_session", "payment_method_categories").Items
		}, Difference{"session.order_lines[]", "reference", "order_line", "payment_method_category"}},
		{"a list of another type", func(doc *openapi3.T) {
			property(doc, "ErrorV2", "error_messages").Items.Value.Type = &openapi3.Types{"integer"}
		}, Difference{"ErrorV2.error_messages[]", "type", "string", "integer"}},
		{"a list of anything", func(doc *openapi3.T) { property(doc, "session", "order_lines").Items = nil },
			Difference{"session.order_lines", "items", "true", ""}},
		{"a fewest fields", func(doc *openapi3.T) { schema(doc, "session").WithMinProperties(1) },
			Difference{"session", "minProperties", "", "1"}},
		{"a most fields", func(doc *openapi3.T) { schema(doc, "session").WithMaxProperties(9) },
			Difference{"session", "maxProperties", "", "9"}},
		{"a write-only field", func(doc *openapi3.T) { property(doc, "order", "order_id").WriteOnly = true },
			Difference{"order.order_id", "writeOnly", "", "true"}},
		{"a default", func(doc *openapi3.T) { property(doc, "create_order_request", "auto_capture").Default = true },
			Difference{"create_order_request.auto_capture", "default", "false", "true"}},
		{"a field that may be null", func(doc *openapi3.T) { property(doc, "order", "order_id").Nullable = true },
			Difference{"order.order_id", "nullable", "", "true"}},
		{"an object that is shut", func(doc *openapi3.T) { schema(doc, "order").WithoutAdditionalProperties() },
			Difference{"order", "additionalProperties", "", "true"}},
		{"a read-only field", func(doc *openapi3.T) { property(doc, "session_read", "client_token").ReadOnly = false },
			Difference{"session_read.client_token", "readOnly", "true", ""}},
		{"a read-only field behind a wrapper", func(doc *openapi3.T) { property(doc, "session_read", "status").ReadOnly = false },
			Difference{"session_read.status", "readOnly", "true", ""}},
		{"a reference behind a wrapper", func(doc *openapi3.T) {
			property(doc, "session_read", "customer").AllOf[0] = property(doc, "session", "customer").AllOf[0]
		}, Difference{"session_read.customer", "reference", "customer_read", "customer"}},
		{"a wrapper with a limit of its own", func(doc *openapi3.T) { property(doc, "session", "intent").WithMaxLength(3) },
			Difference{"session.intent", "composition", "", "true"}},
		{"a reference where Klarna has a text", func(doc *openapi3.T) {
			schema(doc, "order").Properties["fraud_status"] = property(doc, "session", "customer").NewRef()
		}, Difference{"order.fraud_status", "reference", "", "customer"}},
		{"a value is gone", func(doc *openapi3.T) { schema(doc, "intent").Enum = []any{"buy", "tokenize"} },
			Difference{"session_create.intent", "value", "buy_and_tokenize", ""}},
		{"a value is new", func(doc *openapi3.T) {
			schema(doc, "subscription_interval").Enum = append(schema(doc, "subscription_interval").Enum, "CENTURY")
		}, Difference{"subscription.interval", "value", "", "CENTURY"}},
		{"the values are gone", func(doc *openapi3.T) { schema(doc, "session_status").Enum = nil },
			Difference{"session_read.status", "enum", "true", ""}},
		{"an open list is shut", func(doc *openapi3.T) { schema(doc, "order_line_type").Enum = []any{"physical"} },
			Difference{"order_line.type", "enum", "", "true"}},
	} {
		delete(untried, test.want.Fact)
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			doc := load(t)
			test.damage(doc)
			require.NotContains(t, before, test.want)
			require.Contains(t, Compare(klarna, doc), test.want)
		})
	}
	require.Empty(t, untried, "nothing shows that a change of these is noticed")
}

// Both ways of saying the same are the same.
func TestTheComparisonSeesThroughWrappersAndNames(t *testing.T) {
	t.Parallel()
	doc := load(t)
	before := Compare(loadKlarna(t), doc)
	for _, name := range []string{"intent", "options", "customer"} {
		wrapper := property(doc, "session", name)
		schema(doc, "session").Properties[name] = wrapper.AllOf[0]
	}
	require.Equal(t, before, Compare(loadKlarna(t), doc))
	require.Empty(t, Compare(loadKlarna(t), loadKlarna(t)))
}
