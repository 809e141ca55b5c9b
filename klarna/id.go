package klarna

import (
	"errors"
	"fmt"
	"net/url"
	"strings"
	"unicode"
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
	if fault := idFault(id); fault != "" {
		return &invalidID{op, fault}
	}
	return nil
}

// idFault says why a text cannot be an id of Klarna's, and is empty when it can.
func idFault(id string) string {
	switch {
	case id == "":
		return "it is empty"
	case id == "." || id == "..":
		return "it is a dot segment, which would change the path of the call"
	case len(id) > maxIDBytes:
		return fmt.Sprintf("it has %d bytes, more than %d", len(id), maxIDBytes)
	case strings.ContainsFunc(id, unicode.IsControl):
		return "it holds a control character"
	}
	return ""
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
	default:
		return "authorization token"
	}
}
