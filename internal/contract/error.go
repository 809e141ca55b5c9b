package contract

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
)

// Error is everything that is wrong with one request, response or body.
//
// It unwraps to the validator's own error, for those who want its paths and keywords. Do not print the parts of that
// one: it holds the values, and the request with its Authorization header.
type Error struct {
	// Where is what was checked, such as "request POST /payments/v1/sessions" or "body session_create".
	Where string
	// Violations are the faults, at least one.
	Violations []Violation

	err error
}

// Violation is one fault.
type Violation struct {
	// Path names the field, such as order_lines[0].tax_rate. It is empty for the body as a whole.
	Path string
	// Reason is what is wrong, without the value.
	Reason string

	fault *openapi3.SchemaError
}

// Fault returns the validator's own error for those who want its keyword and limits, or nil when the fault is not one of
// the schema. Do not print it: it holds the value.
func (v Violation) Fault() *openapi3.SchemaError { return v.fault }

// maxPrinted keeps the text of an error readable when each of a thousand order lines is wrong.
const maxPrinted = 10

// Error lists the violations, the first few of them.
func (e *Error) Error() string {
	var faults []string
	for i, v := range e.Violations {
		if i == maxPrinted {
			faults = append(faults, fmt.Sprintf("and %d more", len(e.Violations)-maxPrinted))
			break
		}
		faults = append(faults, v.String())
	}
	return "contract: " + e.Where + ": " + strings.Join(faults, "; ")
}

// Unwrap returns the validator's own error.
func (e *Error) Unwrap() error { return e.err }

// String is the path and the reason.
func (v Violation) String() string {
	if v.Path == "" {
		return v.Reason
	}
	return v.Path + ": " + v.Reason
}

// IsTolerated reports whether a provider was seen to accept what breaks its contract. The schema is that of the body.
func (v Violation) IsTolerated(schema string) bool {
	switch {
	case v.fault == nil:
		return false
	case v.fault.SchemaField == "required":
		return slices.Contains(seenWithout[schema], v.Path)
	}
	return v.fault.SchemaField == "pattern" && v.Path == appReturnURL
}

// seenWithout are members that the contract requires, and that Klarna was seen not to miss: of an empty request for a customer
// token its rejection named the other two only.
var seenWithout = map[string][]string{
	"customer_token_creation_request": {"locale", "purchase_country", "purchase_currency"},
}

// appReturnURL is the one member whose pattern Klarna does not enforce: the pattern's part against https, which the contract
// cannot express, was seen to be ignored.
const appReturnURL = "merchant_urls.app_return_url"

// newError makes the error for a single fault. The cause may be nil.
func newError(where string, v Violation, cause error) *Error {
	return &Error{Where: where, Violations: []Violation{v}, err: cause}
}

// wrap makes the error for what the validator found.
func wrap(where string, err error) *Error {
	return &Error{Where: where, Violations: violations(err), err: err}
}

// violations flattens the validator's nested errors. It takes only the parts that are known to hold no value: an
// error that it does not know is named by its type.
func violations(err error) []Violation {
	switch e := err.(type) { //nolint:errorlint // the tree is walked down, one kind of node at a time
	case openapi3.MultiError:
		var all []Violation
		for _, one := range e {
			all = append(all, violations(one)...)
		}
		return all
	case *openapi3filter.RequestError:
		if e.Parameter != nil {
			return []Violation{{Path: e.Parameter.Name, Reason: "the parameter is malformed"}}
		}
		return under(e.Reason, e.Err)
	case *openapi3filter.ResponseError:
		return under(e.Reason, e.Err)
	case *openapi3filter.ParseError:
		return []Violation{{Reason: "the body is not JSON"}}
	case *openapi3.SchemaError:
		// What is wrong inside an allOf stands in the origin, with its own paths.
		var inner openapi3.MultiError
		if e.SchemaField == "allOf" && errors.As(e.Origin, &inner) {
			return violations(inner)
		}
		return []Violation{{Path: fieldPath(e.JSONPointer()), Reason: reason(e), fault: e}}
	}
	if errors.Is(err, openapi3filter.ErrInvalidRequired) {
		return []Violation{{Reason: "the body is missing"}}
	}
	return []Violation{{Reason: fmt.Sprintf("rejected with a %T", err)}}
}

// under returns the faults in cause, or the reason when there is no cause.
func under(reason string, cause error) []Violation {
	if cause == nil {
		return []Violation{{Reason: reason}}
	}
	return violations(cause)
}

// reason is the validator's, with a large limit written out: 200000000 and not 2e+08.
func reason(e *openapi3.SchemaError) string {
	if e.SchemaField == "maximum" && e.Schema.Max != nil {
		return "number must be at most " + strconv.FormatFloat(*e.Schema.Max, 'f', -1, 64)
	}
	return e.Reason
}

// fieldPath writes a JSON pointer the way Klarna names fields in its messages.
func fieldPath(pointer []string) string {
	var b strings.Builder
	for _, token := range pointer {
		if _, err := strconv.Atoi(token); err == nil {
			b.WriteString("[" + token + "]")
			continue
		}
		if b.Len() > 0 {
			b.WriteByte('.')
		}
		b.WriteString(token)
	}
	return b.String()
}
