package klarnatest_test

import (
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/klarna-go/klarna-payments/klarna"
	"github.com/klarna-go/klarna-payments/klarna/klarnatest"
	"github.com/stretchr/testify/require"
)

// browser is the shopper's: it has a client token and no credentials.
type browser struct {
	s     *shop
	id    string
	token string
}

func openBrowser(s *shop, c klarna.SessionCreate) browser {
	s.t.Helper()
	session, err := s.CreateSession(context.Background(), c)
	require.NoError(s.t, err)
	return browser{s, session.SessionID, session.ClientToken}
}

// ask makes a call as the script does. more are members of JSON.
func (b browser) ask(what, more string) response {
	b.s.t.Helper()
	if more != "" {
		more = "," + more
	}
	return b.s.send("POST", "/kp/sandbox/"+what, `{"client_token":"`+b.token+`"`+more+`}`, "Authorization", "", "Origin", "http://localhost:8080")
}

// approve asks for an authorization and returns its token.
func (b browser) approve(what, more string) string {
	b.s.t.Helper()
	got := b.ask(what, more)
	require.Equal(b.s.t, 200, got.status, got.body)
	var result map[string]any
	require.NoError(b.s.t, json.Unmarshal([]byte(got.body), &result))
	token, _ := result["authorization_token"].(string)
	require.Regexp(b.s.t, uuid, token)
	require.Equal(b.s.t, map[string]any{"approved": true, "show_form": true, "authorization_token": token}, result)
	return token
}

func TestTheBrowserBuys(t *testing.T) {
	t.Parallel()
	s := newShop(t, klarnatest.WithCategories("pay_later", "pay_now"))
	b := openBrowser(s, cart())
	shown := b.ask("session", "")
	require.Equal(t, 200, shown.status)
	require.Equal(t, "*", shown.header.Get("Access-Control-Allow-Origin"))
	require.Equal(t, "no-store", shown.header.Get("Cache-Control"))
	var details map[string]any
	require.NoError(t, json.Unmarshal([]byte(shown.body), &details))
	require.Len(t, details["payment_method_categories"], 2)
	delete(details, "payment_method_categories")
	require.Equal(t, map[string]any{
		"show_form": true, "order_amount": 12400.0, "purchase_currency": "EUR", "locale": "de-DE",
		"order_lines": []any{
			map[string]any{"name": "Running shoe", "quantity": 1.0, "total_amount": 11900.0},
			map[string]any{"name": "Parcel", "quantity": 1.0, "total_amount": 500.0},
		},
	}, details)

	first := b.approve("authorize", "")
	second := b.approve("reauthorize", `"outcome":"approve"`)
	requireRejected(t, orderIt(s, "", first), invalidToken)
	s.order(second, orderOf(cart()))
}

func TestWhatTheShopperDoes(t *testing.T) {
	t.Parallel()
	for _, row := range []struct{ name, what, more, want string }{
		{"is declined", "authorize", `"outcome":"decline"`, `{"approved":false,"show_form":false}`},
		{"closes it", "authorize", `"outcome":"close"`, `{"approved":false,"show_form":true}`},
		{"mis-types a field", "authorize", `"outcome":"invalid_fields","invalid_fields":["customer.date_of_birth"]`,
			`{"approved":false,"show_form":true,"error":{"invalid_fields":["customer.date_of_birth"]}}`},
		{"mis-types a field that is not named", "authorize", `"outcome":"invalid_fields"`,
			`{"approved":false,"show_form":true,"error":{"invalid_fields":["billing_address.email"]}}`},
		{"is asked to finalize later", "authorize", `"auto_finalize":false`, `{"approved":true,"show_form":true,"finalize_required":true}`},
		{"is declined at once, though there is a later finalize", "authorize", `"auto_finalize":false,"outcome":"decline"`, `{"approved":false,"show_form":false}`},
		{"is declined the second time", "reauthorize", `"outcome":"decline"`, `{"approved":false,"show_form":false}`},
		{"comes with data that Klarna does not take", "authorize", `"data":{"billing_address":{"country":"Germany","phone":"` + strings.Repeat("1", 100) + `"}}`,
			`{"approved":false,"show_form":true,"error":{"invalid_fields":["billing_address.country","billing_address.phone"]}}`},
		{"closes it, with data that Klarna does not take", "authorize", `"outcome":"close","data":{"locale":"x"}`, `{"approved":false,"show_form":true}`},
	} {
		t.Run(row.name, func(t *testing.T) {
			s := newShop(t)
			b := openBrowser(s, cart())
			got := b.ask(row.what, row.more)
			require.Equal(t, 200, got.status)
			require.JSONEq(t, row.want, got.body)
			require.Empty(t, s.read(b.id).AuthorizationToken)
		})
	}
}

