package customertoken_test

import (
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/stretchr/testify/require"

	"github.com/klarna-go/klarna-payments/api"
	"github.com/klarna-go/klarna-payments/internal/engine"
	"github.com/klarna-go/klarna-payments/klarna"
	"github.com/klarna-go/klarna-payments/klarna/customertoken"
)

// The rows repeat what the contract says: method, path, success status, whether there is a result, and whether the operation
// takes an idempotency key.
func TestOperationRowsMatchTheContract(t *testing.T) {
	t.Parallel()
	doc, err := openapi3.NewLoader().LoadFromData(api.ContractNamed("customer-token").OpenAPI())
	require.NoError(t, err)
	inContract := map[string]*openapi3.Operation{}
	for path, item := range doc.Paths.Map() {
		for method, operation := range item.Operations() {
			inContract[method+" "+path] = operation
		}
	}
	require.Len(t, customertoken.Operations, len(inContract))
	for i, op := range customertoken.Operations {
		require.Equal(t, string(operations(t)[i].name), op.Name, "the tables have the same order")
		contract := inContract[op.Route()]
		require.NotNil(t, contract, op.Name)
		require.Equal(t, op.Route(), klarna.Operation(op.Name).Route())
		var success []int
		for status, response := range contract.Responses.Map() {
			if status[0] == '2' {
				number, err := strconv.Atoi(status)
				require.NoError(t, err)
				success = append(success, number)
				require.Equal(t, response.Value.Content != nil, op.Result == engine.FromBody, op.Name)
			}
		}
		require.Equal(t, success, op.Success, op.Name)
		takesKey := slices.ContainsFunc(contract.Parameters, func(p *openapi3.ParameterRef) bool { return p.Value.Name == "Klarna-Idempotency-Key" })
		require.Equal(t, takesKey, op.Key == engine.DefaultKey, op.Name)
		require.Equal(t, takesKey, op.Commits, op.Name)
	}
}

// The documentation shows what is retried as a table. It is printed from the rows that the engine follows.
func TestRetryTableInTheDocumentationIsThatOfTheRows(t *testing.T) {
	t.Parallel()
	row := func(cells ...any) string { return fmt.Sprintf("//\t%-13s%-12s%-10s%-34s%s\n", cells...) }
	table := row("", "not sent", "429", "ambiguous", "rejected")
	for _, op := range customertoken.Operations {
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

// The table of what to do names each error of the package, with each of its codes.
func TestTableOfWhatToDoIsComplete(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("doc.go")
	require.NoError(t, err)
	_, table, found := strings.Cut(string(text), "# When a charge fails\n")
	require.True(t, found)
	table, _, _ = strings.Cut(table, "# Idempotency keys")
	codes := map[string]bool{}
	for _, op := range customertoken.Operations {
		for code, sentinel := range op.Codes {
			codes[code] = true
			require.Equal(t, byCode[code], sentinel, code)
			require.Contains(t, table, code)
		}
	}
	require.Len(t, codes, len(byCode))
	for _, name := range []string{
		"ErrTokenNotFound", "ErrTokenSuspended", "ErrTokenCancelled", "ErrTokenForbidden", "ErrPaymentMethodUnavailable", "ErrPaymentMethodFailed", "ErrCurrencyMismatch",
	} {
		require.Contains(t, table, "//\t"+name+" ")
	}
}
