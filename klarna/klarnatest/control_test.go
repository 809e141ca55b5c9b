package klarnatest_test

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/klarna-go/klarna-payments/internal/contract"
	"github.com/klarna-go/klarna-payments/klarna"
	"github.com/klarna-go/klarna-payments/klarna/klarnatest"
	"github.com/stretchr/testify/require"
)

// remote controls a server over HTTP. Every exchange is checked against the document that the server has.
type remote struct {
	t        *testing.T
	server   *klarnatest.Server
	document *contract.Contract
}

func control(t *testing.T, server *klarnatest.Server) remote {
	t.Helper()
	resp, err := http.Get(server.URL + "/_sandbox/openapi.yaml")
	require.NoError(t, err)
	defer resp.Body.Close()
	raw, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	require.Equal(t, "application/yaml", resp.Header.Get("Content-Type"))
	document, err := contract.Parse(raw)
	require.NoError(t, err)
	return remote{t, server, document}
}

// call makes a call, and returns its status and what it responds with. A body that the document rejects is sent all the same.
func (c remote) call(method, path, body string) (int, map[string]any) {
	c.t.Helper()
	req, err := http.NewRequest(method, c.server.URL+"/_sandbox/"+path, strings.NewReader(body))
	require.NoError(c.t, err)
	if body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	resp, err := http.DefaultClient.Do(req)
	require.NoError(c.t, err)
	defer resp.Body.Close()
	raw, err := io.ReadAll(resp.Body)
	require.NoError(c.t, err)
	require.NoError(c.t, c.document.Response(req, resp.StatusCode, resp.Header, raw), string(raw))
	if resp.StatusCode < 300 {
		require.NoError(c.t, c.document.Request(req, []byte(body)))
	}
	var result map[string]any
	if len(raw) > 0 {
		require.NoError(c.t, json.Unmarshal(raw, &result))
	}
	return resp.StatusCode, result
}

// do makes a call that has to succeed.
func (c remote) do(method, path, body string) map[string]any {
	c.t.Helper()
	status, result := c.call(method, path, body)
	require.Less(c.t, status, 300, result)
	return result
}

