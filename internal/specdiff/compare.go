package specdiff

import (
	"cmp"
	"maps"
	"slices"

	"github.com/getkin/kin-openapi/openapi3"
)

// Compare returns every difference in the facts of two documents: paths, operations, parameters, bodies, statuses,
// schemas, properties, types, formats, limits and values, in both directions. Descriptions and examples are our own
// and not compared. Neither are servers, security, headers and callbacks, of which Klarna's document has none.
func Compare(klarna, ours *openapi3.T) []Difference {
	c := &comparison{klarna: klarna, ours: ours, named: map[string]bool{}}
	c.paths()
	c.schemas()
	slices.SortFunc(c.found, compareDifferences)
	return slices.Compact(c.found)
}

func compareDifferences(a, b Difference) int {
	return cmp.Or(cmp.Compare(a.Group(), b.Group()), cmp.Compare(a.Path, b.Path), cmp.Compare(a.Fact, b.Fact),
		cmp.Compare(a.Klarna, b.Klarna), cmp.Compare(a.Ours, b.Ours))
}

type comparison struct {
	klarna, ours *openapi3.T
	// named are our named schemas for what Klarna's document states inline.
	named map[string]bool
	found []Difference
}

func (c *comparison) add(d Difference) { c.found = append(c.found, d) }

// fact compares one fact. Empty stands for not stated.
func (c *comparison) fact(path, fact, klarna, ours string) {
	if klarna != ours {
		c.add(Difference{path, fact, klarna, ours})
	}
}

// names compares two sets of names and returns those in both, in order.
func names[K, O any](c *comparison, prefix string, klarna map[string]K, ours map[string]O) []string {
	var both []string
	for _, name := range slices.Sorted(maps.Keys(klarna)) {
		if _, ok := ours[name]; ok {
			both = append(both, name)
		} else {
			c.add(onlyKlarna(prefix + name))
		}
	}
	for _, name := range slices.Sorted(maps.Keys(ours)) {
		if _, ok := klarna[name]; !ok {
			c.add(onlyOurs(prefix + name))
		}
	}
	return both
}

func (c *comparison) paths() {
	for _, path := range names(c, "", c.klarna.Paths.Map(), c.ours.Paths.Map()) {
		klarna, ours := c.klarna.Paths.Value(path), c.ours.Paths.Value(path)
		for _, method := range names(c, path+" ", klarna.Operations(), ours.Operations()) {
			k, o := klarna.GetOperation(method), ours.GetOperation(method)
			c.fact(path+" "+method, "operationId", k.OperationID, o.OperationID)
			// Ours is the name of the parts: Klarna's may have none.
			c.parameters(o.OperationID, parameters(klarna, k), parameters(ours, o))
			c.requestBody(o.OperationID+".requestBody", k.RequestBody, o.RequestBody)
			c.responses(o.OperationID, k.Responses, o.Responses)
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
		c.fact(operation+"."+name, "required", isTrue(k.Required), isTrue(o.Required))
		c.schema(operation+"."+name, k.Schema, o.Schema)
	}
}

func (c *comparison) requestBody(path string, klarna, ours *openapi3.RequestBodyRef) {
	switch {
	case klarna == nil && ours == nil:
	case klarna == nil:
		c.add(onlyOurs(path))
	case ours == nil:
		c.add(onlyKlarna(path))
	default:
		c.fact(path, "required", isTrue(klarna.Value.Required), isTrue(ours.Value.Required))
		c.content(path, klarna.Value.Content, ours.Value.Content)
	}
}

// responses compares the responses. A status, or the body of a rejection, that we declare beyond Klarna's is one
// difference however many operations have it.
func (c *comparison) responses(operation string, klarna, ours *openapi3.Responses) {
	for status, k := range klarna.Map() {
		path := operation + ".responses." + status
		o := ours.Value(status)
		switch {
		case o == nil:
			c.add(onlyKlarna(path))
		case status[0] != '2' && len(k.Value.Content) == 0 && len(o.Value.Content) > 0:
			for _, media := range o.Value.Content {
				c.add(Difference{Path: "responses." + refName(media.Schema), Fact: ErrorBody, Ours: there})
			}
		default:
			c.content(path, k.Value.Content, o.Value.Content)
		}
	}
	for status := range ours.Map() {
		if klarna.Value(status) == nil {
			c.add(onlyOurs("responses." + status))
		}
	}
}

func (c *comparison) content(path string, klarna, ours openapi3.Content) {
	for _, media := range names(c, path+" ", klarna, ours) {
		c.schema(path, klarna[media].Schema, ours[media].Schema)
	}
}
