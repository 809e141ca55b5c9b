package specdiff

import (
	"errors"
	"maps"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestAnotherDocumentThanKlarnasIsRejectedWithAReason(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ name, document, want string }{
		{"nothing", "", `the field "openapi" is missing`},
		{"a page of HTML", "<!DOCTYPE html><p>Sign in</p>", "cannot be read as an OpenAPI document"},
		{"broken JSON", `{"openapi": "3.0.0",`, "cannot be read as an OpenAPI document"},
		{"other JSON", `{"order_id": "1"}`, `the field "openapi" is missing`},
		{"Swagger 2", `{"swagger": "2.0", "paths": {}}`, `the field "openapi" is missing`},
		{"OpenAPI 3.1", `{"openapi": "3.1.0", "info": {"title": "", "version": ""}, "paths": {}}`, "it is OpenAPI 3.1.0, and only 3.0 can be compared"},
		{"another API of Klarna's", `{"openapi": "3.0.0", "paths": {"/ordermanagement/v1/orders": {}}}`, "no path under /payments/v1"},
		{"a path that only begins alike", `{"openapi": "3.0.0", "paths": {"/payments/v1beta/x": {}}}`, "no path under /payments/v1"},
		{"no paths", `{"openapi": "3.0.0"}`, "no path under /payments/v1"},
		{"a reference to nothing", `{"openapi": "3.0.0", "paths": {"/payments/v1/x": {"get": {"responses": {"200": {"$ref": "#/components/responses/x"}}}}}}`,
			"cannot be read as an OpenAPI document"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			_, err := Read([]byte(test.document), payments.Prefix)
			require.ErrorContains(t, err, test.want)
		})
	}
}

// Klarna publishes documents of several APIs in one, too.
func TestOnlyWhatThePaymentsAPIUsesIsCompared(t *testing.T) {
	t.Parallel()
	document, klarna := structure(t), loadKlarna(t)

	const paths = "paths:\n"
	const schemas = "  schemas:\n"
	combined := replace(t, string(document), paths, paths+"  /ordermanagement/v1/orders:\n    get:\n      responses:\n"+
		"        '200':\n          description: OK\n          content:\n            application/json:\n              schema:\n"+
		"                $ref: '#/components/schemas/managed_order'\n")
	combined = replace(t, combined, schemas, schemas+"    managed_order:\n      type: object\n      properties:\n"+
		"        lines:\n          type: array\n          items:\n            $ref: '#/components/schemas/managed_order'\n")
	got, err := Read([]byte(combined), payments.Prefix)
	require.NoError(t, err)
	require.Empty(t, Compare(klarna, got))
	require.Equal(t, slices.Sorted(maps.Keys(klarna.Components.Schemas)), slices.Sorted(maps.Keys(got.Components.Schemas)))
}

func TestADocumentWithoutComponentsIsCompared(t *testing.T) {
	t.Parallel()
	bare, err := Read([]byte(`{"openapi": "3.0.0", "paths": {"/payments/v1/sessions": {"post": {
		"requestBody": {"content": {"application/json": {}}}, "responses": {"200": {"description": "OK"}}}}}}`), payments.Prefix)
	require.NoError(t, err)
	found := Compare(bare, load(t))
	require.Contains(t, found, Difference{"createCreditSession.requestBody", "schema", "", there})
	require.Contains(t, found, onlyOurs("order_line"))
	require.NotEmpty(t, Compare(load(t), bare))
}

// A document may use one schema within itself, and may be JSON.
func TestASchemaWithinItselfIsRead(t *testing.T) {
	t.Parallel()
	doc, err := Read([]byte(`{"openapi": "3.0.0", "paths": {"/payments/v1/x": {"get": {"responses": {"200": {"description": "",
		"content": {"application/json": {"schema": {"$ref": "#/components/schemas/tree"}}}}}}}},
		"components": {"schemas": {"tree": {"type": "object", "properties": {"left": {"$ref": "#/components/schemas/tree"}}}}}}`), payments.Prefix)
	require.NoError(t, err)
	require.Empty(t, Compare(doc, doc))
}

var errWrite = errors.New("disk full")

type failingWriter struct{}

func (failingWriter) Write([]byte) (int, error) { return 0, errWrite }
