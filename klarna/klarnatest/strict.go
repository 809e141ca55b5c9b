package klarnatest

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/klarna-go/klarna-payments/internal/contract"
	"github.com/klarna-go/klarna-payments/klarna/preflight"
)

// maxNamed keeps an error readable, and within what a client reads of an error, when each of a thousand lines is wrong.
const maxNamed = 50

// check validates a body against a contract, and its money against the rules of preflight. What Klarna tolerates is a warning of
// the request. like is a pointer to the type that the body must fit, or nil for one without money. It takes milliseconds for a
// large body, and so Server.mu is not held.
//
// The money is checked only when the form is right: what a line lacks does not also make the sum wrong.
func (s *Server) check(request *Request, contractName, schema string, m members, like any) *failure {
	fields, warnings := s.formFaults(contractName, schema, m)
	if len(fields) == 0 && like != nil {
		var found []Warning
		fields, found = moneyFaults(m, like)
		warnings = append(warnings, found...)
	}
	if s.strict {
		fields = append(fields, warnedMembers(warnings)...)
	}
	if len(fields) > 0 {
		rejected := badFields(fields)
		if s.strict {
			rejected = rejected.because(warnings)
		}
		return rejected
	}
	request.warn(warnings...)
	return nil
}

// formFaults names the fields that break the contract. In a new session Klarna was seen to look for country and currency
// before anything else, and to name only them.
func (s *Server) formFaults(contractName, schema string, m members) (fields []string, warnings []Warning) {
	for _, name := range []string{"purchase_country", "purchase_currency"} {
		if schema == "session_create" && !s.strict && m[name] == nil {
			fields = append(fields, name)
		}
	}
	if len(fields) > 0 {
		return fields, nil
	}
	for _, violation := range violations(loadContract(contractName), schema, m) {
		if violation.IsTolerated(schema) {
			if violation.Fault().SchemaField == "required" { // the others are warnings of preflight as well
				warnings = append(warnings, newWarning(violation.Path, preflight.CodeMayBeMissing, "is missing, although the contract requires it"))
			}
			continue
		}
		fields = append(fields, violation.Path)
	}
	return fields, warnings
}

// entrySchemas are the schemas of the entries of long lists.
var entrySchemas = map[string]string{"order_lines": "order_line", "shipping_info": "shipping_info"}

// violations returns what breaks a contract. Entries of long lists behind the first are validated one by one, and no more
// of them once enough is named: each fault costs as much as a hundred valid fields.
func violations(document *contract.Contract, schema string, m members) (all []contract.Violation) {
	tree, rest := m.tree(), map[string][]any{}
	for name := range entrySchemas {
		if list, _ := tree[name].([]any); len(list) > 1 {
			tree[name], rest[name] = list[:1], list[1:]
		}
	}
	all = valueViolations(document, schema, "", tree)
	for _, name := range slices.Sorted(maps.Keys(rest)) {
		for i, entry := range rest[name] {
			if len(all) >= maxNamed {
				return all
			}
			all = append(all, valueViolations(document, entrySchemas[name], fmt.Sprintf("%s[%d]", name, i+1), entry)...)
		}
	}
	return all
}

// valueViolations returns what of a value at a path breaks its schema.
func valueViolations(document *contract.Contract, schema, path string, value any) (all []contract.Violation) {
	var rejected *contract.Error
	err := document.Value(schema, value)
	if err != nil && !errors.As(err, &rejected) {
		panic("klarnatest: " + err.Error()) // as above
	}
	if rejected == nil {
		return nil
	}
	for _, violation := range rejected.Violations {
		violation.Path = join(path, violation.Path)
		all = append(all, violation)
	}
	return all
}

func under(path, name string) string {
	if path == "" {
		return name
	}
	return path + "." + name
}

// join puts two paths together, of which either may be empty.
func join(path, field string) string {
	if field == "" {
		return path
	}
	return under(path, field)
}

// moneyFaults names the fields that preflight rejects, and what Klarna tolerates.
func moneyFaults(m members, like any) (fields []string, warnings []Warning) {
	if field, ok := misfit(m, like); ok {
		return []string{field}, nil
	}
	report := preflight.Inspect(like)
	for _, problem := range report.Problems {
		if problem.Path != "" { // the size of the body was looked at when it was read
			fields = append(fields, problem.Path)
		}
	}
	for _, warning := range report.Warnings {
		if warning.Code == preflight.CodeNoOrderTax && m["order_tax_amount"] != nil {
			fields = append(fields, warning.Path) // it is not left out, but wrong
		} else if tolerances[warning.Code] {
			warnings = append(warnings, preflightWarning(warning))
		}
	}
	return fields, warnings
}

// misfit decodes a body into the type that it must fit, and names the field that does not.
func misfit(m members, like any) (field string, found bool) {
	err := json.Unmarshal(encodeValue(m), like)
	if err == nil {
		return "", false
	}
	var wrongType *json.UnmarshalTypeError
	if !errors.As(err, &wrongType) {
		panic(fmt.Sprintf("klarnatest: %T", err)) // cannot be: the contract has seen it
	}
	// A number such as 1.0 or 1e2, which is an integer by the contract. The decoder does not report which line it is in.
	if field, _, inLine := strings.Cut(wrongType.Field, "."); inLine && field == "order_lines" {
		return field, true
	}
	return wrongType.Field, true
}

// comparePaths sorts order_lines[2] before order_lines[10].
func comparePaths(a, b string) int {
	return slices.Compare(padded(a), padded(b))
}

func padded(path string) (parts []string) {
	for part := range strings.FieldsFuncSeq(path, func(r rune) bool { return r == '.' || r == '[' || r == ']' }) {
		if n, err := strconv.Atoi(part); err == nil {
			part = fmt.Sprintf("%06d", n)
		}
		parts = append(parts, part)
	}
	return parts
}
