package klarnatest_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/klarna-go/klarna-payments/klarna"
	"github.com/stretchr/testify/require"
)

func TestBadBodiesAreRejected(t *testing.T) {
	t.Parallel()
	const line = `{"name":"x","quantity":1,"unit_price":1,"total_amount":1}`
	const rest = `"order_lines":[` + line + `],"purchase_country":"DE","purchase_currency":"EUR"}`
	session := func(*shop) string { return sessionsPath }
	update := func(s *shop) string { return sessionsPath + "/" + s.open(cart()) }
	order := func(s *shop) string {
		_, token := s.openAndAuthorize(cart())
		return "/payments/v1/authorizations/" + token + "/order"
	}
	customerToken := func(s *shop) string {
		_, token := s.openAndAuthorize(cartFor(klarna.IntentTokenize))
		return "/payments/v1/authorizations/" + token + "/customer-token"
	}
	for _, row := range []struct {
		name string
		path func(*shop) string
		body string
		want rejection
	}{
		{"no body", session, "", rejection{400, "BAD_REQUEST", ""}},
		{"no JSON", session, "order_amount=1", rejection{400, "BAD_REQUEST", ""}},
		{"half a body", session, `{"order_amount":1,` + rest[:20], rejection{400, "BAD_REQUEST", ""}},
		{"more than one value", session, `{"order_amount":1,` + rest + `{}`, rejection{400, "BAD_REQUEST", ""}},
		{"null", session, "null", rejection{400, "BAD_REQUEST", ""}},
		{"a list", session, "[]", rejection{400, "BAD_REQUEST", ""}},
		{"an update without a body", update, "", rejection{400, "BAD_REQUEST", ""}},
		{"an order without a body", order, "", rejection{400, "BAD_REQUEST", ""}},
		{"a customer token without a body", customerToken, "", rejection{400, "BAD_REQUEST", ""}},

		{"no amount", session, `{` + rest, rejection{400, "BAD_VALUE", "Bad value: order_amount"}},
		{"an amount that is null", session, `{"order_amount":null,` + rest, rejection{400, "BAD_VALUE", "Bad value: order_amount"}},
		{"nothing at all", session, `{}`, rejection{400, "BAD_VALUE", "Bad value: order_amount, order_lines, purchase_country, purchase_currency"}},
		{"no lines", session, `{"order_amount":1,"order_lines":[],"purchase_country":"DE","purchase_currency":"EUR"}`, rejection{400, "BAD_VALUE", "Bad value: order_lines"}},
		{"an update to no lines", update, `{"order_lines":[]}`, rejection{400, "BAD_VALUE", "Bad value: order_lines"}},
		{"an order of nothing", order, `{}`, rejection{400, "BAD_VALUE", "Bad value: order_amount, order_lines, purchase_country, purchase_currency"}},
		{"a customer token for nothing", customerToken, `{}`, rejection{400, "BAD_VALUE", "Bad value: description, intended_use, locale, purchase_country, purchase_currency"}},

		{"an amount that is a text", session, `{"order_amount":"1",` + rest, rejection{400, "BAD_VALUE", "Bad value: order_amount"}},
		{"an amount written with a point", session, `{"order_amount":1.0,` + rest, rejection{400, "BAD_VALUE", "Bad value: order_amount"}},
		{"a line's price written with a point", session, `{"order_amount":1,` + strings.Replace(rest, `"unit_price":1`, `"unit_price":1.0`, 1), rejection{400, "BAD_VALUE", "Bad value: order_lines[0].unit_price"}},
		{"an amount beyond any number", session, `{"order_amount":1e400,` + rest, rejection{400, "BAD_VALUE", "Bad value: order_amount"}},
		{"an amount beyond 64 bits", session, `{"order_amount":9223372036854775808,` + rest, rejection{400, "BAD_VALUE", "Bad value: order_amount"}},
		{"an amount with a fraction", session, `{"order_amount":1.5,` + rest, rejection{400, "BAD_VALUE", "Bad value: order_amount"}},
		{"a line that is a number", session, `{"order_lines":[1],"order_amount":1,"purchase_country":"DE","purchase_currency":"EUR"}`, rejection{400, "BAD_VALUE", "Bad value: order_lines[0]"}},
		{"a line's price that is a text", session, `{"order_amount":1,"order_lines":[` + line + `,{"name":"x","quantity":1,"unit_price":"1","total_amount":1}],"purchase_country":"DE","purchase_currency":"EUR"}`, rejection{400, "BAD_VALUE", "Bad value: order_lines[1].unit_price"}},
		{"an address's field that is a number", update, `{"billing_address":{"postal_code":10115}}`, rejection{400, "BAD_VALUE", "Bad value: billing_address.postal_code"}},
	} {
		t.Run(row.name, func(t *testing.T) {
			s := newShop(t)
			got := s.send("POST", row.path(s), row.body)
			var body struct {
				Code     string   `json:"error_code"`
				Messages []string `json:"error_messages"`
			}
			require.NoError(t, json.Unmarshal([]byte(got.body), &body))
			require.Equal(t, row.want, rejection{got.status, body.Code, strings.Join(withoutWarnings(body.Messages), "; ")})
		})
	}
}

func TestAnUpdateThatIsRejectedChangesNothing(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	id := s.open(cart())
	require.Equal(t, 400, s.send("POST", sessionsPath+"/"+id, `{"locale":"sv-SE","order_lines":[]}`).status)
	require.Equal(t, "de-DE", s.read(id).Locale)
}

func TestAnEmptyUpdateIsOne(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	require.Equal(t, 204, s.send("POST", sessionsPath+"/"+s.open(cart()), `{}`).status)
}

func TestBodiesOfOver1MBAreRejected(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	body := func(size int) string {
		raw := encode(t, cart())
		return raw + strings.Repeat(" ", size-len(raw))
	}
	for _, row := range []struct {
		name         string
		size, status int
	}{
		{"just 1 MB", 1 << 20, 200},
		{"a byte more", 1<<20 + 1, 413},
		{"much more", 3 << 20, 413},
	} {
		t.Run(row.name, func(t *testing.T) {
			got := s.send("POST", sessionsPath, body(row.size))
			require.Equal(t, row.status, got.status)
			if row.status == 413 {
				require.Contains(t, got.body, `"error_code":"REQUEST_TOO_LARGE"`)
			}
			log := s.server.Requests()
			require.LessOrEqual(t, len(log[len(log)-1].Body), 1<<20)
		})
	}
}
