// Package apitest has what the tests of the API packages share: clients whose requests are checked against a contract, and
// the requirements that hold for each package with a table of operations.
package apitest

import (
	"encoding/json"
	"io/fs"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/klarna-go/klarna-payments/internal/contract"
	"github.com/klarna-go/klarna-payments/internal/engine"
	"github.com/klarna-go/klarna-payments/internal/wiretest"
	"github.com/klarna-go/klarna-payments/klarna"
)

// Key is the API key of the clients.
const Key = "klarna_test_api_c2VjcmV0LW9mLXRoZS1zaG9w"

// API is an API package under test, with its client C.
type API[C any] struct {
	Contract string // the contract's name in package api
	Prefix   string // what the names of the operations begin with
	Rows     engine.Table
	New      func(*klarna.Client) *C
	Files    fs.FS // with testdata/examples
}

// Client returns a client of which every request is checked against the contract, and no response.
func (a API[C]) Client(t testing.TB, base http.RoundTripper, opts ...klarna.Option) *C {
	t.Helper()
	return a.Through(t, &contract.RoundTripper{Base: base, Contract: a.loaded(t), T: t, Hostile: true}, opts...)
}

// StrictClient returns a client of which every request and every response is checked against the contract.
func (a API[C]) StrictClient(t testing.TB, base http.RoundTripper, opts ...klarna.Option) *C {
	t.Helper()
	return a.Through(t, &contract.RoundTripper{Base: base, Contract: a.loaded(t), T: t, Strict: true}, opts...)
}

// Through returns a client of a transport that nothing checks. Its waits are too short to be noticed.
func (a API[C]) Through(t testing.TB, transport http.RoundTripper, opts ...klarna.Option) *C {
	t.Helper()
	return a.at(t, klarna.PlaygroundEU, transport, opts...)
}

func (a API[C]) at(t testing.TB, env klarna.Environment, transport http.RoundTripper, opts ...klarna.Option) *C {
	t.Helper()
	opts = append([]klarna.Option{
		klarna.WithHTTPClient(&http.Client{Transport: transport}),
		klarna.WithRetry(klarna.RetryPolicy{BaseDelay: time.Microsecond, MaxDelay: time.Millisecond}),
	}, opts...)
	client, err := klarna.New(env, klarna.APIKey(Key), opts...)
	require.NoError(t, err)
	return a.New(client)
}

// Peer returns a client of a peer that breaks HTTP, with a transport of its own that nothing checks.
func (a API[C]) Peer(t testing.TB, url string, opts ...klarna.Option) *C {
	t.Helper()
	transport := wiretest.Transport()
	t.Cleanup(transport.CloseIdleConnections)
	return a.at(t, klarna.Environment(url), transport, append([]klarna.Option{klarna.WithTimeout(5 * time.Second)}, opts...)...)
}

func (a API[C]) loaded(t testing.TB) *contract.Contract {
	t.Helper()
	loaded, err := contract.LoadNamed(a.Contract)
	require.NoError(t, err)
	return loaded
}

// Example returns a body of testdata/examples.
func (a API[C]) Example(t testing.TB, name string) string {
	t.Helper()
	data, err := fs.ReadFile(a.Files, "testdata/examples/"+name)
	require.NoError(t, err)
	return string(data)
}

// Decode decodes a body of testdata/examples.
func (a API[C]) Decode(t testing.TB, name string, into any) {
	t.Helper()
	require.NoError(t, json.Unmarshal([]byte(a.Example(t, name)), into))
}

// Encoded decodes a body of testdata/examples into value, whose type must have all its members, and returns what value encodes to.
func (a API[C]) Encoded(t testing.TB, name string, value any) string {
	t.Helper()
	decoder := json.NewDecoder(strings.NewReader(a.Example(t, name)))
	decoder.DisallowUnknownFields()
	require.NoError(t, decoder.Decode(value), name)
	encoded, err := json.Marshal(value)
	require.NoError(t, err)
	return string(encoded)
}

// Rejected is a rejection in Klarna's words.
func Rejected(status int, code string) wiretest.Line {
	return wiretest.Line{Status: status, Body: `{"error_code":"` + code + `","error_messages":["Not possible."],"correlation_id":"c-2"}`}
}
