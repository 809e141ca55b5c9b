package klarnatest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"
)

const (
	// maxBodyBytes is what Klarna reads of a body. inferred: it states 1 MB, without a definition.
	maxBodyBytes = 1 << 20

	// maxDrainBytes is how much of a larger body is thrown away, so that its sender gets to read the response.
	maxDrainBytes = 16 << 20
)

// readBody reads a body to its end. What is longer than Klarna allows is cut and rejected.
func (s *Server) readBody(w http.ResponseWriter, r *http.Request) ([]byte, *failure) {
	controller := http.NewResponseController(w)
	if s.readTimeout > 0 {
		_ = controller.SetReadDeadline(time.Now().Add(s.readTimeout)) // it fails for a ResponseRecorder
	}
	body, err := io.ReadAll(io.LimitReader(r.Body, maxBodyBytes+1))
	if len(body) > maxBodyBytes {
		_, err = io.CopyN(io.Discard, r.Body, maxDrainBytes)
		if errors.Is(err, io.EOF) {
			err = nil
		}
	}
	if s.readTimeout > 0 && err == nil {
		// After an error the deadline stays, or net/http would wait for the rest of the body without one.
		_ = controller.SetReadDeadline(time.Time{})
	}
	switch {
	case len(body) > maxBodyBytes:
		return body[:maxBodyBytes], tooLarge
	case err != nil:
		return body, malformed // the caller is most likely gone
	case len(body) == 0:
		return nil, nil
	}
	return body, nil
}

// members is a JSON object as it was sent. Klarna's types would lose the difference between a member that is absent and
// one that is empty, on which both a partial update and the match of addresses depend.
type members map[string]json.RawMessage

// parseTree reads a body. One with more entries than Klarna allows is rejected before anything else looks at them.
func parseTree(body []byte) (map[string]any, *failure) {
	if !json.Valid(body) {
		return nil, malformed
	}
	object, ok := decode(body).(map[string]any)
	if !ok {
		return nil, malformed
	}
	if path, ok := oversized("", object); ok {
		return nil, badValue(path)
	}
	return object, nil
}

func membersOf(object map[string]any) members {
	m := make(members, len(object))
	for name, value := range object {
		m[name] = encodeValue(value)
	}
	return m
}

// tree decodes all members. Numbers stay as they are written.
func (m members) tree() map[string]any {
	tree := make(map[string]any, len(m))
	for name := range m {
		tree[name] = m.value(name)
	}
	return tree
}

// maxEntries is what Klarna's longest list, order_lines, may have. No object of Klarna's has nearly as many members as
// maxMembers.
const (
	maxEntries = 1000
	maxMembers = 100
)

// oversized finds a list or an object that is too large, whatever it is. To validate one takes far longer than to send it.
func oversized(path string, value any) (found string, ok bool) {
	switch value := value.(type) {
	case map[string]any:
		if len(value) > maxMembers {
			return path, true
		}
		for name, member := range value {
			if found, ok := oversized(under(path, name), member); ok {
				return found, true
			}
		}
	case []any:
		if len(value) > maxEntries {
			return path, true
		}
		for i, entry := range value {
			if found, ok := oversized(fmt.Sprintf("%s[%d]", path, i), entry); ok {
				return found, true
			}
		}
	}
	return "", false
}

// encodeValue returns the JSON of a value that has one: of what was decoded, of texts and flags.
func encodeValue(value any) []byte {
	raw, err := json.Marshal(value)
	if err != nil {
		panic("klarnatest: " + err.Error()) // cannot be, see above
	}
	return raw
}

// value decodes a member; nil when it is absent. Numbers stay as they are written.
func (m members) value(name string) any { return decode(m[name]) }

// text is a member that is a string; empty when it is absent or none.
func (m members) text(name string) string {
	s, _ := m.value(name).(string)
	return s
}

// convert decodes the JSON of one value into another.
func convert(from, to any) {
	raw, err := json.Marshal(from)
	if err == nil {
		err = json.Unmarshal(raw, to)
	}
	if err != nil {
		panic("klarnatest: " + err.Error()) // cannot be: check has made sure that what was sent fits Klarna's types
	}
}

func decode(raw []byte) (value any) {
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.UseNumber()
	_ = decoder.Decode(&value) // it fails on nothing but no JSON, which is nil
	return value
}

// canonical returns members without what does not count: blanks and the order of members.
func canonical(m members) []byte { return encodeValue(m) }
