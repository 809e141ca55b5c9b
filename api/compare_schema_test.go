package api_test

import (
	"fmt"
	"maps"
	"slices"
	"strconv"

	"github.com/getkin/kin-openapi/openapi3"
)

func (c *comparison) schemas() {
	klarna, ours := c.klarna.Components.Schemas, c.ours.Components.Schemas
	for _, name := range slices.Sorted(maps.Keys(klarna)) {
		if ours[name] == nil {
			c.add(name, "missing")
			continue
		}
		c.values(name, klarna[name].Value, ours[name].Value)
	}
	// Only now is it known which of ours stand in for something.
	for _, name := range slices.Sorted(maps.Keys(ours)) {
		if klarna[name] == nil && !c.standIns[name] {
			c.add(name, "not in Klarna's")
		}
	}
}

// schema compares what stands at one place: a reference of Klarna's must be one of ours to the same name; what stands
// inline may be a named schema of ours that says the same.
func (c *comparison) schema(path string, klarna, ours *openapi3.SchemaRef) {
	name, value, readOnly := seeThrough(ours)
	if klarna.Ref != "" {
		fact(c, path, "reference", refName(klarna), name)
		fact(c, path, "readOnly", false, readOnly)
		return
	}
	if name != "" {
		if c.klarna.Components.Schemas[name] != nil {
			c.add(path, "reference is %s, Klarna's not stated", name)
			return
		}
		c.standIns[name] = true
	}
	fact(c, path, "readOnly", klarna.Value.ReadOnly, readOnly)
	c.values(path, klarna.Value, value)
}

// seeThrough gives what a reference of ours comes to: the name and the schema behind it, also when it is wrapped in
// an allOf for the sake of a description of its own.
func seeThrough(ref *openapi3.SchemaRef) (name string, value *openapi3.Schema, readOnly bool) {
	name, value, readOnly = refName(ref), ref.Value, ref.Value.ReadOnly
	if name == "" && isWrapper(value) {
		name, value, _ = seeThrough(value.AllOf[0])
	}
	return name, value, readOnly
}

// isWrapper tells an allOf around one reference that states no fact of its own.
func isWrapper(s *openapi3.Schema) bool {
	rest := *s
	rest.AllOf = nil
	return len(s.AllOf) == 1 && s.AllOf[0].Ref != "" &&
		len(s.Enum)+len(s.Required)+len(s.Properties) == 0 &&
		maps.Equal(facts(&rest), facts(new(openapi3.Schema)))
}

// values compares two schemas and what is in them. An x-extensible-enum is no limit: any string passes.
func (c *comparison) values(path string, klarna, ours *openapi3.Schema) {
	k, o := facts(klarna), facts(ours)
	for _, name := range slices.Sorted(maps.Keys(k)) {
		fact(c, path, name, k[name], o[name])
	}
	c.enum(path, klarna.Enum, ours.Enum)
	c.required(path, klarna, ours)
	for _, name := range names(c, path+".", klarna.Properties, ours.Properties) {
		c.schema(path+"."+name, klarna.Properties[name], ours.Properties[name])
	}
	if klarna.Items != nil && ours.Items != nil {
		c.schema(path+"[]", klarna.Items, ours.Items)
	}
}

// facts are what a schema states by itself, written out. What it does not state, or states as the default, is empty.
func facts(s *openapi3.Schema) map[string]string {
	return map[string]string{
		"type":                 fmt.Sprint(s.Type.Slice()),
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

// enum compares two lists of values. No list at all lets every value pass.
func (c *comparison) enum(path string, klarna, ours []any) {
	switch {
	case len(klarna) == 0 && len(ours) > 0:
		c.add(path, "enum is stated, Klarna's not")
		return
	case len(klarna) > 0 && len(ours) == 0:
		c.add(path, "enum is not stated, Klarna's is")
		return
	}
	for _, value := range klarna {
		if !slices.Contains(ours, value) {
			c.add(path, "enum lacks %v", value)
		}
	}
	for _, value := range ours {
		if !slices.Contains(klarna, value) {
			c.add(path, "enum adds %v", value)
		}
	}
}

func (c *comparison) required(path string, klarna, ours *openapi3.Schema) {
	for _, name := range klarna.Required {
		if !slices.Contains(ours.Required, name) {
			c.add(path+"."+name, "required is not stated, Klarna's true")
		}
	}
	for _, name := range ours.Required {
		if !slices.Contains(klarna.Required, name) {
			c.add(path+"."+name, "required is true, Klarna's not stated")
		}
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
		return "true"
	}
	return ""
}

func value(v any) string {
	if v == nil {
		return ""
	}
	return fmt.Sprint(v)
}
