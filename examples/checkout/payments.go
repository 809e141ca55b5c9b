package main

import (
	"log/slog"
	"net/netip"
	"net/url"
	"os"
	"strings"

	"github.com/klarna-go/klarna-payments/klarna"
	"github.com/klarna-go/klarna-payments/klarna/klarnatest"
	"github.com/klarna-go/klarna-payments/klarna/preflight"
)

// payments is the connection to Klarna, or to a local sandbox.
type payments struct {
	client  *klarna.Client
	sandbox bool
	server  *klarnatest.Server // the sandbox, if it is in this program
	notice  string             // what this is, for the person who looks at it
	close   func()

	script  string   // the URL of the script in the browser
	origins []string // that the script talks to, and that a shopper may be sent to; for the Content-Security-Policy
}

const sandboxNotice = "An example shop on a local sandbox, not on Klarna. No money moves."

// connect connects to Klarna if there are credentials, and starts a local sandbox otherwise.
func connect(logger *slog.Logger) (*payments, error) {
	if os.Getenv("KLARNA_API_KEY") == "" && os.Getenv("KLARNA_USERNAME") == "" {
		return onSandbox(klarnatest.NewServer(olderAccount), options(logger)...), nil
	}
	client, err := klarna.NewFromEnv(options(logger)...)
	if err != nil {
		return nil, err
	}
	if base := os.Getenv("KLARNA_BASE_URL"); isLoopback(base) { // klarna-sandbox, which serves the script too
		base = strings.TrimRight(base, "/")
		return &payments{
			client: client, sandbox: true, close: func() {}, notice: sandboxNotice,
			script: base + klarnatest.ScriptPath, origins: []string{base},
		}, nil
	}
	return &payments{
		client: client,
		close:  func() {},
		notice: "An example that delivers nothing. Payments go to " + client.String() + ".",
		script: "https://x.klarnacdn.net/kp/lib/v1/api.js", // the same for playground and production
		origins: []string{
			"https://*.klarna.com", "https://*.klarnacdn.net", "https://*.klarnaservices.com",
		},
	}, nil
}

// onSandbox uses a local sandbox, and closes it with the payments.
func onSandbox(server *klarnatest.Server, opts ...klarna.Option) *payments {
	return &payments{
		client:  server.Client(opts...),
		sandbox: true,
		server:  server,
		close:   server.Close,
		notice:  sandboxNotice,
		script:  server.URL + klarnatest.ScriptPath,
		origins: []string{server.URL},
	}
}

// options log every call, without secrets, and reject a wrong cart before it is sent, with everything that is wrong with it.
func options(logger *slog.Logger) []klarna.Option {
	return []klarna.Option{
		klarna.WithLogger(logger),
		klarna.WithPreflight(preflight.Check),
		klarna.WithUserAgent("example-shop"),
	}
}

func isLoopback(baseURL string) bool {
	u, err := url.Parse(baseURL)
	if err != nil || u.Scheme != "http" {
		return false
	}
	ip, err := netip.ParseAddr(u.Hostname())
	return u.Hostname() == "localhost" || err == nil && ip.IsLoopback()
}

// olderAccount has the sandbox offer several payment methods, so that the page has something to choose from.
var olderAccount = klarnatest.WithCategories(
	klarna.PaymentMethodCategoryIdentifierPayLater, klarna.PaymentMethodCategoryIdentifierPayOverTime, klarna.PaymentMethodCategoryIdentifierPayNow)
