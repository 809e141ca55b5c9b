package api_test

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/stretchr/testify/require"

	"github.com/klarna-go/klarna-payments/api"
)

var payments = api.ContractNamed("payments")

// load reads a document afresh, for a test that may change it.
func load(t *testing.T, contract api.Contract) *openapi3.T {
	t.Helper()
	doc, err := openapi3.NewLoader().LoadFromData(contract.OpenAPI())
	require.NoError(t, err)
	return doc
}

// each runs a test for every contract.
func each(t *testing.T, test func(*testing.T, api.Contract)) {
	for _, contract := range api.Contracts {
		t.Run(contract.Name, func(t *testing.T) {
			t.Parallel()
			test(t, contract)
		})
	}
}

func TestEveryDocumentHasItsRow(t *testing.T) {
	t.Parallel()
	documents, err := filepath.Glob("*.yaml")
	require.NoError(t, err)
	var rows []string
	for _, contract := range api.Contracts {
		rows = append(rows, filepath.Base(contract.Document))
	}
	slices.Sort(rows)
	require.Equal(t, documents, rows)
}

func TestEveryRowNamesWhatIsThere(t *testing.T) {
	t.Parallel()
	names, prefixes := map[string]bool{}, map[string]bool{}
	each(t, func(t *testing.T, contract api.Contract) {
		for _, path := range []string{contract.Document, contract.Config, contract.Generated, contract.Package} {
			require.NotEmpty(t, path)
			_, err := os.Stat(filepath.Join("..", path))
			require.NoError(t, err)
		}
		require.Equal(t, contract.Structure == "", contract.Differences == "")
		require.NotEmpty(t, contract.Title)
		require.Positive(t, contract.MinCover)
		for name := range contract.Statuses {
			require.True(t, slices.ContainsFunc(ours(load(t, contract)), func(o *openapi3.Operation) bool { return o.OperationID == name }), name)
		}
		for _, name := range contract.NoAlias {
			require.Contains(t, load(t, contract).Components.Schemas, name)
		}
	})
	for _, contract := range api.Contracts {
		require.False(t, names[contract.Name] || prefixes[contract.Prefix], contract.Name)
		names[contract.Name], prefixes[contract.Prefix] = true, true
	}
}

func TestTheDocumentIsValidAndSoAreItsExamples(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, contract api.Contract) {
		require.NoError(t, load(t, contract).Validate(context.Background(),
			openapi3.EnableExamplesValidation(),
			openapi3.EnableSchemaDefaultsValidation(),
			openapi3.ProhibitExtensionsWithRef(),
			openapi3.EnableMultiError()))
	})
}
