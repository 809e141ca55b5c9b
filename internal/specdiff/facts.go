package specdiff

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
)

// facts are what a schema states by itself, written out. What it does not state, or states as the default, is empty.
func facts(s *openapi3.Schema) map[string]string {
	return map[string]string{
		"type":                 strings.Join(s.Type.Slice(), " or "),
		"format":               s.Format,
		"pattern":              s.Pattern,
		"minimum":              float(s.Min),
		"maximum":              float(s.Max),
		"exclusiveMinimum":     isTrue(s.ExclusiveMin.IsSet()),
		"exclusiveMaximum":     isTrue(s.ExclusiveMax.IsSet()),
		"multipleOf":           float(s.MultipleOf),
		"minLength":            count(&s.MinLength),
		"maxLength":            limit(s.MaxLength),
		"minItems":             count(&s.MinItems),
		"maxItems":             limit(s.MaxItems),
		"uniqueItems":          isTrue(s.UniqueItems),
		"minProperties":        count(&s.MinProps),
		"maxProperties":        limit(s.MaxProps),
		"nullable":             isTrue(s.Nullable),
		"writeOnly":            isTrue(s.WriteOnly),
		"default":              value(s.Default),
		"items":                isTrue(s.Items != nil),
		"additionalProperties": isTrue(s.AdditionalProperties.Has != nil || s.AdditionalProperties.Schema != nil),
		"composition":          isTrue(len(s.AllOf)+len(s.AnyOf)+len(s.OneOf) > 0 || s.Not != nil),
	}
}

// The rest writes a fact out.

func float(n *float64) string {
	if n == nil {
		return ""
	}
	return strconv.FormatFloat(*n, 'f', -1, 64)
}

func limit(n *uint64) string {
	if n == nil {
		return ""
	}
	return strconv.FormatUint(*n, 10)
}

// count is a least number, of which 0 asks for nothing.
func count(n *uint64) string {
	if *n == 0 {
		return ""
	}
	return limit(n)
}

func isTrue(b bool) string {
	if b {
		return there
	}
	return ""
}

func value(v any) string {
	if v == nil {
		return ""
	}
	return fmt.Sprint(v)
}
