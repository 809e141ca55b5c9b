package klarnatest_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/klarna-go/klarna-payments/klarna"
	"github.com/klarna-go/klarna-payments/klarna/klarnatest"
	"github.com/stretchr/testify/require"
)

func TestCreateSessionResponses(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	session, err := s.CreateSession(context.Background(), cart())
	require.NoError(t, err)
	require.Regexp(t, uuid, session.SessionID)
	require.LessOrEqual(t, len(session.ClientToken), 4096)

	claims := claimsOf(t, session.ClientToken)
	require.Equal(t, map[string]any{
		"session_id":       session.SessionID,
		"base_url":         s.server.URL,
		"environment":      "playground",
		"session_type":     "PAYMENTS",
		"language":         "de",
		"purchase_country": "DE",
		"order_amount":     float64(12400),
		"sandbox":          true,

		"payment_method_categories": []any{"klarna"},
	}, claims)

	again, err := s.CreateSession(context.Background(), cart())
	require.NoError(t, err)
	require.NotEqual(t, session.SessionID, again.SessionID)
	require.NotEqual(t, signatureOf(t, session.ClientToken), signatureOf(t, again.ClientToken))
}

// claimsOf reads the middle part of what looks like a JWT.
func claimsOf(t *testing.T, token string) (claims map[string]any) {
	t.Helper()
	parts := strings.Split(token, ".")
	require.Len(t, parts, 3)
	for _, part := range parts {
		require.NotEmpty(t, part)
	}
	header, err := base64.RawURLEncoding.DecodeString(parts[0])
	require.NoError(t, err)
	require.Contains(t, string(header), `"alg":"RS256"`)
	payload, err := base64.RawURLEncoding.DecodeString(parts[1])
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(payload, &claims))
	return claims
}

func signatureOf(t *testing.T, token string) string {
	t.Helper()
	parts := strings.Split(token, ".")
	require.Len(t, parts, 3)
	return parts[2]
}

func TestCategoriesAreNamedInTheSessionsLanguage(t *testing.T) {
	t.Parallel()
	for _, row := range []struct{ locale, later, overTime, now string }{
		{"", "Pay later", "Financing", "Pay now"},
		{"en-GB", "Pay later", "Financing", "Pay now"},
		{"de-AT", "Später bezahlen", "Ratenkauf", "Sofort bezahlen"},
		{"sv-SE", "Få först. Betala sen.", "Dela upp betalningen", "Betala nu"},
		{"SV", "Få först. Betala sen.", "Dela upp betalningen", "Betala nu"},
		{"pl-PL", "Pay later", "Financing", "Pay now"},
	} {
		t.Run(row.locale, func(t *testing.T) {
			s := newShop(t, klarnatest.WithCategories("pay_later", "pay_over_time", "pay_now", "new"))
			c := cart()
			c.Locale = row.locale
			session, err := s.CreateSession(context.Background(), c)
			require.NoError(t, err)

			badge := klarna.AssetURLs{
				Descriptive: "https://x.klarnacdn.net/payment-method/assets/badges/generic/klarna.svg",
				Standard:    "https://x.klarnacdn.net/payment-method/assets/badges/generic/klarna.svg",
			}
			want := []klarna.PaymentMethodCategory{
				{Identifier: "pay_later", Name: row.later, AssetURLs: badge},
				{Identifier: "pay_over_time", Name: row.overTime, AssetURLs: badge},
				{Identifier: "pay_now", Name: row.now, AssetURLs: badge},
				{Identifier: "new", Name: "new", AssetURLs: badge},
			}
			require.Equal(t, want, session.PaymentMethodCategories)
			require.Equal(t, want, s.read(session.SessionID).PaymentMethodCategories)
		})
	}
}

func TestReadSessionGivesWhatWasSent(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	raw := example(t, "session_create.json")
	var c klarna.SessionCreate
	require.NoError(t, json.Unmarshal(raw, &c))
	c.StepUpID = "step-up"
	session, err := s.CreateSession(context.Background(), c)
	require.NoError(t, err)

	want := map[string]any{}
	require.NoError(t, json.Unmarshal(raw, &want))
	for _, personal := range []string{"billing_address", "shipping_address", "customer"} {
		delete(want, personal)
	}
	got := membersOf(t, s.read(session.SessionID))
	require.Equal(t, "incomplete", got["status"])
	require.Equal(t, session.ClientToken, got["client_token"])
	for _, own := range []string{"status", "client_token", "expires_at", "payment_method_categories"} {
		require.Contains(t, got, own)
		delete(got, own)
	}
	require.Equal(t, want, got)
}

func example(t *testing.T, name string) []byte {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join("..", "testdata", "examples", name))
	require.NoError(t, err)
	return raw
}

func membersOf(t *testing.T, value any) (members map[string]any) {
	t.Helper()
	raw, err := json.Marshal(value)
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(raw, &members))
	return members
}

