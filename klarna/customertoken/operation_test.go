package customertoken_test

import (
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/klarna-go/klarna-payments/klarna/customertoken"
)

func TestOperationRowsMatchTheContract(t *testing.T) {
	t.Parallel()
	tested.RequireRows(t)
	tested.RequireKeys(t)
}

// The documentation shows what is retried as a table. It is printed from the rows that the engine follows.
func TestRetryTableInTheDocumentationIsThatOfTheRows(t *testing.T) {
	t.Parallel()
	tested.RequireRetryTable(t, "doc.go")
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
