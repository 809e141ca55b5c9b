package klarna_test

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/klarna-go/klarna-payments/internal/storm"
	"github.com/klarna-go/klarna-payments/internal/wiretest"
	"github.com/klarna-go/klarna-payments/klarna"
	"github.com/stretchr/testify/require"
	"golang.org/x/net/http2"
)

// orderServer places an order for each request that it receives whole, after a while.
func orderServer(t *testing.T, takes time.Duration, overHTTP2 bool) (url string, placed *atomic.Int64) {
	t.Helper()
	placed = new(atomic.Int64)
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if _, err := io.Copy(io.Discard, r.Body); err != nil {
			return
		}
		placed.Add(1)
		time.Sleep(takes)
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, `{"order_id":"o-1"}`)
	}))
	if overHTTP2 {
		server.EnableHTTP2 = true
		server.TLS = wiretest.ServerTLS("h2")
		server.StartTLS()
	} else {
		server.Start()
	}
	t.Cleanup(server.Close)
	return server.URL, placed
}

// tally counts how the orders of parallel callers end.
type tally struct{ ordered, notSent, other atomic.Int64 }

func placeAtOnce(t *testing.T, client *klarna.Client, callers int) *tally {
	t.Helper()
	result := &tally{}
	var group sync.WaitGroup
	for range callers {
		group.Go(func() {
			_, err := client.CreateOrder(t.Context(), wireToken, wireOrder())
			switch {
			case err == nil:
				result.ordered.Add(1)
			case errors.Is(err, klarna.ErrNotSent) && !errors.Is(err, klarna.ErrOutcomeUnknown):
				result.notSent.Add(1)
			default:
				if result.other.Add(1) == 1 {
					t.Log(err)
				}
			}
		})
	}
	group.Wait()
	t.Logf("%d ordered, %d not sent, %d other", result.ordered.Load(), result.notSent.Load(), result.other.Load())
	return result
}

// Many callers share a hundred connections. Those whose turn does not come in time have sent nothing; the time of the others
// starts with their turn.
func TestWaitForConnectionMakesNoOrderUnknown(t *testing.T) {
	callers := storm.Size(600, 1000)
	for name, newClient := range map[string]func(t *testing.T, url string, opts ...klarna.Option) *klarna.Client{
		"default transport": wireDefaultClient,
		"behind a wrapper": func(t *testing.T, url string, opts ...klarna.Option) *klarna.Client {
			base := limitedTransport(t)
			return wireClientThrough(t, url, roundTripper(func(r *http.Request) (*http.Response, error) {
				return base.RoundTrip(r.Clone(r.Context()))
			}), opts...)
		},
		"behind a wrapper that drops the trace": func(t *testing.T, url string, opts ...klarna.Option) *klarna.Client {
			base := limitedTransport(t)
			return wireClientThrough(t, url, roundTripper(func(r *http.Request) (*http.Response, error) {
				return base.RoundTrip(r.WithContext(bare{r.Context()}))
			}), opts...)
		},
	} {
		t.Run(name, func(t *testing.T) {
			url, placed := orderServer(t, 800*time.Millisecond, false)
			client := newClient(t, url, klarna.WithTimeout(3*time.Second), klarna.WithRetry(klarna.NoRetry()))
			result := placeAtOnce(t, client, callers)
			require.Zero(t, result.other.Load())
			require.Positive(t, result.notSent.Load())
			require.Equal(t, placed.Load(), result.ordered.Load())
		})
	}
}

func limitedTransport(t *testing.T) *http.Transport {
	t.Helper()
	transport := &http.Transport{MaxConnsPerHost: 100, MaxIdleConnsPerHost: 100}
	t.Cleanup(transport.CloseIdleConnections)
	return transport
}

// bare is a context without the values of another one, and so without its trace.
type bare struct{ context.Context }

func (bare) Value(any) any { return nil }

// Without a body, our own transport proves that nothing was sent.
func TestWaitForConnectionIsNotSentWithoutBody(t *testing.T) {
	t.Parallel()
	listener, err := net.Listen("tcp", "127.0.0.1:0") // accepts by itself, and does nothing
	require.NoError(t, err)
	t.Cleanup(func() { _ = listener.Close() })
	client := wireDefaultClient(t, "https://"+listener.Addr().String(), klarna.WithTimeout(200*time.Millisecond), wireRetries(2))
	for _, op := range wireOperations() {
		err := op.call(t, client)
		require.ErrorIs(t, err, klarna.ErrNotSent, op.name)
		require.ErrorIs(t, err, context.DeadlineExceeded, op.name)
		require.NotErrorIs(t, err, klarna.ErrOutcomeUnknown, op.name)
	}
}

// Three thousand callers start at once over HTTP/2: more than the peer's streams, before its settings have arrived.
func TestManyCallersOverHTTP2LoseNoOrder(t *testing.T) {
	callers := storm.Size(600, 3000)
	url, placed := orderServer(t, 100*time.Millisecond, true)
	client := wireDefaultClient(t, url, klarna.WithTimeout(10*time.Second), wireRetries(5))
	result := placeAtOnce(t, client, callers)
	require.Zero(t, result.other.Load())
	require.Equal(t, placed.Load(), result.ordered.Load())
	require.Greater(t, result.ordered.Load(), int64(callers*9/10))
}

// Over HTTP/2 a request has its connection before it waits for a stream, if the transport opens no second connection.
func TestWaitForStreamIsNotPartOfAttempt(t *testing.T) {
	t.Parallel()
	peer := wiretest.NewHTTP2(t, func(s *wiretest.Stream) {
		if s.Read().Method == http.MethodGet {
			s.Respond(200, nil, `{"status":"incomplete"}`)
			return
		}
		time.Sleep(2500 * time.Millisecond)
		s.Respond(200, nil, `{"order_id":"o-1"}`)
	}, http2.Setting{ID: http2.SettingMaxConcurrentStreams, Val: 1})
	transport := wiretest.Transport()
	t.Cleanup(transport.CloseIdleConnections)
	transport.HTTP2 = &http.HTTP2Config{StrictMaxConcurrentRequests: true}
	client := wireClientThrough(t, peer.URL, transport, klarna.WithTimeout(4500*time.Millisecond), klarna.WithRetry(klarna.NoRetry()))
	_, err := client.ReadSession(t.Context(), wireSession) // the settings have arrived
	require.NoError(t, err)
	first := make(chan error, 1)
	go func() {
		_, err := client.CreateOrder(t.Context(), wireToken, wireOrder())
		first <- err
	}()
	// Two that wait at the same time would wait for each other: net/http counts both as streams.
	require.Eventually(t, func() bool { return peer.Copies(http.MethodPost) == 1 }, 2*time.Second, time.Millisecond)
	_, err = client.CreateOrder(t.Context(), wireToken, wireOrder())
	require.NoError(t, err)
	require.NoError(t, <-first)
	require.Equal(t, 1, peer.Connections())
}
