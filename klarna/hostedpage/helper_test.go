package hostedpage_test

import (
	"embed"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/klarna-go/klarna-payments/internal/contract"
	"github.com/klarna-go/klarna-payments/klarna"
	"github.com/klarna-go/klarna-payments/klarna/hostedpage"
)

const (
	pageID     = "f0c3a5d7-8b1e-4692-9d04-2e6f7c8b1a35"
	sessionURL = "https://api.playground.klarna.com/payments/v1/sessions/1f6b8e90-4d2c-4a7b-8c35-e9a0d7f21b46"
	apiKey     = "klarna_test_api_c2VjcmV0LW9mLXRoZS1zaG9w"
)

// script responds to one attempt after the other as it is told, and with the last line to all further ones.
type script struct {
	lines []line
	mu    sync.Mutex
	seen  []*http.Request
	sent  []string // the bodies
}

// line is what one attempt comes to.
type line struct {
	status int
	body   string
	err    error // instead of a response
	broken error // the body breaks off with it
}

func (s *script) RoundTrip(r *http.Request) (*http.Response, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	l := s.lines[min(len(s.sent), len(s.lines)-1)]
	var body []byte
	if r.Body != nil && !errors.Is(l.err, errDial) { // of what is not sent, nothing is read
		body, _ = io.ReadAll(r.Body)
	}
	s.seen, s.sent = append(s.seen, r), append(s.sent, string(body))
	if l.err != nil {
		return nil, l.err
	}
	header := http.Header{"Klarna-Correlation-Id": {"c-1"}}
	if l.body != "" {
		header.Set("Content-Type", "application/json")
	}
	reader := io.Reader(strings.NewReader(l.body))
	if l.broken != nil {
		reader = io.MultiReader(reader, brokenReader{l.broken})
	}
	return &http.Response{StatusCode: l.status, Header: header, Body: io.NopCloser(reader), ContentLength: -1, Request: r}, nil
}

type brokenReader struct{ err error }

func (b brokenReader) Read([]byte) (int, error) { return 0, b.err }

// client checks every request against the contract, and no response.
func (s *script) client(t *testing.T, opts ...klarna.Option) *hostedpage.Client {
	t.Helper()
	return through(t, &contract.RoundTripper{Base: s, Contract: loaded(t), T: t, Hostile: true}, opts...)
}

// strictClient checks every request and every response against the contract.
func (s *script) strictClient(t *testing.T, opts ...klarna.Option) *hostedpage.Client {
	t.Helper()
	return through(t, &contract.RoundTripper{Base: s, Contract: loaded(t), T: t, Strict: true}, opts...)
}

func through(t *testing.T, transport http.RoundTripper, opts ...klarna.Option) *hostedpage.Client {
	t.Helper()
	opts = append([]klarna.Option{
		klarna.WithHTTPClient(&http.Client{Transport: transport}),
		klarna.WithRetry(klarna.RetryPolicy{BaseDelay: time.Microsecond, MaxDelay: time.Millisecond}),
	}, opts...)
	client, err := klarna.New(klarna.PlaygroundEU, klarna.APIKey(apiKey), opts...)
	require.NoError(t, err)
	return hostedpage.New(client)
}

func loaded(t *testing.T) *contract.Contract {
	t.Helper()
	loaded, err := contract.LoadNamed("hosted-payment-page")
	require.NoError(t, err)
	return loaded
}

// example returns a body of testdata/examples.
func example(t testing.TB, name string) string {
	t.Helper()
	data, err := exampleFiles.ReadFile("testdata/examples/" + name)
	require.NoError(t, err)
	return string(data)
}

func decoded[T any](t testing.TB, name string) T {
	t.Helper()
	var value T
	require.NoError(t, json.Unmarshal([]byte(example(t, name)), &value))
	return value
}

// operation is one of the operations, with valid arguments and a valid response.
type operation struct {
	name    klarna.Operation
	success line
	call    func(*testing.T, *hostedpage.Client, ...klarna.CallOption) error
}

// operations are all operations.
func operations(t testing.TB) []operation {
	t.Helper()
	return []operation{
		{hostedpage.OperationCreateSession, line{status: 201, body: example(t, "hpp_create_session_response.json")},
			func(t *testing.T, c *hostedpage.Client, opts ...klarna.CallOption) error {
				page, err := c.CreateSession(t.Context(), decoded[hostedpage.SessionRequest](t, "hpp_create_session_request.json"), opts...)
				require.Equal(t, err != nil, page == nil)
				return err
			}},
		{hostedpage.OperationReadSession, line{status: 200, body: example(t, "hpp_read_session_response.placed.json")},
			func(t *testing.T, c *hostedpage.Client, opts ...klarna.CallOption) error {
				session, err := c.ReadSession(t.Context(), pageID, opts...)
				require.Equal(t, err != nil, session == nil)
				return err
			}},
		{hostedpage.OperationDisableSession, line{status: 204},
			func(t *testing.T, c *hostedpage.Client, opts ...klarna.CallOption) error {
				return c.DisableSession(t.Context(), pageID, opts...)
			}},
		{hostedpage.OperationDistributeSession, line{status: 201},
			func(t *testing.T, c *hostedpage.Client, opts ...klarna.CallOption) error {
				return c.DistributeSession(t.Context(), pageID, decoded[hostedpage.DistributionRequest](t, "hpp_distribution_request.json"), opts...)
			}},
	}
}

// rejected is a rejection in the words of Klarna's other APIs.
func rejected(status int, code string) line {
	return line{status: status, body: `{"error_code":"` + code + `","error_messages":["Not possible."],"correlation_id":"c-2"}`}
}

var (
	errDial  = &net.OpError{Op: "dial", Net: "tcp", Err: syscall.ECONNREFUSED}
	errReset = &net.OpError{Op: "read", Net: "tcp", Err: syscall.ECONNRESET}
)

//go:embed testdata/examples
var exampleFiles embed.FS
