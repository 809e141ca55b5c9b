package klarna_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/klarna-go/klarna-payments/internal/wiretest"
	"github.com/klarna-go/klarna-payments/klarna"
	"github.com/stretchr/testify/require"
)

// noRoots trusts nobody.
func noRoots() *tls.Config {
	return &tls.Config{RootCAs: x509.NewCertPool(), MinVersion: tls.VersionTLS12}
}

func mustRequest(t *testing.T, url string) *http.Request {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	require.NoError(t, err)
	return request
}

var errWireDial = &net.OpError{Op: "dial", Net: "tcp", Err: syscall.ECONNREFUSED}

// No connection, no request: every operation is retried, and what remains is ErrNotSent.
func TestRequestWithoutConnectionIsNotSent(t *testing.T) {
	t.Parallel()
	foreign := wiretest.NewHTTP2(t, func(*wiretest.Stream) { t.Error("a request arrived") })
	for name, client := range map[string]*klarna.Client{
		"connection refused":            wireDefaultClient(t, "http://127.0.0.1:1", wireRetries(3)),
		"connection refused, transport": wireClient(t, "http://127.0.0.1:1"),
		"no such host":                  wireDefaultClient(t, "https://klarna.invalid", wireRetries(3)),
		"certificate not trusted":       wireClientThrough(t, foreign.URL, &http.Transport{TLSClientConfig: noRoots()}),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, op := range wireOperations() {
				err := op.call(t, client)
				require.ErrorIs(t, err, klarna.ErrNotSent, op.name)
				require.NotErrorIs(t, err, klarna.ErrOutcomeUnknown, op.name)
				require.Equal(t, 3, attemptsOf(t, err), op.name)
			}
		})
	}
}

// What was sent and got no response is ErrNoResponse, and never ErrNotSent.
func TestRequestWithoutResponseIsNotErrNotSent(t *testing.T) {
	t.Parallel()
	for name, respond := range map[string]func(*wiretest.Exchange){
		"closed":        (*wiretest.Exchange).CloseConnection,
		"no response":   (*wiretest.Exchange).Wait,
		"not HTTP":      func(e *wiretest.Exchange) { e.Write("SSH-2.0-OpenSSH\r\n"); e.CloseConnection() },
		"half a header": func(e *wiretest.Exchange) { e.Write("HTTP/1.1 200 OK\r\nContent-"); e.CloseConnection() },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			peer := wiretest.NewHTTP1(t, respond)
			client := wireClient(t, peer.URL, klarna.WithTimeout(800*time.Millisecond), klarna.WithRetry(klarna.NoRetry()))
			for _, op := range wireOperations() {
				err := op.call(t, client)
				require.ErrorIs(t, err, klarna.ErrNoResponse, op.name)
				require.NotErrorIs(t, err, klarna.ErrNotSent, op.name)
				require.Equal(t, op.commits, errors.Is(err, klarna.ErrOutcomeUnknown), op.name)
			}
		})
	}
}

// losing sends a request and loses the response, as if it had not been able to connect.
func losing(base http.RoundTripper, err error) roundTripper {
	return func(r *http.Request) (*http.Response, error) {
		if response, sent := base.RoundTrip(r.WithContext(bare{r.Context()})); sent == nil { // no trace
			_ = response.Body.Close()
		}
		return nil, err
	}
}

