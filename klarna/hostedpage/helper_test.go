package hostedpage_test

import (
	"embed"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/klarna-go/klarna-payments/internal/apitest"
	"github.com/klarna-go/klarna-payments/internal/wiretest"
	"github.com/klarna-go/klarna-payments/klarna"
	"github.com/klarna-go/klarna-payments/klarna/hostedpage"
)

const (
	pageID     = "f0c3a5d7-8b1e-4692-9d04-2e6f7c8b1a35"
	sessionURL = "https://api.playground.klarna.com/payments/v1/sessions/1f6b8e90-4d2c-4a7b-8c35-e9a0d7f21b46"
)

var tested = apitest.API[hostedpage.Client]{
	Contract: "hosted-payment-page", Prefix: "hostedpage.", Rows: hostedpage.Operations, New: hostedpage.New, Files: exampleFiles,
}

type operation = apitest.Operation[hostedpage.Client]

func example(t testing.TB, name string) string {
	t.Helper()
	return tested.Example(t, name)
}

func decoded[T any](t testing.TB, name string) (value T) {
	t.Helper()
	tested.Decode(t, name, &value)
	return value
}

// operations are all operations.
func operations(t testing.TB) []operation {
	t.Helper()
	return []operation{
		{Name: hostedpage.OperationCreateSession, Success: wiretest.Line{Status: 201, Body: example(t, "hpp_create_session_response.json")},
			Call: func(t *testing.T, c *hostedpage.Client, opts ...klarna.CallOption) error {
				page, err := c.CreateSession(t.Context(), decoded[hostedpage.SessionRequest](t, "hpp_create_session_request.json"), opts...)
				require.Equal(t, err != nil, page == nil)
				return err
			}},
		{Name: hostedpage.OperationReadSession, Success: wiretest.Line{Status: 200, Body: example(t, "hpp_read_session_response.placed.json")},
			Call: func(t *testing.T, c *hostedpage.Client, opts ...klarna.CallOption) error {
				session, err := c.ReadSession(t.Context(), pageID, opts...)
				require.Equal(t, err != nil, session == nil)
				return err
			}},
		{Name: hostedpage.OperationDisableSession, Success: wiretest.Line{Status: 204},
			Call: func(t *testing.T, c *hostedpage.Client, opts ...klarna.CallOption) error {
				return c.DisableSession(t.Context(), pageID, opts...)
			}},
		{Name: hostedpage.OperationDistributeSession, Success: wiretest.Line{Status: 201},
			Call: func(t *testing.T, c *hostedpage.Client, opts ...klarna.CallOption) error {
				return c.DistributeSession(t.Context(), pageID, decoded[hostedpage.DistributionRequest](t, "hpp_distribution_request.json"), opts...)
			}},
	}
}

//go:embed testdata/examples
var exampleFiles embed.FS
