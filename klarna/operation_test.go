package klarna

import (
	"net/http"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/klarna-go/klarna-payments/api"
	"github.com/stretchr/testify/require"
)

// inDocument is the operationId that the document gives to each operation.
var inDocument = map[string]Operation{
	"createCreditSession": OperationCreateSession,
	"readCreditSession":   OperationReadSession,
	"updateCreditSession": OperationUpdateSession,
	"createOrder":         OperationCreateOrder,
	"cancelAuthorization": OperationCancelAuthorization,
	"purchaseToken":       OperationCreateCustomerToken,
}

func TestOperationsAreThoseOfTheDocument(t *testing.T) {
	t.Parallel()
	doc, err := openapi3.NewLoader().LoadFromData(api.OpenAPI)
	require.NoError(t, err)
	count := 0
	for path, item := range doc.Paths.Map() {
		for method, operation := range item.Operations() {
			count++
			op := inDocument[operation.OperationID]
			require.NotEmpty(t, op, operation.OperationID)
			require.Equal(t, method+" "+path, op.Route())

			concrete, wantID := path, ""
			if start, end := strings.Index(path, "{"), strings.Index(path, "}"); start >= 0 {
				concrete, wantID = path[:start]+"an%2Fid"+path[end+1:], "an%2Fid"
			}
			gotOp, gotID := routeOf(method, concrete)
			require.Equal(t, op, gotOp, path)
			require.Equal(t, wantID, gotID, path)
			require.Equal(t, operation.Responses.Value("204") == nil, op.hasAnswer())
		}
	}
	require.Equal(t, 6, count)
	require.Empty(t, Operation("Capture").Route())
}

func TestPathOutsideThisAPIBelongsToNoOperation(t *testing.T) {
	t.Parallel()
	for _, route := range []string{
		"POST /payments/v1/",
		"POST /payments/v1/sessions/",
		"POST /payments/v1/sessions/a/b",
		"GET /payments/v1/sessions",
		"DELETE /payments/v1/sessions/a",
		"DELETE /payments/v1/sessions",
		"DELETE /payments/v1/authorizations/",
		"DELETE /payments/v1/authorizations/a/order",
		"GET /payments/v1/authorizations/a",
		"POST /payments/v1/authorizations/a",
		"POST /payments/v1/authorizations//order",
		"POST /payments/v1/authorizations/order",
		"POST /payments/v1/authorizations/a/b/order",
		"POST /payments/v1/authorizations/customer-token",
		"POST /payments/v1/order",
		"POST /ordermanagement/v1/orders/1/cancel",
	} {
		method, path, _ := strings.Cut(route, " ")
		op, id := routeOf(method, path)
		require.Empty(t, op, route)
		require.Empty(t, id, route)
	}
	op, _ := routeOf(http.MethodPut, sessionsPath)
	require.Empty(t, op)
}
