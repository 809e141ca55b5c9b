package api_test

import (
	"iter"
	"maps"
	"slices"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
)

// operations are those of the paths, in order, each followed by the operations of its callbacks.
func operations(doc *openapi3.T) iter.Seq[*openapi3.Operation] {
	return func(yield func(*openapi3.Operation) bool) {
		for _, operation := range ours(doc) {
			if !yield(operation) {
				return
			}
			for _, name := range slices.Sorted(maps.Keys(operation.Callbacks)) {
				for _, item := range operation.Callbacks[name].Value.Map() {
					for _, callback := range item.Operations() {
						if !yield(callback) {
							return
						}
					}
				}
			}
		}
	}
}

// ours are the operations that the client calls, without the callbacks.
func ours(doc *openapi3.T) []*openapi3.Operation {
	var all []*openapi3.Operation
	for _, path := range slices.Sorted(maps.Keys(doc.Paths.Map())) {
		item := doc.Paths.Value(path).Operations()
		for _, method := range slices.Sorted(maps.Keys(item)) {
			all = append(all, item[method])
		}
	}
	return all
}

// bodies are all the bodies of the document, by a name such as "createOrder request" or "createOrder 409".
func bodies(doc *openapi3.T) map[string]*openapi3.MediaType {
	all := map[string]*openapi3.MediaType{}
	add := func(name string, content openapi3.Content) {
		for _, media := range content {
			all[name] = media
		}
	}
	for operation := range operations(doc) {
		if operation.RequestBody != nil {
			add(operation.OperationID+" request", operation.RequestBody.Value.Content)
		}
		for status, response := range operation.Responses.Map() {
			add(operation.OperationID+" "+status, response.Value.Content)
		}
	}
	return all
}

// schemas are the component schemas and all that stands inline in them, in order, by the path that Klarna's messages
// would use: order_line, order_line.name, session.order_lines[]. A reference is given as it is and not followed.
func schemas(doc *openapi3.T) iter.Seq2[string, *openapi3.SchemaRef] {
	return func(yield func(string, *openapi3.SchemaRef) bool) {
		var walk func(path string, ref *openapi3.SchemaRef) bool
		walk = func(path string, ref *openapi3.SchemaRef) bool {
			if !yield(path, ref) {
				return false
			}
			if ref.Ref != "" {
				return true
			}
			for _, name := range slices.Sorted(maps.Keys(ref.Value.Properties)) {
				if !walk(path+"."+name, ref.Value.Properties[name]) {
					return false
				}
			}
			return ref.Value.Items == nil || walk(path+"[]", ref.Value.Items)
		}
		for _, name := range slices.Sorted(maps.Keys(doc.Components.Schemas)) {
			if !walk(name, doc.Components.Schemas[name]) {
				return
			}
		}
	}
}

// refName is the name of the component that a reference points at, or nothing for what stands inline.
func refName(ref *openapi3.SchemaRef) string {
	return strings.TrimPrefix(ref.Ref, "#/components/schemas/")
}

// The rest finds one part of the document, for a test that damages it. A wrong name panics.

func operation(doc *openapi3.T, id string) *openapi3.Operation {
	for operation := range operations(doc) {
		if operation.OperationID == id {
			return operation
		}
	}
	panic("no operation " + id)
}

func response(doc *openapi3.T, id string, status int) *openapi3.Response {
	return operation(doc, id).Responses.Status(status).Value
}

func schema(doc *openapi3.T, name string) *openapi3.Schema { return doc.Components.Schemas[name].Value }

func property(doc *openapi3.T, name, property string) *openapi3.Schema {
	return schema(doc, name).Properties[property].Value
}

func example(doc *openapi3.T, id, name string) map[string]any {
	media := operation(doc, id).RequestBody.Value.Content["application/json"]
	return media.Examples[name].Value.Value.(map[string]any)
}
