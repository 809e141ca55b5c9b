package klarnatest_test

import (
	"encoding/json"
	"os"
	"testing"

	"github.com/klarna-go/klarna-payments/klarna"
	"github.com/stretchr/testify/require"
)

// published reads a body that a provider or one of its libraries published.
func published(t *testing.T, name string) members {
	t.Helper()
	raw, err := os.ReadFile("../" + name)
	require.NoError(t, err)
	var m members
	require.NoError(t, json.Unmarshal(raw, &m))
	return m
}

// openWith creates a session with a body, authorizes it, and returns the token.
func (s *shop) openWith(body members) (sessionID, token string) {
	s.t.Helper()
	got := s.send("POST", sessionsPath, encode(s.t.(*testing.T), body))
	require.Equal(s.t, 200, got.status, got.body)
	var created klarna.MerchantSession
	require.NoError(s.t, json.Unmarshal([]byte(got.body), &created))
	return created.SessionID, s.authorize(created.SessionID)
}

// Published bodies are accepted by default and by a strict server, without a warning, but for the one that is wrong.
func TestPublishedBodiesAreAccepted(t *testing.T) {
	t.Parallel()
	const payments, orders, tokens, pages = "testdata/examples/", "ordermanagement/testdata/examples/om_", "customertoken/testdata/examples/ct_", "hostedpage/testdata/examples/hpp_"
	capturesOf := func(s *shop) string {
		order := s.captured()
		return order + "/captures/" + s.server.Order(order[len(ordersPath):]).Captures[0].CaptureID
	}
	tokenFor := func(s *shop, charge members) string {
		session := members{"purchase_country": "DE", "intent": "tokenize"}
		for _, name := range []string{"purchase_currency", "order_amount", "order_tax_amount", "order_lines"} {
			session[name] = charge[name]
		}
		_, token := s.openWith(session)
		created, err := s.CreateCustomerToken(t.Context(), token, customerToken())
		require.NoError(t, err)
		return "/customer-token/v1/tokens/" + created.TokenID
	}
	for _, row := range []struct {
		file, method string
		path         func(s *shop, body members) string // it may change the body
		status       int
	}{
		{payments + "session_create.json", "POST", func(*shop, members) string { return sessionsPath }, 200},
		{payments + "session_update.json", "POST", func(s *shop, _ members) string { return sessionsPath + "/" + s.open(cart()) }, 204},
		{payments + "create_order_request.json", "POST", func(s *shop, body members) string {
			session := members{}
			for name, value := range body {
				if name != "auto_capture" {
					session[name] = value
				}
			}
			_, token := s.openWith(session)
			return "/payments/v1/authorizations/" + token + "/order"
		}, 200},
		{payments + "customer_token_creation_request.json", "POST", func(s *shop, body members) string {
			session := membersOf(t, cartFor(klarna.IntentTokenize))
			session["purchase_country"], session["purchase_currency"], session["billing_address"] = "GB", "GBP", body["billing_address"]
			_, token := s.openWith(session)
			return "/payments/v1/authorizations/" + token + "/customer-token"
		}, 200},
		{payments + "session_create.arithmetic-wrong.json", "POST", func(*shop, members) string { return sessionsPath }, 400},

		{orders + "capture_request.json", "POST", func(s *shop, _ members) string { return ordersPath + s.place() + "/captures" }, 201},
		{orders + "capture_request.minimal.json", "POST", func(s *shop, _ members) string { return ordersPath + s.place() + "/captures" }, 201},
		{orders + "refund_request.json", "POST", func(s *shop, _ members) string { return s.captured() + "/refunds" }, 201},
		{orders + "refund_request.return_fee.json", "POST", func(s *shop, _ members) string { return s.captured() + "/refunds" }, 201},
		{orders + "shipping_info_request.json", "POST", func(s *shop, _ members) string { return capturesOf(s) + "/shipping-info" }, 204},
		{orders + "update_authorization_request.json", "PATCH", func(s *shop, _ members) string { return ordersPath + s.place() + "/authorization" }, 204},
		{orders + "update_customer_details_request.json", "PATCH", func(s *shop, _ members) string { return ordersPath + s.place() + "/customer-details" }, 204},
		{orders + "update_merchant_references_request.json", "PATCH", func(s *shop, _ members) string { return ordersPath + s.place() + "/merchant-references" }, 204},
		{orders + "extend_due_date_request.json", "PATCH", func(s *shop, _ members) string { return capturesOf(s) + "/extend-due-date" }, 204},

		{tokens + "create_order_request.json", "POST", func(s *shop, body members) string { return tokenFor(s, body) + "/order" }, 200},
		{tokens + "create_order_request.on_demand_step_up.json", "POST", func(s *shop, body members) string { return tokenFor(s, body) + "/order" }, 200},
		{tokens + "cancel_token_request.json", "PATCH", func(s *shop, _ members) string { return tokenFor(s, membersOf(t, cart())) + "/status" }, 202},

		{pages + "create_session_request.json", "POST", func(s *shop, body members) string {
			body["payment_session_url"] = s.SessionURL(s.open(cart()))
			return "/hpp/v1/sessions"
		}, 201},
		{pages + "distribution_request.json", "POST", func(s *shop, _ members) string { return "/hpp/v1/sessions/" + s.newPage(cart()) + "/distribution" }, 201},
	} {
		for mode, open := range map[string]func(testing.TB) *shop{
			"default": func(t testing.TB) *shop { return newLenientShop(t) }, "strict": func(t testing.TB) *shop { return newShop(t) },
		} {
			t.Run(row.file+", "+mode, func(t *testing.T) {
				s := open(t)
				body := published(t, row.file)
				path := row.path(s, body)
				got := s.send(row.method, path, encode(t, body), "X-Unchecked", "1")
				require.Equal(t, row.status, got.status, got.body)
				require.Empty(t, s.warnings())
			})
		}
	}
}
