package klarna

import (
	"errors"
	"fmt"
	"net/url"
)

// ErrInvalidID says that a session id or an authorization token cannot be one: it is empty, ".", "..", longer than
// 255 bytes, or holds a control character. Such an id could turn the call into another one, so nothing was sent.
var ErrInvalidID = errors.New("klarna: invalid id")

// maxIDBytes is the length that the document gives session ids; authorization tokens are shorter in practice.
const maxIDBytes = 255

// invalidID says what is wrong with an id, but never quotes it: an authorization token is a secret.
type invalidID struct {
	operation Operation
	fault     string
}

func (e *invalidID) Error() string {
	return fmt.Sprintf("klarna: %s: the %s is not one that Klarna gives: %s", e.operation, e.operation.idName(), e.fault)
}

func (e *invalidID) Unwrap() error { return ErrInvalidID }

func checkID(op Operation, id string) error {
	var fault string
	switch {
	case id == "":
		fault = "it is empty"
	case id == "." || id == "..":
		fault = "it is a dot segment, which would change the path of the call"
	case len(id) > maxIDBytes:
		fault = fmt.Sprintf("it has %d bytes, more than %d", len(id), maxIDBytes)
	case hasControl(id):
		fault = "it holds a control character"
	default:
		return nil
	}
	return &invalidID{op, fault}
}

// checkEscapedID checks an id as it stands in the path of a request.
func checkEscapedID(op Operation, escaped string) error {
	id, err := url.PathUnescape(escaped)
	if err != nil {
		return &invalidID{op, "it is escaped wrongly"}
	}
	return checkID(op, id)
}

// idName is what the id in the path of an operation is called.
func (o Operation) idName() string {
	switch o {
	case OperationReadSession, OperationUpdateSession:
		return "session id"
	}
	return "authorization token"
}
