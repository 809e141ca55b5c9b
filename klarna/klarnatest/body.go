package klarnatest

import (
	"bytes"
	"encoding/json"
	"io"
	"mime"
	"net/http"
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

// isJSON says whether a body is declared to be JSON.
func isJSON(r *http.Request) bool {
	media, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	return err == nil && media == "application/json"
}

// members is a JSON object as it was sent. Klarna's types would lose the difference between a member that is absent and
// one that is empty, on which both a partial update and the match of addresses depend.
type members map[string]json.RawMessage

// parse reads a body.
//
// inferred: whether null clears a member or is refused is unknown; here it is as if left out, at any depth of objects.
func parse(body []byte) (members, *failure) {
	if !json.Valid(body) {
		return nil, malformed
	}
	object, ok := withoutNull(decode(body)).(map[string]any)
	if !ok {
		return nil, malformed
	}
	m := members{}
	for name, value := range object {
		m[name] = encodeValue(value)
	}
	return m, nil
}

func withoutNull(value any) any {
	switch value := value.(type) {
	case map[string]any:
		for name, member := range value {
			if member == nil {
				delete(value, name)
				continue
			}
			value[name] = withoutNull(member)
		}
	case []any:
		for i := range value {
			value[i] = withoutNull(value[i])
		}
	}
	return value
}

// encodeValue gives the JSON of what was decoded.
func encodeValue(value any) []byte {
	raw, err := json.Marshal(value)
	if err != nil {
		panic("klarnatest: " + err.Error()) // what was decoded can be encoded
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

// convert gives one value the JSON of another.
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

// canonical is a body without what does not count: blanks and the order of members.
func canonical(body []byte) string {
	return string(encodeValue(decode(body)))
}
