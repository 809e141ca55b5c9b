package apitest

import (
	"fmt"
	"os"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unicode"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/stretchr/testify/require"

	"github.com/klarna-go/klarna-payments/api"
	"github.com/klarna-go/klarna-payments/internal/engine"
	"github.com/klarna-go/klarna-payments/klarna"
)

// RequireRows requires that the rows repeat what the contract says: method, path, success statuses, and the schema or header of
// the result.
func (a API[C]) RequireRows(t *testing.T) {
	t.Helper()
	inContract := a.operations(t)
	require.Len(t, a.Rows, len(inContract))
	for _, op := range a.Rows {
		declared := inContract[op.Route()]
		require.NotNil(t, declared, op.Name)
		require.Equal(t, op.Route(), klarna.Operation(op.Name).Route())
		require.True(t, strings.HasPrefix(op.Name, a.Prefix), op.Name)
		var success []int
		for status, response := range declared.Responses.Map() {
			if status[0] != '2' {
				continue
			}
			number, err := strconv.Atoi(status)
			require.NoError(t, err)
			success = append(success, number)
			requireResult(t, op, response.Value)
		}
		slices.Sort(success)
		require.Equal(t, success, op.Success, op.Name)
	}
}

// RequireKeys requires that the operations with an idempotency key in the contract are those that send one by default, and those
// that commit.
func (a API[C]) RequireKeys(t *testing.T) {
	t.Helper()
	inContract := a.operations(t)
	for _, op := range a.Rows {
		takesKey := slices.ContainsFunc(inContract[op.Route()].Parameters, func(p *openapi3.ParameterRef) bool {
			return p.Value.Name == "Klarna-Idempotency-Key"
		})
		require.Equal(t, takesKey, op.Key == engine.DefaultKey, op.Name)
		require.Equal(t, takesKey, op.Commits, op.Name)
	}
}

// operations are those of the contract by route.
func (a API[C]) operations(t *testing.T) map[string]*openapi3.Operation {
	t.Helper()
	doc, err := openapi3.NewLoader().LoadFromData(api.ContractNamed(a.Contract).OpenAPI())
	require.NoError(t, err)
	all := map[string]*openapi3.Operation{}
	for path, item := range doc.Paths.Map() {
		for method, operation := range item.Operations() {
			all[method+" "+path] = operation
		}
	}
	require.NotEmpty(t, all)
	return all
}

// requireResult requires that a row takes its result from where a response has it.
func requireResult(t *testing.T, op *engine.Operation, response *openapi3.Response) {
	t.Helper()
	media := response.Content["application/json"]
	require.Equal(t, media != nil, op.Result == engine.FromBody, op.Name)
	require.Equal(t, media != nil, len(response.Content) != 0, op.Name)
	if media != nil {
		requireSchema(t, op, media.Schema)
		return
	}
	require.Equal(t, response.Headers["Location"] != nil, op.Result == engine.FromHeader, op.Name)
	if op.Result == engine.FromHeader {
		for _, name := range op.Required {
			require.Contains(t, response.Headers, name, op.Name)
		}
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
	require.NotEmpty(t, name, op.Name)
	if unicode.IsLower(rune(name[0])) { // session_read is SessionRead
		require.True(t, strings.EqualFold(strings.ReplaceAll(name, "_", ""), of.Name()), "%s: %s, and %s in the contract", op.Name, of.Name(), name)
	} else {
		require.Equal(t, name, of.Name(), op.Name)
	}
	for _, member := range op.Required {
		require.Contains(t, schema.Value.Properties, member, op.Name)
	}
}

// RetryTable returns what is retried, as the rows state it: a line of headings, and one for each operation.
func (a API[C]) RetryTable() [][]string {
	table := [][]string{{"", "not sent", "429", "ambiguous", "rejected"}}
	for _, op := range a.Rows {
		cell := func(class engine.Class) string {
			if op.Retries(class, op.Key == engine.DefaultKey) {
				return "retried"
			}
			return "no"
		}
		ambiguous := cell(engine.Ambiguous)
		switch {
		case op.Commits && ambiguous == "no":
			ambiguous += ": ErrOutcomeUnknown"
		case op.Commits:
			ambiguous += ", then ErrOutcomeUnknown"
		}
		table = append(table, []string{
			strings.TrimPrefix(op.Name, a.Prefix), cell(engine.NotSent), cell(engine.RateLimited), ambiguous, cell(engine.Rejected),
		})
	}
	return table
}

// RequireRetryTable requires that a Go file shows the table of what is retried in a comment.
func (a API[C]) RequireRetryTable(t *testing.T, file string) {
	t.Helper()
	rows := a.RetryTable()
	widest := func(column int) (most int) {
		for _, row := range rows {
			most = max(most, len(row[column]))
		}
		return most
	}
	var table strings.Builder
	for _, row := range rows {
		fmt.Fprintf(&table, "//\t%-*s%-12s%-10s%-*s%s\n", widest(0)+2, row[0], row[1], row[2], widest(3)+3, row[3], row[4])
	}
	RequireText(t, file, table.String())
}

// RequireText requires that a file contains a text.
func RequireText(t *testing.T, file, part string) {
	t.Helper()
	text, err := os.ReadFile(file)
	require.NoError(t, err)
	require.True(t, strings.Contains(string(text), part), "%s does not contain\n%s", file, part)
}
