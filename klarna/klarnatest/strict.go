package klarnatest

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/klarna-go/klarna-payments/internal/contract"
	"github.com/klarna-go/klarna-payments/klarna/preflight"
)

// maxNamed keeps an error readable, and within what a client reads of an error, when each of a thousand lines is wrong.
const maxNamed = 50

// check validates a body against the contract, and its money against the rules of preflight, of which the warnings do not
// count. like is a pointer to the type that the body must fit. It takes milliseconds for a large body, and so Server.mu is
// not held.
//
// The money is checked only when the form is right: what a line lacks does not also make the sum wrong.
func (s *Server) check(schema string, m members, like any) *failure {
	fields := s.formFaults(schema, m)
	if len(fields) == 0 {
		fields = moneyFaults(m, like)
	}
	if len(fields) == 0 {
		return nil
	}
	slices.SortFunc(fields, comparePaths)
	fields = slices.Compact(fields)
	return badValue(fields[:min(len(fields), maxNamed)]...)
}

// formFaults names the fields that break the contract. Lines behind the first are validated one by one, and no more of
// them once enough is named: each fault costs as much as a hundred valid fields.
func (s *Server) formFaults(schema string, m members) (fields []string) {
	tree := map[string]any{}
	for name := range m {
		tree[name] = m.value(name)
	}
	lines, _ := tree["order_lines"].([]any)
	if len(lines) > 1 {
		tree["order_lines"] = lines[:1]
	}
	fields = s.valueFaults(schema, "", tree)
	for i := 1; i < len(lines) && len(fields) < maxNamed; i++ {
		fields = append(fields, s.valueFaults("order_line", fmt.Sprintf("order_lines[%d]", i), lines[i])...)
	}
	return fields
}

// valueFaults names the fields of a value at a path that break its schema.
func (s *Server) valueFaults(schema, path string, value any) (fields []string) {
	document, err := contract.Load()
	if err != nil {
		panic("klarnatest: " + err.Error()) // the contract is part of this module
	}
	var rejected *contract.Error
	err = document.Value(schema, value)
	if err != nil && !errors.As(err, &rejected) {
		panic("klarnatest: " + err.Error()) // as above
	}
	if rejected == nil {
		return nil
	}
	for _, violation := range rejected.Violations {
		field := violation.Path
		if unknown, ok := unknownField(violation); ok {
			if s.unknownFields {
				continue
			}
			field = under(field, unknown)
		}
		fields = append(fields, join(path, field))
	}
	return fields
}

// unknownField finds the name in a violation that is about a field that the contract does not know.
func unknownField(v contract.Violation) (string, bool) {
	if fault := v.Fault(); fault == nil || fault.SchemaField != "properties" {
		return "", false
	}
	rest, ok := strings.CutPrefix(v.Reason, `property "`)
	if !ok {
		return "", false
	}
	return strings.CutSuffix(rest, `" is unsupported`)
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

// moneyFaults names the fields that preflight rejects.
func moneyFaults(m members, like any) (fields []string) {
	raw, err := json.Marshal(m)
	if err != nil {
		panic("klarnatest: " + err.Error()) // cannot be: it was decoded
	}
	if err := json.Unmarshal(raw, like); err != nil {
		var wrongType *json.UnmarshalTypeError
		if errors.As(err, &wrongType) {
			// A number such as 1.0 or 1e2, which is an integer by the contract. The decoder does not report which line it is in.
			if field, _, inLine := strings.Cut(wrongType.Field, "."); inLine && field == "order_lines" {
				return []string{field}
			}
			return []string{wrongType.Field}
		}
		panic(fmt.Sprintf("klarnatest: %T", err)) // cannot be: the contract has seen it
	}
	for _, problem := range preflight.Inspect(like).Problems {
		if problem.Path != "" { // the size of the body was looked at when it was read
			fields = append(fields, problem.Path)
		}
	}
	return fields
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
