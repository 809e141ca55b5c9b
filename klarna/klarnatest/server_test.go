package klarnatest_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/klarna-go/klarna-payments/klarna"
	"github.com/klarna-go/klarna-payments/klarna/klarnatest"
	"github.com/stretchr/testify/require"
)

func TestServersKnowNothingOfEachOther(t *testing.T) {
	t.Parallel()
	one, other := newShop(t), newShop(t)
	require.NotEqual(t, one.server.APIKey, other.server.APIKey)
	require.NotEqual(t, one.server.Username, other.server.Username)

	_, err := other.ReadSession(context.Background(), one.open(cart()))
	requireRejected(t, err, invalidSession)
}

func TestClientTakesOptions(t *testing.T) {
	t.Parallel()
	server := klarnatest.NewServer()
	defer server.Close()
	var seen http.Header
	transport := roundTripper(func(req *http.Request) (*http.Response, error) {
		seen = req.Header
		return http.DefaultTransport.RoundTrip(req)
	})
	client := server.Client(klarna.WithUserAgent("myshop/1.2"), klarna.WithHTTPClient(&http.Client{Transport: transport}))

	_, err := client.CreateSession(context.Background(), cart())
	require.NoError(t, err)
	require.True(t, strings.HasPrefix(seen.Get("User-Agent"), "myshop/1.2 "))
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(req *http.Request) (*http.Response, error) { return f(req) }

func TestClientPanicsOnAWrongOption(t *testing.T) {
	t.Parallel()
	server := klarnatest.NewServer()
	defer server.Close()
	require.PanicsWithValue(t, "klarnatest: Client: klarna: WithTimeout: 0s; it must be more than 0", func() {
		server.Client(klarna.WithTimeout(0))
	})
}

func TestWithListenerServesThere(t *testing.T) {
	t.Parallel()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	server := klarnatest.NewServer(klarnatest.WithListener(listener))
	require.Equal(t, "http://"+listener.Addr().String(), server.URL)
	_, err = server.Client().CreateSession(context.Background(), cart())
	require.NoError(t, err)

	server.Close()
	_, err = net.Dial("tcp", listener.Addr().String())
	require.Error(t, err, "Close closes the listener")
}

func TestServerIsAHandler(t *testing.T) {
	t.Parallel()
	server := klarnatest.NewServer()
	defer server.Close()
	elsewhere := httptest.NewServer(http.StripPrefix("/klarna", server))
	defer elsewhere.Close()
	server.URL = elsewhere.URL + "/klarna"

	client := server.Client()
	session, err := client.CreateSession(context.Background(), cart())
	require.NoError(t, err)
	require.Equal(t, server.URL, claimsOf(t, session.ClientToken)["base_url"])
}

func TestCloseLetsCallsFail(t *testing.T) {
	t.Parallel()
	server := klarnatest.NewServer()
	client := server.Client(klarna.WithRetry(klarna.NoRetry()))
	server.Close()
	server.Close() // twice is once
	_, err := client.CreateSession(context.Background(), cart())
	require.Error(t, err)
}

func TestPrintingAServerShowsNoSecret(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	c := cart()
	c.BillingAddress = home()
	sessionID, token := s.openAndAuthorize(c)

	var log bytes.Buffer
	slog.New(slog.NewJSONHandler(&log, nil)).Info("x", "server", s.server)
	slog.New(slog.NewTextHandler(&log, nil)).Info("x", "server", s.server)
	printed := fmt.Sprintf("%v %+v %#v %s %d %v", s.server, s.server, s.server, s.server, s.server, []*klarnatest.Server{s.server}) + log.String()

	require.Contains(t, printed, "klarnatest.Server("+s.server.URL+")")
	for _, secret := range []string{s.server.APIKey, s.server.Username, sessionID, token, home().StreetAddress} {
		require.NotContains(t, printed, secret)
	}
	require.Equal(t, "klarnatest.Server(nil)", fmt.Sprint((*klarnatest.Server)(nil)))
}

func TestEveryResponseBearsKlarnasHeaders(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	s := newShop(t)
	sessionID, token := s.openAndAuthorize(cart())
	for _, call := range []struct {
		name      string
		do        func(klarna.CallOption) error
		rateLimit string
	}{
		{"create session", func(o klarna.CallOption) error { _, err := s.CreateSession(ctx, cart(), o); return err }, "5, 5;w=1"},
		{"read session", func(o klarna.CallOption) error { _, err := s.ReadSession(ctx, sessionID, o); return err }, "50, 50;w=1"},
		{"update session, without a body", func(o klarna.CallOption) error {
			return s.UpdateSession(ctx, sessionID, klarna.SessionUpdate{MerchantReference1: "ON4711"}, o)
		}, "50, 50;w=1"},
		{"rejected", func(o klarna.CallOption) error { _ = s.CancelAuthorization(ctx, "unknown", o); return nil }, "50, 50;w=1"},
		{"create order", func(o klarna.CallOption) error { _, err := s.CreateOrder(ctx, token, orderOf(cart()), o); return err }, "50, 50;w=1"},
	} {
		t.Run(call.name, func(t *testing.T) {
			var response klarna.Response
			require.NoError(t, call.do(klarna.WithResponse(&response)))
			require.Regexp(t, uuid, response.CorrelationID)
			contentTypes := map[int]string{200: "application/json;charset=utf-8", 204: "", 404: "application/json"}
			require.Equal(t, contentTypes[response.StatusCode], response.Header.Get("Content-Type"))
			require.Contains(t, response.Header.Get("Cache-Control"), "no-store")
			require.NotEmpty(t, response.Header.Get("Strict-Transport-Security"))
			require.Equal(t, call.rateLimit, response.Header.Get("X-Ratelimit-Limit"))
			require.NotEmpty(t, response.Header.Get("X-Ratelimit-Remaining"))
			require.Equal(t, "1", response.Header.Get("X-Ratelimit-Reset"))
		})
	}
}

const uuid = `^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`

func TestUnknownRoutesAreRejectedAsJSON(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	for _, row := range []struct {
		name, method, path string
		status             int
		code, allow        string
	}{
		{"another API", "GET", "/settlements/v1/payouts", 404, "NOT_FOUND", ""},
		{"another version", "GET", "/ordermanagement/v2/orders/1", 404, "NOT_FOUND", ""},
		{"orders cannot be listed", "GET", "/ordermanagement/v1/orders", 404, "NOT_FOUND", ""},
		{"a capture cannot be changed", "PUT", "/ordermanagement/v1/orders/1/captures", 405, "METHOD_NOT_ALLOWED", "GET, POST"},
		{"the root", "GET", "/", 404, "NOT_FOUND", ""},
		{"a longer path", "POST", "/payments/v1/authorizations/x/order/y", 404, "NOT_FOUND", ""},
		{"a slash at the end", "POST", "/payments/v1/authorizations/", 404, "NOT_FOUND", ""},
		{"two slashes", "POST", "/payments/v1//authorizations/x/order", 404, "NOT_FOUND", ""},
		{"dot segments", "DELETE", "/payments/v1/authorizations/..", 404, "NOT_FOUND", ""},
		{"sessions cannot be listed", "GET", sessionsPath, 405, "METHOD_NOT_ALLOWED", "POST"},
		{"a session cannot be deleted", "DELETE", sessionsPath + "/x", 405, "METHOD_NOT_ALLOWED", "GET, POST"},
		{"an order cannot be read", "GET", "/payments/v1/authorizations/x/order", 405, "METHOD_NOT_ALLOWED", "POST"},
		{"an authorization cannot be read", "GET", "/payments/v1/authorizations/x", 405, "METHOD_NOT_ALLOWED", "DELETE"},
	} {
		t.Run(row.name, func(t *testing.T) {
			got := s.send(row.method, row.path, "")
			require.Equal(t, row.status, got.status)
			require.Equal(t, row.allow, got.header.Get("Allow"))
			id := got.header.Get("Klarna-Correlation-Id")
			require.Regexp(t, uuid, id)
			require.JSONEq(t, `{"error_code":"`+row.code+`","error_messages":[],"correlation_id":"`+id+`"}`, got.body)
		})
	}
}

func TestAnIDIsOneSegmentWhateverItHolds(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	for _, id := range []string{"a/b", "a?x=1", "a b", "%2F", "../x"} {
		_, err := s.ReadSession(context.Background(), id)
		requireRejected(t, err, invalidSession)
	}
	require.Equal(t, 404, s.send("GET", sessionsPath+"/%2e%2e", "").status)
}

func TestErrorBodiesHaveThreeMembers(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	got := s.send("GET", sessionsPath+"/unknown", "")
	var body map[string]any
	require.NoError(t, json.Unmarshal([]byte(got.body), &body))
	require.Equal(t, map[string]any{
		"error_code":     "NOT_FOUND",
		"error_messages": []any{"Invalid session id"},
		"correlation_id": got.header.Get("Klarna-Correlation-Id"),
	}, body)
}

// A caller that sends half a request does not hold a connection for ever, and a slow response is another matter.
func TestReadTimeout(t *testing.T) {
	t.Parallel()
	const limit = 100 * time.Millisecond
	s := newShop(t, klarnatest.WithReadTimeout(limit))
	for name, half := range map[string]string{
		"header": "POST " + sessionsPath + " HTTP/1.1\r\nHost: x\r\n",
		"body":   "POST " + sessionsPath + " HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n{",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			conn, err := net.Dial("tcp", strings.TrimPrefix(s.server.URL, "http://"))
			require.NoError(t, err)
			defer conn.Close()
			_, err = conn.Write([]byte(half))
			require.NoError(t, err)
			require.NoError(t, conn.SetReadDeadline(time.Now().Add(patience)))
			_, err = io.Copy(io.Discard, conn)
			require.NotErrorIs(t, err, os.ErrDeadlineExceeded, "the server closes the connection")
		})
	}
	t.Run("a response may take longer", func(t *testing.T) {
		t.Parallel()
		s.server.Fail(klarna.OperationCreateSession, klarnatest.Delay(3*limit))
		s.open(cart())
		s.open(cart()) // over the same connection
	})
}
