package klarna

import (
	"net/http"
	"strings"
)

// Operation names one of the six calls of the Klarna Payments API. Its text is the name of the method of [Client].
type Operation string

// The six operations.
const (
	OperationCreateSession       Operation = "CreateSession"
	OperationReadSession         Operation = "ReadSession"
	OperationUpdateSession       Operation = "UpdateSession"
	OperationCreateOrder         Operation = "CreateOrder"
	OperationCancelAuthorization Operation = "CancelAuthorization"
	OperationCreateCustomerToken Operation = "CreateCustomerToken"
)

const (
	sessionsPath       = "/payments/v1/sessions"
	authorizationsPath = "/payments/v1/authorizations/"
	orderSuffix        = "/order"
	tokenSuffix        = "/customer-token"
)

// Route is the operation's method and path, with the id as a placeholder: it is safe to log. It is empty for what is none
// of the six operations.
func (o Operation) Route() string {
	if o.path() == "" {
		return ""
	}
	return o.method() + " " + o.path()
}

func (o Operation) method() string {
	switch o {
	case OperationReadSession:
		return http.MethodGet
	case OperationCancelAuthorization:
		return http.MethodDelete
	default:
		return http.MethodPost
	}
}

func (o Operation) path() string {
	switch o {
	case OperationCreateSession:
		return sessionsPath
	case OperationReadSession, OperationUpdateSession:
		return sessionsPath + "/{session_id}"
	case OperationCreateOrder:
		return authorizationsPath + "{authorizationToken}" + orderSuffix
	case OperationCancelAuthorization:
		return authorizationsPath + "{authorizationToken}"
	case OperationCreateCustomerToken:
		return authorizationsPath + "{authorizationToken}" + tokenSuffix
	}
	return ""
}

// routeOf finds the operation that a method and an escaped path belong to, and the escaped id in the path. Whatever does
// not belong to one gives no operation: an id such as ".." has then turned the path into another one.
func routeOf(method, path string) (op Operation, id string) {
	if path == sessionsPath && method == http.MethodPost {
		return OperationCreateSession, ""
	}
	if id, ok := strings.CutPrefix(path, sessionsPath+"/"); ok && isSegment(id) {
		switch method {
		case http.MethodGet:
			return OperationReadSession, id
		case http.MethodPost:
			return OperationUpdateSession, id
		}
		return "", ""
	}
	rest, ok := strings.CutPrefix(path, authorizationsPath)
	if !ok {
		return "", ""
	}
	if method == http.MethodDelete {
		if isSegment(rest) {
			return OperationCancelAuthorization, rest
		}
		return "", ""
	}
	if method != http.MethodPost {
		return "", ""
	}
	if id, ok := strings.CutSuffix(rest, orderSuffix); ok && isSegment(id) {
		return OperationCreateOrder, id
	}
	if id, ok := strings.CutSuffix(rest, tokenSuffix); ok && isSegment(id) {
		return OperationCreateCustomerToken, id
	}
	return "", ""
}

func isSegment(s string) bool { return s != "" && !strings.Contains(s, "/") }

// hasAnswer says whether Klarna answers the operation with a body.
func (o Operation) hasAnswer() bool {
	return o != OperationUpdateSession && o != OperationCancelAuthorization
}
