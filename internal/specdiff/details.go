package specdiff

import (
	"maps"
	"slices"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
)

// details describe what a new part of Klarna's document is, as far as it is needed to write it into ours: what a schema
// holds, the facts of a property, the values of a list.
func details(klarna *openapi3.T, d Difference) string {
	if d.Klarna == "" {
		return ""
	}
	ref := find(klarna, d.Path)
	var facts []string
	switch {
	case d.Fact == Presence && strings.HasPrefix(d.Path, "/"):
		facts = operationIDs(klarna, d.Path)
	case ref == nil:
	case d.Fact == Presence:
		facts = describe(ref)
		if isRequired(klarna, d.Path) {
			facts = append(facts, "required")
		}
	case d.Fact == "enum":
		facts = values(ref)
	}
	if len(facts) == 0 {
		return ""
	}
	return " (" + strings.Join(facts, ", ") + ")"
}

// find is the schema at a path such as order_line or order_line.name, if there is one.
func find(doc *openapi3.T, path string) *openapi3.SchemaRef {
	names := strings.Split(strings.ReplaceAll(path, "[]", ".[]"), ".")
	ref := schemasOf(doc)[names[0]]
	for _, name := range names[1:] {
		switch {
		case ref == nil || ref.Value == nil:
			return nil
		case name == "[]":
			ref = ref.Value.Items
		default:
			ref = ref.Value.Properties[name]
		}
	}
	return ref
}

func isRequired(doc *openapi3.T, path string) bool {
	dot := strings.LastIndex(path, ".")
	if dot < 0 {
		return false
	}
	parent := find(doc, path[:dot])
	return parent != nil && slices.Contains(parent.Value.Required, path[dot+1:])
}

// describe describes a schema.
func describe(ref *openapi3.SchemaRef) []string {
	name, s, readOnly := seeThrough(ref)
	var all []string
	switch {
	case name != "":
		all = append(all, "schema "+name)
	case s.Type != nil:
		all = append(all, strings.Join(s.Type.Slice(), " or "))
	}
	if name == "" {
		stated := facts(s)
		for _, fact := range slices.Sorted(maps.Keys(stated)) {
			switch text := stated[fact]; {
			case text == "" || fact == "type" || fact == "items":
			case text == there:
				all = append(all, fact)
			default:
				all = append(all, fact+" "+text)
			}
		}
		all = append(all, values(ref)...)
		if s.Items != nil {
			all = append(all, "of "+strings.Join(describe(s.Items), ", "))
		}
		if len(s.Properties) > 0 {
			all = append(all, "with "+strings.Join(slices.Sorted(maps.Keys(s.Properties)), ", "))
		}
	}
	if readOnly {
		all = append(all, "readOnly")
	}
	return all
}

func values(ref *openapi3.SchemaRef) []string {
	_, s, _ := seeThrough(ref)
	if len(s.Enum) == 0 {
		return nil
	}
	var all []string
	for _, v := range s.Enum {
		all = append(all, value(v))
	}
	return []string{"one of " + strings.Join(all, ", ")}
}

// operationIDs are those of a path, or of one method of it.
func operationIDs(doc *openapi3.T, path string) []string {
	path, method, _ := strings.Cut(path, " ")
	item := doc.Paths.Value(path)
	if item == nil {
		return nil
	}
	var all []string
	for _, name := range slices.Sorted(maps.Keys(item.Operations())) {
		if method == "" || method == name {
			all = append(all, strings.TrimSpace(name+" "+item.GetOperation(name).OperationID))
		}
	}
	return all
}
