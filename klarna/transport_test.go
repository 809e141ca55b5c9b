package klarna_test

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/klarna-go/klarna-payments/klarna"
	"github.com/stretchr/testify/require"
)

// countingServer counts the connections that clients open to it.
func countingServer(t *testing.T, handler http.HandlerFunc) (url string, connections *atomic.Int64) {
	t.Helper()
	connections = new(atomic.Int64)
	server := httptest.NewUnstartedServer(handler)
	server.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateNew {
			connections.Add(1)
		}
	}
	server.Start()
	t.Cleanup(server.Close)
	return server.URL, connections
}

func TestRedirectIsNotFollowed(t *testing.T) {
	t.Parallel()
	elsewhere := newServer(t, respondJSON(200, `{"order_id":"o-1"}`))
	for _, status := range []int{301, 302, 303, 307, 308} {
		server := newServer(t, func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Klarna-Correlation-Id", correlationID)
			http.Redirect(w, r, elsewhere.URL+r.URL.Path, status)
		})
		for _, op := range operations() {
			err := op.call(t, server.hostileClient(t))
			requireKinds(t, err, klarna.ErrUnexpectedResponse)
			var e *klarna.Error
			require.ErrorAs(t, err, &e)
			require.Equal(t, status, e.StatusCode)
		}
	}
	require.Empty(t, elsewhere.exchanges())
}

func TestCallersHTTPClientIsCopiedAndNotChanged(t *testing.T) {
	t.Parallel()
	called := false
	own := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error {
		called = true
		return nil
	}}
	server := newServer(t, func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "/elsewhere", http.StatusTemporaryRedirect)
	})
	client, err := klarna.New(klarna.Environment(server.URL), klarna.APIKey(apiKey), klarna.WithHTTPClient(own), klarna.WithRetry(klarna.NoRetry()))
	require.NoError(t, err)
	require.ErrorIs(t, client.CancelAuthorization(t.Context(), authorizationToken), klarna.ErrUnexpectedResponse)
	require.Nil(t, own.Transport)
	require.False(t, called)
	require.Len(t, server.exchanges(), 1)

	own.Timeout = time.Nanosecond // a change afterwards does not reach the client either
	require.ErrorIs(t, client.CancelAuthorization(t.Context(), authorizationToken), klarna.ErrUnexpectedResponse)
}

func TestParallelCallersKeepTheirConnections(t *testing.T) {
	t.Parallel()
	const callers, calls = 64, 20
	url, connections := countingServer(t, func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		time.Sleep(time.Millisecond) // so that the callers are under way at the same time
		respondJSON(200, `{"order_id":"o-1"}`)(w, r)
	})
	client, err := klarna.New(klarna.Environment(url), klarna.APIKey(apiKey))
	require.NoError(t, err)
	var group sync.WaitGroup
	for range callers {
		group.Go(func() {
			for range calls {
				_, err := client.CreateOrder(t.Context(), authorizationToken, orderRequest())
				if err != nil {
					t.Error(err)
				}
			}
		})
	}
	group.Wait()
	// A caller may dial while a connection is about to become idle, so there can be more of them than callers. The
	// transport's own limit is what holds on a machine of any speed, and all of them are kept.
	require.LessOrEqual(t, connections.Load(), int64(100), "of %d calls", callers*calls)
}

func TestFailingCallsUseOneConnectionAndLeaveNothingBehind(t *testing.T) {
	calls := 2000
	if raceDetector {
		calls = 200 // the detector slows it down; make cover runs all of them without it
	}
	for name, handler := range map[string]http.HandlerFunc{
		"400 JSON":    respondJSON(400, `{"error_code":"BAD_VALUE"}`),
		"502 HTML":    respond(502, html, longHTML(20_000)),
		"200 HTML":    respond(200, html, longHTML(20_000)),
		"500 nothing": respond(500, "", ""),
		"200 nothing": respond(200, "", ""),
		"307":         respond(307, html, longHTML(2_000)),
		"chunked errors": func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(500)
			for range 3 {
				_, _ = io.WriteString(w, "part")
				w.(http.Flusher).Flush()
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			url, connections := countingServer(t, handler)
			client := singleAttemptClient(t, url)
			goroutines, files := runtime.NumGoroutine(), openFiles(t)
			for range calls {
				_, err := client.ReadSession(t.Context(), sessionID)
				require.Error(t, err)
			}
			// net/http gives a connection up whose writer has not reported within 50 ms, as on a busy machine.
			require.LessOrEqual(t, connections.Load(), int64(5))
			require.Less(t, runtime.NumGoroutine(), goroutines+10)
			require.Less(t, openFiles(t), files+10)
		})
	}
}

