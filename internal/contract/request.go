package contract

import (
	"bytes"
	"io"
	"net/http"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
)

// Request checks a request as Klarna gets it: the path, the query, the content type and the body. The body is passed
// beside the request, whose own body is neither read nor replaced; of the request only method, URL and header count.
// Credentials are not looked at.
func (c *Contract) Request(req *http.Request, body []byte) error {
	call, err := c.closed.find(req, "request")
	if err != nil {
		return err
	}
	if undeclaredQuery(req, call) {
		return newError(call.where, Violation{Reason: "the operation has no such query parameter"}, nil)
	}
	if call.route.Operation.RequestBody == nil && len(body) > 0 {
		return newError(call.where, Violation{Reason: "the operation takes no body"}, nil)
	}
	if err := openapi3filter.ValidateRequest(req.Context(), requestInput(req, call, body)); err != nil {
		return wrap(call.where, err)
	}
	if len(body) > 0 {
		return checkJSON(call.where, body)
	}
	return nil
}

// options are those of every check. Defaults are not written into a body, and messages leave values out.
func options() *openapi3filter.Options {
	return &openapi3filter.Options{
		IncludeResponseStatus:   true,
		MultiError:              true,
		SkipSettingDefaults:     true,
		AuthenticationFunc:      openapi3filter.NoopAuthenticationFunc,
		SchemaValidationOptions: []openapi3.SchemaValidationOption{openapi3.DisableSchemaErrorDetails()},
	}
}

// requestInput returns for the validator a request of its own to read from and to change.
func requestInput(req *http.Request, call *call, body []byte) *openapi3filter.RequestValidationInput {
	own := req.Clone(req.Context())
	own.Body, own.GetBody, own.ContentLength = http.NoBody, nil, int64(len(body))
	if len(body) > 0 {
		own.Body = io.NopCloser(bytes.NewReader(body))
	}
	return &openapi3filter.RequestValidationInput{
		Request:    own,
		Route:      call.route,
		PathParams: call.params,
		Options:    options(),
	}
}

// undeclaredQuery reports whether the URL has a query parameter that the operation does not. The validator ignores
// those, but one is what becomes of an id with a question mark in it that was pasted into the path.
func undeclaredQuery(req *http.Request, call *call) bool {
	if req.URL.ForceQuery {
		return true
	}
	for name := range req.URL.Query() {
		if call.route.Operation.Parameters.GetByInAndName(openapi3.ParameterInQuery, name) == nil &&
			call.route.PathItem.Parameters.GetByInAndName(openapi3.ParameterInQuery, name) == nil {
			return true
		}
	}
	return false
}