func TestPersonalDataIsReadOnceAuthorized(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	s := newShop(t)
	c := cart()
	c.BillingAddress, c.ShippingAddress = home(), work()
	c.Customer = klarna.Customer{Type: "person", DateOfBirth: "1980-01-31", LastFourSSN: "1234", NationalIdentificationNumber: "810101-0000", CustomerToken: "secret"}
	id := s.open(c)

	requireNoPersonalData := func(when string) {
		t.Helper()
		got := membersOf(t, s.read(id))
		for _, name := range []string{"authorization_token", "billing_address", "shipping_address", "customer"} {
			require.NotContains(t, got, name, when)
		}
	}
	requireNoPersonalData("before it is authorized")

	token := s.authorize(id)
	got := s.read(id)
	require.Equal(t, token, got.AuthorizationToken)
	require.Equal(t, home(), got.BillingAddress)
	require.Equal(t, work(), got.ShippingAddress)
	require.Equal(t, klarna.CustomerRead{Type: "person", DateOfBirth: "1980-01-31"}, got.Customer, "Klarna hands out no more of a customer")

	require.NoError(t, s.CancelAuthorization(ctx, token))
	requireNoPersonalData("after it is cancelled")
}

func TestReadSessionShowsATokenWhileItIsGood(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	for _, row := range []struct {
		name   string
		intent klarna.Intent
		do     func(s *shop, sessionID, token string)
		shown  bool
	}{
		{"authorized", klarna.IntentBuy, func(*shop, string, string) {}, true},
		{"updated", klarna.IntentBuy, func(s *shop, id, _ string) { require.NoError(s.t, updateIt(s, id, "")) }, true},
		{"expired", klarna.IntentBuy, func(s *shop, _, _ string) { s.server.Advance(61 * 60e9) }, false},
		{"ordered", klarna.IntentBuy, func(s *shop, _, token string) { s.order(token, orderOf(cart())) }, false},
		{"tokenized", klarna.IntentTokenize, func(s *shop, _, token string) {
			_, err := s.CreateCustomerToken(ctx, token, customerToken())
			require.NoError(s.t, err)
		}, false},
		{"tokenized, and the order still to come", klarna.IntentBuyAndTokenize, func(s *shop, _, token string) {
			_, err := s.CreateCustomerToken(ctx, token, customerToken())
			require.NoError(s.t, err)
		}, true},
	} {
		t.Run(row.name, func(t *testing.T) {
			s := newShop(t)
			id, token := s.openAndAuthorize(cartFor(row.intent))
			row.do(s, id, token)
			want := ""
			if row.shown {
				want = token
			}
			require.Equal(t, want, s.read(id).AuthorizationToken)
		})
	}
}

func TestUpdateSessionReplacesWhatIsGiven(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	c := cart()
	c.MerchantReference1, c.BillingAddress = "ON4711", work()
	id := s.open(c)
	clientToken := s.read(id).ClientToken

	lines := []klarna.OrderLine{{Name: "Sock", Quantity: 2, UnitPrice: 500, TotalAmount: 1000}}
	require.NoError(t, s.UpdateSession(context.Background(), id, klarna.SessionUpdate{
		OrderAmount:    new(int64(1000)),
		OrderTaxAmount: new(int64(0)),
		OrderLines:     lines,
		Locale:         "sv-SE",
		BillingAddress: home(),
	}))
	s.authorize(id)

	got := s.read(id)
	require.EqualValues(t, 1000, got.OrderAmount)
	require.Zero(t, got.OrderTaxAmount)
	require.Equal(t, lines, got.OrderLines)
	require.Equal(t, home(), got.BillingAddress, "an address is replaced as a whole: it has no organization any more")
	require.Equal(t, "Betala med Klarna", got.PaymentMethodCategories[0].Name)
	require.Equal(t, "ON4711", got.MerchantReference1, "what is not given stays")
	require.Equal(t, "DE", got.PurchaseCountry)
	require.Equal(t, clientToken, got.ClientToken)
}

func TestUpdateSessionIgnoresNull(t *testing.T) {
	t.Parallel()
	s := newLenientShop(t)
	c := cart()
	c.MerchantReference1 = "ON4711"
	id := s.open(c)
	got := s.send("POST", sessionsPath+"/"+id, `{"merchant_reference1":null,"order_lines":null,"merchant_reference2":"x"}`)
	require.Equal(t, 204, got.status)
	require.Empty(t, got.body)
	require.Equal(t, "ON4711", s.read(id).MerchantReference1)
	require.Len(t, s.read(id).OrderLines, 2)
	require.Equal(t, "x", s.read(id).MerchantReference2)
}

