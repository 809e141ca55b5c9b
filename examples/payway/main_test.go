package main

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"github.com/klarna-go/klarna-payments/examples/internal/chromium"
	"github.com/klarna-go/klarna-payments/klarna/klarnatest"
	"github.com/klarna-go/klarna-payments/payway"
	"github.com/klarna-go/klarna-payments/payway/paywaytest"
)

// start starts the page on fake servers of its own.
func start(t *testing.T) (*httptest.Server, *paywaytest.Server, *strings.Builder) {
	t.Helper()
	out := &strings.Builder{}
	fake := paywaytest.NewServer()
	t.Cleanup(fake.Close)
	script := fake.Klarna.URL + klarnatest.ScriptPath
	server := httptest.NewServer(newPaper(fake.Client(), script, func(*http.Request) payway.Token { return fake.Token }, out))
	t.Cleanup(server.Close)
	return server, fake, out
}

// browse returns the status and the body of a request.
func browse(t *testing.T, client *http.Client, do func(*http.Client) (*http.Response, error)) (int, string) {
	t.Helper()
	resp, err := do(client)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(body)
}

var approvedText = regexp.MustCompile(`^Approved: Payway's place_order takes session [0-9a-f]{24} and an authorization token of \d+ characters\.\n$`)

func TestReaderSubscribes(t *testing.T) {
	server, fake, out := start(t)
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	client := &http.Client{Jar: jar}
	status, body := browse(t, client, func(c *http.Client) (*http.Response, error) { return c.Get(server.URL) })
	if status != 200 || !strings.Contains(body, klarnatest.ScriptPath) || len(fake.Requests()) != 0 {
		t.Fatalf("the paywall creates no session, and has the script: %d %d %s", status, len(fake.Requests()), body)
	}
	status, body = browse(t, client, func(c *http.Client) (*http.Response, error) { return c.Post(server.URL+"/subscribe", "", nil) })
	var got struct {
		ClientToken string                         `json:"client_token"`
		Categories  []payway.PaymentMethodCategory `json:"categories"`
	}
	if err := json.Unmarshal([]byte(body), &got); err != nil || status != 200 || got.ClientToken == "" || len(got.Categories) == 0 {
		t.Fatal(status, body, err)
	}
	sessionID := fake.Requests()[0].SessionID
	if strings.Contains(body, sessionID) || strings.Contains(body, string(fake.Token)) {
		t.Error("the page gets what belongs on the server")
	}
	token, err := fake.Authorize(sessionID)
	if err != nil {
		t.Fatal(err)
	}
	approve := func(c *http.Client) (*http.Response, error) {
		return c.PostForm(server.URL+"/approved", url.Values{"authorization_token": {token}})
	}
	if status, body = browse(t, client, approve); status != 200 || !approvedText.MatchString(out.String()) || !strings.Contains(out.String(), sessionID) || strings.Contains(body, sessionID) {
		t.Error(status, body)
	}
	if status, _ = browse(t, &http.Client{}, approve); status != 400 {
		t.Error("an approval without a purchase was taken")
	}
}

func TestReaderWhoseTokenHasExpiredSignsInAgain(t *testing.T) {
	server, fake, _ := start(t)
	fake.Revoke(fake.Token)
	subscribe := func(c *http.Client) (*http.Response, error) { return c.Post(server.URL+"/subscribe", "", nil) }
	if status, body := browse(t, &http.Client{}, subscribe); status != 401 || !strings.Contains(body, "sign in again") {
		t.Error(status, body)
	}
	fake.Fail(paywaytest.Status(400, payway.ErrorCodeInvalidParameter, "is unknown", "code"))
	if status, body := browse(t, &http.Client{}, subscribe); status != 502 || strings.Contains(body, "invalid_parameter") {
		t.Error(status, body)
	}
}

func TestReaderSubscribesInABrowser(t *testing.T) {
	if testing.Short() {
		t.Skip("it starts a browser")
	}
	server, _, out := start(t)
	ctx, cancel := context.WithTimeout(chromium.Start(t), time.Minute)
	defer cancel()
	if err := chromedp.Do(ctx, chromedp.Navigate(server.URL)); err != nil {
		t.Fatal(err)
	}
	for _, selector := range []string{"#subscribe", "#pay", `[data-klarna-sandbox-ready] [data-klarna-sandbox="approve"]`} {
		until(ctx, t, `!!(e => e && e.checkVisibility() && !e.disabled && window.Klarna)(document.querySelector('`+selector+`'))`)
		if err := chromedp.Do(ctx, chromedp.Click(chromedp.CSS(selector))); err != nil {
			t.Fatal(selector, err)
		}
	}
	until(ctx, t, `document.getElementById("result").textContent !== ""`)
	result, err := chromedp.Run(ctx, chromedp.Evaluate[string](`document.getElementById("result").textContent`))
	if err != nil || !strings.HasPrefix(result, "Approved.") || !approvedText.MatchString(out.String()) {
		t.Error(result, out, err)
	}
}

// until waits for a condition in the page.
func until(ctx context.Context, t *testing.T, expression string) {
	t.Helper()
	for {
		if is, err := chromedp.Run(ctx, chromedp.Evaluate[bool](expression)); err == nil && is {
			return
		} else if ctx.Err() != nil {
			t.Fatalf("%s: %v", expression, err)
		}
		time.Sleep(10 * time.Millisecond)
	}
}