func TestADeclinedShopperKeepsAnEarlierAuthorization(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	b := openBrowser(s, cart())
	token := b.approve("authorize", "")
	b.ask("authorize", `"outcome":"decline"`)
	s.order(token, orderOf(cart()))
}

func TestFinalize(t *testing.T) {
	t.Parallel()
	nothing := func(b browser) {
		t.Helper()
		got := b.ask("finalize", "")
		require.Equal(t, 403, got.status)
		require.Contains(t, got.body, `"There is no authorization to finalize"`)
	}
	s := newShop(t)
	b := openBrowser(s, cart())
	nothing(b)
	b.ask("authorize", `"auto_finalize":false`)
	require.JSONEq(t, `{"approved":false,"show_form":true}`, b.ask("finalize", `"outcome":"close"`).body)
	s.order(b.approve("finalize", `"auto_finalize":false`), orderOf(cart()))

	b = openBrowser(s, cart())
	b.ask("authorize", `"auto_finalize":false`)
	b.approve("authorize", `"auto_finalize":true`)
	nothing(b)
}

func TestTheBrowsersDataGoesIntoTheSession(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	b := openBrowser(s, cart())
	address := encode(t, home())
	require.Equal(t, 200, b.ask("session", `"data":{"billing_address":`+address+`}`).status)
	token := b.approve("authorize", `"data":{"merchant_reference1":"ON4711"}`)
	got := s.read(b.id)
	require.Equal(t, home(), got.BillingAddress)
	require.Equal(t, "ON4711", got.MerchantReference1)

	c := cart()
	_, err := s.CreateOrder(context.Background(), token, orderOf(c))
	require.ErrorIs(t, err, klarna.ErrConflict, "the address is authorized")
	c.BillingAddress = home()
	s.order(token, orderOf(c))
}

func TestDataThatKlarnaDoesNotTakeIsNotTaken(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	b := openBrowser(s, cart())
	got := b.ask("session", `"data":{"order_amount":1,"locale":"sv-SE"}`)
	require.Contains(t, got.body, `"error":{"invalid_fields":["order_amount"]}`)
	require.Contains(t, got.body, `"order_amount":12400`, "what there is to show is shown")
	require.Equal(t, "de-DE", s.read(b.id).Locale)
}

func TestTheBrowserHasTheShopCalledBack(t *testing.T) {
	t.Parallel()
	shopServer := newReceiver(t, 200)
	s := newShop(t)
	b := openBrowser(s, cartCalling(shopServer.URL))
	b.ask("authorize", `"outcome":"decline"`)
	b.ask("authorize", `"auto_finalize":false`)
	token := b.approve("finalize", "")
	s.waitForCallbacks()
	require.Equal(t, []string{`POST {"authorization_token":"` + token + `","session_id":"` + b.id + `"}`}, shopServer.bodies)
}

func TestBrowserCallsThatAreRejected(t *testing.T) {
	t.Parallel()
	swap := func(token, part string) string { // a token with another payload, and the right signature
		parts := strings.Split(token, ".")
		parts[1] = part
		return strings.Join(parts, ".")
	}
	for _, row := range []struct {
		name   string
		change func(s *shop, b *browser)
		more   string
		status int
		want   string
	}{
		{"no token", func(_ *shop, b *browser) { b.token = "" }, "", 401, "UNAUTHORIZED"},
		{"no JWT", func(_ *shop, b *browser) { b.token = b.id }, "", 401, "UNAUTHORIZED"},
		{"no base64", func(_ *shop, b *browser) { b.token = swap(b.token, "!") }, "", 401, "UNAUTHORIZED"},
		{"no claims", func(_ *shop, b *browser) { b.token = swap(b.token, "MQ") }, "", 401, "UNAUTHORIZED"},
		{"a token with another signature", func(_ *shop, b *browser) { b.token += "x" }, "", 401, "UNAUTHORIZED"},
		{"a token of another server", func(_ *shop, b *browser) { b.token = openBrowser(newShop(t), cart()).token }, "", 401, "UNAUTHORIZED"},
		{"an expired session", func(s *shop, _ *browser) { s.server.Advance(48 * time.Hour) }, "", 404, "Invalid session id"},
		{"a session that led to an order", func(s *shop, b *browser) { s.order(s.authorize(b.id), orderOf(cart())) }, "", 404, "SESSION_COMPLETED"},
		{"an unknown outcome", func(*shop, *browser) {}, `"outcome":"maybe"`, 400, "Bad value: outcome"},
		{"data that is a number", func(*shop, *browser) {}, `"data":1`, 400, "BAD_REQUEST"},
		{"a body that is too large", func(*shop, *browser) {}, `"x":"` + strings.Repeat("x", 1<<20) + `"`, 413, "REQUEST_TOO_LARGE"},
	} {
		t.Run(row.name, func(t *testing.T) {
			s := newShop(t)
			b := openBrowser(s, cart())
			row.change(s, &b)
			for _, what := range []string{"session", "authorize", "reauthorize", "finalize"} {
				got := b.ask(what, row.more)
				require.Equal(t, row.status, got.status)
				require.Contains(t, got.body, row.want)
				require.Equal(t, "*", got.header.Get("Access-Control-Allow-Origin"), "the script reads the rejection")
			}
		})
	}
}

