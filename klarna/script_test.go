package klarna_test

import (
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/klarna-go/klarna-payments/klarna"
	"github.com/stretchr/testify/require"
)

// quickRetries is a policy whose waits a test does not notice.
var quickRetries = klarna.WithRetry(klarna.RetryPolicy{BaseDelay: time.Microsecond, MaxDelay: time.Millisecond})

// script is a transport that plays one line for each attempt, and the last line for all further ones.
type script struct {
	lines []line
	mu    sync.Mutex
	sent  []string // the bodies
}

// line is what one attempt comes to.
type line struct {
	status int
	body   string
	err    error // instead of a response
	dials  bool  // it failed while connecting: nothing of the body was read
	broken error // the response breaks off with it
	header http.Header
}

func (s *script) RoundTrip(r *http.Request) (*http.Response, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	l := s.lines[min(len(s.sent), len(s.lines)-1)]
	var body []byte
	if r.Body != nil && !l.dials {
		body, _ = io.ReadAll(r.Body)
		_ = r.Body.Close()
	}
	s.sent = append(s.sent, string(body))
	if l.err != nil {
		return nil, l.err
	}
	header := http.Header{"Klarna-Correlation-Id": {"c-" + string(rune('0'+len(s.sent)))}}
	for key, values := range l.header {
		header[key] = values
	}
	reader := io.Reader(strings.NewReader(l.body))
	if l.broken != nil {
		reader = io.MultiReader(reader, brokenReader{l.broken})
	}
	return &http.Response{StatusCode: l.status, Header: header, Body: io.NopCloser(reader), ContentLength: -1, Request: r}, nil
}

type brokenReader struct{ err error }

func (b brokenReader) Read([]byte) (int, error) { return 0, b.err }

func (s *script) client(t *testing.T, opts ...klarna.Option) *klarna.Client {
	t.Helper()
	opts = append([]klarna.Option{klarna.WithHTTPClient(&http.Client{Transport: s}), quickRetries}, opts...)
	client, err := klarna.New(klarna.PlaygroundEU, klarna.APIKey(apiKey), opts...)
	require.NoError(t, err)
	return client
}

var (
	errDial  = &net.OpError{Op: "dial", Net: "tcp", Err: syscall.ECONNREFUSED}
	errReset = &net.OpError{Op: "read", Net: "tcp", Err: syscall.ECONNRESET}
)
