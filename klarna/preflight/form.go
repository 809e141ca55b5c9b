package preflight

import (
	"errors"
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/klarna-go/klarna-payments/internal/contract"
)

// checkForm validates the body against the OpenAPI document. No limit, pattern or value stands in this file: they are all
// the document's.
func checkForm(request *request, report *Report) {
	document, err := contract.LoadNamed(request.contract)
	if err != nil {
		report.problem("", CodeInvalid, "cannot be checked, since the OpenAPI document cannot be read: %v", err)
		return
	}
	tree := treeOf(reflect.ValueOf(request.body).Elem())
	var rejected *contract.Error
	switch err := document.Value(request.schema, tree); {
	case errors.As(err, &rejected):
		for _, violation := range rejected.Violations {
			if violation.IsTolerated(request.schema) {
				toleratedForm(violation, tree, report)
				continue
			}
			formProblem(violation.Path, violation.Reason, violation.Fault(), tree, report)
		}
	case err != nil:
		report.problem("", CodeInvalid, "has no rules in the OpenAPI document: %v", err)
	}
}

// toleratedForm warns of what Klarna was seen to accept.
func toleratedForm(violation contract.Violation, tree any, report *Report) {
	if violation.Fault().SchemaField == "required" {
		report.warning(violation.Path, CodeMayBeMissing, "is missing, which Klarna was seen to accept")
		return
	}
	if text, _ := at(tree, violation.Fault().JSONPointer()).(string); opensBrowser(text) {
		return // checkURLs warns of it
	}
	report.warning(violation.Path, CodeAppScheme, "does not have the form of an app's URL, such as myshop://return")
}

// formProblem puts into words what the validator found. The validator has the numbers as float64, so what was found is
// taken from the tree.
func formProblem(path, reason string, fault *openapi3.SchemaError, tree any, report *Report) {
	if fault == nil {
		report.problem(path, CodeInvalid, "is wrong: %s", reason)
		return
	}
	found, rule := at(tree, fault.JSONPointer()), fault.Schema
	if text, ok := found.(string); ok {
		if known, ok := contract.KnownValue(rule, text); ok {
			report.warning(path, CodeOtherCase, "is written in another case than %s, which Klarna was seen to accept", known)
			return
		}
	}
	switch fault.SchemaField {
	case "required":
		report.problem(path, CodeMissing, "is missing")
	case "minLength":
		report.problem(path, CodeTooShort, "has %s, but needs %d or more", size(found), rule.MinLength)
	case "maxLength":
		report.problem(path, CodeTooLong, "has %s, but may have %d or fewer", size(found), *rule.MaxLength)
	case "minItems":
		report.problem(path, CodeTooFew, "has %s, but needs %d or more", size(found), rule.MinItems)
	case "maxItems":
		report.problem(path, CodeTooMany, "has %s, but may have %d or fewer", size(found), *rule.MaxItems)
	case "minimum":
		report.problem(path, CodeTooSmall, "is %v, but must be %s or more", found, limit(*rule.Min))
	case "maximum":
		report.problem(path, CodeTooLarge, "is %v, but must be %s or less", found, limit(*rule.Max))
	case "pattern":
		report.problem(path, CodeWrongFormat, "%s, but must match %s%s", quoteCode(path, found), rule.Pattern, example(rule))
	case "enum":
		report.problem(path, CodeNotAllowed, "%s, but must be %s", quoteNear(path, found, rule.Enum), oneOf(rule.Enum))
	default:
		report.problem(path, CodeInvalid, "is wrong: %s", reason)
	}
}

// example is the document's, in words.
func example(rule *openapi3.Schema) string {
	if rule.Example == nil {
		return ""
	}
	return fmt.Sprintf(", such as %v", rule.Example)
}

func oneOf(values []any) string {
	if len(values) == 1 {
		return fmt.Sprint(values[0])
	}
	var b strings.Builder
	for i, value := range values {
		if i > 0 {
			b.WriteString(", ")
		}
		fmt.Fprint(&b, value)
	}
	return "one of " + b.String()
}

// limit writes a limit out: 200000000 and not 2e+08.
func limit(n float64) string { return strconv.FormatFloat(n, 'f', -1, 64) }

// size describes how long a text or a list is.
func size(found any) string {
	switch found := found.(type) {
	case string:
		return count(utf8.RuneCountInString(found), "character", "characters")
	case []any:
		return count(len(found), "entry", "entries")
	}
	return "another size"
}

func count(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}

// at finds a value in the tree.
func at(tree any, pointer []string) any {
	for _, step := range pointer {
		switch node := tree.(type) {
		case map[string]any:
			tree = node[step]
		case []any:
			index, err := strconv.Atoi(step)
			if err != nil || index < 0 || index >= len(node) {
				return nil
			}
			tree = node[index]
		default:
			return nil
		}
	}
	return tree
}
