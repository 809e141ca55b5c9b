package specdiff

import (
	"errors"
	"fmt"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
)

// Read reads a document of Klarna's, OpenAPI 3.0 in JSON or YAML, and keeps one API of it: the paths that begin with a
// prefix such as /payments/v1/, and the schemas that those use.
func Read(document []byte, prefix string) (*openapi3.T, error) {
	doc, err := parse(document)
	if err != nil {
		return nil, err
	}
	for path := range doc.Paths.Map() {
		if !strings.HasPrefix(path, prefix) {
			doc.Paths.Delete(path)
		}
	}
	if doc.Paths.Len() == 0 {
		return nil, fmt.Errorf("it has no path under %s: it is not Klarna's document of this API", prefix)
	}
	if doc.Components != nil {
		used := reachable(doc)
		for name := range doc.Components.Schemas {
			if !used[name] {
				delete(doc.Components.Schemas, name)
			}
		}
	}
	return doc, nil
}

// Has reports whether a document has a path that begins with a prefix.
func Has(document []byte, prefix string) (bool, error) {
	doc, err := parse(document)
	if err != nil {
		return false, err
	}
	for path := range doc.Paths.Map() {
		if strings.HasPrefix(path, prefix) {
			return true, nil
		}
	}
	return false, nil
}

func parse(document []byte) (*openapi3.T, error) {
	doc, err := openapi3.NewLoader().LoadFromData(document)
	switch {
	case err != nil:
		return nil, fmt.Errorf("it cannot be read as an OpenAPI document: %w", err)
	case doc.OpenAPI == "":
		return nil, errors.New(`it is no OpenAPI 3.0 document: the field "openapi" is missing`)
	case !strings.HasPrefix(doc.OpenAPI, "3.0"):
		return nil, fmt.Errorf("it is OpenAPI %s, and only 3.0 can be compared", doc.OpenAPI)
	}
	return doc, nil
}

// reachable are the names of the schemas that the paths lead to.
func reachable(doc *openapi3.T) map[string]bool {
	used := map[string]bool{}
	var walk func(*openapi3.SchemaRef)
	walk = func(ref *openapi3.SchemaRef) {
		if ref == nil {
			return
		}
		if ref.Ref != "" {
			name := refName(ref)
			if used[name] {
				return
			}
			used[name] = true
		}
		s := ref.Value
		for _, property := range s.Properties {
			walk(property)
		}
		for _, part := range [][]*openapi3.SchemaRef{s.AllOf, s.AnyOf, s.OneOf, {s.Not, s.Items, s.AdditionalProperties.Schema}} {
			for _, ref := range part {
				walk(ref)
			}
		}
	}
	content := func(content openapi3.Content) {
		for _, media := range content {
			walk(media.Schema)
		}
	}
	for _, item := range doc.Paths.Map() {
		for _, operation := range item.Operations() {
			for _, parameter := range parameters(item, operation) {
				walk(parameter.Schema)
			}
			if operation.RequestBody != nil {
				content(operation.RequestBody.Value.Content)
			}
			for _, response := range operation.Responses.Map() {
				content(response.Value.Content)
			}
		}
	}
	return used
}
