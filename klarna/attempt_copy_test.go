package klarna_test

import (
	"context"
	"net/http"
	"net/http/cookiejar"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/klarna-go/klarna-payments/internal/wiretest"
	"github.com/klarna-go/klarna-payments/klarna"
	"github.com/stretchr/testify/require"
)

// unavailableThenOrder fails the first two attempts.
func unavailableThenOrder(t *testing.T, header string) *wiretest.HTTP1 {
	t.Helper()
	var requests atomic.Int32
	return wiretest.NewHTTP1(t, func(e *wiretest.Exchange) {
		if requests.Add(1) <= 2 {
			e.Write("HTTP/1.1 503 Service Unavailable\r\n" + header + "Content-Length: 0\r\n\r\n")
			return
		}
		e.Write(http1Response(200, 18, `{"order_id":"o-1"}`))
	})
}

func TestCookieOfEarlierAttemptIsSentOnce(t *testing.T) {
	t.Parallel()
	peer := unavailableThenOrder(t, "Set-Cookie: lb=1\r\n")
	jar, err := cookiejar.New(nil)
	require.NoError(t, err)
	client := wireClient(t, peer.URL, klarna.WithHTTPClient(&http.Client{Jar: jar, Transport: wiretest.Transport()}))
	_, err = client.CreateOrder(t.Context(), wireToken, wireOrder())
	require.NoError(t, err)
	var cookies []string
	for _, request := range peer.Requests() {
		cookies = append(cookies, request.Header.Get("Cookie"))
	}
	require.Equal(t, []string{"", "lb=1", "lb=1"}, cookies)
}

// A transport that changes the request in place, which it must not but often does, changes that attempt only.
func TestChangesOfTransportStayInTheirAttempt(t *testing.T) {
	t.Parallel()
	peer := unavailableThenOrder(t, "")
	base := wiretest.Transport()
	t.Cleanup(base.CloseIdleConnections)
	client := wireClientThrough(t, peer.URL, roundTripper(func(r *http.Request) (*http.Response, error) {
		r.URL.Path = "/gateway" + r.URL.Path
		r.Header.Add("X-Gateway", "1")
		r.Header.Del("Accept")
		r.Header["User-Agent"][0] += " gateway"
		return base.RoundTrip(r)
	}))
	_, err := client.CreateOrder(t.Context(), wireToken, wireOrder())
	require.NoError(t, err)
	_, err = client.CreateOrder(t.Context(), wireToken, wireOrder()) // nor does it change what the client sends next
	require.NoError(t, err)
	for _, request := range peer.Requests() {
		require.Equal(t, "/gateway/payments/v1/authorizations/"+wireToken+"/order", request.Path)
		require.Equal(t, []string{"1"}, request.Header["X-Gateway"])
		require.Equal(t, 1, strings.Count(request.Header.Get("User-Agent"), "gateway"))
	}
	require.Len(t, peer.Requests(), 4)
}

// net/http takes the presence of the header, whatever its value, as leave to resend.
func TestIdempotencyKeyOfAnyValueIsRejected(t *testing.T) {
	t.Parallel()
	peer := wiretest.NewHTTP1(t, func(e *wiretest.Exchange) { e.Write("HTTP/1.1 204 No Content\r\n\r\n") })
	client := wireClient(t, peer.URL)
	for _, key := range []string{"Idempotency-Key", "X-Idempotency-Key"} {
		for _, values := range [][]string{{"k-1"}, {""}, {}, nil} {
			_, err := client.Raw().CancelAuthorizationWithResponse(t.Context(), wireToken, func(_ context.Context, r *http.Request) error {
				r.Header[key] = values
				return nil
			})
			require.ErrorContains(t, err, "Idempotency-Key", "%s: %q", key, values)
		}
	}
	require.Zero(t, peer.Copies(""))
}

// nested makes a call of its own, with the context that it is given.
type nested struct {
	once  sync.Once
	inner func(context.Context)
}

func (n *nested) Wait(ctx context.Context) error {
	n.once.Do(func() { n.inner(ctx) })
	return nil
}

func (n *nested) StartCall(ctx context.Context, _ klarna.Observation) (context.Context, func(klarna.Outcome)) {
	return ctx, func(klarna.Outcome) {}
}

func (n *nested) StartAttempt(ctx context.Context, _ klarna.Observation) (context.Context, func(klarna.Outcome)) {
	n.once.Do(func() { n.inner(ctx) })
	return ctx, func(klarna.Outcome) {}
}

// A limiter may keep its count in another service, and an observer may look something up: a call with their context must
// not carry anything of the outer call.
func TestContextOfLimiterAndObserverCarriesNothingOfCall(t *testing.T) {
	t.Parallel()
	for name, option := range map[string]func(*nested) klarna.Option{
		"limiter":  func(n *nested) klarna.Option { return klarna.WithLimiter(n) },
		"observer": func(n *nested) klarna.Option { return klarna.WithObserver(n) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			peer := wiretest.NewHTTP1(t, func(e *wiretest.Exchange) {
				if e.Method == http.MethodGet {
					e.Write("HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n")
					return
				}
				e.Write(http1Response(200, 18, `{"order_id":"o-1"}`))
			})
			inner := wireClient(t, peer.URL)
			var innerErr error
			outer := wireClient(t, peer.URL, option(&nested{inner: func(ctx context.Context) { _, innerErr = inner.ReadSession(ctx, wireSession) }}))
			var response klarna.Response
			order, err := outer.CreateOrder(t.Context(), wireToken, wireOrder(), klarna.WithMaxAttempts(1),
				klarna.WithHeader("X-Outer", "1"), klarna.WithResponse(&response))
			require.NoError(t, err)
			require.Equal(t, "o-1", order.OrderID)
			require.Equal(t, 200, response.StatusCode)
			require.Equal(t, 1, response.Attempts)
			require.ErrorIs(t, innerErr, klarna.ErrServer)
			require.Equal(t, 3, attemptsOf(t, innerErr), "the outer call's WithMaxAttempts")
			for _, request := range peer.Requests() {
				require.Equal(t, request.Method == http.MethodPost, request.Header.Get("X-Outer") != "")
			}
		})
	}
}
