package contract

import (
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
)

// Oddity is something in a body that the contract does not have, and that a provider accepts all the same.
type Oddity struct {
	// Path names the member, such as order_lines[0].tax_rate. A part that does not look like a name is "…", since it may be
	// anything, even personal data. It is empty for the oddities behind the first 200 of a body.
	Path string
	// Rule is the kind of oddity, for programs.
	Rule Rule

	what string
}

// String is the path, what was found, and the rule. It quotes no value.
func (o Oddity) String() string { return o.Path + " " + o.what + " (" + string(o.Rule) + ")" }

// Rule is a kind of [Oddity].
type Rule string

// The kinds of oddities.
const (
	RuleUnknownMember Rule = "unknown_member" // the contract does not have it there
	RuleNull          Rule = "null"           // an optional member that is null, and counts as absent
	RuleOtherCase     Rule = "other_case"     // one of the known values, in another case
	RuleCoerced       Rule = "coerced"        // a scalar of another type, such as "100" or 100.0 for an integer
	RuleRounded       Rule = "rounded"        // a number with a fraction, where the contract has an integer
	RuleEmpty         Rule = "empty"          // an optional member with an empty value of no use, such as [] for an object
)

// Normalize returns a body in the form of the contract, as a provider reads it that is lenient: without the members that
// the contract does not have or that are null, with known values in their own case, with scalars of the type that they stand
// for. What cannot be read so stays as it is, for [Contract.Value] to find. The body is what a JSON object decodes to, with
// json.Number; it is not changed. A schema that does not exist is an error.
func (c *Contract) Normalize(schema string, body map[string]any) (map[string]any, []Oddity, error) {
	if err := c.known(schema); err != nil {
		return nil, nil, err
	}
	n := normalizer{seenWithout: seenWithout[schema]}
	return n.object(nil, c.closed.doc.Components.Schemas[schema].Value, body), n.found, nil
}

// BodySchema returns the name of the schema that the body of an operation has, or "" for one without. The route is that of
// the operation, such as "POST /payments/v1/sessions/{session_id}".
func (c *Contract) BodySchema(route string) string {
	method, path, _ := strings.Cut(route, " ")
	item := c.closed.doc.Paths.Value(path)
	if item == nil || item.GetOperation(method) == nil || item.GetOperation(method).RequestBody == nil {
		return ""
	}
	for _, media := range item.GetOperation(method).RequestBody.Value.Content {
		if media.Schema != nil {
			return strings.TrimPrefix(media.Schema.Ref, "#/components/schemas/")
		}
	}
	return ""
}

// normalizer collects the oddities of one body.
type normalizer struct {
	found       []Oddity
	seenWithout []string // members of the body that need not be there, although they are required
}

// step is one step of a path. It is written out only for what is odd.
type step struct {
	outer *step
	name  string
	index int // if name is empty
}

