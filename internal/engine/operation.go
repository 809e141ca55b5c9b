package engine

import (
	"fmt"
	"strings"
	"unicode"
)

// Operation is everything that the code knows about one operation of an API. Adding an operation means adding a row.
type Operation struct {
	Name    string // such as CreateOrder
	Method  string
	Path    string // the route template, with path parameters in braces: /v1/orders/{order_id}; empty for any path
	Success []int  // the declared success statuses; any other 2xx is taken as well

	// Result is where the result comes from. For FromBody, Required names the members of the body without which the
	// response is unusable, those of objects as item.id; for FromHeader, the header fields of which one has to be there.
	Result   Result
	Required []string
	New      func() any // makes what a body is decoded into, for calls that bring nothing of their own

	Retry   Retry
	Commits bool // an ambiguous end matters: an order may be placed, money moved, a token created
	Key     Key  // whether requests bear an idempotency key

	// Codes are what errors.Is finds after a rejection with an error code, unless the outcome is unknown.
	Codes map[string]error

	// Disproves reports whether a definite rejection proves that earlier attempts, with the same bytes, had no effect.
	// Without it, no rejection does.
	Disproves func(*Failure) bool
	// Applied reports whether the rejection of a retry shows that an earlier attempt succeeded.
	Applied func(*Failure) bool
}

// Result is where the result of an operation comes from.
type Result uint8

// Where a result comes from.
const (
	Nothing    Result = iota // success has no body
	FromBody                 // a JSON body
	FromHeader               // a header field, such as Location; see Response.ID
	Raw                      // a body of any form, which is not looked at
)

// Retry is the failures after which an operation is retried. It is retried after every request that was never sent, and
// after every 429; a definite rejection is never retried. What is left is the ambiguous failure.
type Retry uint8

// What happens after an ambiguous failure.
const (
	Always             Retry = iota // it is retried
	WithIdempotencyKey              // it is retried if the request bears an idempotency key
	NeverAmbiguous                  // it is not retried, because that could carry it out twice
)

// Key is whether the requests of an operation bear an idempotency key.
type Key uint8

// Whether requests bear an idempotency key.
const (
	NoKey       Key = iota
	OptionalKey     // the caller's, if there is one
	DefaultKey      // the caller's, or a fresh one for each call
)

// Route is the method and the route template.
func (o *Operation) Route() string { return strings.TrimSpace(o.Method + " " + o.Path) }

// Retries reports whether the operation is retried after a failure of a class.
func (o *Operation) Retries(class Class, withKey bool) bool {
	switch class {
	case NotSent, RateLimited:
		return true
	case Ambiguous:
		return o.Retry == Always || o.Retry == WithIdempotencyKey && withKey
	default:
		return false
	}
}

// Table is all operations of one API.
type Table []*Operation

// Find returns the operation that a method and an escaped path belong to, or nil.
func (t Table) Find(method, escapedPath string) *Operation {
	for _, op := range t {
		if op.Method == method && op.params(escapedPath, nil) {
			return op
		}
	}
	return nil
}

// registered are the operations of all tables of the program, by name.
var registered = map[string]*Operation{}

// Register makes the operations of a table known to [Registered]. It is for package variables: a program knows the
// operations of the packages that it imports.
func Register(t Table) Table {
	for _, op := range t {
		registered[op.Name] = op
	}
	return t
}

// Registered returns the operation of a name, or nil.
func Registered(name string) *Operation { return registered[name] }

// params reports whether an escaped path is one of the operation's, and calls visit with each path parameter, as it stands
// in the path. A parameter may be empty. Where any path is the operation's, each of its segments is a parameter.
func (o *Operation) params(path string, visit func(name, escaped string)) bool {
	template := o.Path
	if template == "" {
		template = strings.Repeat("/{path}", strings.Count(path, "/"))
	}
	for {
		literal, rest, found := strings.Cut(template, "{")
		var ok bool
		if path, ok = strings.CutPrefix(path, literal); !ok {
			return false
		}
		if !found {
			return path == ""
		}
		var name string
		name, template, _ = strings.Cut(rest, "}")
		value := path
		if end := strings.IndexByte(path, '/'); end >= 0 {
			value = path[:end]
		}
		path = path[len(value):]
		if visit != nil {
			visit(name, value)
		}
	}
}

// maxIDBytes is the longest id that is sent. Klarna's contract allows session ids this length; others are shorter.
const maxIDBytes = 255

// CheckID returns why a text cannot be an id, or "". It does not quote the text, which may be a secret.
func CheckID(id string) string {
	switch {
	case id == "":
		return "is empty"
	case id == "." || id == "..":
		return "is a dot segment, which would change the path"
	case len(id) > maxIDBytes:
		return fmt.Sprintf("has %d bytes, more than %d", len(id), maxIDBytes)
	case strings.ContainsFunc(id, unicode.IsControl):
		return "contains a control character"
	}
	return ""
}
