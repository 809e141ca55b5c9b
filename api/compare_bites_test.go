package api_test

import (
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/stretchr/testify/require"
)

// A comparison that overlooks something would pass for ever. Each fact is changed once here, in a copy.
func TestTheComparisonNamesWhatChanged(t *testing.T) {
	t.Parallel()
	klarna := loadKlarna(t)
	before := compare(klarna, load(t))
	untried := facts(new(openapi3.Schema))
	for _, test := range []struct {
		name   string
		damage func(*openapi3.T)
		want   difference
	}{
		{"a path is gone", func(doc *openapi3.T) { doc.Paths.Delete("/payments/v1/sessions") },
			difference{"/payments/v1/sessions", "missing"}},
		{"a path is new", func(doc *openapi3.T) { doc.Paths.Set("/payments/v1/new", &openapi3.PathItem{}) },
			difference{"/payments/v1/new", "not in Klarna's"}},
		{"a method is gone", func(doc *openapi3.T) { doc.Paths.Value("/payments/v1/sessions/{session_id}").Get = nil },
			difference{"/payments/v1/sessions/{session_id} GET", "missing"}},
		{"an operation is renamed", func(doc *openapi3.T) { operation(doc, "createOrder").OperationID = "placeOrder" },
			difference{"/payments/v1/authorizations/{authorizationToken}/order POST", "operationId is placeOrder, Klarna's createOrder"}},
		{"a parameter is gone", func(doc *openapi3.T) { doc.Paths.Value("/payments/v1/sessions/{session_id}").Parameters = nil },
			difference{"readCreditSession.path.session_id", "missing"}},
		{"a parameter is optional", func(doc *openapi3.T) { doc.Components.Parameters["session_id"].Value.Required = false },
			difference{"readCreditSession.path.session_id", "required is not stated, Klarna's true"}},
		{"a parameter has another type", func(doc *openapi3.T) {
			doc.Components.Parameters["session_id"].Value.Schema.Value.Type = &openapi3.Types{"integer"}
		}, difference{"readCreditSession.path.session_id", "type is [integer], Klarna's [string]"}},
		{"a request body is gone", func(doc *openapi3.T) { operation(doc, "createOrder").RequestBody = nil },
			difference{"createOrder.requestBody", "missing"}},
		{"a request body is new", func(doc *openapi3.T) {
			operation(doc, "cancelAuthorization").RequestBody = operation(doc, "createOrder").RequestBody
		}, difference{"cancelAuthorization.requestBody", "not in Klarna's"}},
		{"a request body has another schema", func(doc *openapi3.T) {
			operation(doc, "createOrder").RequestBody = operation(doc, "createCreditSession").RequestBody
		}, difference{"createOrder.requestBody", "reference is session_create, Klarna's create_order_request"}},
		{"a request body has another content type", func(doc *openapi3.T) {
			content := operation(doc, "createOrder").RequestBody.Value.Content
			content["text/json"] = content["application/json"]
			delete(content, "application/json")
		}, difference{"createOrder.requestBody application/json", "missing"}},
		{"an answer is gone", func(doc *openapi3.T) { operation(doc, "createOrder").Responses.Delete("409") },
			difference{"createOrder.responses.409", "missing"}},
		{"an answer is new", func(doc *openapi3.T) {
			operation(doc, "createOrder").Responses.Set("201", operation(doc, "createOrder").Responses.Value("200"))
		}, difference{"responses.201", "not in Klarna's"}},
		{"an answer has another schema", func(doc *openapi3.T) {
			operation(doc, "createOrder").Responses.Set("200", operation(doc, "readCreditSession").Responses.Value("200"))
		}, difference{"createOrder.responses.200", "reference is session_read, Klarna's order"}},
		{"an answer lost its body", func(doc *openapi3.T) { response(doc, "createOrder", 200).Content = nil },
			difference{"createOrder.responses.200 application/json", "missing"}},
		{"a 204 got a body", func(doc *openapi3.T) {
			response(doc, "cancelAuthorization", 204).Content = response(doc, "createOrder", 200).Content
		}, difference{"cancelAuthorization.responses.204 application/json", "not in Klarna's"}},
		{"a schema is gone", func(doc *openapi3.T) { delete(doc.Components.Schemas, "options") },
			difference{"options", "missing"}},
		{"a schema is new", func(doc *openapi3.T) { doc.Components.Schemas["newer"] = openapi3.NewObjectSchema().NewRef() },
			difference{"newer", "not in Klarna's"}},
		{"a property is gone", func(doc *openapi3.T) { delete(schema(doc, "order").Properties, "redirect_url") },
			difference{"order.redirect_url", "missing"}},
		{"a property is new", func(doc *openapi3.T) {
			schema(doc, "order").Properties["newer"] = openapi3.NewStringSchema().NewRef()
		}, difference{"order.newer", "not in Klarna's"}},
		{"a property is required", func(doc *openapi3.T) { schema(doc, "order").Required = []string{"order_id", "fraud_status"} },
			difference{"order.fraud_status", "required is true, Klarna's not stated"}},
		{"a property is optional", func(doc *openapi3.T) { schema(doc, "order").Required = nil },
			difference{"order.order_id", "required is not stated, Klarna's true"}},
		{"a type", func(doc *openapi3.T) { property(doc, "order_line", "quantity").Type = &openapi3.Types{"number"} },
			difference{"order_line.quantity", "type is [number], Klarna's [integer]"}},
		{"a format", func(doc *openapi3.T) { property(doc, "order_line", "quantity").Format = "int32" },
			difference{"order_line.quantity", "format is int32, Klarna's int64"}},
		{"a pattern", func(doc *openapi3.T) { property(doc, "address", "country").Pattern = "^[A-Z]{2}$" },
			difference{"address.country", "pattern is ^[A-Z]{2}$, Klarna's ^[A-Za-z]{2,2}$"}},
		{"a minimum", func(doc *openapi3.T) { *property(doc, "order_line", "quantity").Min = 1 },
			difference{"order_line.quantity", "minimum is 1, Klarna's 0"}},
		{"a minimum of 0 is not none", func(doc *openapi3.T) { property(doc, "order_line", "quantity").Min = nil },
			difference{"order_line.quantity", "minimum is not stated, Klarna's 0"}},
		{"a minimum that Klarna has not", func(doc *openapi3.T) { property(doc, "order_line", "total_amount").WithMin(0) },
			difference{"order_line.total_amount", "minimum is 0, Klarna's not stated"}},
		{"a lower maximum", func(doc *openapi3.T) { *property(doc, "order_line", "tax_rate").Max = 5000 },
			difference{"order_line.tax_rate", "maximum is 5000, Klarna's 10000"}},
		{"an exclusive minimum", func(doc *openapi3.T) { property(doc, "order_line", "quantity").WithExclusiveMin(true) },
			difference{"order_line.quantity", "exclusiveMinimum is true, Klarna's not stated"}},
		{"an exclusive maximum", func(doc *openapi3.T) { property(doc, "order_line", "tax_rate").WithExclusiveMax(true) },
			difference{"order_line.tax_rate", "exclusiveMaximum is true, Klarna's not stated"}},
		{"a step", func(doc *openapi3.T) { property(doc, "order_line", "tax_rate").MultipleOf = openapi3.Ptr(100.0) },
			difference{"order_line.tax_rate", "multipleOf is 100, Klarna's not stated"}},
		{"a shortest text", func(doc *openapi3.T) { property(doc, "order_line", "name").MinLength = 2 },
			difference{"order_line.name", "minLength is 2, Klarna's 1"}},
		{"a longest text", func(doc *openapi3.T) { *property(doc, "address", "city").MaxLength = 98 },
			difference{"address.city", "maxLength is 98, Klarna's 99"}},
		{"a shortest list", func(doc *openapi3.T) { property(doc, "session", "order_lines").MinItems = 0 },
			difference{"session.order_lines", "minItems is not stated, Klarna's 1"}},
		{"a longest list", func(doc *openapi3.T) { *property(doc, "session", "order_lines").MaxItems = 999 },
			difference{"session.order_lines", "maxItems is 999, Klarna's 1000"}},
		{"a list that may repeat itself", func(doc *openapi3.T) {
			property(doc, "merchant_session", "payment_method_categories").UniqueItems = false
		}, difference{"merchant_session.payment_method_categories", "uniqueItems is not stated, Klarna's true"}},
		{"a list of something else", func(doc *openapi3.T) {
			property(doc, "session", "order_lines").Items = property(doc, "merchant_session", "payment_method_categories").Items
		}, difference{"session.order_lines[]", "reference is payment_method_category, Klarna's order_line"}},
		{"a list of another type", func(doc *openapi3.T) {
			property(doc, "ErrorV2", "error_messages").Items.Value.Type = &openapi3.Types{"integer"}
		}, difference{"ErrorV2.error_messages[]", "type is [integer], Klarna's [string]"}},
		{"a list of anything", func(doc *openapi3.T) { property(doc, "session", "order_lines").Items = nil },
			difference{"session.order_lines", "items is not stated, Klarna's true"}},
		{"a fewest fields", func(doc *openapi3.T) { schema(doc, "session").WithMinProperties(1) },
			difference{"session", "minProperties is 1, Klarna's not stated"}},
		{"a most fields", func(doc *openapi3.T) { schema(doc, "session").WithMaxProperties(9) },
			difference{"session", "maxProperties is 9, Klarna's not stated"}},
		{"a write-only field", func(doc *openapi3.T) { property(doc, "order", "order_id").WriteOnly = true },
			difference{"order.order_id", "writeOnly is true, Klarna's not stated"}},
		{"a default", func(doc *openapi3.T) { property(doc, "create_order_request", "auto_capture").Default = true },
			difference{"create_order_request.auto_capture", "default is true, Klarna's false"}},
		{"a field that may be null", func(doc *openapi3.T) { property(doc, "order", "order_id").Nullable = true },
			difference{"order.order_id", "nullable is true, Klarna's not stated"}},
		{"an object that is shut", func(doc *openapi3.T) { schema(doc, "order").WithoutAdditionalProperties() },
			difference{"order", "additionalProperties is true, Klarna's not stated"}},
		{"a read-only field", func(doc *openapi3.T) { property(doc, "session_read", "client_token").ReadOnly = false },
			difference{"session_read.client_token", "readOnly is not stated, Klarna's true"}},
		{"a read-only field behind a wrapper", func(doc *openapi3.T) { property(doc, "session_read", "status").ReadOnly = false },
			difference{"session_read.status", "readOnly is not stated, Klarna's true"}},
		{"a reference behind a wrapper", func(doc *openapi3.T) {
			property(doc, "session_read", "customer").AllOf[0] = property(doc, "session", "customer").AllOf[0]
		}, difference{"session_read.customer", "reference is customer, Klarna's customer_read"}},
		{"a wrapper with a limit of its own", func(doc *openapi3.T) { property(doc, "session", "intent").WithMaxLength(3) },
			difference{"session.intent", "composition is true, Klarna's not stated"}},
		{"a reference where Klarna has a text", func(doc *openapi3.T) {
			schema(doc, "order").Properties["fraud_status"] = property(doc, "session", "customer").NewRef()
		}, difference{"order.fraud_status", "reference is customer, Klarna's not stated"}},
		{"a value is gone", func(doc *openapi3.T) { schema(doc, "intent").Enum = []any{"buy", "tokenize"} },
			difference{"session_create.intent", "enum lacks buy_and_tokenize"}},
		{"a value is new", func(doc *openapi3.T) {
			schema(doc, "subscription_interval").Enum = append(schema(doc, "subscription_interval").Enum, "CENTURY")
		}, difference{"subscription.interval", "enum adds CENTURY"}},
		{"the values are gone", func(doc *openapi3.T) { schema(doc, "session_status").Enum = nil },
			difference{"session_read.status", "enum is not stated, Klarna's is"}},
		{"an open list is shut", func(doc *openapi3.T) { schema(doc, "order_line_type").Enum = []any{"physical"} },
			difference{"order_line.type", "enum is stated, Klarna's not"}},
	} {
		name, _, _ := strings.Cut(test.want.what, " ")
		delete(untried, name)
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			doc := load(t)
			test.damage(doc)
			require.NotContains(t, before, test.want)
			require.Contains(t, compare(klarna, doc), test.want)
		})
	}
	require.Empty(t, untried, "nothing shows that a change of these is noticed")
}

// Both ways of saying the same are the same.
func TestTheComparisonSeesThroughWrappersAndNames(t *testing.T) {
	t.Parallel()
	doc := load(t)
	before := compare(loadKlarna(t), doc)
	for _, name := range []string{"intent", "options", "customer"} {
		wrapper := property(doc, "session", name)
		schema(doc, "session").Properties[name] = wrapper.AllOf[0]
	}
	require.Equal(t, before, compare(loadKlarna(t), doc))
	require.Empty(t, compare(loadKlarna(t), loadKlarna(t)))
}
