package klarnatest_test

import (
	"encoding/json"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/klarna-go/klarna-payments/api"
	"github.com/klarna-go/klarna-payments/internal/contract"
	"github.com/stretchr/testify/require"
)

// memberTargets are operations with the schema of their body.
var memberTargets = map[string]struct {
	contract, schema string
	target
}{
	"session":       {"payments", "session_create", newSession},
	"update":        {"payments", "session", update},
	"order":         {"payments", "create_order_request", newOrder},
	"token":         {"payments", "customer_token_creation_request", newToken},
	"charge":        {"customer-token", "customer_token_order", charge},
	"capture":       {"order-management", "CaptureObject", capture},
	"refund":        {"order-management", "RefundObject", target{"a refund", "POST", func(s *shop) string { return s.captured() + "/refunds" }, func(*testing.T) members { return members{"refunded_amount": 500} }, 201}},
	"authorization": {"order-management", "Update_authorization", target{"an authorization", "PATCH", func(s *shop) string { return ordersPath + s.place() + "/authorization" }, func(*testing.T) members { return members{"order_amount": 12400} }, 204}},
	"references":    {"order-management", "Update_merchant_references", references},
	"details":       {"order-management", "UpdateConsumer", target{"details", "PATCH", func(s *shop) string { return ordersPath + s.place() + "/customer-details" }, func(*testing.T) members { return members{} }, 204}},
	"page":          {"hosted-payment-page", "SessionCreationRequestV1", page},
}

// oddMember is a body with one odd member.
type oddMember struct {
	path, rule string
	body       members
}

// Each optional member of each body may be null or, where the contract does not allow that, empty; each object may have members
// that are unknown; each of the known values may be in another case; each text may be a number.
func TestEveryMemberIsReadLeniently(t *testing.T) {
	t.Parallel()
	for name, row := range memberTargets {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			schema := componentOf(t, row.contract, row.schema)
			s, strict := newLenientShop(t), newShop(t)
			base := row.body(t)
			if name == "page" {
				base["payment_session_url"] = s.SessionURL(s.open(cart()))
			}
			odd := oddMembers(t, schema, base)
			require.GreaterOrEqual(t, len(odd), 4)
			path, strictPath := row.path(s), row.path(strict)
			for _, one := range odd {
				if name == "charge" && strings.Contains(one.path, ".subscription.") {
					continue // it is not that of the sign-up, which is declined
				}
				switch name { // of those that cannot be done again
				case "order":
					_, token := s.openWith(one.body)
					path = "/payments/v1/authorizations/" + token + "/order"
				case "update", "token", "capture", "refund":
					path = row.path(s)
				}
				body := encode(t, one.body)
				got := s.send(row.method, path, body, "X-Unchecked", "1")
				require.Equal(t, row.success, got.status, "%s %s: %s\n%s", one.path, one.rule, got.body, body)
				require.Contains(t, s.warnings(), one.path+" "+one.rule)
				got = strict.send(row.method, strictPath, body, "X-Unchecked", "1")
				require.Contains(t, []int{400, 422}, got.status, "%s %s", one.path, one.rule)
				require.Contains(t, got.body, "("+one.rule+")")
			}
		})
	}
}

func componentOf(t *testing.T, name, schema string) *openapi3.Schema {
	t.Helper()
	for _, row := range api.Contracts {
		if row.Name == name {
			document, err := openapi3.NewLoader().LoadFromData(row.OpenAPI())
			require.NoError(t, err)
			return document.Components.Schemas[schema].Value
		}
	}
	t.Fatal(name)
	return nil
}

