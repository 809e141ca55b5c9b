package customertoken_test

import (
	"embed"
	"encoding/json"
	"net"
	"net/http"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/klarna-go/klarna-payments/internal/contract"
	"github.com/klarna-go/klarna-payments/internal/wiretest"
	"github.com/klarna-go/klarna-payments/klarna"
	"github.com/klarna-go/klarna-payments/klarna/customertoken"
)

const (
	customerToken = "0b1d9815-165e-42e2-8867-35bc03789e00"
	apiKey        = "klarna_test_api_c2VjcmV0LW9mLXRoZS1zaG9w"
)

//go:embed testdata/examples
var exampleFiles embed.FS

func example(t testing.TB, name string) string {
	t.Helper()
	data, err := exampleFiles.ReadFile("testdata/examples/" + name)
	require.NoError(t, err)
	return string(data)
}

func decoded[T any](t testing.TB, name string) (value T) {
	t.Helper()
	require.NoError(t, json.Unmarshal([]byte(example(t, name)), &value))
	return value
}

// operation is one of the operations, with valid arguments and a valid response.
type operation struct {
	name    klarna.Operation
	success wiretest.Line
	call    func(*testing.T, *customertoken.Client, ...klarna.CallOption) error
}

// operations are all operations, in the order of the rows.
func operations(t testing.TB) []operation {
	t.Helper()
	return []operation{
		{customertoken.OperationCreateOrder, wiretest.Line{Status: 200, Body: example(t, "ct_create_order_response.json")},
			func(t *testing.T, c *customertoken.Client, opts ...klarna.CallOption) error {
				order, err := c.CreateOrder(t.Context(), customerToken, renewal(t), opts...)
				require.Equal(t, err != nil, order == nil)
				return err
			}},
		{customertoken.OperationReadToken, wiretest.Line{Status: 200, Body: example(t, "ct_read_token_response.json")},
			func(t *testing.T, c *customertoken.Client, opts ...klarna.CallOption) error {
				token, err := c.ReadToken(t.Context(), customerToken, opts...)
				require.Equal(t, err != nil, token == nil)
				return err
			}},
		{customertoken.OperationCancelToken, wiretest.Line{Status: 202},
			func(t *testing.T, c *customertoken.Client, opts ...klarna.CallOption) error {
				return c.CancelToken(t.Context(), customerToken, opts...)
			}},
	}
}

func renewal(t testing.TB) customertoken.OrderRequest {
	return decoded[customertoken.OrderRequest](t, "ct_create_order_request.json")
}

// charge charges through a script, and returns what the call returned.
func charge(t *testing.T, s *wiretest.Script, opts ...klarna.CallOption) (*customertoken.Order, error) {
	t.Helper()
	return scripted(t, s).CreateOrder(t.Context(), customerToken, renewal(t), opts...)
}

// scripted returns a client of a script, of which every request is checked against the contract, and no response.
func scripted(t *testing.T, s *wiretest.Script, opts ...klarna.Option) *customertoken.Client {
	t.Helper()
	return through(t, &contract.RoundTripper{Base: s, Contract: loaded(t), T: t, Hostile: true}, opts...)
}

func through(t *testing.T, transport http.RoundTripper, opts ...klarna.Option) *customertoken.Client {
	t.Helper()
	opts = append([]klarna.Option{
		klarna.WithHTTPClient(&http.Client{Transport: transport}),
		klarna.WithRetry(klarna.RetryPolicy{BaseDelay: time.Microsecond, MaxDelay: time.Millisecond}),
	}, opts...)
	client, err := klarna.New(klarna.PlaygroundEU, klarna.APIKey(apiKey), opts...)
	require.NoError(t, err)
	return customertoken.New(client)
}

func loaded(t *testing.T) *contract.Contract {
	t.Helper()
	loaded, err := contract.LoadNamed("customer-token")
	require.NoError(t, err)
	return loaded
}

// rejected is a rejection in Klarna's words.
func rejected(status int, code string) wiretest.Line {
	return wiretest.Line{Status: status, Body: `{"error_code":"` + code + `","error_messages":["Not possible."],"correlation_id":"c-2"}`}
}

var (
	errDial  = &net.OpError{Op: "dial", Net: "tcp", Err: syscall.ECONNREFUSED}
	errReset = &net.OpError{Op: "read", Net: "tcp", Err: syscall.ECONNRESET}
)
