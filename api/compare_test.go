package api_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
)

// difference is one fact that is not the same in Klarna's document and in ours.
type difference struct {
	path string // such as order_line.reference or createOrder.requestBody
	what string // such as "maxLength is 255, Klarna's 256"
}

// compare gives every difference in the facts of two documents: paths, operations, parameters, bodies, statuses,
// schemas, properties, types, formats, limits and values, in both directions. Descriptions and examples are our own
// and not compared. Neither are servers, security, headers and callbacks, of which Klarna's file has none.
func compare(klarna, ours *openapi3.T) []difference {
	c := &comparison{klarna: klarna, ours: ours, standIns: map[string]bool{}}
	c.paths()
	c.schemas()
	slices.SortFunc(c.found, func(a, b difference) int { return strings.Compare(a.path+" "+a.what, b.path+" "+b.what) })
	return slices.Compact(c.found)
}

type comparison struct {
	klarna, ours *openapi3.T
	// standIns are our named schemas that stand where Klarna's document says the same inline.
	standIns map[string]bool
	found    []difference
}

func (c *comparison) add(path, format string, args ...any) {
	c.found = append(c.found, difference{path, fmt.Sprintf(format, args...)})
}

// names compares two sets of names and gives those in both, in order.
func names[K, O any](c *comparison, prefix string, klarna map[string]K, ours map[string]O) []string {
	var both []string
	for _, name := range slices.Sorted(maps.Keys(klarna)) {
		if _, ok := ours[name]; ok {
			both = append(both, name)
		} else {
			c.add(prefix+name, "missing")
		}
	}
	for _, name := range slices.Sorted(maps.Keys(ours)) {
		if _, ok := klarna[name]; !ok {
			c.add(prefix+name, "not in Klarna's")
		}
	}
	return both
}

// fact compares one fact. The zero value stands for not stated.
func fact[T comparable](c *comparison, path, name string, klarna, ours T) {
	if klarna != ours {
		c.add(path, "%s is %s, Klarna's %s", name, stated(ours), stated(klarna))
	}
}

func stated[T comparable](value T) string {
	if value == *new(T) {
		return "not stated"
	}
	return fmt.Sprint(value)
}

func (c *comparison) paths() {
	for _, path := range names(c, "", c.klarna.Paths.Map(), c.ours.Paths.Map()) {
		klarna, ours := c.klarna.Paths.Value(path), c.ours.Paths.Value(path)
		for _, method := range names(c, path+" ", klarna.Operations(), ours.Operations()) {
			k, o := klarna.GetOperation(method), ours.GetOperation(method)
			fact(c, path+" "+method, "operationId", k.OperationID, o.OperationID)
			c.parameters(k.OperationID, parameters(klarna, k), parameters(ours, o))
			c.requestBody(k.OperationID+".requestBody", k.RequestBody, o.RequestBody)
			c.responses(k.OperationID, k.Responses, o.Responses)
		}
	}
}

// parameters are those of an operation and those of its path, by place and name.
func parameters(item *openapi3.PathItem, operation *openapi3.Operation) map[string]*openapi3.Parameter {
	all := map[string]*openapi3.Parameter{}
	for _, ref := range slices.Concat(item.Parameters, operation.Parameters) {
		all[ref.Value.In+"."+ref.Value.Name] = ref.Value
	}
	return all
}

func (c *comparison) parameters(operation string, klarna, ours map[string]*openapi3.Parameter) {
	for _, name := range names(c, operation+".", klarna, ours) {
		k, o := klarna[name], ours[name]
		fact(c, operation+"."+name, "required", k.Required, o.Required)
		c.schema(operation+"."+name, k.Schema, o.Schema)
	}
}

func (c *comparison) requestBody(path string, klarna, ours *openapi3.RequestBodyRef) {
	switch {
	case klarna == nil && ours == nil:
	case klarna == nil:
		c.add(path, "not in Klarna's")
	case ours == nil:
		c.add(path, "missing")
	default:
		fact(c, path, "required", klarna.Value.Required, ours.Value.Required)
		c.content(path, klarna.Value.Content, ours.Value.Content)
	}
}

// responses compares the answers. A status, or the body of a refusal, that we declare beyond Klarna's is one
// difference however many operations have it.
func (c *comparison) responses(operation string, klarna, ours *openapi3.Responses) {
	for status, k := range klarna.Map() {
		path := operation + ".responses." + status
		o := ours.Value(status)
		switch {
		case o == nil:
			c.add(path, "missing")
		case status[0] != '2' && len(k.Value.Content) == 0 && len(o.Value.Content) > 0:
			for _, media := range o.Value.Content {
				c.add("responses."+refName(media.Schema), "the body of a refusal, which Klarna states for one only")
			}
		default:
			c.content(path, k.Value.Content, o.Value.Content)
		}
	}
	for status := range ours.Map() {
		if klarna.Value(status) == nil {
			c.add("responses."+status, "not in Klarna's")
		}
	}
}

func (c *comparison) content(path string, klarna, ours openapi3.Content) {
	for _, media := range names(c, path+" ", klarna, ours) {
		c.schema(path, klarna[media].Schema, ours[media].Schema)
	}
}
