// Package contract checks requests and responses against the OpenAPI documents in package api.
//
// The contract tests, the fake servers and the check before sending all use it, so that they cannot disagree about
// what a provider accepts. Requests are read strictly: a field that the document does not know is a fault of ours.
// Unknown fields of responses are accepted, since providers add fields; [Contract.StrictResponse] is for responses of our own.
//
// Errors are of type [*Error]. Their text names routes as templates and fields by path. It quotes no value, except
// that of a wrong Content-Type.
package contract

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/routers"
	"github.com/getkin/kin-openapi/routers/gorillamux"

	"github.com/klarna-go/klarna-payments/api"
)

// Contract is one document, ready to check with. It does not change, and is safe for concurrent use.
type Contract struct {
	open   *form // unknown fields pass
	closed *form // unknown fields are rejected
}

var loaders = func() map[string]func() (*Contract, error) {
	all := map[string]func() (*Contract, error){}
	for _, row := range api.Contracts {
		all[row.Name] = sync.OnceValues(func() (*Contract, error) { return Parse(row.OpenAPI()) })
	}
	return all
}()

// Load returns the contract of Payments v1, as LoadNamed does.
func Load() (*Contract, error) { return LoadNamed("payments") }

// LoadNamed returns the contract that has this name in [api.Contracts]. Each document is read and validated once per
// process, at the first call.
func LoadNamed(name string) (*Contract, error) {
	load, ok := loaders[name]
	if !ok {
		return nil, fmt.Errorf("contract: there is no contract %q", name)
	}
	return load()
}

// Parse reads and validates a document.
func Parse(document []byte) (*Contract, error) {
	open, err := newForm(document, func(*openapi3.T) {})
	if err != nil {
		return nil, err
	}
	closed, err := newForm(document, rejectUnknownFields)
	if err != nil {
		return nil, err
	}
	return &Contract{open: open, closed: closed}, nil
}

// rejectUnknownFields shuts every component schema. The allOf that a property wraps around a reference stays as it
// is: it declares no properties itself and would reject everything.
func rejectUnknownFields(doc *openapi3.T) {
	no := false
	for _, schema := range doc.Components.Schemas {
		if schema.Value.Type.Is(openapi3.TypeObject) {
			schema.Value.AdditionalProperties.Has = &no
		}
	}
}

// form is the document as one side reads it, with the router that belongs to it.
type form struct {
	doc    *openapi3.T
	router routers.Router
}

func newForm(document []byte, change func(*openapi3.T)) (*form, error) {
	doc, err := openapi3.NewLoader().LoadFromData(document)
	if err != nil {
		return nil, fmt.Errorf("contract: read the document: %w", err)
	}
	if err := doc.Validate(context.Background()); err != nil {
		return nil, fmt.Errorf("contract: validate the document: %w", err)
	}
	// The router would match the request's host against the provider's, and tests listen on 127.0.0.1.
	doc.Servers = nil
	change(doc)
	router, err := gorillamux.NewRouter(doc)
	if err != nil {
		return nil, fmt.Errorf("contract: route the document: %w", err)
	}
	return &form{doc: doc, router: router}, nil
}

// find returns the operation that req calls, and its name for errors. The path itself is never in an error, because
// it holds the authorization token.
func (f *form) find(req *http.Request, what string) (*call, error) {
	route, params, err := f.router.FindRoute(req)
	switch {
	case errors.Is(err, routers.ErrMethodNotAllowed):
		return nil, newError(what, Violation{Reason: "the path has no operation with this method"}, err)
	case err != nil:
		return nil, newError(what, Violation{Reason: "the document has no such path"}, err)
	}
	return &call{
		where:  what + " " + route.Method + " " + route.Path,
		route:  route,
		params: params,
	}, nil
}

// call is one request, matched to its operation.
type call struct {
	where  string // such as "request POST /payments/v1/sessions/{session_id}"
	route  *routers.Route
	params map[string]string
}
