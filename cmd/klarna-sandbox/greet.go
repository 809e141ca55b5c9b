package main

import (
	"fmt"
	"io"
	"strings"

	"github.com/klarna-go/klarna-payments/klarna/klarnatest"
	"github.com/klarna-go/klarna-payments/payway/paywaytest"
)

// greet prints what a shop needs to know. A shell can read it as it is: all but the lines to copy are comments.
func greet(out io.Writer, server *klarnatest.Server) error {
	_, err := fmt.Fprintf(out, `# A local sandbox for Klarna. Copy these lines to where your shop runs:
export KLARNA_BASE_URL=%s
export KLARNA_API_KEY=%s
# or, in place of the API key:
# export KLARNA_USERNAME=%s KLARNA_PASSWORD=%s
# In the page, in place of Klarna's script: <script src="%s" async></script>
# How to buy something with curl: klarna-sandbox -h. To control it from a test: %s. Ctrl-C stops.
`, quote(server.URL), quote(server.APIKey), quote(server.Username), quote(server.Password), server.URL+klarnatest.ScriptPath, server.URL+klarnatest.ControlPath+"openapi.yaml")
	return err
}

// greetPayway prints what a publisher's backend needs to know. It comes first.
func greetPayway(out io.Writer, url string, server *paywaytest.Server) error {
	_, err := fmt.Fprintf(out, `# A local sandbox for Klarna through Payway, with a token that has an identity and the scope:
export PAYWAY_BASE_URL=%s
export PAYWAY_TOKEN=%s
`, quote(url), quote(string(server.Token)))
	return err
}

// quote makes one word of a text for a shell.
func quote(text string) string {
	plain := func(r rune) bool {
		return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("_-./:[]", r)
	}
	if strings.IndexFunc(text, func(r rune) bool { return !plain(r) }) < 0 {
		return text
	}
	return "'" + strings.ReplaceAll(text, "'", `'\''`) + "'"
}

// walkThrough is a purchase with curl. A test runs it as it stands.
const walkThrough = `A purchase with curl. In another terminal, paste the two export lines that klarna-sandbox printed, then:

  field() { sed -n "s/.*\"$1\":\"\([^\"]*\)\".*/\1/p"; }
  api() { curl -sS -H "Authorization: Basic $KLARNA_API_KEY" -H "Content-Type: application/json" "$@"; }
  CART='{"purchase_country": "DE", "purchase_currency": "EUR", "order_amount": 11900, "order_tax_amount": 1900,
    "order_lines": [{"name": "Running shoe", "quantity": 1, "unit_price": 11900, "tax_rate": 1900,
      "total_amount": 11900, "total_tax_amount": 1900}]}'

  # The shop opens a session.
  CLIENT_TOKEN=$(api "$KLARNA_BASE_URL/payments/v1/sessions" -d "$CART" | field client_token)

  # The shopper approves. The "outcome" decline, invalid_fields or close ends it otherwise.
  TOKEN=$(curl -sS "$KLARNA_BASE_URL/kp/sandbox/authorize" -d "{\"client_token\": \"$CLIENT_TOKEN\"}" | field authorization_token)

  # The shop places the order.
  api "$KLARNA_BASE_URL/payments/v1/authorizations/$TOKEN/order" -d "$CART"

  # Or the shopper pays on a hosted page, which places the order: open its redirect_url in a browser, or send its form.
  SESSION=$(api "$KLARNA_BASE_URL/payments/v1/sessions" -d "$CART" | field session_id)
  PAGE=$(api "$KLARNA_BASE_URL/hpp/v1/sessions" -d "{\"options\": {\"place_order_mode\": \"PLACE_ORDER\"},
    \"payment_session_url\": \"$KLARNA_BASE_URL/payments/v1/sessions/$SESSION\"}")
  curl -sS -o page.html "$(echo "$PAGE" | field redirect_url)" -d action=approve
  api "$(echo "$PAGE" | field session_url)"
`
