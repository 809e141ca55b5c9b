package api_test

import (
	"context"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/stretchr/testify/require"

	"github.com/klarna-go/klarna-payments/api"
)

// load reads the document afresh, for a test that may change it.
func load(t *testing.T) *openapi3.T {
	t.Helper()
	doc, err := openapi3.NewLoader().LoadFromData(api.OpenAPI)
	require.NoError(t, err)
	return doc
}

func TestTheDocumentIsValidAndSoAreItsExamples(t *testing.T) {
	t.Parallel()
	require.NoError(t, load(t).Validate(context.Background(),
		openapi3.EnableExamplesValidation(),
		openapi3.EnableSchemaDefaultsValidation(),
		openapi3.ProhibitExtensionsWithRef(),
		openapi3.EnableMultiError()))
}

// The generator and the validator both do 3.0 well, and 3.1 less so.
func TestTheDocumentIsOpenAPI303(t *testing.T) {
	t.Parallel()
	require.Equal(t, "3.0.3", load(t).OpenAPI)
}

func TestTheServersAreKlarnasSix(t *testing.T) {
	t.Parallel()
	var urls []string
	for _, server := range load(t).Servers {
		urls = append(urls, server.URL)
	}
	require.Equal(t, []string{
		"https://api.klarna.com",
		"https://api-na.klarna.com",
		"https://api-oc.klarna.com",
		"https://api.playground.klarna.com",
		"https://api-na.playground.klarna.com",
		"https://api-oc.playground.klarna.com",
	}, urls)
}

func TestTheSecurityIsHTTPBasic(t *testing.T) {
	t.Parallel()
	doc := load(t)
	require.Equal(t, openapi3.SecurityRequirements{{"basic": {}}}, doc.Security)
	require.Len(t, doc.Components.SecuritySchemes, 1)
	scheme := doc.Components.SecuritySchemes["basic"].Value
	require.Equal(t, "http", scheme.Type)
	require.Equal(t, "basic", scheme.Scheme)
}