var plainName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_-]{0,63}$`)

func (s *step) String() string {
	switch {
	case s == nil:
		return ""
	case s.name == "":
		return s.outer.String() + "[" + strconv.Itoa(s.index) + "]"
	}
	name := s.name
	if !plainName.MatchString(name) {
		name = "…"
	}
	if s.outer == nil {
		return name
	}
	return s.outer.String() + "." + name
}

// maxDescribed is how many oddities of a body are described. Of more than that, only the rules are kept: nobody reads the rest.
const maxDescribed = 200

func (n *normalizer) note(at *step, rule Rule, format string, args ...any) {
	if len(n.found) >= maxDescribed {
		n.found = append(n.found, Oddity{Rule: rule})
		return
	}
	n.found = append(n.found, Oddity{at.String(), rule, fmt.Sprintf(format, args...)})
}

func (n *normalizer) object(at *step, schema *openapi3.Schema, from map[string]any) map[string]any {
	to := make(map[string]any, len(from))
	for _, name := range slices.Sorted(maps.Keys(from)) {
		inner := &step{outer: at, name: name}
		if name == "" {
			inner.name = " " // the empty name is a name as well
		}
		property := schema.Properties[name]
		if property == nil || property.Value.ReadOnly {
			n.note(inner, RuleUnknownMember, "is a member that the contract does not have there")
			continue
		}
		optional := !slices.Contains(schema.Required, name) || at == nil && slices.Contains(n.seenWithout, name)
		if from[name] == nil {
			if optional {
				n.note(inner, RuleNull, "is null, which counts as absent")
			}
			continue // one that is required is missing
		}
		if value, keep := n.value(inner, resolved(property.Value), from[name], optional); keep {
			to[name] = value
		}
	}
	return to
}

// resolved is the schema behind an allOf that wraps it to add a description.
func resolved(schema *openapi3.Schema) *openapi3.Schema {
	for schema.Type == nil && len(schema.AllOf) == 1 {
		schema = schema.AllOf[0].Value
	}
	return schema
}

// value returns a value in the form of its schema. keep is false for one that counts as absent.
func (n *normalizer) value(at *step, schema *openapi3.Schema, value any, optional bool) (normal any, keep bool) {
	if optional && isEmpty(value) && !admitsEmpty(schema, value) {
		n.note(at, RuleEmpty, "is empty, which counts as absent")
		return nil, false
	}
	switch {
	case schema.Type.Is(openapi3.TypeObject):
		if object, ok := value.(map[string]any); ok && len(schema.Properties) > 0 {
			return n.object(at, schema, object), true
		}
	case schema.Type.Is(openapi3.TypeArray):
		if list, ok := value.([]any); ok && schema.Items != nil {
			return n.list(at, resolved(schema.Items.Value), list), true
		}
	case schema.Type.Is(openapi3.TypeString):
		return n.text(at, schema, value), true
	case schema.Type.Is(openapi3.TypeInteger):
		return n.integer(at, value), true
	case schema.Type.Is(openapi3.TypeBoolean):
		return n.boolean(at, value), true
	}
	return value, true
}

// list leaves out the entries that are null, but of objects: a line that is null may be one that the sender lost.
func (n *normalizer) list(at *step, entry *openapi3.Schema, from []any) []any {
	to := make([]any, 0, len(from))
	for i := range from {
		inner := &step{outer: at, index: i}
		if from[i] == nil && !entry.Type.Is(openapi3.TypeObject) {
			n.note(inner, RuleNull, "is null, which counts as absent")
			continue
		}
		normal, _ := n.value(inner, entry, from[i], false)
		to = append(to, normal)
	}
	return to
}

func isEmpty(value any) bool {
	switch value := value.(type) {
	case string:
		return value == ""
	case []any:
		return len(value) == 0
	case map[string]any:
		return len(value) == 0
	}
	return false
}

// admitsEmpty reports whether a schema allows an empty value. An empty list is never taken for an absent one: it may be
// meant, and the contract has its say on it.
func admitsEmpty(schema *openapi3.Schema, value any) bool {
	switch value.(type) {
	case []any:
		return schema.Type.Is(openapi3.TypeArray)
	case map[string]any:
		return schema.Type.Is(openapi3.TypeObject) && len(schema.Required) == 0
	}
	return schema.Type.Is(openapi3.TypeString) && len(KnownValues(schema)) == 0 && schema.VisitJSON("") == nil
}

func (n *normalizer) text(at *step, schema *openapi3.Schema, value any) any {
	switch found := value.(type) {
	case string:
		if known, ok := KnownValue(schema, found); ok && known != found {
			n.note(at, RuleOtherCase, "is written in another case than the contract's %s", known)
			return known
		}
	case json.Number:
		n.note(at, RuleCoerced, "is a number where the contract has a string")
		return n.text(at, schema, found.String())
	case bool:
		n.note(at, RuleCoerced, "is a boolean where the contract has a string")
		return strconv.FormatBool(found)
	}
	return value
}

// choice matches a pattern that is a list of values, such as ^(person|organization)$.
var choice = regexp.MustCompile(`^\^\(([A-Za-z_]+(?:\|[A-Za-z_]+)+)\)\$$`)

// KnownValues returns the values that the contract lists, closed or open.
func KnownValues(schema *openapi3.Schema) (known []string) {
	all := schema.Enum
	if open, ok := schema.Extensions["x-extensible-enum"].([]any); ok {
		all = open
	}
	for _, value := range all {
		if text, ok := value.(string); ok {
			known = append(known, text)
		}
	}
	if list := choice.FindStringSubmatch(schema.Pattern); list != nil {
		known = strings.Split(list[1], "|")
	}
	return known
}

// KnownValue returns the known value that a text is, in the same case or another.
func KnownValue(schema *openapi3.Schema, text string) (known string, ok bool) {
	for _, value := range KnownValues(schema) {
		if value == text {
			return text, true
		}
		if !ok && strings.EqualFold(value, text) {
			known, ok = value, true
		}
	}
	return known, ok
}

func (n *normalizer) integer(at *step, value any) any {
	number, ok := value.(json.Number)
	if text, isText := value.(string); isText {
		if number = json.Number(strings.TrimSpace(text)); !decimal.MatchString(string(number)) {
			return value
		}
	} else if !ok {
		return value
	}
	whole, exact, fits := round(string(number))
	if !fits {
		return value
	}
	switch normal := strconv.FormatInt(whole, 10); {
	case !exact:
		n.note(at, RuleRounded, "has a fraction where the contract has an integer")
		return json.Number(normal)
	case !ok:
		n.note(at, RuleCoerced, "is a string where the contract has an integer")
		return json.Number(normal)
	case normal != string(number):
		n.note(at, RuleCoerced, "is not written as the integer that the contract has")
		return json.Number(normal)
	}
	return value
}

// decimal is a number as JSON or a shop writes it. It is bounded, so that none takes long to read.
var decimal = regexp.MustCompile(`^[+-]?[0-9]{1,40}(\.[0-9]{0,40})?([eE][+-]?[0-9]{1,3})?$`)

// round returns the integer nearest to a number, of two the one farther from zero. It reports whether the number is that
// integer, and whether the integer fits into 64 bits.
//
// inferred: Klarna's own cartridge sent 1998.9999999999998 in lines beside a rounded order_amount, so that the sum fits only if the
// line is rounded as well. Klarna was seen to read half a piece as a whole one or as none, and not as half of it.
func round(number string) (whole int64, exact, fits bool) {
	if !decimal.MatchString(number) {
		return 0, false, false
	}
	if strings.ContainsAny(number, "eE") {
		f, err := strconv.ParseFloat(number, 64)
		if err != nil || math.Abs(f) > 1<<53 { // beyond it a float64 is not exact
			return 0, false, false
		}
		return int64(math.Round(f)), f == math.Trunc(f), true
	}
	digits, fraction, _ := strings.Cut(number, ".")
	whole, err := strconv.ParseInt(digits, 10, 64)
	exact = strings.Trim(fraction, "0") == ""
	if err != nil || exact || fraction[0] < '5' {
		return whole, exact, err == nil
	}
	if strings.HasPrefix(number, "-") {
		return whole - 1, false, whole > math.MinInt64
	}
	return whole + 1, false, whole < math.MaxInt64
}

func (n *normalizer) boolean(at *step, value any) any {
	text, kind := "", "a string"
	switch found := value.(type) {
	case string:
		text = strings.ToLower(found)
	case json.Number:
		text, kind = found.String(), "a number"
	}
	switch text {
	case "true", "1":
		n.note(at, RuleCoerced, "is %s where the contract has a boolean", kind)
		return true
	case "false", "0":
		n.note(at, RuleCoerced, "is %s where the contract has a boolean", kind)
		return false
	}
	return value
}
