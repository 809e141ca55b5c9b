package payway_test

import (
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
	"github.com/klarna-go/klarna-payments/payway"
)

const token payway.Token = "token-of-a-reader-0123456789"

const (
	clientToken = "eyJhbGciOiJSUzI1NiJ9.eyJzZXNzaW9uIjoiZGVtbyJ9.c2ln"
	sessionID   = "65a1c3d4e5f60718293a4b5c"

	// success has all the members of the provider's example.
	success = `{"item":{"klarna_payments_session_id":"` + sessionID + `","klarna_client_token":"` + clientToken + `",
		"payment_method_categories":[{"identifier":"direct_debit","name":"Autogiro",
			"asset_urls":{"descriptive":"https://cdn.example/dd/d.svg","standard":"https://cdn.example/dd/s.svg"}},
		{"identifier":"pay_later","name":"Få först. Betala sen.",
			"asset_urls":{"descriptive":"https://cdn.example/pl/d.svg","standard":"https://cdn.example/pl/s.svg"}}]}}`
)

func request() payway.SessionRequest {
	return payway.SessionRequest{
		Code: "nordlys_web", PeriodType: payway.PeriodTypeRecurring, PeriodID: "64b7f0a2c9d1e83a5f00b21c",
		ConfirmationURL: "https://paper.example/thanks", StartDate: "2026-12-01", DisableAccountInfoOverwrite: true,
	}
}

var (
	errDial  = &net.OpError{Op: "dial", Net: "tcp", Err: syscall.ECONNREFUSED}
	errReset = &net.OpError{Op: "read", Net: "tcp", Err: syscall.ECONNRESET}
)

// line is what one attempt meets.
type line struct {
	status int
	body   string
	header http.Header
	err    error // instead of a response
	dials  bool  // it fails while connecting: nothing of the body is read
	broken error // the body breaks off with it
}

// script plays one line for each attempt, and the last one for all further ones.
type script struct {
	lines  []line
	mu     sync.Mutex
	sent   []*http.Request
	bodies []string
}

func (s *script) RoundTrip(r *http.Request) (*http.Response, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	l := s.lines[min(len(s.sent), len(s.lines)-1)]
	var body []byte
	if !l.dials {
		body, _ = io.ReadAll(r.Body)
	}
	s.sent, s.bodies = append(s.sent, r), append(s.bodies, string(body))
	if l.err != nil {
		return nil, l.err
	}
	header := l.header
	if header == nil {
		header = http.Header{"Content-Type": {"application/json"}}
	}
	reader := io.Reader(strings.NewReader(l.body))
	if l.broken != nil {
		reader = io.MultiReader(reader, brokenReader{l.broken})
	}
	return &http.Response{StatusCode: l.status, Header: header, Body: io.NopCloser(reader), ContentLength: -1, Request: r}, nil
}

type brokenReader struct{ err error }

func (b brokenReader) Read([]byte) (int, error) { return 0, b.err }

// quickRetries is a policy whose waits a test does not notice.
var quickRetries = klarna.WithRetry(klarna.RetryPolicy{BaseDelay: time.Microsecond, MaxDelay: time.Millisecond})

func clientThrough(t testing.TB, transport http.RoundTripper, opts ...klarna.Option) *payway.Client {
	t.Helper()
	client, err := payway.New(payway.Stage, append([]klarna.Option{klarna.WithHTTPClient(&http.Client{Transport: transport}), quickRetries}, opts...)...)
	require.NoError(t, err)
	return client
}

// checked checks every exchange against the contract.
func checked(t testing.TB, base http.RoundTripper) *contract.RoundTripper {
	t.Helper()
	document, err := contract.LoadNamed("payway")
	require.NoError(t, err)
	return &contract.RoundTripper{Base: base, Contract: document, T: t, Strict: true}
}

func asError(t *testing.T, err error) *payway.Error {
	t.Helper()
	var e *payway.Error
	require.ErrorAs(t, err, &e)
	return e
}

var errHalf = errors.New("connection reset by peer")