func TestControlOverHTTP(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	shop := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	t.Cleanup(shop.Close)
	s := newLenientShop(t)
	c := control(t, s.server)

	before, err := time.Parse(time.RFC3339Nano, c.do("GET", "clock", "")["now"].(string))
	require.NoError(t, err)
	after, err := time.Parse(time.RFC3339Nano, c.do("POST", "clock", `{"advance":"1h30m"}`)["now"].(string))
	require.NoError(t, err)
	require.InDelta(t, 90, after.Sub(before).Minutes(), 5)

	// The shopper.
	forToken := cartFor(klarna.IntentBuyAndTokenize)
	forToken.MerchantURLs.Notification = shop.URL + "/notified"
	id := s.open(forToken)
	authorize := "sessions/" + id + "/authorize"
	require.Equal(t, map[string]any{"approved": false, "show_form": false}, c.do("POST", authorize, `{"outcome":"decline"}`))
	require.Equal(t, map[string]any{"approved": false, "show_form": true}, c.do("POST", authorize, `{"outcome":"close"}`))
	require.Equal(t, map[string]any{"approved": false, "show_form": true, "invalid_fields": []any{"billing_address.phone"}},
		c.do("POST", authorize, `{"outcome":"invalid_fields","invalid_fields":["billing_address.phone"]}`))
	approved := c.do("POST", authorize, `{"billing_address":{"city":"Berlin","country":"DE","postal_code":10115,"care_of":"x"}}`)
	require.Equal(t, true, approved["approved"])
	token := approved["authorization_token"].(string)
	require.Equal(t, "10115", s.read(id).BillingAddress.PostalCode)
	require.Equal(t, token, c.do("GET", "sessions", "")["sessions"].([]any)[0].(map[string]any)["authorization_token"])

	// What goes wrong, and what Klarna decides.
	c.do("PUT", "fraud-status", `{"status":"PENDING"}`)
	c.do("PUT", "callback-policy", `{"twice":true,"wait":"10ms","timeout":"1s"}`)
	c.do("POST", "faults", `{"operation":"CreateOrder","faults":[{"kind":"reset_after"},{"kind":"status","status":503,"code":"X","messages":["y"],"after":"1ms","handled":true}]}`)
	require.Equal(t, map[string]any{"CreateOrder": []any{"reset after it was handled", "status 503 after 1ms, handled"}}, c.do("GET", "faults", "")["faults"])
	customerToken, err := s.CreateCustomerToken(ctx, token, customerToken())
	require.NoError(t, err)
	order := orderOf(forToken)
	order.BillingAddress = klarna.Address{City: "Berlin", Country: "DE", PostalCode: "10115"}
	placed := s.order(token, order)
	require.Empty(t, c.do("GET", "faults", "")["faults"])
	require.Equal(t, klarna.FraudStatusPending, placed.FraudStatus)
	require.Equal(t, []any{placed.OrderID}, c.do("GET", "sessions/"+id+"/orders", "")["order_ids"])
	require.Equal(t, []any{customerToken.TokenID}, c.do("GET", "authorizations/"+token+"/customer-tokens", "")["customer_tokens"])
	requests := c.do("GET", "requests", "")["requests"].([]any)
	require.Equal(t, "reset after it was handled", requests[len(requests)-3].(map[string]any)["fault"])
	require.NotContains(t, requests[0], "body")
	require.Contains(t, c.do("GET", "requests?bodies=true", "")["requests"].([]any)[0].(map[string]any)["body"], "purchase_country")

	c.do("POST", "orders/"+placed.OrderID+"/fraud-notification", `{"event_type":"FRAUD_RISK_ACCEPTED"}`)
	callbacks := c.do("GET", "callbacks?wait=10s", "")["callbacks"].([]any)
	require.Len(t, callbacks, 2)
	require.Equal(t, "notification", callbacks[0].(map[string]any)["kind"])
	other := s.order(s.authorize(s.open(cart())), orderOf(cart()))
	c.do("POST", "orders/"+other.OrderID+"/review", `{"status":"ACCEPTED"}`)
	require.Equal(t, "ACCEPTED", c.do("GET", "orders/"+other.OrderID, "")["fraud_status"])

	// What there is.
	got := s.management("POST", ordersPath+placed.OrderID+"/captures", `{"captured_amount":100}`)
	require.Equal(t, 201, got.status, got.body)
	require.Equal(t, got.header.Get("Capture-Id"), c.do("GET", "captures", "")["captures"].([]any)[0].(map[string]any)["capture_id"])
	require.Len(t, c.do("GET", "orders", "")["orders"], 2)
	require.Equal(t, customerToken.TokenID, c.do("GET", "customer-tokens", "")["customer_tokens"].([]any)[0].(map[string]any)["customer_token"])
	c.do("PUT", "customer-tokens/"+customerToken.TokenID+"/status", `{"status":"SUSPENDED"}`)
	require.Equal(t, "SUSPENDED", c.do("GET", "customer-tokens/"+customerToken.TokenID, "")["status"])
	c.do("PUT", "customer-tokens/"+customerToken.TokenID+"/decline", `{"code":"PAYMENT_METHOD_FAILED"}`)

	pageID := s.newPage(cart())
	require.Equal(t, "WAITING", c.do("GET", "hosted-pages/"+pageID, "")["session"].(map[string]any)["status"])
	require.Contains(t, c.do("POST", "hosted-pages/"+pageID+"/visit", `{"action":"approve"}`), "location")
	require.Equal(t, map[string]any{"sessions": 3.0, "orders": 2.0, "customer_tokens": 1.0, "captures": 1.0, "refunds": 0.0, "hosted_pages": 1.0}, c.do("GET", "created", ""))

	c.do("PUT", "rate-limit", `{"create_session":1,"others":0}`)
	require.Equal(t, 200, s.send("POST", sessionsPath, encode(t, cart())).status)
	require.Equal(t, 429, s.send("POST", sessionsPath, encode(t, cart())).status)

	// As after the start.
	c.do("POST", "faults", `{"operation":"CreateOrder","faults":[{"kind":"endless"}]}`)
	c.do("POST", "reset", "")
	for path, list := range map[string]string{"sessions": "sessions", "orders": "orders", "captures": "captures", "customer-tokens": "customer_tokens", "requests": "requests", "callbacks": "callbacks", "faults": "faults"} {
		require.Empty(t, c.do("GET", path, "")[list], path)
	}
	now, err := time.Parse(time.RFC3339Nano, c.do("GET", "clock", "")["now"].(string))
	require.NoError(t, err)
	require.WithinDuration(t, time.Now(), now, 10*time.Minute)
	status, _ := c.call("GET", "orders/"+placed.OrderID, "")
	require.Equal(t, 404, status)
	for range 2 {
		require.Equal(t, klarna.FraudStatusAccepted, s.order(s.authorize(s.open(cart())), orderOf(cart())).FraudStatus)
	}
}

