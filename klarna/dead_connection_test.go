package klarna_test

import (
	"net/http"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/klarna-go/klarna-payments/internal/wiretest"
	"github.com/klarna-go/klarna-payments/klarna"
	"github.com/stretchr/testify/require"
)

// A dead connection may cost two calls; without a replacement it costs every call until TCP times out.
//
// The tests of the default transport do not run in parallel with others: it is one for the whole process.
const maxLostCalls = 2

func TestDeadHTTP2ConnectionIsReplaced(t *testing.T) {
	peer := wiretest.NewHTTP2(t, func(s *wiretest.Stream) {
		s.Read()
		s.Respond(200, nil, `{"status":"incomplete"}`)
		if s.Connection() == 1 {
			s.SilenceConnection()
		}
	})
	client := wireDefaultClient(t, peer.URL, klarna.WithTimeout(time.Second), klarna.WithRetry(klarna.NoRetry()))
	_, err := client.ReadSession(t.Context(), wireSession)
	require.NoError(t, err)
	lost := lostCalls(t, client, 8)
	require.LessOrEqual(t, lost, maxLostCalls)
	require.Positive(t, lost, "the first connection was not used")
}

// Twenty connections were in use at the same time, are idle and then dead: they must not cost a call each.
func TestDeadHTTP1ConnectionsAreReplaced(t *testing.T) {
	for name, newClient := range map[string]func(t *testing.T, url string, opts ...klarna.Option) *klarna.Client{
		"default transport": wireDefaultClient,
		"own transport": func(t *testing.T, url string, opts ...klarna.Option) *klarna.Client {
			transport := &http.Transport{MaxIdleConnsPerHost: 100}
			t.Cleanup(transport.CloseIdleConnections)
			return wireClientThrough(t, url, transport, opts...)
		},
	} {
		t.Run(name, func(t *testing.T) {
			const idle = 20
			var together sync.WaitGroup
			together.Add(idle)
			peer := wiretest.NewHTTP1(t, func(e *wiretest.Exchange) {
				if strings.HasSuffix(e.Path, "/together") {
					together.Done()
					together.Wait()
				}
				e.Write("HTTP/1.1 200 OK\r\nContent-Length: 23\r\n\r\n{\"status\":\"incomplete\"}")
			})
			proxy := wiretest.NewProxy(t, strings.TrimPrefix(peer.URL, "http://"), nil)
			client := newClient(t, "http://"+proxy.Addr, klarna.WithTimeout(time.Second), klarna.WithRetry(klarna.NoRetry()))
			patient := newClient(t, "http://"+proxy.Addr)
			if name != "default transport" {
				patient = client
			}
			var group sync.WaitGroup
			for range idle {
				group.Go(func() {
					if _, err := patient.ReadSession(t.Context(), "together"); err != nil {
						t.Error(err)
					}
				})
			}
			group.Wait()
			require.Equal(t, idle, proxy.Connections())
			proxy.Stall()
			lost := lostCalls(t, client, idle+5)
			require.LessOrEqual(t, lost, maxLostCalls)
			require.Positive(t, lost, "no dead connection was used")
		})
	}
}

// lostCalls makes calls one after the other and returns how many failed.
func lostCalls(t *testing.T, client *klarna.Client, calls int) int {
	t.Helper()
	lost := 0
	for range calls {
		if _, err := client.ReadSession(t.Context(), wireSession); err != nil {
			lost++
		}
	}
	return lost
}

// A slow response is no dead connection: other calls on the same connection go on while one times out.
func TestTimeoutDoesNotCutOtherCalls(t *testing.T) {
	peer := wiretest.NewHTTP2(t, func(s *wiretest.Stream) {
		switch request := s.Read(); {
		case request.Method == http.MethodPost: // the order takes a while
			time.Sleep(1500 * time.Millisecond)
			s.Respond(200, nil, `{"order_id":"o-1"}`)
		case strings.HasSuffix(request.Path, "/quick"):
			s.Respond(200, nil, `{"status":"incomplete"}`)
		}
	})
	quick := wireDefaultClient(t, peer.URL, klarna.WithTimeout(800*time.Millisecond), klarna.WithRetry(klarna.NoRetry()))
	patient := wireDefaultClient(t, peer.URL, klarna.WithRetry(klarna.NoRetry()))
	_, err := patient.ReadSession(t.Context(), "quick")
	require.NoError(t, err)
	ordered := make(chan error, 1)
	go func() {
		_, err := patient.CreateOrder(t.Context(), wireToken, wireOrder())
		ordered <- err
	}()
	require.Eventually(t, func() bool { return peer.Copies(http.MethodPost) == 1 }, 5*time.Second, time.Millisecond)
	_, err = quick.ReadSession(t.Context(), "stalled")
	require.ErrorIs(t, err, klarna.ErrNoResponse)
	require.NoError(t, <-ordered)
	require.Equal(t, 1, peer.Copies(http.MethodPost))
}

// wrappedTransport replaces http.DefaultTransport in a process of its own: the default transport is made once.
const wrappedTransport = "KLARNA_TEST_WRAPPED_TRANSPORT"

// A program that put a wrapper in place of http.DefaultTransport gets the same limits as any other.
func TestDefaultTransportHasAllLimits(t *testing.T) {
	if os.Getenv(wrappedTransport) == "" {
		t.Parallel()
		test := exec.Command(os.Args[0], "-test.run=^TestDefaultTransportHasAllLimits$", "-test.v")
		test.Env = append(os.Environ(), wrappedTransport+"=1")
		output, err := test.CombinedOutput()
		require.NoError(t, err, "%s", output)
		return
	}
	http.DefaultTransport = roundTripper(func(*http.Request) (*http.Response, error) { panic("the wrapper is not used") })
	transport := klarna.DefaultTransport()
	require.NotNil(t, transport.DialContext, "without a dialer of its own a dial takes until the system's own time limit")
	require.Positive(t, transport.TLSHandshakeTimeout)
	require.Positive(t, transport.IdleConnTimeout)
	require.Positive(t, transport.MaxConnsPerHost)
	require.Positive(t, transport.MaxIdleConnsPerHost)
	require.Positive(t, transport.MaxResponseHeaderBytes)
	require.NotNil(t, transport.HTTP2, "without pings a dead connection is found by a call that fails")
	require.Positive(t, transport.HTTP2.SendPingTimeout)
	require.Positive(t, transport.HTTP2.PingTimeout)
	require.NotNil(t, transport.Proxy)
}
