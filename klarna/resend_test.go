package klarna_test

import (
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/klarna-go/klarna-payments/internal/wiretest"
	"github.com/klarna-go/klarna-payments/klarna"
	"github.com/stretchr/testify/require"
	"golang.org/x/net/http2"
)

// streamEnds is how an HTTP/2 peer can end a request without a response. With notProcessed, the peer's word or the protocol
// guarantees that it has not processed the request.
var streamEnds = []struct {
	name         string
	notProcessed bool
	end          func(*wiretest.Stream)
}{
	{"RST_STREAM PROTOCOL_ERROR", false, func(s *wiretest.Stream) { s.Reset(http2.ErrCodeProtocol) }},
	{"RST_STREAM INTERNAL_ERROR", false, func(s *wiretest.Stream) { s.Reset(http2.ErrCodeInternal) }},
	{"RST_STREAM CANCEL", false, func(s *wiretest.Stream) { s.Reset(http2.ErrCodeCancel) }},
	{"RST_STREAM ENHANCE_YOUR_CALM", false, func(s *wiretest.Stream) { s.Reset(http2.ErrCodeEnhanceYourCalm) }},
	{"RST_STREAM NO_ERROR", false, func(s *wiretest.Stream) { s.Reset(http2.ErrCodeNo) }},
	{"connection closed", false, (*wiretest.Stream).CloseConnection},
	{"GOAWAY that covers the request", false, func(s *wiretest.Stream) {
		s.GoAway(s.ID(), http2.ErrCodeNo, "")
		s.CloseConnection()
	}},
	{"RST_STREAM REFUSED_STREAM", true, func(s *wiretest.Stream) { s.Reset(http2.ErrCodeRefusedStream) }},
	{"graceful GOAWAY", true, func(s *wiretest.Stream) { s.GoAway(0, http2.ErrCodeNo, "") }},
	{"graceful GOAWAY, connection closed", true, func(s *wiretest.Stream) {
		s.GoAway(0, http2.ErrCodeNo, "")
		s.CloseConnection()
	}},
	{"GOAWAY ENHANCE_YOUR_CALM", true, func(s *wiretest.Stream) { s.GoAway(0, http2.ErrCodeEnhanceYourCalm, "") }},
}

// A peer that ends every request the same way receives exactly the attempts that the library reports: net/http would resend
// some of them hundreds of times.
func TestEveryCopyOnHTTP2IsAnAttempt(t *testing.T) {
	t.Parallel()
	for _, test := range streamEnds {
		for _, op := range wireOperations() {
			t.Run(test.name+"/"+string(op.name), func(t *testing.T) {
				t.Parallel()
				peer := wiretest.NewHTTP2(t, func(s *wiretest.Stream) { s.Read(); test.end(s) })
				client := wireClient(t, peer.URL, klarna.WithTimeout(2*time.Second))
				err := op.call(t, client)
				require.Error(t, err)
				attempts := 3
				if op.name == klarna.OperationCreateCustomerToken && !test.notProcessed {
					attempts = 1
				}
				require.Equal(t, attempts, attemptsOf(t, err))
				require.Equal(t, attempts, peer.Copies(""), "copies on the wire")
				switch {
				case test.notProcessed && op.hasBody:
					require.ErrorIs(t, err, klarna.ErrNotSent)
					require.NotErrorIs(t, err, klarna.ErrOutcomeUnknown)
				case test.notProcessed: // which of the causes it was cannot be proved without a body
				default:
					require.ErrorIs(t, err, klarna.ErrNoResponse)
					require.NotErrorIs(t, err, klarna.ErrNotSent)
					require.Equal(t, op.commits, isUnknownOrPlaced(err))
				}
			})
		}
	}
}

// The same on a connection that has served a request before, where GOAWAY and PROTOCOL_ERROR take other ways in net/http.
func TestEveryCopyOnReusedHTTP2ConnectionIsAnAttempt(t *testing.T) {
	t.Parallel()
	for _, test := range streamEnds {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			peer := wiretest.NewHTTP2(t, func(s *wiretest.Stream) {
				if r := s.Read(); r.Method == http.MethodGet {
					s.Respond(200, nil, `{"status":"incomplete"}`)
					return
				}
				test.end(s)
			})
			client := wireClient(t, peer.URL, klarna.WithTimeout(2*time.Second), klarna.WithRetry(klarna.NoRetry()))
			_, err := client.ReadSession(t.Context(), wireSession)
			require.NoError(t, err)
			_, err = client.CreateCustomerToken(t.Context(), wireToken, wireTokenRequest())
			require.Equal(t, 1, peer.Copies(http.MethodPost))
			require.Equal(t, test.notProcessed, !isUnknownOrPlaced(err), "%v", err)
			if test.notProcessed {
				require.ErrorIs(t, err, klarna.ErrNotSent)
			}
		})
	}
}

