package api_test

import (
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/stretchr/testify/require"
)

func TestEveryOperationIsUnderPaymentsV1(t *testing.T) {
	t.Parallel()
	for path := range load(t).Paths.Map() {
		require.True(t, strings.HasPrefix(path, "/payments/v1/"), path)
	}
}

// refusals are the answers that the document declares, by operation. Left out is what an operation cannot answer: an
// operation without a body has nothing to find fault with, and one that makes nothing has no conflict.
var refusals = map[string][]string{
	"createCreditSession": {"400", "401", "403", "413", "429", "5XX"},
	"readCreditSession":   {"401", "403", "404", "429", "5XX"},
	"updateCreditSession": {"400", "401", "403", "404", "413", "429", "5XX"},
	"cancelAuthorization": {"401", "403", "404", "429", "5XX"},
	"createOrder":         {"400", "401", "403", "404", "409", "413", "429", "5XX"},
	"purchaseToken":       {"400", "401", "403", "404", "409", "413", "429", "5XX"},
}

// undeclaredRefusals gives the answers that an operation lacks, and the operations that nobody thought about.
func undeclaredRefusals(doc *openapi3.T) []string {
	var faults []string
	for _, operation := range ours(doc) {
		want, ok := refusals[operation.OperationID]
		if !ok {
			faults = append(faults, operation.OperationID)
		}
		for _, status := range want {
			if operation.Responses.Value(status) == nil {
				faults = append(faults, operation.OperationID+" "+status)
			}
		}
	}
	return faults
}

// bareRefusals gives the answers without the correlation id that Klarna's support asks for, and the refusals without
// the error body.
func bareRefusals(doc *openapi3.T) []string {
	var faults []string
	for _, operation := range ours(doc) {
		for status, response := range operation.Responses.Map() {
			where := operation.OperationID + " " + status
			if response.Value.Headers["Klarna-Correlation-Id"] == nil {
				faults = append(faults, where+" has no Klarna-Correlation-Id")
			}
			media := response.Value.Content["application/json"]
			if status[0] != '2' && (media == nil || refName(media.Schema) != "ErrorV2") {
				faults = append(faults, where+" has no ErrorV2")
			}
		}
	}
	return faults
}

// openToAll gives the operations that set the document's security aside.
func openToAll(doc *openapi3.T) []string {
	var faults []string
	for _, operation := range ours(doc) {
		if operation.Security != nil {
			faults = append(faults, operation.OperationID)
		}
	}
	return faults
}

func TestARateLimitTellsWhenItEnds(t *testing.T) {
	t.Parallel()
	headers := load(t).Components.Responses["TooManyRequests"].Value.Headers
	for _, name := range []string{"X-Ratelimit-Limit", "X-Ratelimit-Remaining", "X-Ratelimit-Reset"} {
		require.Contains(t, headers, name)
	}
}

// What Klarna sends to the shop bears no credentials and goes where the shop's own request said.
func TestTheTwoCallbacksAreDeclared(t *testing.T) {
	t.Parallel()
	doc := load(t)
	for _, test := range []struct{ operation, callback, url, id, schema string }{
		{"createCreditSession", "authorization", "{$request.body#/merchant_urls/authorization}",
			"authorizationCallback", "authorization_callback"},
		{"createOrder", "fraudNotification", "{$request.body#/merchant_urls/notification}",
			"fraudNotification", "fraud_notification"},
	} {
		t.Run(test.callback, func(t *testing.T) {
			t.Parallel()
			callback := operation(doc, test.operation).Callbacks[test.callback]
			require.NotNil(t, callback)
			item := callback.Value.Value(test.url)
			require.NotNil(t, item)
			require.Equal(t, test.id, item.Post.OperationID)
			require.Equal(t, test.schema, refName(item.Post.RequestBody.Value.Content["application/json"].Schema))
			require.True(t, item.Post.RequestBody.Value.Required)
			require.Equal(t, &openapi3.SecurityRequirements{}, item.Post.Security)
		})
	}
}
