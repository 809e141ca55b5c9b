package specdiff

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/stretchr/testify/require"

	"github.com/klarna-go/klarna-payments/api"
)

var payments = api.ContractNamed("payments")

// load reads our document afresh, for a test that may change it.
func load(t *testing.T) *openapi3.T {
	t.Helper()
	doc, err := openapi3.NewLoader().LoadFromData(payments.OpenAPI())
	require.NoError(t, err)
	return doc
}

// loadKlarna reads the structure of the document that Klarna published in March 2023.
func loadKlarna(t *testing.T) *openapi3.T {
	t.Helper()
	doc, err := Read(structure(t), payments.Prefix)
	require.NoError(t, err)
	return doc
}

func structure(t *testing.T) []byte {
	t.Helper()
	document, err := os.ReadFile(filepath.Join("../..", payments.Structure))
	require.NoError(t, err)
	return document
}

// onPurpose reads the list of what differs on purpose.
func onPurpose(t *testing.T) []OnPurpose {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("../..", payments.Differences))
	require.NoError(t, err)
	list, err := ReadOnPurpose(data)
	require.NoError(t, err)
	return list
}

// The rest finds one part of the document, for a test that damages it. A wrong name panics.

func operation(doc *openapi3.T, id string) *openapi3.Operation {
	for _, item := range doc.Paths.Map() {
		for _, operation := range item.Operations() {
			if operation.OperationID == id {
				return operation
			}
		}
	}
	panic("no operation " + id)
}

func response(doc *openapi3.T, id string, status int) *openapi3.Response {
	return operation(doc, id).Responses.Status(status).Value
}

func schema(doc *openapi3.T, name string) *openapi3.Schema { return doc.Components.Schemas[name].Value }

func property(doc *openapi3.T, name, property string) *openapi3.Schema {
	return schema(doc, name).Properties[property].Value
}

// replace changes a document's text in one place. A text that is not there is a mistake of the test.
func replace(t *testing.T, text, before, after string) string {
	t.Helper()
	require.Contains(t, text, before)
	return strings.Replace(text, before, after, 1)
}
