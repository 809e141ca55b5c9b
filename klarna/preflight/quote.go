package preflight

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// quoteCode describes a text: the text itself where it is a code by its field and by its looks, or else its length.
// People put values into wrong fields, so a country is quoted when it could be one, and not when it could be a name.
func quoteCode(path string, found any) string {
	text, _ := found.(string)
	if slices.Contains(codeFields, path) && codeLike.MatchString(text) {
		return fmt.Sprintf("is %q", text)
	}
	return "is a text of " + size(found)
}

// codeFields are the fields of a request that may be quoted. The country of an address is part of the address.
var codeFields = []string{"purchase_country", "purchase_currency", "locale"}

// codeLike fits DE, EUR, en-GB, and what is written for them by mistake, such as DEU or en_GB.
var codeLike = regexp.MustCompile(`^[A-Za-z]{1,3}([-_][A-Za-z]{1,4})?$`)

// quoteNear describes a text: the text itself where it is one of the allowed values but for upper case, lower case,
// blanks and hyphens, or else its length.
func quoteNear(path string, found any, allowed []any) string {
	text, _ := found.(string)
	near := func(value any) bool { return strings.EqualFold(asValue.Replace(text), fmt.Sprint(value)) }
	if !aboutPerson(path) && slices.ContainsFunc(allowed, near) {
		return fmt.Sprintf("is %q", text)
	}
	return "is a text of " + size(found)
}

var asValue = strings.NewReplacer(" ", "_", "-", "_")

// aboutPerson reports whether a field describes who buys.
func aboutPerson(path string) bool {
	top, _, _ := strings.Cut(path, ".")
	return top == "customer" || top == "billing_address" || top == "shipping_address"
}
