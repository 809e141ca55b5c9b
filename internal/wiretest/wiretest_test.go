package wiretest_test

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/klarna-go/klarna-payments/internal/wiretest"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
	"golang.org/x/net/http2"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func post(t *testing.T, transport http.RoundTripper, url, body string) (int, string, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, url, io.NopCloser(strings.NewReader(body)))
	require.NoError(t, err)
	request.ContentLength = int64(len(body))
	response, err := transport.RoundTrip(request)
	if err != nil {
		return 0, "", err
	}
	defer func() { _ = response.Body.Close() }()
	received, err := io.ReadAll(response.Body)
	return response.StatusCode, string(received), err
}

func TestHTTP2PeerRecordsAndFollowsItsScript(t *testing.T) {
	peer := wiretest.NewHTTP2(t, func(s *wiretest.Stream) {
		switch s.Read().Path {
		case "/respond":
			s.Respond(201, http.Header{"X-Test": {"1"}}, s.Read().Body)
		case "/reset":
			s.Reset(http2.ErrCodeInternal)
		case "/truncate":
			s.Start(200, nil, 10)
			s.Part("half", true)
		}
	})
	transport := wiretest.Transport()
	defer transport.CloseIdleConnections()
	long := strings.Repeat("x", 200_000) // more than the peer's flow control windows
	status, body, err := post(t, transport, peer.URL+"/respond", long)
	require.NoError(t, err)
	require.Equal(t, 201, status)
	require.Equal(t, long, body)
	_, _, err = post(t, transport, peer.URL+"/reset", "{}")
	require.ErrorContains(t, err, "INTERNAL_ERROR; received from peer")
	_, body, err = post(t, transport, peer.URL+"/truncate", "{}")
	require.ErrorIs(t, err, io.ErrUnexpectedEOF)
	require.Equal(t, "half", body)

	require.Equal(t, 1, peer.Connections())
	require.Equal(t, 3, peer.Copies(http.MethodPost))
	request := peer.Requests()[1]
	request.Header = nil
	require.Equal(t, wiretest.Request{Method: http.MethodPost, Path: "/reset", Body: "{}", Whole: true, Connection: 1, Stream: 3}, request)
}

func TestHTTP1PeerWritesWhatItIsTold(t *testing.T) {
	for _, newPeer := range []func(testing.TB, func(*wiretest.Exchange)) *wiretest.HTTP1{wiretest.NewHTTP1, wiretest.NewHTTP1TLS} {
		peer := newPeer(t, func(e *wiretest.Exchange) {
			e.Write("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")
		})
		transport := wiretest.Transport()
		for range 2 {
			_, body, err := post(t, transport, peer.URL+"/path", "sent")
			require.NoError(t, err)
			require.Equal(t, "{}", body)
		}
		require.Equal(t, 1, peer.Connections())
		require.Equal(t, "sent", peer.Requests()[1].Body)
		transport.CloseIdleConnections()
	}
}

func TestProxyCutsStallsAndForwards(t *testing.T) {
	peer := wiretest.NewHTTP1(t, func(e *wiretest.Exchange) {
		e.Write("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n" + string(bytes.Repeat([]byte("x"), 100)))
	})
	plans := []wiretest.Plan{wiretest.Healthy, {After: 50}, {After: 50, Stall: true}, wiretest.Healthy}
	proxy := wiretest.NewProxy(t, strings.TrimPrefix(peer.URL, "http://"), func(n int) wiretest.Plan { return plans[n-1] })
	for i, want := range []error{nil, io.ErrUnexpectedEOF, context.DeadlineExceeded} {
		transport := &http.Transport{}
		_, _, err := post(t, transport, "http://"+proxy.Addr, "{}")
		require.ErrorIs(t, err, want, "connection %d", i+1)
		transport.CloseIdleConnections()
	}
	transport := &http.Transport{}
	defer transport.CloseIdleConnections()
	_, _, err := post(t, transport, "http://"+proxy.Addr, "{}")
	require.NoError(t, err)
	proxy.Stall()
	_, _, err = post(t, transport, "http://"+proxy.Addr, "{}")
	require.ErrorIs(t, err, context.DeadlineExceeded)
	require.Equal(t, 4, peer.Copies(""))
}