// newPage makes a hosted page of a cart.
func (s *shop) newPage(c klarna.SessionCreate) string {
	s.t.Helper()
	got := s.hosted("POST", "/hpp/v1/sessions", `{"payment_session_url":"`+s.SessionURL(s.open(c))+`"}`)
	require.Equal(s.t, 201, got.status, got.body)
	var page struct {
		ID string `json:"session_id"`
	}
	require.NoError(s.t, json.Unmarshal([]byte(got.body), &page))
	return page.ID
}

func TestControlRejectsWhatIsWrong(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	c := control(t, s.server)
	id := s.open(cart())
	for _, row := range []struct {
		method, path, body string
		status             int
		want               string
	}{
		{"POST", "clock", `{"advance":"1 hour"}`, 400, "advance"},
		{"POST", "clock", `{"advance":"-1h"}`, 400, "advance"},
		{"POST", "clock", `{"advance":"9999999999h"}`, 400, "not a duration"},
		{"POST", "clock", `{"advance":"99999999h"}`, 400, "not a duration"},
		{"POST", "clock", `{}`, 400, "advance"},
		{"POST", "clock", ``, 400, "body"},
		{"POST", "clock", `{"advance":"1h","more":1}`, 400, "more"},
		{"POST", "clock", `nonsense`, 400, "JSON"},
		{"POST", "faults", `{"operation":"Pay","faults":[{"kind":"endless"}]}`, 400, "no such operation"},
		{"POST", "faults", `{"operation":"CreateOrder","faults":[]}`, 400, "faults"},
		{"POST", "faults", `{"operation":"CreateOrder","faults":[{"kind":"fire"}]}`, 400, "kind"},
		{"POST", "faults", `{"operation":"CreateOrder","faults":[{"kind":"status"}]}`, 400, "needs a status"},
		{"POST", "faults", `{"operation":"CreateOrder","faults":[{"kind":"status","status":99}]}`, 400, "status"},
		{"POST", "faults", `{"operation":"CreateOrder","faults":[{"kind":"delay"}]}`, 400, "needs a time"},
		{"POST", "sessions/unknown/authorize", `{}`, 404, "Invalid session id"},
		{"POST", "sessions/" + id + "/authorize", `{"outcome":"run"}`, 400, "outcome"},
		{"POST", "orders/unknown/review", `{"status":"ACCEPTED"}`, 409, "no such order"},
		{"GET", "orders/unknown", ``, 404, "no such"},
		{"GET", "customer-tokens/unknown", ``, 404, "no such"},
		{"GET", "hosted-pages/unknown", ``, 404, "no such"},
		{"POST", "hosted-pages/unknown/visit", `{"action":"approve"}`, 404, "NOT_FOUND"},
		{"PUT", "customer-tokens/unknown/status", `{"status":"ACTIVE"}`, 409, "no such customer token"},
		{"PUT", "customer-tokens/unknown/status", `{"status":"LOST"}`, 400, "status"},
		{"PUT", "rate-limit", `{"create_session":-1,"others":0}`, 400, "create_session"},
		{"GET", "callbacks?wait=soon", ``, 400, "soon"},
		{"GET", "requests?bodies=perhaps", ``, 400, "bodies"},
		{"GET", "requests?body=true", ``, 400, "query parameter"},
	} {
		t.Run(row.method+" "+row.path+" "+row.body, func(t *testing.T) {
			status, result := c.call(row.method, row.path, row.body)
			require.Equal(t, row.status, status, result)
			require.Contains(t, result["error"], row.want)
		})
	}
	resp, err := http.Get(s.server.URL + "/_sandbox/nothing")
	require.NoError(t, err)
	require.NoError(t, resp.Body.Close())
	require.Equal(t, 404, resp.StatusCode)
	require.Empty(t, s.server.PendingFaults())
	require.Len(t, s.server.Requests(), 1, "calls of the control API are not among the shop's")
}