// oddMembers returns a body for each oddity that a schema lets there be. The money of the base stays as it is.
func oddMembers(t *testing.T, schema *openapi3.Schema, base members) (odd []oddMember) {
	add := func(path []string, rule string, values ...any) {
		for _, value := range values {
			body := members{}
			require.NoError(t, json.Unmarshal([]byte(encode(t, base)), &body))
			plantAt(schema, body, path, value)
			odd = append(odd, oddMember{strings.ReplaceAll(strings.Join(path, "."), ".0", "[0]"), rule, body})
		}
	}
	var walk func(object *openapi3.Schema, path []string)
	walk = func(object *openapi3.Schema, path []string) {
		below := func(name string) []string { return append(slices.Clone(path), name) }
		add(below("made_up"), "unknown_member", 1)
		for _, name := range slices.Sorted(maps.Keys(object.Properties)) {
			property, at := behind(object.Properties[name].Value), below(name)
			if isMoney.MatchString(name) {
				continue
			}
			optional := !slices.Contains(object.Required, name)
			if optional && name != "order_lines" {
				add(at, "null", nil)
			}
			if optional && property.Type.Is("integer") || property.Type.Is("string") && optional && property.VisitJSON("") != nil {
				add(at, "empty", "")
			}
			known := contract.KnownValues(property)
			for _, value := range known {
				if !changesMoney[value] {
					add(at, "other_case", otherCase(value))
				}
			}
			switch {
			case property.Type.Is("object"):
				if optional {
					add(at, "empty", []any{}, "")
				}
				walk(property, at)
			case property.Type.Is("array"):
				switch entry := behind(property.Items.Value); {
				case entry.Type.Is("object") && (name != "order_lines" || base[name] != nil):
					walk(entry, append(at, "0"))
				case entry.Type.Is("string") && len(contract.KnownValues(entry)) == 0:
					add(append(at, "0"), "coerced", 4711)
				}
			case property.Type.Is("string") && len(known) == 0 && property.Pattern == "" && property.Format == "" && property.MinLength < 2:
				add(at, "coerced", 4711, true)
			case property.Type.Is("boolean"):
				add(at, "coerced", "true", 0)
			case property.Type.Is("integer"):
				add(at, "coerced", "1", json.Number("1.0"))
			}
		}
	}
	walk(schema, nil)
	return odd
}

// isMoney matches what cannot change alone, and the URL without which there is no hosted page.
var isMoney = regexp.MustCompile(`amount|price|^tax_rate$|^quantity$|^payment_session_url$`)

// changesMoney are the types of lines that the amounts would have to fit.
var changesMoney = map[string]bool{
	"discount": true, "sales_tax": true, "surcharge": true, "return_fee": true,
}

// otherCase is a known value in another case.
func otherCase(value string) string {
	if upper := strings.ToUpper(value); upper != value {
		return upper
	}
	return strings.ToLower(value)
}

// behind is the schema behind an allOf that adds a description.
func behind(schema *openapi3.Schema) *openapi3.Schema {
	for schema.Type == nil && len(schema.AllOf) == 1 {
		schema = schema.AllOf[0].Value
	}
	return schema
}

// plantAt sets a value in a body, with whatever has to be there around it.
func plantAt(schema *openapi3.Schema, body members, path []string, value any) {
	if len(path) == 1 {
		body[path[0]] = value
		return
	}
	property := behind(schema.Properties[path[0]].Value)
	if property.Type.Is("array") {
		list, _ := body[path[0]].([]any)
		if len(path) == 2 {
			body[path[0]] = []any{value}
			return
		}
		entry := behind(property.Items.Value)
		if len(list) == 0 {
			list = []any{valid(entry)}
			body[path[0]] = list
		}
		plantAt(entry, list[0].(members), path[2:], value)
		return
	}
	inner, ok := body[path[0]].(members)
	if !ok {
		inner = valid(property).(members)
		body[path[0]] = inner
	}
	plantAt(property, inner, path[1:], value)
}

// valid returns a value that a schema allows, with the required members only.
func valid(schema *openapi3.Schema) any {
	schema = behind(schema)
	switch {
	case schema.Type.Is("object"):
		m := members{}
		for _, name := range schema.Required {
			m[name] = valid(schema.Properties[name].Value)
		}
		return m
	case schema.Type.Is("array"):
		return []any{valid(schema.Items.Value)}
	case schema.Example != nil:
		return schema.Example
	case len(contract.KnownValues(schema)) > 0:
		return contract.KnownValues(schema)[0]
	case schema.Type.Is("integer"):
		return 1
	case schema.Type.Is("boolean"):
		return true
	}
	return "text"
}
