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

// payments is the way to Klarna, or to the stand-in for it.
type payments struct {
	client  *klarna.Client
	standIn bool
	notice  string // what this is, for the person who looks at it
	close   func()

	script  string   // the URL of the script in the browser
	origins []string // that the script talks to, and that a shopper may be sent to; for the Content-Security-Policy
}

const standInNotice = "An example on a stand-in for Klarna, not Klarna itself. No money moves."

// connect goes to Klarna when there are credentials, and starts the stand-in when there are none.
func connect(logger *slog.Logger) (*payments, error) {
	if os.Getenv("KLARNA_API_KEY") == "" && os.Getenv("KLARNA_USERNAME") == "" {
		return onStandIn(klarnatest.NewServer(), options(logger)...), nil
	}
	client, err := klarna.NewFromEnv(options(logger)...)
	if err != nil {
		return nil, err
	}
	if base := os.Getenv("KLARNA_BASE_URL"); isLoopback(base) { // klarna-sandbox, which serves the script too
		base = strings.TrimRight(base, "/")
		return &payments{
			client: client, standIn: true, close: func() {}, notice: standInNotice,
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

// onStandIn pays at a stand-in for Klarna, which closes with it.
func onStandIn(server *klarnatest.Server, opts ...klarna.Option) *payments {
	return &payments{
		client:  server.Client(opts...),
		standIn: true,
		close:   server.Close,
		notice:  standInNotice,
		script:  server.URL + klarnatest.ScriptPath,
		origins: []string{server.URL},
	}
}

// options log every call, without secrets, and have a wrong cart fail here with all that is wrong with it.
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
