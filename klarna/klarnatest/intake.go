package klarnatest

import (
	"bytes"
	"context"
	"mime"
	"net/http"
	"path"
	"strings"

	"github.com/klarna-go/klarna-payments/api"
	"github.com/klarna-go/klarna-payments/internal/contract"
	"github.com/klarna-go/klarna-payments/klarna"
)

// form is what the contract knows of an operation's body. It is the zero form for one without a body.
//
// inferred: a body that is sent all the same is ignored.
type form struct {
	contract *contract.Contract

	schema string
}

// formOf finds the form of an operation's body in the contracts, by its route.
func formOf(op klarna.Operation) form {
	_, path, _ := strings.Cut(op.Route(), " ")
	for _, row := range api.Contracts {
		if strings.HasPrefix(path, strings.TrimSuffix(row.Prefix, "/")) {
			document := loadContract(row.Name)
			return form{document, document.BodySchema(op.Route())}
		}
	}
	return form{}
}

func loadContract(name string) *contract.Contract {
	document, err := contract.LoadNamed(name)
	if err != nil {
		panic("klarnatest: " + err.Error()) // the contract is part of this module
	}
	return document
}

// takeIn reads the body of a request as leniently as Klarna does, and records what was odd. In a strict server that is a
// rejection. What breaks the contract is found later, and here only together with something odd.
func (s *Server) takeIn(r *http.Request, request *Request, find func() form) {
	if odd, ok := r.Context().Value(oddPath{}).(Warning); ok {
		request.warn(odd)
	}
	if request.rejected != nil {
		return
	}
	f := find()
	if f.schema == "" {
		return
	}
	body, warnings, ok := odd(r, request.Body)
	if !ok {
		request.rejected = malformed // inferred: 415 would be clearer, but the contract has no such response
		return
	}
	tree, rejected := parseTree(body)
	if rejected != nil {
		request.rejected = rejected
		return
	}
	sent, rejected := s.normalize(request, f, tree, warnings)
	request.sent, request.rejected = sent, rejected
}

// normalize returns the members of a body in the form of the contract, and records what was odd about it.
func (s *Server) normalize(request *Request, f form, tree map[string]any, warnings []Warning) (members, *failure) {
	normal, oddities, err := f.contract.Normalize(f.schema, tree)
	if err != nil {
		panic("klarnatest: " + err.Error()) // the schema is the contract's own
	}
	for _, oddity := range oddities {
		warnings = append(warnings, oddityWarning(oddity))
	}
	sent := membersOf(normal)
	if !s.strict || len(warnings) == 0 {
		request.warn(warnings...)
		return sent, nil
	}
	fields := warnedMembers(warnings)
	if len(fields) == 0 {
		return nil, malformed.because(warnings)
	}
	for _, violation := range violations(f.contract, f.schema, sent) {
		fields = append(fields, violation.Path)
	}
	return nil, badFields(fields).because(warnings)
}

// byteOrderMark is what some editors and libraries put in front of UTF-8.
var byteOrderMark = []byte("\xef\xbb\xbf")

// odd looks at what is around the JSON. It reports false if the body is declared to be something else.
//
// inferred: what Klarna makes of a byte order mark, or of a request without a Content-Type, is unknown.
func odd(r *http.Request, body []byte) (rest []byte, warnings []Warning, ok bool) {
	declared := r.Header.Get("Content-Type")
	media, _, err := mime.ParseMediaType(declared)
	switch {
	case declared == "":
		warnings = append(warnings, newWarning("", ruleContentType, "has no Content-Type"))
	case err == nil && media == "application/json":
	case strings.HasPrefix(strings.ToLower(declared), "application/json"), strings.HasSuffix(media, "json"):
		warnings = append(warnings, newWarning("", ruleContentType, "has a Content-Type that is not application/json"))
	default:
		return nil, nil, false
	}
	rest, found := bytes.CutPrefix(body, byteOrderMark)
	if found {
		warnings = append(warnings, newWarning("", ruleByteOrderMark, "has a byte order mark before its body"))
	}
	return rest, warnings, true
}

// oddPath is the key of the warning that a request's context has if its path was written in an odd way.
type oddPath struct{}

// withCleanPath returns a request whose path is written as the routes are: without empty segments or a slash at the end.
// It reports false for a path that cannot be one of Klarna's, or that a strict server rejects.
func (s *Server) withCleanPath(r *http.Request) (*http.Request, bool) {
	written := r.URL.EscapedPath()
	if isClean(written) {
		return r, true
	}
	if s.strict || !isClean(collapsed(written)) {
		return nil, false // with dot segments; the mux would redirect to what it takes the path for
	}
	clean := r.Clone(context.WithValue(r.Context(), oddPath{}, newWarning("", rulePath, "has a path with empty segments")))
	clean.URL.Path, clean.URL.RawPath = collapsed(r.URL.Path), ""
	if r.URL.RawPath != "" {
		clean.URL.RawPath = collapsed(r.URL.RawPath)
	}
	return clean, true
}

// collapsed is a path without double slashes, and without one at the end.
func collapsed(p string) string {
	for strings.Contains(p, "//") {
		p = strings.ReplaceAll(p, "//", "/")
	}
	if len(p) > 1 {
		p = strings.TrimSuffix(p, "/")
	}
	return p
}

// isClean reports whether a path is written as the routes are: without dot segments, empty segments or a slash at the end.
func isClean(p string) bool { return path.Clean(p) == p }
