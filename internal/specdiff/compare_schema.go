package specdiff

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
)

func (c *comparison) schemas() {
	klarna, ours := schemasOf(c.klarna), schemasOf(c.ours)
	for _, name := range slices.Sorted(maps.Keys(klarna)) {
		if ours[name] == nil {
			c.add(onlyKlarna(name))
			continue
		}
		c.values(name, klarna[name].Value, ours[name].Value)
	}
	// Only now is it known which of ours replace something inline.
	for _, name := range slices.Sorted(maps.Keys(ours)) {
		if klarna[name] == nil && !c.named[name] {
			c.add(onlyOurs(name))
		}
	}
}

// schema compares what stands at one place: a reference of Klarna's must be one of ours to the same name; what stands
// inline may be a named schema of ours that states the same.
func (c *comparison) schema(path string, klarna, ours *openapi3.SchemaRef) {
	if klarna == nil || ours == nil {
		c.fact(path, "schema", isTrue(klarna != nil), isTrue(ours != nil))
		return
	}
	klarnaName, klarnaValue, klarnaReadOnly := seeThrough(klarna)
	name, value, readOnly := seeThrough(ours)
	c.fact(path, "readOnly", isTrue(klarnaReadOnly), isTrue(readOnly))
	if klarnaName != "" {
		c.fact(path, "reference", klarnaName, name)
		return
	}
	if name != "" {
		if schemasOf(c.klarna)[name] != nil {
			c.fact(path, "reference", "", name)
			return
		}
		c.named[name] = true
	}
	c.values(path, klarnaValue, value)
}

// values compares two schemas and what is in them.
func (c *comparison) values(path string, klarna, ours *openapi3.Schema) {
	k, o := facts(klarna), facts(ours)
	for _, name := range slices.Sorted(maps.Keys(k)) {
		c.fact(path, name, k[name], o[name])
	}
	c.enum(path, klarna, ours)
	c.required(path, klarna, ours)
	for _, name := range names(c, path+".", klarna.Properties, ours.Properties) {
		c.schema(path+"."+name, klarna.Properties[name], ours.Properties[name])
	}
	if klarna.Items != nil && ours.Items != nil {
		c.schema(path+"[]", klarna.Items, ours.Items)
	}
}

// enum compares two lists of values. No list at all lets every value pass, and so does an x-extensible-enum: what that
// one lists need not stand in Klarna's, but what Klarna's lists has to stand in it.
func (c *comparison) enum(path string, klarna, ours *openapi3.Schema) {
	c.fact(path, "enum", isTrue(len(klarna.Enum) > 0), isTrue(len(ours.Enum) > 0))
	known := ours.Enum
	if open, ok := ours.Extensions["x-extensible-enum"].([]any); ok && len(known) == 0 {
		known = open
	}
	if len(klarna.Enum) == 0 || len(known) == 0 {
		return
	}
	for _, value := range klarna.Enum {
		if !slices.Contains(known, value) {
			c.add(Difference{Path: path, Fact: EnumValue, Klarna: fmt.Sprint(value)})
		}
	}
	for _, value := range ours.Enum {
		if !slices.Contains(klarna.Enum, value) {
			c.add(Difference{Path: path, Fact: EnumValue, Ours: fmt.Sprint(value)})
		}
	}
}

func (c *comparison) required(path string, klarna, ours *openapi3.Schema) {
	for _, name := range klarna.Required {
		if !slices.Contains(ours.Required, name) {
			c.fact(path+"."+name, "required", there, "")
		}
	}
	for _, name := range ours.Required {
		if !slices.Contains(klarna.Required, name) {
			c.fact(path+"."+name, "required", "", there)
		}
	}
}

// seeThrough resolves a reference: the name and the schema behind it, also when it is wrapped in an allOf
// for the sake of a description of its own.
func seeThrough(ref *openapi3.SchemaRef) (name string, value *openapi3.Schema, readOnly bool) {
	if ref.Ref != "" {
		return refName(ref), ref.Value, false
	}
	if IsWrapper(ref.Value) {
		name, value, _ = seeThrough(ref.Value.AllOf[0])
		return name, value, ref.Value.ReadOnly
	}
	return "", ref.Value, ref.Value.ReadOnly
}

// IsWrapper reports whether a schema is an allOf around one reference that states no fact of its own.
func IsWrapper(s *openapi3.Schema) bool {
	rest := *s
	rest.AllOf = nil
	return len(s.AllOf) == 1 && s.AllOf[0].Ref != "" &&
		len(s.Enum)+len(s.Required)+len(s.Properties) == 0 &&
		maps.Equal(facts(&rest), facts(new(openapi3.Schema)))
}

// refName is the name of the component that a reference points at, or nothing for what stands inline.
func refName(ref *openapi3.SchemaRef) string {
	return strings.TrimPrefix(ref.Ref, "#/components/schemas/")
}

func schemasOf(doc *openapi3.T) openapi3.Schemas {
	if doc.Components == nil {
		return nil
	}
	return doc.Components.Schemas
}
