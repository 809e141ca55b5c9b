package klarna

import (
	"net/http"
	"slices"
	"strings"
)

// fieldsOf finds the fields that Klarna's messages name: those with a bad value (400), and those of an order that are
// not as they were authorized (409). The spelling varies, so it is read leniently:
//
//	Bad value: order_tax_amount
//	[BAD_VALUE : order_lines[0].tax_rate]
//	Not matching fields: [billing_address.postal_code, order_amount]
//
// A text that names none gives none.
//
// Source: https://docs.klarna.com/resources/developer-tools/error-handling/error-codes-and-messages-for-klarna-payments
func fieldsOf(status int, code string, messages []string) []string {
	if status != http.StatusBadRequest && status != http.StatusConflict || code != "BAD_VALUE" {
		return nil
	}
	var fields []string
	for _, message := range messages {
		message = withoutBrackets(message)
		_, list, named := strings.Cut(message, ":")
		if named {
			message = withoutBrackets(list)
		}
		for field := range strings.SplitSeq(message, ",") {
			field = strings.Trim(field, " \t'\"`")
			// A word that stands alone is a field only if no sentence would have it.
			if isFieldPath(field) && (named || strings.ContainsAny(field, "_.[")) && !slices.Contains(fields, field) {
				fields = append(fields, field)
			}
		}
	}
	return fields
}

// withoutBrackets takes off a pair of brackets around a whole text.
func withoutBrackets(s string) string {
	s = strings.TrimSpace(s)
	if strings.HasPrefix(s, "[") {
		s = strings.TrimSuffix(s[1:], "]")
	}
	return strings.TrimSpace(s)
}

// isFieldPath says whether a text is the path of a field as Klarna writes it, such as order_lines[0].tax_rate.
func isFieldPath(s string) bool {
	for part := range strings.SplitSeq(s, ".") {
		name, index, indexed := strings.Cut(part, "[")
		if name == "" || strings.Trim(name, "abcdefghijklmnopqrstuvwxyz0123456789_") != "" {
			return false
		}
		if indexed && (len(index) < 2 || index[len(index)-1] != ']' || strings.Trim(index[:len(index)-1], "0123456789") != "") {
			return false
		}
	}
	return true
}
