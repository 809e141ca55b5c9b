package ordermanagement_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/klarna-go/klarna-payments/klarna/ordermanagement"
)

func TestOperationRowsMatchTheContract(t *testing.T) {
	t.Parallel()
	tested.RequireRows(t)
	tested.RequireKeys(t)
	for _, op := range ordermanagement.Operations {
		require.Nil(t, op.Disproves, op.Name)
	}
}

// The documentation shows what is retried as a table. It is printed from the rows that the engine follows.
func TestRetryTableInTheDocumentationIsThatOfTheRows(t *testing.T) {
	t.Parallel()
	tested.RequireRetryTable(t, "doc.go")
}
