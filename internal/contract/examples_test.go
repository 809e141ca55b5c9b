package contract

import (
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/stretchr/testify/require"
)

// The document's own examples are what people copy, so they must pass the strict checks too.
func TestTheDocumentsExamplesPass(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, _ string, c *Contract) {
		for path, item := range c.open.doc.Paths.Map() {
			for method, operation := range item.Operations() {
				req := newRequest(method, strings.NewReplacer("{", "", "}", "").Replace(path))
				if operation.RequestBody != nil {
					for name, body := range examples(t, operation.RequestBody.Value.Content) {
						require.NoError(t, c.Request(req, body), "%s %s", operation.OperationID, name)
					}
				}
				for status, response := range operation.Responses.Map() {
					for name, body := range examples(t, response.Value.Content) {
						err := c.StrictResponse(req, code(t, status), jsonHeader(), body)
						require.NoError(t, err, "%s %s %s", operation.OperationID, status, name)
					}
				}
				for _, callback := range operation.Callbacks {
					for _, item := range callback.Value.Map() {
						content := item.Post.RequestBody.Value.Content
						schema := strings.TrimPrefix(content["application/json"].Schema.Ref, "#/components/schemas/")
						for name, body := range examples(t, content) {
							require.NoError(t, c.Body(schema, body), "%s %s", item.Post.OperationID, name)
						}
					}
				}
			}
		}
	})
}

// examples are the bodies that a content shows, by name.
func examples(t *testing.T, content openapi3.Content) map[string][]byte {
	t.Helper()
	bodies := map[string][]byte{}
	if len(content) == 0 {
		return bodies
	}
	for name, example := range content["application/json"].Examples {
		body, err := json.Marshal(example.Value.Value)
		require.NoError(t, err)
		bodies[name] = body
	}
	require.NotEmpty(t, bodies)
	return bodies
}

// code is a status that a key of the responses stands for.
func code(t *testing.T, key string) int {
	t.Helper()
	if key == "5XX" {
		return http.StatusBadGateway
	}
	status, err := strconv.Atoi(key)
	require.NoError(t, err)
	return status
}
