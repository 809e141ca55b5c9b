package klarna

import (
	"net/http"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/klarna-go/klarna-payments/api"
	"github.com/klarna-go/klarna-payments/internal/engine"
	"github.com/stretchr/testify/require"
)

// The rows repeat what the contract states: method, path, success statuses and the schema of the response.
func TestOperationRowsMatchTheContract(t *testing.T) {
	t.Parallel()
	doc, err := openapi3.NewLoader().LoadFromData(api.OpenAPI)
	require.NoError(t, err)
	inContract := map[string]*openapi3.Operation{}
	for path, item := range doc.Paths.Map() {
		for method, operation := range item.Operations() {
			inContract[method+" "+path] = operation
		}
	}
	require.Len(t, operations, len(inContract))
	for _, op := range operations {
		contract := inContract[op.Route()]
		require.NotNil(t, contract, op.Name)
		require.Equal(t, op.Route(), Operation(op.Name).Route())

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
			schema := strings.TrimPrefix(media.Schema.Ref, "#/components/schemas/")
			typeName := reflect.TypeOf(op.New()).Elem().Name()
			require.True(t, strings.EqualFold(strings.ReplaceAll(schema, "_", ""), typeName), "%s: %s, and %s in the contract", op.Name, typeName, schema)
			for _, name := range op.Required {
				require.Contains(t, media.Schema.Value.Properties, name, op.Name)
			}
		}
		slices.Sort(success)
		require.Equal(t, success, op.Success, op.Name)
		// The body type of a request is checked by the compiler: the builder that the generator made takes it.
	}
	require.Empty(t, Operation("Capture").Route())
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
		require.Nil(t, operations.Find(method, path), route)
	}
}
