package pages

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"sync/atomic"
	"testing"
	"time"

	"github.com/klarna-go/klarna-payments/klarna"
	"github.com/klarna-go/klarna-payments/klarna/klarnatest"
	"github.com/stretchr/testify/require"
)

func Example_configurationMerchants() {
	merchants := map[string]struct {
		Environment klarna.Environment
		APIKey      string
	}{
		"shop-de": {klarna.PlaygroundEU, "klarna_test_api_1"},
		"shop-us": {klarna.PlaygroundNA, "klarna_test_api_2"},
	}
	// quote: merchants
	clients := map[string]*klarna.Client{}
	for name, merchant := range merchants {
		client, err := klarna.New(merchant.Environment, klarna.APIKey(merchant.APIKey))
		if err != nil {
			panic(fmt.Errorf("%s: %w", name, err))
		}
		clients[name] = client
	}
	// end of quote
	fmt.Println(clients["shop-de"], clients["shop-us"])
	// Output: klarna.Client(https://api.playground.klarna.com) klarna.Client(https://api-na.playground.klarna.com)
}

func Example_configurationTransport() {
	_ = func(caFile, certFile, keyFile string) (*klarna.Client, error) {
		// quote: transport
		roots, err := x509.SystemCertPool()
		if err != nil {
			return nil, err
		}
		ca, err := os.ReadFile(caFile) // of a proxy that terminates TLS
		if err != nil {
			return nil, err
		}
		roots.AppendCertsFromPEM(ca)
		certificate, err := tls.LoadX509KeyPair(certFile, keyFile) // which a reverse proxy asks for
		if err != nil {
			return nil, err
		}
		transport := &http.Transport{
			Proxy:               http.ProxyURL(&url.URL{Scheme: "http", Host: "proxy.example:3128"}),
			TLSClientConfig:     &tls.Config{RootCAs: roots, Certificates: []tls.Certificate{certificate}, MinVersion: tls.VersionTLS12},
			ForceAttemptHTTP2:   true, // net/http leaves HTTP/2 out of a transport with a TLSClientConfig of its own
			HTTP2:               &http.HTTP2Config{SendPingTimeout: 15 * time.Second, PingTimeout: 15 * time.Second},
			MaxConnsPerHost:     100,
			MaxIdleConnsPerHost: 100, // the default, 2, means a TLS handshake for nearly every parallel call
			IdleConnTimeout:     90 * time.Second,
			TLSHandshakeTimeout: 10 * time.Second,
		}
		return klarna.New("https://gateway.example/klarna", creds, klarna.WithHTTPClient(&http.Client{Transport: transport}))
		// end of quote
	}
}

// quote: requestID
type requestIDKey struct{}

// requestIDs adds the request id of a context to each record.
type requestIDs struct{ slog.Handler }

func (h requestIDs) Handle(ctx context.Context, record slog.Record) error {
	if id, ok := ctx.Value(requestIDKey{}).(string); ok {
		record.AddAttrs(slog.String("request_id", id))
	}
	return h.Handler.Handle(ctx, record)
}

// end of quote

func Example_configurationRequestID() {
	server := klarnatest.NewServer()
	defer server.Close()
	base := slog.NewTextHandler(os.Stdout, &slog.HandlerOptions{Level: slog.LevelDebug, ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
		if a.Key == "time" || a.Key == "duration" || a.Key == "correlation_id" {
			return slog.Attr{}
		}
		return a
	}})
	client := server.Client(klarna.WithLogger(slog.New(requestIDs{base})))
	ctx := context.WithValue(context.Background(), requestIDKey{}, "r-4711")
	_, err := client.CreateSession(ctx, cart)
	fmt.Println(err)
	// Output:
	// level=DEBUG msg=klarna operation=CreateSession route="POST /payments/v1/sessions" attempt=1 status=200 request_id=r-4711
	// <nil>
}

// Clients without a transport of their own share one, so that a client for each merchant costs no connections.
func TestClientsShareTheirConnections(t *testing.T) {
	server := klarnatest.NewServer()
	defer server.Close()
	var connections atomic.Int32
	front := httptest.NewUnstartedServer(server)
	front.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateNew {
			connections.Add(1)
		}
	}
	front.Start()
	defer front.Close()
	for range 20 {
		client, err := klarna.New(klarna.Environment(front.URL), klarna.APIKey(server.APIKey))
		require.NoError(t, err)
		_, err = client.CreateSession(t.Context(), cart)
		require.NoError(t, err)
	}
	require.EqualValues(t, 1, connections.Load())
}
