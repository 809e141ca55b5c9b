package hostedpage_test

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
	"github.com/klarna-go/klarna-payments/klarna/hostedpage"
)

// The rows repeat what the contract says: method, path, success statuses, and the schema of the result.
func TestOperationRowsMatchTheContract(t *testing.T) {
	t.Parallel()
	doc, err := openapi3.NewLoader().LoadFromData(api.ContractNamed("hosted-payment-page").OpenAPI())
	require.NoError(t, err)
	inContract := map[string]*openapi3.Operation{}
	for path, item := range doc.Paths.Map() {
		for method, operation := range item.Operations() {
			inContract[method+" "+path] = operation
		}
	}
	require.Len(t, hostedpage.Operations, len(inContract))
	for _, op := range hostedpage.Operations {
		contract := inContract[op.Route()]
		require.NotNil(t, contract, op.Name)
		require.Equal(t, op.Route(), klarna.Operation(op.Name).Route())
		require.True(t, strings.HasPrefix(op.Name, "hostedpage."), op.Name)
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
			if media == nil {
				continue
			}
			require.Equal(t, media.Schema.Value.Extensions["x-go-name"], reflect.TypeOf(op.New()).Elem().Name(), op.Name)
			for _, member := range op.Required {
				require.Contains(t, media.Schema.Value.Properties, member, op.Name)
			}
		}
		slices.Sort(success)
		require.Equal(t, success, op.Success, op.Name)
		require.False(t, op.Commits, "a page takes no money before the shopper pays: %s", op.Name)
		require.Equal(t, engine.NoKey, op.Key, "no operation of the contract has an idempotency key: %s", op.Name)
	}
}

// The documentation shows what is retried as a table. It is printed from the rows that the engine follows.
func TestRetryTableInTheDocumentationIsThatOfTheRows(t *testing.T) {
	t.Parallel()
	row := func(cells ...any) string { return fmt.Sprintf("//\t%-19s%-12s%-10s%-12s%s\n", cells...) }
	table := row("", "not sent", "429", "ambiguous", "rejected")
	for _, op := range hostedpage.Operations {
		cell := func(class engine.Class) string {
			if op.Retries(class, false) {
				return "retried"
			}
			return "no"
		}
		_, name, _ := strings.Cut(op.Name, ".")
		table += row(name, cell(engine.NotSent), cell(engine.RateLimited), cell(engine.Ambiguous), cell(engine.Rejected))
	}
	text, err := os.ReadFile("doc.go")
	require.NoError(t, err)
	require.True(t, strings.Contains(string(text), table), "doc.go does not contain\n%s", table)
}
