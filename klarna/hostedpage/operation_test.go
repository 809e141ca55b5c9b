package hostedpage_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/klarna-go/klarna-payments/internal/engine"
	"github.com/klarna-go/klarna-payments/klarna/hostedpage"
)

func TestOperationRowsMatchTheContract(t *testing.T) {
	t.Parallel()
	tested.RequireRows(t)
	tested.RequireKeys(t)
	for _, op := range hostedpage.Operations {
		require.False(t, op.Commits, "a page takes no money before the shopper pays: %s", op.Name)
		require.Equal(t, engine.NoKey, op.Key, "no operation of the contract has an idempotency key: %s", op.Name)
	}
}

// The documentation shows what is retried as a table. It is printed from the rows that the engine follows.
func TestRetryTableInTheDocumentationIsThatOfTheRows(t *testing.T) {
	t.Parallel()
	tested.RequireRetryTable(t, "doc.go")
}
