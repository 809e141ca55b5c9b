package ordermanagement_test

import (
	"fmt"
	"os"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/stretchr/testify/require"

	"github.com/klarna-go/klarna-payments/api"
	"github.com/klarna-go/klarna-payments/internal/engine"
	"github.com/klarna-go/klarna-payments/klarna"
	"github.com/klarna-go/klarna-payments/klarna/ordermanagement"
)

// The rows repeat what the contract says: method, path, success status, the schema or header of the result, and whether the
// operation takes an idempotency key.
func TestOperationRowsMatchTheContract(t *testing.T) {
	t.Parallel()
	doc, err := openapi3.NewLoader().LoadFromData(api.ContractNamed("order-management").OpenAPI())
	require.NoError(t, err)
	inContract := map[string]*openapi3.Operation{}
	for path, item := range doc.Paths.Map() {
		for method, operation := range item.Operations() {
			inContract[method+" "+path] = operation
		}
	}
	require.Len(t, ordermanagement.Operations, len(inContract))
	for _, op := range ordermanagement.Operations {
		contract := inContract[op.Route()]
		require.NotNil(t, contract, op.Name)
		require.Equal(t, op.Route(), klarna.Operation(op.Name).Route())
		require.True(t, strings.HasPrefix(op.Name, "ordermanagement."), op.Name)

		var success []int
		for status, response := range contract.Responses.Map() {
			if status[0] != '2' {
				continue
			}
			number, err := strconv.Atoi(status)
			require.NoError(t, err)
			success = append(success, number)
			media := response.Value.Content["application/json"]
			require.Equal(t, media != nil, op.Result == engine.FromBody, op.Name)
			require.Equal(t, response.Value.Headers["Location"] != nil, op.Result == engine.FromHeader, op.Name)
			if op.Result == engine.FromHeader {
				for _, name := range op.Required {
					require.Contains(t, response.Value.Headers, name, op.Name)
				}
			}
			if media != nil {
				requireSchema(t, op, media.Schema)
			}
		}
		require.Equal(t, success, op.Success, op.Name)

		takesKey := slices.ContainsFunc(contract.Parameters, func(p *openapi3.ParameterRef) bool { return p.Value.Name == "Klarna-Idempotency-Key" })
		require.Equal(t, takesKey, op.Key == engine.DefaultKey, op.Name)
		require.Equal(t, takesKey, op.Commits, op.Name)
		require.Nil(t, op.Disproves, op.Name)
	}
}

// requireSchema requires that a row decodes what the contract declares.
func requireSchema(t *testing.T, op *engine.Operation, schema *openapi3.SchemaRef) {
	t.Helper()
	of := reflect.TypeOf(op.New()).Elem()
	if schema.Value.Type.Is(openapi3.TypeArray) {
		require.Equal(t, reflect.Slice, of.Kind(), op.Name)
		schema, of = schema.Value.Items, of.Elem()
	}
	name := strings.TrimPrefix(schema.Ref, "#/components/schemas/")
	if goName, ok := schema.Value.Extensions["x-go-name"].(string); ok {
		name = goName
	}
	require.Equal(t, name, of.Name(), op.Name)
	for _, member := range op.Required {
		require.Contains(t, schema.Value.Properties, member, op.Name)
	}
}

// The documentation shows what is retried as a table. It is printed from the rows that the engine follows.
func TestRetryTableInTheDocumentationIsThatOfTheRows(t *testing.T) {
	t.Parallel()
	row := func(cells ...any) string { return fmt.Sprintf("//\t%-31s%-12s%-10s%-34s%s\n", cells...) }
	table := row("", "not sent", "429", "ambiguous", "rejected")
	for _, op := range ordermanagement.Operations {
		cell := func(class engine.Class) string {
			if op.Retries(class, op.Key == engine.DefaultKey) {
				return "retried"
			}
			return "no"
		}
		ambiguous := cell(engine.Ambiguous)
		if op.Commits {
			ambiguous += ", then ErrOutcomeUnknown"
		}
		_, name, _ := strings.Cut(op.Name, ".")
		table += row(name, cell(engine.NotSent), cell(engine.RateLimited), ambiguous, cell(engine.Rejected))
	}
	text, err := os.ReadFile("doc.go")
	require.NoError(t, err)
	require.True(t, strings.Contains(string(text), table), "doc.go does not contain\n%s", table)
}
