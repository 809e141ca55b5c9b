package contract

import (
	"net/http"

	"github.com/getkin/kin-openapi/openapi3filter"
)

// Response checks the response to req: the status is a declared one, the content type and the body are those declared
// for it, and there is no body where none is declared. Fields that the document does not know pass.
func (c *Contract) Response(req *http.Request, status int, header http.Header, body []byte) error {
	return c.open.response(req, status, header, body)
}

// StrictResponse is [Contract.Response] that rejects unknown fields too, for responses of our own.
func (c *Contract) StrictResponse(req *http.Request, status int, header http.Header, body []byte) error {
	return c.closed.response(req, status, header, body)
}

func (f *form) response(req *http.Request, status int, header http.Header, body []byte) error {
	call, err := f.find(req, "response to")
	if err != nil {
		return err
	}
	// The validator lets 301, 304, 307 and 308 pass unseen, and never looks at a body where none is declared.
	declared := call.route.Operation.Responses.Status(status)
	switch {
	case declared == nil:
		return newError(call.where, Violation{Reason: "the status is not declared"}, nil)
	case len(declared.Value.Content) == 0 && len(body) > 0:
		return newError(call.where, Violation{Reason: "there is a body where none is declared"}, nil)
	case len(declared.Value.Content) > 0 && len(body) == 0:
		return newError(call.where, Violation{Reason: "the body is missing"}, nil)
	}

	input := &openapi3filter.ResponseValidationInput{
		RequestValidationInput: requestInput(req, call, nil),
		Status:                 status,
		Header:                 header,
		Options:                options(),
	}
	input.SetBodyBytes(body)
	if err := openapi3filter.ValidateResponse(req.Context(), input); err != nil {
		return wrap(call.where, err)
	}
	if len(body) > 0 {
		return checkJSON(call.where, body)
	}
	return nil
}