// A connection that breaks cannot be kept, but nothing may be left of it.
func TestBrokenConnectionsLeaveNothingBehind(t *testing.T) {
	for name, handler := range map[string]http.HandlerFunc{
		"reset": func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) },
		"slow chunked 200 that breaks off": func(w http.ResponseWriter, _ *http.Request) {
			for range 3 {
				_, _ = io.WriteString(w, " ")
				w.(http.Flusher).Flush()
			}
			panic(http.ErrAbortHandler)
		},
	} {
		t.Run(name, func(t *testing.T) {
			url, _ := countingServer(t, handler)
			client := singleAttemptClient(t, url)
			goroutines, files := runtime.NumGoroutine(), openFiles(t)
			for range 2000 {
				_, err := client.CreateOrder(t.Context(), authorizationToken, orderRequest())
				require.ErrorIs(t, err, klarna.ErrOutcomeUnknown)
			}
			require.Eventually(t, func() bool {
				return runtime.NumGoroutine() < goroutines+10 && openFiles(t) < files+10
			}, 5*time.Second, 10*time.Millisecond)
		})
	}
}

// singleAttemptClient has a transport of its own, so that what it leaves behind can be told.
func singleAttemptClient(t *testing.T, url string) *klarna.Client {
	t.Helper()
	transport := &http.Transport{}
	t.Cleanup(transport.CloseIdleConnections)
	client, err := klarna.New(klarna.Environment(url), klarna.APIKey(apiKey), klarna.WithHTTPClient(&http.Client{Transport: transport}), klarna.WithRetry(klarna.NoRetry()))
	require.NoError(t, err)
	return client
}

// openFiles is how many files and connections the process has open, 0 where the system does not report it.
func openFiles(t *testing.T) int {
	t.Helper()
	entries, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		return 0
	}
	return len(entries)
}

// A body without an end is not waited for: its connection is closed, and the server sees that.
func TestEndlessBodyIsHungUpOn(t *testing.T) {
	t.Parallel()
	for _, status := range []int{200, 500} {
		var writing sync.WaitGroup
		server := newServer(t, func(w http.ResponseWriter, _ *http.Request) {
			writing.Add(1)
			defer writing.Done()
			w.WriteHeader(status)
			for page := []byte(longHTML(32 << 10)); ; {
				if _, err := w.Write(page); err != nil {
					return
				}
			}
		})
		_, err := server.hostileClient(t).ReadSession(t.Context(), sessionID)
		require.ErrorIs(t, err, klarna.ErrResponseTooLarge)
		writing.Wait()
	}
}

func TestAttemptIsBoundedInTimeWithItsBody(t *testing.T) {
	t.Parallel()
	for name, handler := range map[string]http.HandlerFunc{
		"no response": func(_ http.ResponseWriter, r *http.Request) {
			_, _ = io.Copy(io.Discard, r.Body)
			<-r.Context().Done()
		},
		"no end of the body": func(w http.ResponseWriter, r *http.Request) {
			_, _ = io.Copy(io.Discard, r.Body)
			w.Header().Set("Klarna-Correlation-Id", correlationID)
			_, _ = io.WriteString(w, `{"order_id":"o-1`)
			w.(http.Flusher).Flush()
			<-r.Context().Done()
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := newServer(t, handler)
			client := server.hostileClient(t, klarna.WithTimeout(time.Second)) // enough for a header, on a busy machine too
			_, err := client.CreateOrder(t.Context(), authorizationToken, orderRequest())
			require.ErrorIs(t, err, context.DeadlineExceeded)
			require.ErrorContains(t, err, "no whole response within 1s")
			var e *klarna.Error
			require.ErrorAs(t, err, &e)
			if name == "no response" {
				require.Zero(t, e.StatusCode)
				require.EqualError(t, err, "klarna: CreateOrder: no whole response within 1s: context deadline exceeded; the outcome is unknown")
			} else {
				require.Equal(t, 200, e.StatusCode)
				require.Equal(t, correlationID, e.CorrelationID)
			}
		})
	}
}

func TestCallersDeadlineAndCancellationAreObeyed(t *testing.T) {
	t.Parallel()
	server := newServer(t, func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
	client := server.hostileClient(t)
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Millisecond)
	defer cancel()
	_, err := client.ReadSession(ctx, sessionID)
	require.ErrorIs(t, err, context.DeadlineExceeded)
	require.NotContains(t, err.Error(), "no whole response within", "the deadline was the caller's")
	require.NotContains(t, err.Error(), sessionID)

	cancelled, stop := context.WithCancel(t.Context())
	stop()
	_, err = client.ReadSession(cancelled, sessionID)
	require.ErrorIs(t, err, context.Canceled)
	var e *klarna.Error
	require.ErrorAs(t, err, &e)
	require.Zero(t, e.StatusCode)
}

