package api_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/klarna-go/klarna-payments/internal/specdiff"
)

// readOnlyInRequests returns the fields that only Klarna sets and that callers can set nevertheless.
func readOnlyInRequests(doc *openapi3.T) []string {
	var faults []string
	for where, body := range bodies(doc) {
		if !strings.HasSuffix(where, " request") {
			continue
		}
		_ = body.Schema.WalkSubtree(func(pointer string, ref *openapi3.SchemaRef) error {
			if ref.Value.ReadOnly {
				faults = append(faults, where+pointer)
			}
			return nil
		})
	}
	return faults
}

// composed returns the schemas that are made of others. The one exception is an allOf around a single reference, which
// is how a property adds a sentence of its own about a shared schema.
func composed(doc *openapi3.T) []string {
	return schemasWhere(doc, func(_ string, s *openapi3.Schema) bool {
		return len(s.AllOf) > 0 && !specdiff.IsWrapper(s) || s.OneOf != nil || s.AnyOf != nil || s.Not != nil || s.Discriminator != nil
	})
}

// inlineEnums returns the lists of values that stand inside another schema. Each would be a Go type of its own.
func inlineEnums(doc *openapi3.T) []string {
	return schemasWhere(doc, func(path string, s *openapi3.Schema) bool {
		return (s.Enum != nil || s.Extensions["x-extensible-enum"] != nil) && isInline(path)
	})
}

// inlineObjects returns the objects that stand inside another schema, out of reach of what is done to the components.
func inlineObjects(doc *openapi3.T) []string {
	return schemasWhere(doc, func(path string, s *openapi3.Schema) bool {
		return (s.Type.Is(openapi3.TypeObject) || len(s.Properties) > 0) && isInline(path)
	})
}

// twinEnums returns the pairs of schemas that list the same values.
func twinEnums(doc *openapi3.T) []string {
	var faults []string
	first := map[string]string{}
	for _, name := range slices.Sorted(maps.Keys(doc.Components.Schemas)) {
		s := schema(doc, name)
		if s.Enum == nil {
			continue
		}
		values := fmt.Sprint(s.Enum)
		if other := first[values]; other != "" {
			faults = append(faults, other+" and "+name)
		}
		first[values] = name
	}
	return faults
}

// unnamedValues returns the lists of values that do not name each of them for Go.
func unnamedValues(doc *openapi3.T) []string {
	var faults []string
	for _, name := range slices.Sorted(maps.Keys(doc.Components.Schemas)) {
		s := schema(doc, name)
		names, _ := s.Extensions["x-enum-varnames"].([]any)
		if s.Enum != nil && len(names) != len(s.Enum) {
			faults = append(faults, name)
		}
	}
	return faults
}

// strictTimes returns the times that the generated client reads with time.Time, which fails at an empty string.
func strictTimes(doc *openapi3.T) []string {
	return schemasWhere(doc, func(_ string, s *openapi3.Schema) bool {
		source, _ := s.Extensions["x-go-type-import"].(map[string]any)
		return s.Format == "date-time" &&
			(s.Extensions["x-go-type"] != "types.Time" || source["path"] != "github.com/klarna-go/klarna-payments/gen/types")
	})
}

// schemasWhere returns the paths of the schemas that a test picks.
func schemasWhere(doc *openapi3.T, pick func(path string, s *openapi3.Schema) bool) []string {
	var paths []string
	for path, ref := range schemas(doc) {
		if ref.Ref == "" && pick(path, ref.Value) {
			paths = append(paths, path)
		}
	}
	return paths
}

// isInline reports whether a schema stands within another one.
func isInline(path string) bool { return strings.ContainsAny(path, ".[") }