func TestUpdateSessionRejects(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	requireRejected(t, updateIt(s, "unknown", ""), invalidSession)

	id, token := s.openAndAuthorize(cart())
	s.order(token, orderOf(cart()))
	requireRejected(t, updateIt(s, id, ""), sessionCompleted)
	require.Equal(t, klarna.SessionStatusComplete, s.read(id).Status)
}

func TestReadSessionRejectsAnUnknownID(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	requireRejected(t, readIt(s, "unknown", ""), invalidSession)
}

// What only Klarna sets is unknown to the contract, as a member to send.
const withUnknown = `{"order_amount":1,"purchase_country":"DE","purchase_currency":"EUR",
	"order_lines":[{"name":"x","quantity":1,"unit_price":1,"total_amount":1,"unknown":1}],
	"status":["complete"],"expires_at":[1],"client_token":{"a":1},"authorization_token":"mine","payment_method_categories":[1],"unknown":{"a":1}}`

func TestUnknownFieldsAreRejected(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	got := s.send("POST", sessionsPath, withUnknown)
	require.Equal(t, 400, got.status)
	require.Contains(t, got.body, `"Bad value: authorization_token, client_token, expires_at, order_lines[0].unknown, payment_method_categories, status, unknown"`)
}

func TestUnknownFieldsAreIgnoredOnRequest(t *testing.T) {
	t.Parallel()
	s := newLenientShop(t)
	got := s.send("POST", sessionsPath, withUnknown)
	require.Equal(t, 200, got.status)
	var created klarna.MerchantSession
	require.NoError(t, json.Unmarshal([]byte(got.body), &created))
	session := s.read(created.SessionID) // which the contract rejects when it has unknown members
	require.Equal(t, klarna.SessionStatusIncomplete, session.Status)
	require.Equal(t, created.ClientToken, session.ClientToken)
	require.Empty(t, session.AuthorizationToken)

	got = s.send("POST", sessionsPath, `{"unknown":1,"locale":1,"purchase_country":"DE","purchase_currency":"EUR"}`)
	require.Contains(t, got.body, `"Bad value: locale, order_amount, order_lines"`, "other rules stay")
}

func TestSessionsKeepTheirDataToThemselves(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	c := cart()
	c.BillingAddress = home()
	_, other := s.openAndAuthorize(c)

	id, err := s.server.AuthorizeWith(s.open(cart()), klarnatest.AuthorizeData{BillingAddress: work()})
	require.NoError(t, err)
	require.NotEqual(t, other, id)
	_, err = s.CreateOrder(context.Background(), other, func() klarna.CreateOrderRequest {
		o := orderOf(c)
		o.BillingAddress = work()
		return o
	}())
	require.Error(t, err)
	var rejected *klarna.Error
	require.ErrorAs(t, err, &rejected)
	require.NotContains(t, string(rejected.Body), home().StreetAddress)
	require.NotContains(t, string(rejected.Body), work().StreetAddress)
}

func TestReadSessionKeepsZeroAndEmpty(t *testing.T) {
	t.Parallel()
	s := newLenientShop(t)
	members := membersOf(t, cart())
	members["merchant_data"], members["order_tax_amount"] = "", 0
	for _, line := range members["order_lines"].([]any) {
		delete(line.(map[string]any), "tax_rate")
		delete(line.(map[string]any), "total_tax_amount")
	}
	members["billing_address"] = map[string]any{"region": "", "city": nil}
	created := s.send("POST", sessionsPath, encode(t, members))
	require.Equal(t, 200, created.status)
	var session klarna.MerchantSession
	require.NoError(t, json.Unmarshal([]byte(created.body), &session))
	s.authorize(session.SessionID)

	var read map[string]any
	require.NoError(t, json.Unmarshal([]byte(s.send("GET", sessionsPath+"/"+session.SessionID, "").body), &read))
	require.Equal(t, "", read["merchant_data"])
	require.Equal(t, 0.0, read["order_tax_amount"])
	require.Equal(t, map[string]any{"region": ""}, read["billing_address"])
}

// The bodies that other libraries publish, through the operations that they are for.
func TestPublishedBodies(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	s := newShop(t)
	var create klarna.SessionCreate
	var update klarna.SessionUpdate
	var order klarna.CreateOrderRequest
	var token klarna.CustomerTokenCreationRequest
	for name, body := range map[string]any{
		"session_create.json": &create, "session_update.json": &update,
		"create_order_request.json": &order, "customer_token_creation_request.json": &token,
	} {
		require.NoError(t, json.Unmarshal(example(t, name), body))
	}

	id := s.open(create)
	require.NoError(t, s.UpdateSession(ctx, id, update))
	placed := s.order(s.authorize(id), order)
	require.NotEmpty(t, placed.OrderID)

	create.Intent = klarna.IntentTokenize
	_, authorized := s.openAndAuthorize(create)
	created, err := s.CreateCustomerToken(ctx, authorized, token)
	require.NoError(t, err)
	require.Equal(t, token.BillingAddress, created.BillingAddress)
}
