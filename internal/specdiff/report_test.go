package specdiff

import (
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/stretchr/testify/require"
)

func report(t *testing.T, klarna *openapi3.T) (open int, text string) {
	t.Helper()
	var out strings.Builder
	open, err := Report(&out, klarna, load(t), payments, onPurpose(t))
	require.NoError(t, err)
	return open, out.String()
}

func TestTheStructureOfMarch2023NeedsNothing(t *testing.T) {
	t.Parallel()
	open, text := report(t, loadKlarna(t))
	require.Zero(t, open)
	require.Contains(t, text, "Nothing to do")
	require.Contains(t, text, "\norder_line\n  order_line.reference: Klarna's maxLength is 256, ours 255 (on purpose: Klarna's documents since August 2023)\n")
	require.NotContains(t, text, "agrees with ours here by now")
}

// Each is one change that Klarna may make, and the line that it comes to.
func TestTheReportListsWhatKlarnaChanged(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name   string
		change func(*openapi3.T)
		want   string
	}{
		{"a new field", func(doc *openapi3.T) {
			schema(doc, "order_line").Properties["serial"] = openapi3.NewStringSchema().WithMaxLength(64).NewRef()
			schema(doc, "order_line").Required = append(schema(doc, "order_line").Required, "serial")
		}, "\norder_line\n  new      order_line.serial: Klarna's has it, ours has not (string, maxLength 64, required)\n"},
		{"a new field of a named schema", func(doc *openapi3.T) {
			ref := &openapi3.SchemaRef{Ref: "#/components/schemas/address", Value: schema(doc, "address")}
			schema(doc, "order").Properties["pick_up"] = ref
		}, "new      order.pick_up: Klarna's has it, ours has not (schema address)\n"},
		{"a new list", func(doc *openapi3.T) {
			list := openapi3.NewArraySchema().WithItems(openapi3.NewStringSchema().WithEnum("a", "b"))
			schema(doc, "order").Properties["tags"] = list.NewRef()
		}, "new      order.tags: Klarna's has it, ours has not (array, of string, one of a, b)\n"},
		{"a new schema", func(doc *openapi3.T) {
			doc.Components.Schemas["loyalty"] = openapi3.NewObjectSchema().WithProperty("points", openapi3.NewInt64Schema()).NewRef()
		}, "\nloyalty\n  new      loyalty: Klarna's has it, ours has not (object, with points)\n"},
		{"a gone field", func(doc *openapi3.T) { delete(schema(doc, "order_line").Properties, "image_url") },
			"gone     order_line.image_url: ours has it, Klarna's has not\n"},
		{"a gone schema", func(doc *openapi3.T) { delete(doc.Components.Schemas, "options") },
			"gone     options: ours has it, Klarna's has not\n"},
		{"wider", func(doc *openapi3.T) { *property(doc, "address", "city").MaxLength = 200 },
			"wider    address.city: Klarna's maxLength is 200, ours 99\n"},
		{"without a limit", func(doc *openapi3.T) { property(doc, "address", "city").MaxLength = nil },
			"wider    address.city: Klarna's states no maxLength, ours is 99\n"},
		{"wider below", func(doc *openapi3.T) { property(doc, "order_line", "name").MinLength = 0 },
			"wider    order_line.name: Klarna's states no minLength, ours is 1\n"},
		{"narrower", func(doc *openapi3.T) { *property(doc, "address", "city").MaxLength = 50 },
			"narrower address.city: Klarna's maxLength is 50, ours 99\n"},
		{"narrower below", func(doc *openapi3.T) { property(doc, "order_line", "name").MinLength = 3 },
			"narrower order_line.name: Klarna's minLength is 3, ours 1\n"},
		{"more narrow than ours on purpose", func(doc *openapi3.T) { *property(doc, "order_line", "reference").MaxLength = 64 },
			"narrower order_line.reference: Klarna's maxLength is 64, ours 255\n"},
		{"a field that is required now", func(doc *openapi3.T) { schema(doc, "address").Required = []string{"country"} },
			"narrower address.country: required in Klarna's, not in ours\n"},
		{"a field that is optional now", func(doc *openapi3.T) { schema(doc, "order").Required = nil },
			"wider    order.order_id: required in ours, not in Klarna's\n"},
		{"a new value", func(doc *openapi3.T) {
			property(doc, "session", "intent").Enum = append(property(doc, "session", "intent").Enum, "lend")
		}, "new      session.intent: Klarna's lists the value lend, ours does not\n"},
		{"a gone value", func(doc *openapi3.T) {
			property(doc, "session", "acquiring_channel").Enum = []any{"ECOMMERCE", "IN_STORE"}
		},
			"gone     session.acquiring_channel: ours lists the value TELESALES, Klarna's does not\n"},
		{"a list where ours is open, with a new value", func(doc *openapi3.T) {
			property(doc, "order_line", "type").Enum = []any{"physical", "hovering"}
		}, "new      order_line.type: Klarna's lists the value hovering, ours does not\n"},
		{"a list where ours has none", func(doc *openapi3.T) { property(doc, "customer", "gender").Enum = []any{"f", "m"} },
			"narrower customer.gender: Klarna's takes only the values that it lists, ours takes others (one of f, m)\n"},
		{"another type", func(doc *openapi3.T) { property(doc, "order_line", "quantity").Type = &openapi3.Types{"number"} },
			"other    order_line.quantity: Klarna's type is number, ours integer\n"},
		{"null", func(doc *openapi3.T) { property(doc, "order", "order_id").Nullable = true },
			"wider    order.order_id: nullable in Klarna's, not in ours\n"},
		{"another pattern", func(doc *openapi3.T) { property(doc, "address", "country").Pattern = "^[A-Z]{2}$" },
			"other    address.country: Klarna's pattern is ^[A-Z]{2}$, ours ^[A-Za-z]{2,2}$\n"},
		{"a new path", func(doc *openapi3.T) {
			doc.Paths.Set("/payments/v1/refunds", &openapi3.PathItem{Post: &openapi3.Operation{OperationID: "refund"}})
		}, "\n/payments/v1/refunds\n  new      /payments/v1/refunds: Klarna's has it, ours has not (POST refund)\n"},
		{"a new method", func(doc *openapi3.T) {
			doc.Paths.Value("/payments/v1/sessions").Get = &openapi3.Operation{OperationID: "listSessions"}
		}, "new      /payments/v1/sessions GET: Klarna's has it, ours has not (GET listSessions)\n"},
		{"a gone path", func(doc *openapi3.T) { doc.Paths.Delete("/payments/v1/sessions") },
			"gone     /payments/v1/sessions: ours has it, Klarna's has not\n"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			klarna := loadKlarna(t)
			test.change(klarna)
			open, text := report(t, klarna)
			require.NotZero(t, open)
			require.Contains(t, text, test.want)
			require.Contains(t, text, "When Klarna changes its document")
		})
	}
}

