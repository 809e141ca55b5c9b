package klarna_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/klarna-go/klarna-payments/internal/apitest"
	"github.com/klarna-go/klarna-payments/klarna"
)

var payments = apitest.API[klarna.Client]{Contract: "payments", Rows: klarna.Operations}

func TestOperationRowsMatchTheContract(t *testing.T) {
	t.Parallel()
	payments.RequireRows(t)
	// The body type of a request is checked by the compiler: the builder that the generator made takes it.
	require.Empty(t, klarna.Operation("Capture").Route())
}

// The documentation shows the policy as a table. It is printed from the rows that the engine follows.
func TestRetryTableInTheDocumentationIsThatOfTheRows(t *testing.T) {
	t.Parallel()
	payments.RequireRetryTable(t, "retry.go")
	rows := payments.RetryTable()
	markdown := "|" + strings.Join(rows[0], " | ") + " |\n| --- | --- | --- | --- | --- |\n"
	for _, row := range rows[1:] {
		markdown += "| " + strings.Join(row, " | ") + " |\n"
	}
	apitest.RequireText(t, "../README.md", markdown)
	apitest.RequireText(t, "../docs/retries.md", markdown)
}

func TestPathOutsideThisAPIBelongsToNoOperation(t *testing.T) {
	t.Parallel()
	for _, route := range []string{
		"POST /payments/v1/",
		"POST /payments/v1/sessions/a/b",
		"GET /payments/v1/sessions",
		"DELETE /payments/v1/sessions/a",
		"DELETE /payments/v1/sessions",
		"DELETE /payments/v1/authorizations/a/order",
		"GET /payments/v1/authorizations/a",
		"POST /payments/v1/authorizations/a",
		"POST /payments/v1/authorizations/order",
		"POST /payments/v1/authorizations/a/b/order",
		"POST /payments/v1/authorizations/customer-token",
		"POST /payments/v1/order",
		"POST /ordermanagement/v1/orders/1/cancel",
		http.MethodPut + " /payments/v1/sessions",
	} {
		method, path, _ := strings.Cut(route, " ")
		require.Nil(t, klarna.Operations.Find(method, path), route)
	}
}
