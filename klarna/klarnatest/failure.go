package klarnatest

import (
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/klarna-go/klarna-payments/klarna"
)

// failure is a response by which Klarna rejects a call. Statuses, codes and messages are those of Klarna's table of
// errors, unless marked.
type failure struct {
	status   int
	code     string
	messages []string
	fields   []string       // that the messages name, of a bad value
	details  map[string]any // further members of the body
}

var (
	// malformed is a body that is no JSON object.
	malformed    = newFailure(http.StatusBadRequest, "BAD_REQUEST")
	unauthorized = newFailure(http.StatusUnauthorized, "UNAUTHORIZED")

	alreadyConsumed  = newFailure(http.StatusForbidden, "INVALID_OPERATION", "Authorization token already consumed")
	invalidSession   = newFailure(http.StatusNotFound, "NOT_FOUND", "Invalid session id")
	invalidToken     = newFailure(http.StatusNotFound, "NOT_FOUND", "Invalid authorization token")
	undeletable      = newFailure(http.StatusNotFound, "NOT_FOUND", "Authorization cannot be deleted")
	sessionCompleted = newFailure(http.StatusNotFound, "SESSION_COMPLETED", "Session has already been completed")
	differentBody    = newFailure(http.StatusConflict, "BAD_VALUE", "The order has been already completed with different request body")

	// inferred: Klarna names none of the codes for these.
	tooManyRequests = newFailure(http.StatusTooManyRequests, "TOO_MANY_REQUESTS") // the code is Order Management's
	tooLarge        = newFailure(http.StatusRequestEntityTooLarge, "REQUEST_TOO_LARGE")
	unknownPath     = newFailure(http.StatusNotFound, "NOT_FOUND")
	wrongMethod     = newFailure(http.StatusMethodNotAllowed, "METHOD_NOT_ALLOWED")
)

// badFields is a body that breaks a rule in the fields, each named once and in order.
func badFields(fields []string) *failure {
	slices.SortFunc(fields, comparePaths)
	fields = slices.Compact(fields)
	return badValue(fields[:min(len(fields), maxNamed)]...)
}

// badValue is a body that breaks a rule in the fields.
func badValue(fields ...string) *failure {
	f := newFailure(http.StatusBadRequest, "BAD_VALUE", "Bad value: "+strings.Join(fields, ", "))
	f.fields = fields
	return f
}

// notMatching is an order that is not what was authorized.
func notMatching(differences []string) *failure {
	return newFailure(http.StatusConflict, "BAD_VALUE", "Not matching fields: ["+strings.Join(differences, ", ")+"]")
}

// noTokenFor is a customer token that the session was not opened for.
func noTokenFor(intent klarna.Intent) *failure {
	return newFailure(http.StatusForbidden, "INVALID_OPERATION", "Not allowed to create customer token(s) for intent "+intent)
}

// noOrderFor is an order of a session that was opened for a customer token only.
//
// inferred: the message is made after that of the other case.
func noOrderFor(intent klarna.Intent) *failure {
	return newFailure(http.StatusForbidden, "INVALID_OPERATION", "Not allowed to create order(s) for intent "+intent)
}

func newFailure(status int, code string, messages ...string) *failure {
	if messages == nil {
		messages = []string{} // an empty list, not null
	}
	return &failure{status: status, code: code, messages: messages}
}

// body is what Klarna's document calls ErrorV2. The type of package klarna would leave an empty list out.
func (f *failure) body(correlationID string) any {
	body := map[string]any{"error_code": f.code, "error_messages": f.messages, "correlation_id": correlationID}
	maps.Copy(body, f.details)
	return body
}

// Error is the status, the code and the messages.
func (f *failure) Error() string {
	text := strconv.Itoa(f.status) + " " + f.code
	if len(f.messages) > 0 {
		text += ": " + strings.Join(f.messages, "; ")
	}
	return text
}