// What Klarna's documents up to August 2026 changed is in ours, or differs on purpose.
func TestTheDocumentsUpToAugust2026NeedNothing(t *testing.T) {
	t.Parallel()
	klarna := loadKlarna(t)
	var later []Difference
	for _, entry := range onPurpose(t) {
		if entry.Later {
			later = append(later, entry.Differences...)
		}
	}
	require.NotEmpty(t, later)
	for _, name := range []string{"authorized_payment_method", "fraud_status", "reason"} {
		delete(schema(klarna, "ErrorV2").Properties, name)
	}
	property(klarna, "address", "phone").MinLength = 0
	methods := property(klarna, "authorized_payment_method", "type")
	methods.Enum = append(methods.Enum, "alternative_payment_method")
	schema(klarna, "customer").Properties["customer_token"] = openapi3.NewStringSchema().NewRef()
	property(klarna, "customer_token_creation_request", "description").MinLength = 1
	for _, d := range later {
		if d.Path == "merchant_urls.app_return_url" {
			url := openapi3.NewStringSchema().WithMaxLength(2000).WithPattern(d.Klarna)
			schema(klarna, "merchant_urls").Properties["app_return_url"] = url.NewRef()
		} else if name, ok := strings.CutPrefix(d.Path, "merchant_urls."); ok {
			property(klarna, "merchant_urls", name).Pattern = d.Klarna
		}
	}
	property(klarna, "order_line", "reference").WithMaxLength(255)
	property(klarna, "order_line", "total_amount").WithMax(200000000)
	property(klarna, "order_line", "unit_price").WithMax(200000000)
	property(klarna, "order_line", "type").Enum = []any{"physical", "digital", "discount", "shipping_fee", "sales_tax", "gift_card", "store_credit", "surcharge"}
	schema(klarna, "session_create").Properties["step_up_id"] = openapi3.NewStringSchema().NewRef()

	open, text := report(t, klarna)
	require.Zero(t, open, text)
	found := Compare(klarna, load(t))
	for _, d := range later {
		require.Contains(t, found, d)
	}
	require.Contains(t, text, "Klarna's document agrees with ours here by now")
	require.Contains(t, text, "\norder_line\n  order_line.reference, maxLength\n  order_line.total_amount, maximum\n")
}

func TestTheReportKeepsTheFirstErrorOfItsWriter(t *testing.T) {
	t.Parallel()
	_, err := Report(failingWriter{}, loadKlarna(t), load(t), payments, onPurpose(t))
	require.ErrorIs(t, err, errWrite)
}
