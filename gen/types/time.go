// Package types holds the Go types that the contracts name for values of JSON, where the usual ones do not fit.
package types

import (
	"encoding/json"
	"reflect"
	"time"
)

// Time is a time in JSON that may be missing: an empty string and null are read as the zero time. It is written as
// RFC 3339; the generated types leave a zero time out.
type Time struct{ time.Time }

// UnmarshalJSON reads RFC 3339, with or without fractions of a second. Of anything else but an empty string and null it
// returns a [json.UnmarshalTypeError], which names the member and does not quote the value. Package json stops there: the
// members behind it are not read.
func (t *Time) UnmarshalJSON(data []byte) error {
	var text *string
	if json.Unmarshal(data, &text) != nil {
		return &json.UnmarshalTypeError{Value: "value", Type: reflect.TypeFor[Time]()}
	}
	if text == nil || *text == "" {
		*t = Time{}
		return nil
	}
	var read time.Time
	if read.UnmarshalText([]byte(*text)) != nil {
		return &json.UnmarshalTypeError{Value: "string", Type: reflect.TypeFor[Time]()}
	}
	t.Time = read
	return nil
}
