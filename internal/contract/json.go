package contract

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
)

// checkJSON rejects what is not exactly one JSON value. The validator reads the first value and never looks at what
// follows it.
func checkJSON(where string, body []byte) error {
	if len(body) == 0 {
		return newError(where, Violation{Reason: "the body is missing"}, nil)
	}
	err := json.Unmarshal(body, new(json.RawMessage))
	if err == nil {
		return nil
	}
	// The text of the syntax error quotes the body.
	reason := "the body is not one JSON value"
	if syntax := (*json.SyntaxError)(nil); errors.As(err, &syntax) {
		reason += fmt.Sprintf(" (byte %d)", syntax.Offset)
	}
	return newError(where, Violation{Reason: reason}, err)
}

// decodeJSON reads one JSON value for the validator. Numbers stay as they are written, so that one too large for any
// type is a violation of its field.
func decodeJSON(where string, body []byte) (any, error) {
	if err := checkJSON(where, body); err != nil {
		return nil, err
	}
	var value any
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.UseNumber()
	if err := decoder.Decode(&value); err != nil {
		return nil, newError(where, Violation{Reason: "the body is not one JSON value"}, err)
	}
	return value, nil
}
