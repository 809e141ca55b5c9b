package api_test

import (
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/stretchr/testify/require"
)

// What Klarna's documents of 2023 to 2026 changed, and the document of March 2023 does not know.
func TestWhatCameLaterIsIn(t *testing.T) {
	t.Parallel()
	doc := load(t, payments)
	for _, test := range []struct {
		schema, property string
		holds            func(*openapi3.Schema) bool
	}{
		{"session_create", "step_up_id", isText},
		{"customer", "customer_token", isText},
		{"merchant_urls", "app_return_url", func(s *openapi3.Schema) bool { return isText(s) && *s.MaxLength == 2000 }},
		{"order_line", "unit_price", func(s *openapi3.Schema) bool { return *s.Max == 200000000 }},
		{"order_line", "total_amount", func(s *openapi3.Schema) bool { return *s.Max == 200000000 }},
		{"order_line", "reference", func(s *openapi3.Schema) bool { return *s.MaxLength == 255 }},
		{"address", "phone", func(s *openapi3.Schema) bool { return s.MinLength == 0 && *s.MaxLength == 99 }},
		{"customer_token_creation_request", "description",
			func(s *openapi3.Schema) bool { return s.MinLength == 1 && *s.MaxLength == 255 }},
	} {
		t.Run(test.schema+"."+test.property, func(t *testing.T) {
			t.Parallel()
			ref := schema(doc, test.schema).Properties[test.property]
			require.NotNil(t, ref)
			require.True(t, test.holds(ref.Value))
		})
	}
	for name, values := range map[string][]string{
		"authorized_payment_method_type": {"alternative_payment_method", "pix", "deferred_interest"},
		"intent":                         {"buy_and_default_tokenize", "buy_and_link"},
	} {
		require.Empty(t, schema(doc, name).Enum, "%s is open", name)
		for _, value := range values {
			require.Contains(t, schema(doc, name).Extensions["x-extensible-enum"], value)
		}
	}
}

func TestAStepUpIsForANewSessionOnly(t *testing.T) {
	t.Parallel()
	for path := range schemas(load(t, payments)) {
		if strings.HasSuffix(path, ".step_up_id") {
			require.Equal(t, "session_create.step_up_id", path)
		}
	}
}

// Klarna's pattern keeps http and https out with a look-ahead, which Go's regexp does not know. Ours only keeps the
// shape; the description has the rest.
func TestAnAppReturnURLHasASchemeOfItsOwn(t *testing.T) {
	t.Parallel()
	s := property(load(t, payments), "merchant_urls", "app_return_url")
	for url, want := range map[string]bool{
		"myshop://klarna/return":    true,
		"my.shop+1://return?a=b&c=": true,
		"myshop://":                 true,
		"/return":                   false,
		"1shop://return":            false,
		"myshop:return":             false,
		"myshop://re turn":          false,
	} {
		require.Equal(t, want, s.VisitJSONString(url) == nil, url)
	}
}

func isText(s *openapi3.Schema) bool { return s.Type.Is(openapi3.TypeString) }
