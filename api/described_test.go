package api_test

import (
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
)

// undescribed returns everything without a description: it is the Go doc comment, and what pkg.go.dev shows.
func undescribed(doc *openapi3.T) []string {
	var faults []string
	need := func(where, description string) {
		if strings.TrimSpace(description) == "" {
			faults = append(faults, where)
		}
	}

	for path, ref := range schemas(doc) {
		need(path, ref.Value.Description)
		// A property that is a bare reference has only the words of what it refers to.
		if ref.Ref != "" && !strings.HasSuffix(path, "[]") {
			faults = append(faults, path+" has no sentence of its own")
		}
	}

	for _, item := range doc.Paths.Map() {
		for _, operation := range item.Operations() {
			for _, parameter := range append(item.Parameters, operation.Parameters...) {
				need(operation.OperationID+" "+parameter.Value.Name, parameter.Value.Description)
			}
		}
	}
	for operation := range operations(doc) {
		need(operation.OperationID, operation.Description)
		need(operation.OperationID+" has no summary", operation.Summary)
		for status, response := range operation.Responses.Map() {
			where := operation.OperationID + " " + status
			need(where, *response.Value.Description)
			for name, header := range response.Value.Headers {
				need(where+" "+name, header.Value.Description)
			}
		}
	}
	for _, server := range doc.Servers {
		need(server.URL, server.Description)
	}
	for name, scheme := range doc.Components.SecuritySchemes {
		need(name, scheme.Value.Description)
	}
	for _, tag := range doc.Tags {
		need(tag.Name, tag.Description)
	}
	return faults
}
