package klarna

import (
	"encoding/json"
	"errors"
	"net/http"
	"regexp"
	"slices"
	"strings"

	"github.com/klarna-go/klarna-payments/internal/engine"
)

// parseErrorBody reads an ErrorV2 leniently: Klarna's rules allow error_message in place of the list, and some responses have
// a string where the list belongs. One odd member does not cost the others.
func parseErrorBody(body []byte) engine.ErrorBody {
	var members map[string]json.RawMessage
	if json.Unmarshal(body, &members) != nil {
		return engine.ErrorBody{}
	}
	return engine.ErrorBody{
		Code:          firstOf(stringsOf(members["error_code"])),
		Messages:      append(stringsOf(members["error_messages"]), stringsOf(members["error_message"])...),
		CorrelationID: firstOf(stringsOf(members["correlation_id"])),
	}
}

// stringsOf reads a string, or the strings of a list.
func stringsOf(raw json.RawMessage) []string {
	var one string
	if json.Unmarshal(raw, &one) == nil && one != "" {
		return []string{one}
	}
	var list []any
	if json.Unmarshal(raw, &list) != nil {
		return nil
	}
	var all []string
	for _, item := range list {
		if s, ok := item.(string); ok && s != "" {
			all = append(all, s)
		}
	}
	return all
}

func firstOf(list []string) string {
	if len(list) == 0 {
		return ""
	}
	return list[0]
}

// fieldsOf finds the fields that Klarna's messages name: those with a bad value (400), and those of an order that are
// not as they were authorized (409). The spelling varies, so it is read leniently:
//
//	Bad value: order_tax_amount
//	[BAD_VALUE : order_lines[0].tax_rate]
//	Not matching fields: [billing_address.postal_code, order_amount]
//
// A message that names no field adds none.
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

// isFieldPath reports whether a text is the path of a field as Klarna writes it, such as order_lines[0].tax_rate.
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

// saysAlreadyPlaced reports whether a rejection says that an order exists: "already consumed", "already completed". A
// completed session is reported by every operation. A consumed token means an order only where an order was asked for, since a
// customer token consumes it as well.
//
// Source: https://docs.klarna.com/resources/developer-tools/error-handling/error-codes-and-messages-for-klarna-payments
func saysAlreadyPlaced(op *engine.Operation, f *engine.Failure) bool {
	if f.StatusCode == http.StatusNotFound && f.Code == "SESSION_COMPLETED" {
		return true
	}
	return op == &createOrder &&
		(f.StatusCode == http.StatusForbidden || f.StatusCode == http.StatusConflict) &&
		slices.ContainsFunc(f.Messages, alreadyPlaced.MatchString)
}

// alreadyPlaced does not match an authorization that has already expired.
var alreadyPlaced = regexp.MustCompile(`(?i)\balready (been )?(consumed|completed|placed|used)\b`)

func isAlreadyPlaced(err error) bool { return errors.Is(err, ErrOrderAlreadyPlaced) }

func says(f *engine.Failure, text string) bool {
	return slices.ContainsFunc(f.Messages, func(message string) bool {
		return strings.Contains(strings.ToLower(message), text)
	})
}

// provesNoOrder reports whether a rejection also holds for the attempts before it, whose responses were lost. A fault of the
// body does, since every attempt had the same one. An unknown token does not: it may be unknown because it was used (inferred).
// Nor does a decision about the shopper or the shop, which may have been another one a moment before, or a response that is not
// in Klarna's words: it may be a proxy's.
func provesNoOrder(f *engine.Failure) bool {
	switch f.StatusCode {
	case http.StatusBadRequest:
		return f.Code == "BAD_VALUE"
	case http.StatusConflict:
		return says(f, "not matching fields")
	}
	return false
}

// isGone reports whether the rejection of a retried cancellation shows that an earlier attempt succeeded: the authorization
// is gone (inferred). One that cannot be deleted is not gone.
func isGone(f *engine.Failure) bool {
	return f.StatusCode == http.StatusNotFound && f.Code == "NOT_FOUND" && !says(f, "cannot be deleted")
}