// Whoever can reach the sandbox is not thereby allowed to read and change all it has.
func TestOnlyThisMachineControls(t *testing.T) {
	t.Parallel()
	send := func(server *klarnatest.Server, change func(r *http.Request)) int {
		w := httptest.NewRecorder()
		r := httptest.NewRequest("GET", server.URL+"/_sandbox/clock", nil)
		r.RemoteAddr = "127.0.0.1:1"
		change(r)
		server.ServeHTTP(w, r)
		return w.Code
	}
	here, anywhere := newShop(t).server, newShop(t, klarnatest.WithRemoteControl()).server
	for _, row := range []struct {
		name           string
		change         func(r *http.Request)
		here, anywhere int
	}{
		{"this machine", func(*http.Request) {}, 200, 200},
		{"this machine by IPv6", func(r *http.Request) { r.RemoteAddr, r.Host = "[::1]:1", "[::1]:80" }, 200, 200},
		{"this machine by name", func(r *http.Request) { r.Host = "localhost:8181" }, 200, 200},
		{"a page of this machine", func(r *http.Request) { r.Header.Set("Origin", "http://localhost:3000") }, 200, 200},
		{"another machine", func(r *http.Request) { r.RemoteAddr = "192.0.2.1:1" }, 403, 200},
		{"a container", func(r *http.Request) { r.RemoteAddr = "172.17.0.2:1" }, 403, 200},
		{"no machine", func(r *http.Request) { r.RemoteAddr = "" }, 403, 200},
		{"behind a proxy", func(r *http.Request) { r.Header.Set("X-Forwarded-For", "192.0.2.1") }, 403, 200},
		{"behind another proxy", func(r *http.Request) { r.Header.Set("Forwarded", "for=192.0.2.1") }, 403, 200},
		{"a name of somebody's that leads here", func(r *http.Request) { r.Host = "evil.example" }, 403, 200},
		{"a page of another site", func(r *http.Request) { r.Header.Set("Origin", "https://evil.example") }, 403, 403},
		{"a page without an origin", func(r *http.Request) { r.Header.Set("Origin", "null") }, 403, 403},
	} {
		require.Equal(t, row.here, send(here, row.change), row.name)
		require.Equal(t, row.anywhere, send(anywhere, row.change), row.name)
		documentToo := func(r *http.Request) { row.change(r); r.URL.Path = "/_sandbox/openapi.yaml" }
		require.Equal(t, row.here, send(here, documentToo), row.name)
	}
}

// What was waiting when the server was reset does not come afterwards, and the settings are those of the start.
func TestReset(t *testing.T) {
	t.Parallel()
	s := newShop(t, klarnatest.WithSetup(func(server *klarnatest.Server) {
		server.SetFraudStatus(klarna.FraudStatusPending)
		server.SetCallbacks(klarnatest.CallbackPolicy{Delay: time.Hour})
	}))
	cart := cart()
	cart.MerchantURLs.Authorization = "http://127.0.0.1:9/authorized"
	s.openAndAuthorize(cart)
	s.server.SetFraudStatus(klarna.FraudStatusAccepted)
	s.server.Reset()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	require.NoError(t, s.server.WaitForCallbacks(ctx), "the one that was to come in an hour is not made")
	require.Empty(t, s.server.Callbacks())
	cart.MerchantURLs = klarna.MerchantURLs{}
	require.Equal(t, klarna.FraudStatusPending, s.order(s.authorize(s.open(cart)), orderOf(cart)).FraudStatus)
	require.Equal(t, klarnatest.Created{Sessions: 1, Orders: 1}, s.server.Created())
}

// Lists are those of the newest.
func TestListsEnd(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	var last string
	for range 1001 {
		session, err := s.server.Client().CreateSession(t.Context(), cart())
		require.NoError(t, err)
		last = session.SessionID
	}
	sessions := s.server.Sessions()
	require.Len(t, sessions, 1000)
	require.Equal(t, last, sessions[999].SessionID)
	require.Empty(t, s.server.Orders())
}

func TestAuthorizeAs(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	id := s.open(cart())
	declined, err := s.server.AuthorizeAs(id, klarnatest.OutcomeDecline, klarnatest.AuthorizeData{BillingAddress: home()})
	require.NoError(t, err)
	require.Equal(t, klarnatest.Authorized{}, declined)
	invalid, err := s.server.AuthorizeAs(id, klarnatest.OutcomeApprove, klarnatest.AuthorizeData{BillingAddress: klarna.Address{Country: "Germany"}})
	require.NoError(t, err)
	require.Equal(t, klarnatest.Authorized{ShowForm: true, InvalidFields: []string{"billing_address.country"}}, invalid)
	approved, err := s.server.AuthorizeAs(id, "", klarnatest.AuthorizeData{})
	require.NoError(t, err)
	require.True(t, approved.Approved)
	require.Equal(t, home(), s.read(id).BillingAddress, "it was stored although the shopper was declined")
	_, err = s.server.AuthorizeAs("unknown", klarnatest.OutcomeApprove, klarnatest.AuthorizeData{})
	require.ErrorContains(t, err, "klarnatest: AuthorizeAs: 404 NOT_FOUND")
}