func TestBrokenConnectionIsAnErrorWithItsCause(t *testing.T) {
	t.Parallel()
	t.Run("before the response", func(t *testing.T) {
		t.Parallel()
		server := newServer(t, func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) })
		_, err := server.hostileClient(t).CreateOrder(t.Context(), authorizationToken, orderRequest())
		require.ErrorIs(t, err, io.EOF)
		require.EqualError(t, err, "klarna: CreateOrder: EOF; the outcome is unknown")
	})
	t.Run("within the response", func(t *testing.T) {
		t.Parallel()
		url := newRawServer(t, "HTTP/1.1 200 OK\r\nKlarna-Correlation-Id: c-1\r\nContent-Length: 100\r\n\r\n{\"order_id\":\"o-1\"")
		client, err := klarna.New(klarna.Environment(url), klarna.APIKey(apiKey), klarna.WithRetry(klarna.NoRetry()))
		require.NoError(t, err)
		_, err = client.CreateOrder(t.Context(), authorizationToken, orderRequest())
		require.ErrorIs(t, err, io.ErrUnexpectedEOF)
		requireKinds(t, err, klarna.ErrUnexpectedResponse)
		require.EqualError(t, err, "klarna: CreateOrder: 200 OK: the response broke off: unexpected EOF; the outcome is unknown (correlation id c-1)")
	})
	t.Run("within an error", func(t *testing.T) {
		t.Parallel()
		url := newRawServer(t, "HTTP/1.1 503 Unavailable\r\nContent-Length: 100\r\n\r\n{\"error_code\"")
		client, err := klarna.New(klarna.Environment(url), klarna.APIKey(apiKey), klarna.WithRetry(klarna.NoRetry()))
		require.NoError(t, err)
		_, err = client.CreateOrder(t.Context(), authorizationToken, orderRequest())
		requireKinds(t, err, klarna.ErrServer)
	})
	t.Run("connection refused", func(t *testing.T) {
		t.Parallel()
		client, err := klarna.New("http://127.0.0.1:1", klarna.APIKey(apiKey), klarna.WithRetry(klarna.NoRetry()))
		require.NoError(t, err)
		_, err = client.CreateOrder(t.Context(), authorizationToken, orderRequest())
		var dial *net.OpError
		require.True(t, errors.As(err, &dial))
		require.Equal(t, "dial", dial.Op)
		require.NotContains(t, err.Error(), "authorizations")
	})
}

// Nothing was sent when no connection came about, so even a customer token call is retried.
func TestConnectionThatNeverComesAboutIsKnownAsNeverSent(t *testing.T) {
	t.Parallel()
	listener, err := net.Listen("tcp", "127.0.0.1:0") // accepts, and sends nothing
	require.NoError(t, err)
	t.Cleanup(func() { _ = listener.Close() })
	silent := "https://" + listener.Addr().String()
	rejectingProxy := newServer(t, respond(407, "", ""))
	proxy, err := url.Parse(rejectingProxy.URL)
	require.NoError(t, err)
	oldTLS := httptest.NewUnstartedServer(http.NotFoundHandler())
	oldTLS.TLS = &tls.Config{MinVersion: tls.VersionTLS13, MaxVersion: tls.VersionTLS13}
	oldTLS.Config.ErrorLog = log.New(io.Discard, "", 0)
	oldTLS.StartTLS()
	t.Cleanup(oldTLS.Close)

	for name, test := range map[string]struct {
		base      string
		transport *http.Transport
		wantErr   string
	}{
		"TLS handshake without end":   {silent, &http.Transport{TLSHandshakeTimeout: 20 * time.Millisecond}, "TLS handshake timeout"},
		"our own time limit":          {silent, &http.Transport{}, "no connection within 1s"},
		"proxy that rejects":          {"https://api.klarna.example", &http.Transport{Proxy: http.ProxyURL(proxy)}, "Proxy Authentication Required"},
		"no version of TLS in common": {oldTLS.URL, &http.Transport{TLSClientConfig: &tls.Config{MaxVersion: tls.VersionTLS12}}, "protocol version not supported"},
		"certificate of nobody":       {oldTLS.URL, &http.Transport{}, "certificate"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			limit := klarna.WithTimeout(time.Minute)
			if name == "our own time limit" {
				limit = klarna.WithTimeout(time.Second)
			}
			client, err := klarna.New(klarna.Environment(test.base), klarna.APIKey(apiKey),
				klarna.WithHTTPClient(&http.Client{Transport: test.transport}), limit, quickRetries)
			require.NoError(t, err)
			_, err = client.CreateCustomerToken(t.Context(), authorizationToken, tokenRequest())
			require.ErrorContains(t, err, test.wantErr)
			require.NotErrorIs(t, err, klarna.ErrOutcomeUnknown)
			var e *klarna.Error
			require.ErrorAs(t, err, &e)
			require.Equal(t, 3, e.Attempts)
		})
	}
}

func TestHeaderOfResponseIsBounded(t *testing.T) {
	t.Parallel()
	server := newServer(t, func(w http.ResponseWriter, _ *http.Request) {
		for range 100 {
			w.Header().Add("X-Filler", longHTML(1<<10))
		}
	})
	client, err := klarna.New(klarna.Environment(server.URL), klarna.APIKey(apiKey), klarna.WithRetry(klarna.NoRetry()))
	require.NoError(t, err)
	_, err = client.ReadSession(t.Context(), sessionID)
	require.ErrorContains(t, err, "server response headers exceeded")
}
