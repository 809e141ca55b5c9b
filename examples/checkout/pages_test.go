package main

import (
	"context"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/klarna-go/klarna-payments/klarna"
	"github.com/klarna-go/klarna-payments/klarna/klarnatest"
)

func TestEveryResponseHasSecurityHeaders(t *testing.T) {
	w := newWorld(t)
	b := w.newBrowser()
	for _, path := range []string{"/", "/cart", "/checkout", "/static/shop.css", "/nothing", "/office"} {
		got := b.get(path)
		policy := got.header.Get("Content-Security-Policy")
		if !strings.Contains(policy, "default-src 'none'") || !strings.Contains(policy, "script-src 'self' "+w.klarna.URL+";") || strings.Contains(policy, "unsafe") {
			t.Errorf("%s has the policy %q", path, policy)
		}
		if got.header.Get("X-Content-Type-Options") != "nosniff" || got.header.Get("Referrer-Policy") == "" {
			t.Errorf("%s lacks a header", path)
		}
	}
}

func TestTheCookieIsForTheServerOnly(t *testing.T) {
	w := newWorld(t)
	first := w.newBrowser().get("/").header.Get("Set-Cookie")
	for _, want := range []string{"HttpOnly", "SameSite=Lax", "Path=/"} {
		if !strings.Contains(first, want) {
			t.Errorf("the cookie %q lacks %s", first, want)
		}
	}
}

// Klarna leads the shopper back to the base URL, where the cookie must be.
func TestWhoComesByAnotherNameIsSentToTheShopsOwn(t *testing.T) {
	w := newWorld(t)
	u, err := url.Parse(w.url)
	if err != nil {
		t.Fatal(err)
	}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://localhost:"+u.Port()+"/cart", nil)
	if err != nil {
		t.Fatal(err)
	}
	b := w.newBrowser()
	b.client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	if got := b.do(req); got.status != http.StatusFound || got.header.Get("Location") != w.url+"/cart" {
		t.Errorf("%d, to %s", got.status, got.header.Get("Location"))
	}
}

func TestEuros(t *testing.T) {
	for cents, want := range map[int64]string{0: "€0.00", 5: "€0.05", 11900: "€119.00", 100000: "€1,000.00", 123456789: "€1,234,567.89", -500: "−€5.00"} {
		if got := euros(cents); got != want {
			t.Errorf("%d is written %s, want %s", cents, got, want)
		}
	}
}

func TestShippingIsFreeFromASumOn(t *testing.T) {
	for _, test := range []struct {
		cart  cart
		lines int
	}{
		{nil, 0},
		{cart{"mug": 1}, 2},
		{cart{"mug": 4}, 2},                   // 58.00
		{cart{"cookbook": 2, "candle": 2}, 2}, // 67.80
	} {
		if got := test.cart.lines("EX-1"); len(got) != test.lines {
			t.Errorf("%v has %d lines, want %d", test.cart, len(got), test.lines)
		}
	}
}

func TestTheShopStopsWhenItIsTold(t *testing.T) {
	for _, name := range []string{"KLARNA_API_KEY", "KLARNA_USERNAME", "SHOP_BASE_URL"} {
		t.Setenv(name, "")
	}
	ctx, stop := context.WithCancel(t.Context())
	var out lockedBuffer
	ended := make(chan error, 1)
	go func() {
		ended <- run(ctx, []string{"-addr", "127.0.0.1:0", "-db", filepath.Join(t.TempDir(), "shop.sqlite")}, &out)
	}()
	eventually(t, "the shop prints where it is", func() bool { return strings.Contains(out.String(), "The shop is at http://127.0.0.1:") })
	if !strings.Contains(out.String(), "on a local sandbox, not on Klarna") {
		t.Errorf("it does not print what it runs on:\n%s", out.String())
	}
	printed := regexp.MustCompile(`back office is at (http://\S+): any user name, and the password (\S+)`).FindStringSubmatch(out.String())
	if printed == nil {
		t.Fatalf("it does not print where its back office is:\n%s", out.String())
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, printed[1], nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := withPassword(printed[2]).RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		t.Errorf("the back office responds with %d", resp.StatusCode)
	}
	stop()
	select {
	case err := <-ended:
		if err != nil {
			t.Error(err)
		}
	case <-time.After(10 * time.Second):
		t.Fatal("it does not stop")
	}
}

func TestATakenPortNamesTheFlagThatMovesTheShop(t *testing.T) {
	for _, name := range []string{"KLARNA_API_KEY", "KLARNA_USERNAME", "SHOP_BASE_URL"} {
		t.Setenv(name, "")
	}
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = taken.Close() }()
	err = run(t.Context(), []string{"-addr", taken.Addr().String(), "-db", filepath.Join(t.TempDir(), "shop.sqlite")}, io.Discard)
	if err == nil || !strings.Contains(err.Error(), "-addr") {
		t.Errorf("it fails with %v", err)
	}
}

func TestABrowserOnThisMachineFindsTheShop(t *testing.T) {
	for host, want := range map[string]string{"127.0.0.1": "http://127.0.0.1:80", "0.0.0.0": "http://127.0.0.1:80", "::": "http://127.0.0.1:80", "::1": "http://[::1]:80"} {
		if got := urlOf(&net.TCPAddr{IP: net.ParseIP(host), Port: 80}); got != want {
			t.Errorf("%s is %s, want %s", host, got, want)
		}
	}
}

func TestWithCredentialsTheShopGoesWhereTheyBelong(t *testing.T) {
	sandbox := klarnatest.NewServer()
	defer sandbox.Close()
	for _, name := range []string{"KLARNA_USERNAME", "KLARNA_PASSWORD", "KLARNA_ENVIRONMENT", "KLARNA_REGION"} {
		t.Setenv(name, "")
	}
	for baseURL, want := range map[string]struct {
		script  string
		sandbox bool
	}{
		"":          {"https://x.klarnacdn.net/kp/lib/v1/api.js", false},
		sandbox.URL: {sandbox.URL + "/kp/lib/v1/api.js", true},
	} {
		t.Setenv("KLARNA_API_KEY", sandbox.APIKey)
		t.Setenv("KLARNA_BASE_URL", baseURL)
		p, err := connect(slog.New(slog.DiscardHandler))
		if err != nil {
			t.Fatal(err)
		}
		if p.script != want.script || p.sandbox != want.sandbox || strings.Contains(p.notice, "sandbox") != want.sandbox {
			t.Errorf("with the base URL %q the script is %s, and the notice %q", baseURL, p.script, p.notice)
		}
	}
}

// Klarna could not call back to a shop whose URL it does not have.
func TestWithoutABaseURLThereAreNoMerchantURLs(t *testing.T) {
	w := newWorld(t)
	w.shop.baseURL = ""
	p := w.newBrowser().checkout()
	if urls := p.record().session.MerchantURLs; urls != (klarna.MerchantURLs{}) {
		t.Errorf("they are %v", urls)
	}
	wantPage(t, p.bring(p.approve()), http.StatusOK, anyOrder, thanks)
}
