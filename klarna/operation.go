package klarna

import (
	"net/http"

	"github.com/klarna-go/klarna-payments/internal/engine"
)

// Operation names an operation of a Klarna API. Its text is the name of the method of [Client]; that of an operation of
// another package carries the package's name, as in ordermanagement.CaptureOrder.
type Operation string

// The six operations of Payments, and [Client.Do].
const (
	OperationCreateSession       Operation = "CreateSession"
	OperationReadSession         Operation = "ReadSession"
	OperationUpdateSession       Operation = "UpdateSession"
	OperationCreateOrder         Operation = "CreateOrder"
	OperationCancelAuthorization Operation = "CancelAuthorization"
	OperationCreateCustomerToken Operation = "CreateCustomerToken"
	OperationDo                  Operation = "Do"
)

// The rows are everything that the code knows about an operation. They are the source of Route, of the retry table in
// the documentation, of what is redacted, and of the tests for all operations.
var (
	createSession = engine.Operation{
		Name: string(OperationCreateSession), Method: http.MethodPost, Path: "/payments/v1/sessions",
		Success: []int{http.StatusOK}, Result: engine.FromBody, Required: []string{"session_id", "client_token"},
		New: func() any { return new(MerchantSession) },
		// Retried at worst into a session that nobody uses.
	}
	readSession = engine.Operation{
		Name: string(OperationReadSession), Method: http.MethodGet, Path: "/payments/v1/sessions/{session_id}",
		Success: []int{http.StatusOK}, Result: engine.FromBody,
		New: func() any { return new(SessionRead) },
	}
	updateSession = engine.Operation{
		Name: string(OperationUpdateSession), Method: http.MethodPost, Path: "/payments/v1/sessions/{session_id}",
		Success: []int{http.StatusNoContent}, // a retry sets the same values again
	}
	createOrder = engine.Operation{
		Name: string(OperationCreateOrder), Method: http.MethodPost, Path: "/payments/v1/authorizations/{authorizationToken}/order",
		Success: []int{http.StatusOK}, Result: engine.FromBody, Required: []string{"order_id"},
		New: func() any { return new(Order) },
		// Retried byte for byte: one authorization token makes at most one order, and Klarna compares the bodies. That
		// the same body gets the same order is inferred.
		Commits: true, Disproves: provesNoOrder,
	}
	cancelAuthorization = engine.Operation{
		Name: string(OperationCancelAuthorization), Method: http.MethodDelete, Path: "/payments/v1/authorizations/{authorizationToken}",
		Success: []int{http.StatusNoContent}, Applied: isGone,
	}
	createCustomerToken = engine.Operation{
		Name: string(OperationCreateCustomerToken), Method: http.MethodPost, Path: "/payments/v1/authorizations/{authorizationToken}/customer-token",
		Success: []int{http.StatusOK}, Result: engine.FromBody, Required: []string{"token_id"},
		New:     func() any { return new(CustomerTokenCreationResponse) },
		Commits: true, Retry: engine.NeverAmbiguous, // a retry could create a second token
	}
)

var operations = engine.Register(engine.Table{
	&createSession, &readSession, &updateSession, &createOrder, &cancelAuthorization, &createCustomerToken,
})

// Route returns the operation's method and path, with placeholders for ids, so that it is safe to log. It is empty for
// OperationDo, for an operation of a package that the program does not import, and for a text that names no operation.
func (o Operation) Route() string {
	if op := engine.Registered(string(o)); op != nil {
		return op.Route()
	}
	return ""
}
