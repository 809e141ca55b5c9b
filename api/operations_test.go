package api_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/klarna-go/klarna-payments/api"
)

// otherVersion returns the version if it is another. The generator and the validator both do 3.0 well, and 3.1 less so.
func otherVersion(doc *openapi3.T, _ api.Contract) []string {
	if doc.OpenAPI == "3.0.3" {
		return nil
	}
	return []string{doc.OpenAPI}
}

// otherServers returns the servers if they are not exactly those of the provider.
func otherServers(doc *openapi3.T, contract api.Contract) []string {
	var urls []string
	for _, server := range doc.Servers {
		urls = append(urls, server.URL)
	}
	if slices.Equal(urls, contract.Provider.Servers) {
		return nil
	}
	return []string{fmt.Sprint(urls)}
}

// otherPaths returns the paths of another API.
func otherPaths(doc *openapi3.T, contract api.Contract) []string {
	var faults []string
	for path := range doc.Paths.Map() {
		if !strings.HasPrefix(path, contract.Prefix) {
			faults = append(faults, path)
		}
	}
	return faults
}

// undeclaredErrors returns the error statuses that an operation lacks: those of its row, and those that follow from what
// it is. An operation without a body has nothing to reject, and one without an id nothing to miss.
func undeclaredErrors(doc *openapi3.T, contract api.Contract) []string {
	var faults []string
	for path, item := range doc.Paths.Map() {
		for _, operation := range item.Operations() {
			want := slices.Concat(contract.Provider.Always, contract.Statuses[operation.OperationID])
			if operation.RequestBody != nil {
				want = append(want, contract.Provider.WithBody...)
			}
			if strings.Contains(path, "{") {
				want = append(want, contract.Provider.WithID...)
			}
			for _, status := range want {
				if operation.Responses.Value(status) == nil {
					faults = append(faults, operation.OperationID+" "+status)
				}
			}
		}
	}
	return faults
}

// incompleteResponses returns the responses without the headers of their status, and the errors without an error body.
func incompleteResponses(doc *openapi3.T, contract api.Contract) []string {
	var faults []string
	for _, operation := range ours(doc) {
		for status, response := range operation.Responses.Map() {
			where := operation.OperationID + " " + status
			for _, header := range slices.Concat(contract.Provider.Headers["*"], contract.Provider.Headers[status]) {
				if response.Value.Headers[header] == nil {
					faults = append(faults, where+" has no "+header)
				}
			}
			media := response.Value.Content["application/json"]
			if status[0] != '2' && (media == nil || !slices.Contains(contract.Provider.Errors, refName(media.Schema))) {
				faults = append(faults, where+" has no "+strings.Join(contract.Provider.Errors, " or "))
			}
		}
	}
	return faults
}

// otherSecurity returns what asks for other credentials than the provider does, and the operations that set them aside.
func otherSecurity(doc *openapi3.T, contract api.Contract) []string {
	var faults []string
	want := contract.Provider.Security
	if len(doc.Security) != 1 || len(doc.Security[0]) != 1 || doc.Security[0][want] == nil {
		faults = append(faults, "security")
	}
	for name, scheme := range doc.Components.SecuritySchemes {
		if name != want || scheme.Value.Type != "http" || scheme.Value.Scheme != want {
			faults = append(faults, name)
		}
	}
	for _, operation := range ours(doc) {
		if operation.Security != nil {
			faults = append(faults, operation.OperationID)
		}
	}
	return faults
}

// otherCallbacks returns the callbacks that only the document or only the row has, and those that ask for credentials
// or take no body: what the provider sends to the shop bears none, and goes where the shop's own request said.
func otherCallbacks(doc *openapi3.T, contract api.Contract) []string {
	missing := map[api.Callback]bool{}
	for _, callback := range contract.Callbacks {
		missing[callback] = true
	}
	var faults []string
	for _, operation := range ours(doc) {
		for name, callback := range operation.Callbacks {
			for url, item := range callback.Value.Map() {
				for method, sent := range item.Operations() {
					found := api.Callback{Operation: operation.OperationID, Name: name, URL: url, ID: sent.OperationID}
					if sent.RequestBody != nil && sent.RequestBody.Value.Required {
						found.Schema = refName(sent.RequestBody.Value.Content["application/json"].Schema)
					}
					if !missing[found] || method != "POST" {
						faults = append(faults, sent.OperationID)
					}
					if sent.Security == nil || len(*sent.Security) > 0 {
						faults = append(faults, sent.OperationID+" asks for credentials")
					}
					delete(missing, found)
				}
			}
		}
	}
	for callback := range maps.Keys(missing) {
		faults = append(faults, callback.ID)
	}
	return faults
}
