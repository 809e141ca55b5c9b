package engine

import (
	"bytes"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"path"
	"reflect"
	"slices"
	"strings"
	"sync"
)

// check reports whether a whole response is a success of the operation, and takes the result from it.
func (x *exchange) check(call *Call, parseError func([]byte) ErrorBody) error {
	switch {
	case x.cut && isSuccess(x.StatusCode):
		return &responseError{TooLarge, "response is longer than 8 MiB"}
	case x.cut:
		return &responseError{TooLarge, ""}
	case !isSuccess(x.StatusCode):
		return &responseError{Status, ""}
	}
	switch call.Operation.Result {
	case FromBody:
		return x.decode(call)
	case FromHeader:
		return x.readID(call.Operation)
	case Raw:
		if x.broken { // nobody knows where it ends
			return unexpected("response is not whole")
		}
		return nil
	case Nothing:
	}
	return x.checkNothing(parseError)
}

// checkNothing accepts no body, or an object without an error: a login page of some gateway is neither.
func (x *exchange) checkNothing(parseError func([]byte) ErrorBody) error {
	body := bytes.TrimSpace(x.Body)
	if x.StatusCode == http.StatusNoContent || len(body) == 0 {
		return nil
	}
	if body[0] != '{' || !json.Valid(body) {
		return unexpected("a success of this operation has no body, but there is one (%d bytes)", len(x.Body))
	}
	if parsed := parseError(body); parsed.Code != "" || parsed.Messages != nil {
		return unexpected("a success of this operation has no body, but there is an error object")
	}
	return nil
}

// readID takes the id from the first of some header fields. From Location, it takes the last segment of the path, and only
// of a response with a declared status: any other may point anywhere, such as to a login page.
func (x *exchange) readID(op *Operation) error {
	for _, name := range op.Required {
		id := strings.TrimSpace(x.Header.Get(name))
		if name == "Location" {
			location, err := url.Parse(id)
			if err != nil || !slices.Contains(op.Success, x.StatusCode) {
				continue
			}
			id = path.Base(location.Path)
		}
		if id != "/" && id != path.Base(op.Path) && CheckID(id) == "" {
			x.ID = id
			return nil
		}
	}
	return unexpected("response has no usable header %s", strings.Join(op.Required, " or "))
}

// decode reads the body into the call's result. Unknown members and unknown values pass. Where the operation commits
// something, nothing may be lost: a member of another type costs nothing but itself, and the id may be a number.
// Elsewhere, a member of another type makes the response unusable.
func (x *exchange) decode(call *Call) error {
	op := call.Operation
	x.Result = call.Result
	if x.Result == nil {
		x.Result = op.New()
	}
	if x.Attempts > 1 { // an earlier attempt may have left something
		reflect.ValueOf(x.Result).Elem().SetZero()
	}
	x.Body = bytes.TrimPrefix(x.Body, []byte("\ufeff"))
	err := json.Unmarshal(x.Body, x.Result)
	if err != nil && op.Commits {
		x.Lenient = true
		err = decodeLenient(x.Body, x.Result)
	}
	if err != nil {
		return x.explainDecode(err)
	}
	missing := missingMember(x.Result, op.Required)
	if missing != "" && op.Commits && recoverNumericID(x.Body, x.Result, missing) {
		missing = missingMember(x.Result, op.Required)
	}
	if missing != "" {
		return unexpected("response has no %s", missing)
	}
	return nil
}

// decodeLenient reads what can be read of the first JSON value. Only what is not JSON stays an error.
func decodeLenient(body []byte, result any) error {
	return ignoreTypeErrors(json.NewDecoder(bytes.NewReader(body)).Decode(result))
}

// ignoreTypeErrors forgives a member of another type: the decoder has skipped it and read all others.
func ignoreTypeErrors(err error) error {
	var wrongType *json.UnmarshalTypeError
	if errors.As(err, &wrongType) {
		return nil
	}
	return err
}

// explainDecode names the member that could not be read. It quotes no value.
func (x *exchange) explainDecode(err error) error {
	if len(bytes.TrimSpace(x.Body)) == 0 {
		return unexpected("no response body")
	}
	if !json.Valid(x.Body) {
		return unexpected("%s", strings.Replace(describeBody(x.Header, x.Body, false), "not an error object", "not JSON", 1))
	}
	var wrongType *json.UnmarshalTypeError
	if errors.As(err, &wrongType) && wrongType.Field != "" {
		return unexpected("the response's member %s has the wrong type or form", wrongType.Field)
	}
	return unexpected("response is not a JSON object")
}

func memberName(field reflect.StructField) string {
	name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
	return name
}

// missingMember names the first required member that is missing or empty. A result of which nothing is required must not
// be empty as a whole.
func missingMember(result any, required []string) string {
	value := reflect.ValueOf(result).Elem()
	if len(required) == 0 && value.IsZero() {
		return "known member"
	}
	for _, name := range required {
		if field := member(value, name); field.IsValid() && field.IsZero() {
			return name
		}
	}
	return ""
}

// fields remembers where the members of a type are, since reflection is slow: reflect.Type to map[string]int.
var fields sync.Map

// member returns a member of a struct, or one of a member's, as in item.id.
func member(of reflect.Value, path string) reflect.Value {
	name, rest, nested := strings.Cut(path, ".")
	known, ok := fields.Load(of.Type())
	if !ok {
		indexes := map[string]int{}
		for i := range of.NumField() {
			indexes[memberName(of.Type().Field(i))] = i
		}
		known, _ = fields.LoadOrStore(of.Type(), indexes)
	}
	i, ok := known.(map[string]int)[name]
	switch {
	case !ok:
		return reflect.Value{}
	case nested:
		return member(of.Field(i), rest)
	}
	return of.Field(i)
}

// recoverNumericID reads an id that is a number instead of a string.
func recoverNumericID(body []byte, result any, name string) bool {
	var members map[string]json.RawMessage
	var id json.Number
	if decodeLenient(body, &members) != nil || json.Unmarshal(members[name], &id) != nil || id == "" {
		return false
	}
	field := member(reflect.ValueOf(result).Elem(), name)
	if field.Kind() != reflect.String {
		return false
	}
	field.SetString(id.String())
	return true
}