// What the peer guarantees not to have processed is retried for every operation, customer tokens included, and succeeds.
func TestRequestThatWasNotProcessedIsRetried(t *testing.T) {
	t.Parallel()
	for _, test := range streamEnds {
		for _, op := range wireOperations() {
			if !test.notProcessed {
				continue
			}
			t.Run(test.name+"/"+string(op.name), func(t *testing.T) {
				t.Parallel()
				var copies atomic.Int32
				peer := wiretest.NewHTTP2(t, func(s *wiretest.Stream) {
					s.Read()
					if copies.Add(1) == 1 {
						test.end(s)
						return
					}
					s.Respond(op.status, nil, op.body)
				})
				var response klarna.Response
				require.NoError(t, op.call(t, wireClient(t, peer.URL), klarna.WithResponse(&response)))
				require.Equal(t, 2, response.Attempts)
				require.Equal(t, 2, peer.Copies(""))
			})
		}
	}
}

// The first copy places the order, and its stream is reset. The token is unknown to the second one, as Klarna has it.
func TestOrderBehindProtocolErrorIsNotPlainFailure(t *testing.T) {
	t.Parallel()
	peer := firstCopyWins(t)
	_, err := wireClient(t, peer.URL).CreateOrder(t.Context(), wireToken, wireOrder())
	require.True(t, isUnknownOrPlaced(err), "%v", err)
	require.Equal(t, 2, attemptsOf(t, err))
	require.Equal(t, 2, peer.Copies(""))
}

func TestCancellationBehindProtocolErrorSucceeds(t *testing.T) {
	t.Parallel()
	peer := firstCopyWins(t)
	var response klarna.Response
	require.NoError(t, wireClient(t, peer.URL).CancelAuthorization(t.Context(), wireToken, klarna.WithResponse(&response)))
	require.Equal(t, 2, response.Attempts)
	require.Equal(t, 2, peer.Copies(""))
}

// firstCopyWins carries the first copy of a request out and resets its stream; the token is gone for all others.
func firstCopyWins(t *testing.T) *wiretest.HTTP2 {
	t.Helper()
	var copies atomic.Int32
	return wiretest.NewHTTP2(t, func(s *wiretest.Stream) {
		s.Read()
		if copies.Add(1) == 1 {
			s.Reset(http2.ErrCodeProtocol)
			return
		}
		s.Respond(404, nil, `{"error_code":"NOT_FOUND","error_messages":["Invalid authorization token"]}`)
	})
}

// net/http resends a GET whose reused HTTP/1.1 connection was closed; the second copy is an attempt as well.
func TestCopyThatNetHTTPSendsOverHTTP1IsCounted(t *testing.T) {
	t.Parallel()
	var requests atomic.Int32
	peer := wiretest.NewHTTP1(t, func(e *wiretest.Exchange) {
		if requests.Add(1) == 2 {
			e.CloseConnection()
			return
		}
		e.Write("HTTP/1.1 200 OK\r\nContent-Length: 23\r\n\r\n{\"status\":\"incomplete\"}")
	})
	client := wireClient(t, peer.URL)
	_, err := client.ReadSession(t.Context(), wireSession)
	require.NoError(t, err)
	var response klarna.Response
	_, err = client.ReadSession(t.Context(), wireSession, klarna.WithResponse(&response))
	require.NoError(t, err)
	require.Equal(t, 3, peer.Copies(""))
	require.Equal(t, 2, response.Attempts)
}

// resender is a RoundTripper that resends by itself, as retrying ones do.
type resender struct{ base http.RoundTripper }

func (r resender) RoundTrip(request *http.Request) (*http.Response, error) {
	var body []byte
	if request.Body != nil {
		body, _ = io.ReadAll(request.Body)
	}
	send := func() (*http.Response, error) {
		again := request.Clone(request.Context())
		again.Body = io.NopCloser(strings.NewReader(string(body)))
		return r.base.RoundTrip(again)
	}
	response, err := send()
	if err != nil {
		return send()
	}
	return response, nil
}

// A RoundTripper's own copy, seen by its second connection, leaves the outcome open: the first one may have taken effect.
func TestCopyThatWrapperSendsMakesOutcomeUnknown(t *testing.T) {
	t.Parallel()
	var requests atomic.Int32
	peer := wiretest.NewHTTP1(t, func(e *wiretest.Exchange) {
		if requests.Add(1) == 1 {
			e.CloseConnection() // the order was placed
			return
		}
		e.Write("HTTP/1.1 404 Not Found\r\nContent-Length: 26\r\n\r\n{\"error_code\":\"NOT_FOUND\"}")
	})
	transport := wiretest.Transport()
	t.Cleanup(transport.CloseIdleConnections)
	client := wireClientThrough(t, peer.URL, resender{transport}, klarna.WithRetry(klarna.NoRetry()))
	_, err := client.CreateOrder(t.Context(), wireToken, wireOrder())
	require.ErrorIs(t, err, klarna.ErrOutcomeUnknown)
}
