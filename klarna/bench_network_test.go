package klarna_test

import (
	"crypto/tls"
	"crypto/x509"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"runtime"
	"sync/atomic"
	"testing"
	"time"

	"github.com/klarna-go/klarna-payments/klarna"
)

// far is a server on loopback that responds like Klarna, and counts its connections.
type far struct {
	*httptest.Server
	connections atomic.Int64
}

func newFar(t testing.TB, status int, body []byte, delay time.Duration, useTLS, http2 bool) *far {
	t.Helper()
	f := &far{}
	f.Server = httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		time.Sleep(delay)
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Klarna-Correlation-Id", correlationID)
		w.WriteHeader(status)
		_, _ = w.Write(body)
	}))
	f.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateNew {
			f.connections.Add(1)
		}
	}
	f.EnableHTTP2 = http2
	if useTLS {
		f.StartTLS()
	} else {
		f.Start()
	}
	t.Cleanup(f.Close)
	return f
}

// trusting has a transport trust the server.
func (f *far) trusting(t testing.TB, transport *http.Transport) *http.Transport {
	t.Helper()
	if certificate := f.Certificate(); certificate != nil {
		pool := x509.NewCertPool()
		pool.AddCert(certificate)
		transport.TLSClientConfig = &tls.Config{RootCAs: pool}
	}
	t.Cleanup(transport.CloseIdleConnections)
	return transport
}

// sides are this library as it comes, a tuned transport, and net/http's default one.
func (f *far) sides(t testing.TB) map[string]caller {
	t.Helper()
	std := http.DefaultTransport.(*http.Transport)
	tuned := std.Clone()
	tuned.MaxIdleConns, tuned.MaxIdleConnsPerHost = 128, 128
	return map[string]caller{
		"by=hand":    handWritten{client: &http.Client{Transport: f.trusting(t, tuned)}, base: f.URL},
		"by=ours":    ours(t, f.URL, f.trusting(t, klarna.DefaultTransport())),
		"by=default": handWritten{client: &http.Client{Transport: f.trusting(t, std.Clone())}, base: f.URL},
	}
}

// measure runs serial or parallel calls and reports how many connections 10,000 of them take.
func (f *far) measure(b *testing.B, name string, parallel int, sides ...string) {
	session := cart(3)
	for _, by := range sides {
		b.Run(name+"/"+by, func(b *testing.B) {
			c := f.sides(b)[by]
			b.ReportAllocs()
			before := f.connections.Load()
			if parallel == 1 {
				for b.Loop() {
					if _, err := c.CreateSession(b.Context(), session); err != nil {
						b.Fatal(err)
					}
				}
			} else {
				b.SetParallelism(max(1, parallel/runtime.GOMAXPROCS(0)))
				b.RunParallel(func(pb *testing.PB) {
					for pb.Next() {
						if _, err := c.CreateSession(b.Context(), session); err != nil {
							b.Error(err)
						}
					}
				})
			}
			b.ReportMetric(float64(f.connections.Load()-before)/float64(b.N)*10_000, "conns/10k")
		})
	}
}

func BenchmarkLoopback(b *testing.B) {
	plain := newFar(b, 200, createdResponse(), 0, false, false)
	plain.measure(b, "http1/serial", 1, "by=hand", "by=ours")
	plain.measure(b, "http1/callers=64", 64, "by=hand", "by=ours")
}

func BenchmarkTLS(b *testing.B) {
	const thinking = 5 * time.Millisecond
	http1 := newFar(b, 200, createdResponse(), thinking, true, false)
	http1.measure(b, "http1/callers=64", 64, "by=hand", "by=ours", "by=default")
	http2 := newFar(b, 200, createdResponse(), thinking, true, true)
	http2.measure(b, "http2/callers=64", 64, "by=hand", "by=ours", "by=default")
}