// The error of a RoundTripper is no proof: the request may have been sent on another way.
func TestSentRequestIsNeverTakenForNotSent(t *testing.T) {
	t.Parallel()
	certificate := func() error {
		_, err := (&http.Transport{TLSClientConfig: noRoots()}).RoundTrip(mustRequest(t, wiretest.NewHTTP2(t, nil).URL))
		return err
	}()
	for name, transport := range map[string]func(base http.RoundTripper) http.RoundTripper{
		"wrapper that drops the trace, dial error": func(base http.RoundTripper) http.RoundTripper { return losing(base, errWireDial) },
		"wrapper that drops the trace, certificate": func(base http.RoundTripper) http.RoundTripper {
			return losing(base, certificate)
		},
		"wrapper that drops the trace, host unknown": func(base http.RoundTripper) http.RoundTripper {
			return losing(base, &net.DNSError{Err: "no such host", Name: "klarna.example", IsNotFound: true})
		},
		"RegisterProtocol": func(base http.RoundTripper) http.RoundTripper {
			transport := &http.Transport{}
			transport.RegisterProtocol("http", losing(base, io.ErrUnexpectedEOF))
			return transport
		},
		"second route that cannot be reached": func(base http.RoundTripper) http.RoundTripper {
			second := &http.Transport{}
			return roundTripper(func(r *http.Request) (*http.Response, error) {
				body := []byte(nil)
				if r.Body != nil {
					body, _ = io.ReadAll(r.Body)
				}
				first := r.Clone(bare{r.Context()})
				first.Body = io.NopCloser(strings.NewReader(string(body)))
				if response, err := base.RoundTrip(first); err == nil {
					_ = response.Body.Close()
				}
				again := r.Clone(r.Context())
				again.URL.Host = "127.0.0.1:1"
				again.Body = io.NopCloser(strings.NewReader(string(body)))
				return second.RoundTrip(again)
			})
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			peer := wiretest.NewHTTP1(t, func(e *wiretest.Exchange) {
				e.Write("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
			})
			base := &http.Transport{}
			t.Cleanup(base.CloseIdleConnections)
			client := wireClientThrough(t, peer.URL, transport(base), klarna.WithTimeout(time.Second))
			for _, op := range wireOperations() {
				before := peer.Copies("")
				err := op.call(t, client)
				require.NotErrorIs(t, err, klarna.ErrNotSent, op.name)
				require.Equal(t, op.commits, errors.Is(err, klarna.ErrOutcomeUnknown), op.name)
				require.Equal(t, attemptsOf(t, err), peer.Copies("")-before, op.name)
				if op.name == klarna.OperationCreateCustomerToken {
					require.Equal(t, 1, peer.Copies("")-before, "sent twice")
				}
			}
		})
	}
}

// A wrapper that fails without having read the body has sent nothing, whatever its error is. Without a body there is no
// such proof.
func TestUnreadBodyProvesThatNothingWasSent(t *testing.T) {
	t.Parallel()
	for name, failure := range map[string]error{"dial": errWireDial, "other": errors.New("circuit open")} {
		client := wireClientThrough(t, "https://klarna.example", roundTripper(func(*http.Request) (*http.Response, error) { return nil, failure }))
		for _, op := range wireOperations() {
			err := op.call(t, client)
			require.ErrorIs(t, err, failure)
			require.Equal(t, op.hasBody, errors.Is(err, klarna.ErrNotSent), "%s: %s", op.name, name)
			require.NotErrorIs(t, err, klarna.ErrOutcomeUnknown)
			require.Equal(t, 3, attemptsOf(t, err))
		}
	}
}

// A body that can be read again no more is found before anything is sent.
func TestGetBodyThatFailsBeforeConnectionIsNotSent(t *testing.T) {
	t.Parallel()
	client := wireClient(t, "http://127.0.0.1:1")
	_, err := client.Raw().CreateOrderWithResponse(t.Context(), wireToken, wireOrder(), func(_ context.Context, r *http.Request) error {
		r.GetBody = func() (io.ReadCloser, error) { return nil, errors.New("the file is gone") }
		return nil
	})
	require.ErrorIs(t, err, klarna.ErrNotSent)
	require.NotErrorIs(t, err, klarna.ErrOutcomeUnknown)
}

// A caller of Raw may hand over a reader that blocks.
func TestBlockingBodyOfRawCallObeysDeadline(t *testing.T) {
	t.Parallel()
	peer := wiretest.NewHTTP1(t, func(e *wiretest.Exchange) { e.Write("HTTP/1.1 204 No Content\r\n\r\n") })
	client := wireClient(t, peer.URL)
	reader, writer := io.Pipe()
	t.Cleanup(func() { _ = writer.Close() })
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	err := requireWithin(t, 3*time.Second, func() error {
		_, err := client.Raw().CreateOrderWithBodyWithResponse(ctx, wireToken, "application/json", reader)
		return err
	})
	require.ErrorIs(t, err, context.DeadlineExceeded)
	require.NotErrorIs(t, err, klarna.ErrOutcomeUnknown)
	require.Zero(t, peer.Copies(""))
}
