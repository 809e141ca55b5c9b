package klarna_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/klarna-go/klarna-payments/internal/wiretest"
	"github.com/klarna-go/klarna-payments/klarna"
)

type (
	script = wiretest.Script
	line   = wiretest.Line
)

// quickRetries is a policy whose waits a test does not notice.
var quickRetries = klarna.WithRetry(klarna.RetryPolicy{BaseDelay: time.Microsecond, MaxDelay: time.Millisecond})

// clientOf returns a client that sends its requests to a script.
func clientOf(t *testing.T, s *script, opts ...klarna.Option) *klarna.Client {
	t.Helper()
	opts = append([]klarna.Option{klarna.WithHTTPClient(&http.Client{Transport: s}), quickRetries}, opts...)
	client, err := klarna.New(klarna.PlaygroundEU, klarna.APIKey(apiKey), opts...)
	require.NoError(t, err)
	return client
}
