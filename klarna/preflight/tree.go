package preflight

import (
	"encoding"
	"encoding/json"
	"reflect"
	"strings"
	"sync"
)

// treeOf converts a request to what the validator reads: the maps, lists and plain values that its JSON would decode to.
// It differs from that in two ways. Integers stay exact. And an empty text or a nil list counts as not given: a Go
// struct cannot leave out a required field, so its empty value is written for it.
//
// Encoding and decoding the JSON leads to the same at several times the cost.
func treeOf(value reflect.Value) any {
	switch value.Kind() {
	case reflect.String:
		return value.String()
	case reflect.Bool:
		return value.Bool()
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return value.Int()
	case reflect.Pointer:
		if !value.IsNil() {
			return treeOf(value.Elem())
		}
	case reflect.Slice:
		list := make([]any, value.Len())
		for i := range list {
			list[i] = treeOf(value.Index(i))
		}
		return list
	case reflect.Struct:
		if members := membersOf(value.Type()); members != nil {
			object := make(map[string]any, len(members))
			for _, m := range members {
				if field := value.Field(m.index); m.given(field) {
					object[m.name] = treeOf(field)
				}
			}
			return object
		}
	default:
	}
	return decoded(value)
}

// decoded is the long way round, for what no request has today: numbers with a point, maps, and types that write their
// JSON themselves.
func decoded(value reflect.Value) any {
	if value.CanAddr() {
		value = value.Addr()
	}
	var tree any
	if text, err := json.Marshal(value.Interface()); err == nil {
		_ = json.Unmarshal(text, &tree) // what was just encoded
	}
	return tree
}

// member is one field of a struct, by its name in JSON.
type member struct {
	index    int
	name     string
	optional bool // left out when it is zero
}

// given reports whether a field is there for Klarna.
func (m member) given(field reflect.Value) bool {
	switch field.Kind() {
	case reflect.String:
		return field.Len() > 0
	case reflect.Slice:
		return !field.IsNil() && (field.Len() > 0 || !m.optional)
	case reflect.Pointer:
		return !field.IsNil()
	default:
		return !m.optional || !field.IsZero()
	}
}

var (
	members       sync.Map // []member by type
	jsonMarshaler = reflect.TypeFor[json.Marshaler]()
	textMarshaler = reflect.TypeFor[encoding.TextMarshaler]()
)

// membersOf reads the json tags of a struct, once for each type. There are none for one that writes its JSON itself.
func membersOf(of reflect.Type) []member {
	if known, ok := members.Load(of); ok {
		return known.([]member)
	}
	var all []member
	if pointer := reflect.PointerTo(of); !pointer.Implements(jsonMarshaler) && !pointer.Implements(textMarshaler) {
		for i := range of.NumField() {
			name, options, _ := strings.Cut(of.Field(i).Tag.Get("json"), ",")
			optional := strings.Contains(options, "omitempty") || strings.Contains(options, "omitzero")
			all = append(all, member{i, name, optional})
		}
	}
	members.Store(of, all)
	return all
}