func TestBrowsersMayAskFromAnyPage(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	got := s.send("OPTIONS", "/kp/sandbox/authorize", "", "Authorization", "", "Origin", "http://localhost:8080",
		"Access-Control-Request-Method", "POST", "Access-Control-Request-Headers", "content-type")
	require.Equal(t, 204, got.status)
	require.Equal(t, "*", got.header.Get("Access-Control-Allow-Origin"))
	require.Equal(t, "POST", got.header.Get("Access-Control-Allow-Methods"))
	require.Equal(t, "Content-Type", got.header.Get("Access-Control-Allow-Headers"))
	for _, path := range []string{sessionsPath, "/payments/v1/authorizations/x/order"} { // the shop's server has no pages
		require.Empty(t, s.send("POST", path, "").header.Get("Access-Control-Allow-Origin"))
	}
}

func TestTheScriptIsServed(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	require.Equal(t, "/kp/lib/v1/api.js", klarnatest.ScriptPath)
	got := s.send("GET", klarnatest.ScriptPath, "", "Authorization", "")
	require.Equal(t, 200, got.status)
	require.Equal(t, "text/javascript; charset=utf-8", got.header.Get("Content-Type"))
	require.Equal(t, "no-cache", got.header.Get("Cache-Control"))
	source, err := os.ReadFile("browser.js")
	require.NoError(t, err)
	require.Equal(t, strings.TrimSpace(string(source)), got.body)
}

func TestTheScriptHasWhatKlarnasHas(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	script := s.send("GET", klarnatest.ScriptPath, "").body
	for _, want := range []string{
		"This is a local sandbox, not Klarna", "window.klarnaAsyncCallback", "window.Klarna",
		"heightChanged", "fullscreenOverlayShown", "fullscreenOverlayHidden",
		"InvalidClientTokenError", "ApplicationNotInitializedError", "ApplicationNotLoadedError", "InvalidContainerSelectorError",
		"PaymentMethodCategoryNotProvidedError", "PaymentMethodCategoryNotSupportedError", "PreferredPaymentMethodNotSupportedError",
		"OperationNotSupportedError", "EventNotSupportedError",
	} {
		require.Contains(t, script, want)
	}
	api := regexp.MustCompile(`(?s)Payments: \{(.*?)\n    \},`).FindStringSubmatch(script)
	require.Len(t, api, 2)
	for _, call := range []string{"init", "load", "authorize", "reauthorize", "finalize", "loadPaymentReview", "on", "off"} {
		require.Regexp(t, `\b`+call+`[,:]`, api[1])
	}
	// Tests of shops look for these.
	for _, hook := range []string{"teaser", "dialog", "notice", "amount", "lines", "approve", "decline", "invalid-field", "invalid", "close", "status"} {
		require.Contains(t, script, "'"+hook+"'")
	}
	for _, never := range []string{"innerHTML", "eval(", "document.write", "klarna.com", "klarnacdn", "https://", "http://"} {
		require.NotContains(t, script, never)
	}
}

func TestBrowserCallsAreLoggedWithoutSecrets(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	server := klarnatest.NewServer(klarnatest.WithLogger(slog.New(slog.NewTextHandler(&log, nil))))
	defer server.Close()
	s := &shop{Client: server.Client(), t: t, server: server}
	b := openBrowser(s, cart())
	token := b.approve("authorize", `"data":{"billing_address":`+encode(t, home())+`}`)
	require.Regexp(t, `msg="browser authorize" status=200 duration=\S+ correlation_id=\S+`, log.String())
	for _, secret := range []string{b.token, b.id, token, home().StreetAddress} {
		require.NotContains(t, log.String(), secret)
	}
	require.Len(t, server.Requests(), 1, "they are none of the API's")
}
