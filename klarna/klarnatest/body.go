package klarnatest

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"
)

const (
	// maxBodyBytes is what Klarna reads of a body. inferred: it says 1 MB, and not which.
	maxBodyBytes = 1 << 20

	// maxDrainBytes is how much of a larger body is thrown away, so that its sender gets to read the answer.
	maxDrainBytes = 16 << 20
)

// readBody reads a body to its end. What is longer than Klarna allows is cut and refused.
func readBody(r *http.Request) ([]byte, *failure) {
	body, err := io.ReadAll(io.LimitReader(r.Body, maxBodyBytes+1))
	if err != nil {
		return body, malformed // the caller is most likely gone
	}
	if len(body) > maxBodyBytes {
		_, _ = io.CopyN(io.Discard, r.Body, maxDrainBytes)
		return body[:maxBodyBytes], tooLarge
	}
	if len(body) == 0 {
		return nil, nil
	}
	return body, nil
}

// members is a JSON object as it was sent. Klarna's types would lose the difference between a member that is absent and
// one that is empty, on which both a partial update and the match of addresses depend.
type members map[string]json.RawMessage

// parse reads a body. like is a pointer to the type that it must fit.
func parse(body []byte, like any) (members, *failure) {
	var m members
	if err := json.Unmarshal(body, &m); err != nil || m == nil {
		return nil, malformed
	}
	var wrongType *json.UnmarshalTypeError
	if errors.As(json.Unmarshal(body, like), &wrongType) {
		field := wrongType.Field
		if strings.HasPrefix(field, "order_lines.") {
			field = "order_lines" // the decoder does not say which line it was
		}
		return nil, badValue(field)
	}
	for name, value := range m {
		if string(value) == "null" {
			// inferred: whether null clears a member or is refused is unknown; here it is as if left out.
			delete(m, name)
		}
	}
	return m, nil
}

// require refuses m when one of the members is absent or an empty list.
func (m members) require(names ...string) *failure {
	var missing []string
	for _, name := range names {
		if list, ok := m.value(name).([]any); ok && len(list) == 0 || m[name] == nil {
			missing = append(missing, name)
		}
	}
	if missing != nil {
		return badValue(missing...)
	}
	return nil
}

// value decodes a member; nil when it is absent. Numbers stay as they are written.
func (m members) value(name string) any { return decode(m[name]) }

// text is a member that is a string; empty when it is absent or none.
func (m members) text(name string) string {
	s, _ := m.value(name).(string)
	return s
}

// convert gives one value the JSON of another.
func convert(from, to any) {
	raw, err := json.Marshal(from)
	if err == nil {
		err = json.Unmarshal(raw, to)
	}
	if err != nil {
		panic("klarnatest: " + err.Error()) // cannot be: parse has made sure that what was sent fits Klarna's types
	}
}

func decode(raw []byte) (value any) {
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.UseNumber()
	_ = decoder.Decode(&value) // it fails on nothing but no JSON, which is nil
	return value
}

// canonical is a body without what does not count: blanks and the order of members.
func canonical(body []byte) string {
	raw, _ := json.Marshal(decode(body)) // what was decoded can be encoded
	return string(raw)
}
