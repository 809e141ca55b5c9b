package klarnatest_test

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/klarna-go/klarna-payments/klarna"
	"github.com/klarna-go/klarna-payments/klarna/klarnatest"
	"github.com/stretchr/testify/require"
)

// lineOf is the first line of a body.
func lineOf(m map[string]any) map[string]any { return m["order_lines"].([]any)[0].(map[string]any) }

// strictRules are one broken rule each, in a cart that is right but for it.
var strictRules = []struct {
	name  string
	spoil func(m map[string]any)
	want  string // the fields; empty: it is accepted
}{
	{"a cart that is right", func(map[string]any) {}, ""},

	{"a country of three letters", func(m map[string]any) { m["purchase_country"] = "DEU" }, "purchase_country"},
	{"a currency of two letters", func(m map[string]any) { m["purchase_currency"] = "EU" }, "purchase_currency"},
	{"an empty locale", func(m map[string]any) { m["locale"] = "" }, "locale"},
	{"a reference that is too long", func(m map[string]any) { m["merchant_reference1"] = strings.Repeat("x", 256) }, "merchant_reference1"},
	{"a negative amount", func(m map[string]any) { m["order_amount"] = -1 }, "order_amount"},
	{"a field that is mistyped", func(m map[string]any) { m["merchant_refrence1"] = "x" }, "merchant_refrence1"},
	{"a field of a line that is mistyped", func(m map[string]any) { lineOf(m)["totalAmount"] = 1 }, "order_lines[0].totalAmount"},
	{"a line without a name", func(m map[string]any) { delete(lineOf(m), "name") }, "order_lines[0].name"},
	{"a line with an empty name", func(m map[string]any) { lineOf(m)["name"] = "" }, "order_lines[0].name"},
	{"a tax rate above all", func(m map[string]any) { lineOf(m)["tax_rate"] = 10001 }, "order_lines[0].tax_rate"},
	{"a fault in an object of a line", func(m map[string]any) {
		lineOf(m)["product_identifiers"] = map[string]any{"size": strings.Repeat("x", 65)}
	},
		"order_lines[0].product_identifiers.size"},
	{"an address with a country's name", func(m map[string]any) { m["billing_address"] = map[string]any{"country": "Germany"} }, "billing_address.country"},
	{"a customer of a type that there is not", func(m map[string]any) { m["customer"] = map[string]any{"type": "dog"} }, "customer.type"},
	{"several", func(m map[string]any) { m["locale"], m["purchase_country"], lineOf(m)["quantity"] = 1, "", -1 }, "locale, order_lines[0].quantity, purchase_country"},
	{"an app's URL that is a browser's", func(m map[string]any) { m["merchant_urls"] = map[string]any{"app_return_url": "https://shop.example"} }, "merchant_urls.app_return_url"},

	{"an amount that is not the sum", func(m map[string]any) { m["order_amount"] = 12401 }, "order_amount"},
	{"a tax amount that is not the sum", func(m map[string]any) { m["order_tax_amount"] = 1900 }, "order_tax_amount"},
	{"a tax amount of nothing", func(m map[string]any) { m["order_tax_amount"] = 0 }, "order_tax_amount"},
	{"a line that is off by one", func(m map[string]any) { lineOf(m)["unit_price"] = 11901 }, "order_lines[0].total_amount"},
	{"a tax amount that is off by one", func(m map[string]any) { m["order_tax_amount"] = 1981 }, "order_tax_amount"},
	{"a line that is not price by quantity", func(m map[string]any) { lineOf(m)["quantity"] = 2 }, "order_lines[0].total_amount"},
	{"a line's tax on top of the price", func(m map[string]any) {
		lineOf(m)["total_tax_amount"], m["order_tax_amount"] = 2261, 2341
	}, "order_lines[0].total_tax_amount"},
	{"a discount that is positive", func(m map[string]any) { lineOf(m)["type"] = "discount" }, "order_lines[0].total_amount"},
	{"the form comes before the money", func(m map[string]any) { delete(lineOf(m), "quantity"); m["order_amount"] = 1 }, "order_lines[0].quantity"},

	{"only a warning: the locale of another country", func(m map[string]any) { m["locale"] = "sv-SE" }, ""},
	{"only a warning: a URL without https", func(m map[string]any) { m["merchant_urls"] = map[string]any{"push": "http://127.0.0.1/"} }, ""},
	{"a type of line that Klarna may add", func(m map[string]any) { lineOf(m)["type"] = "new" }, ""},
}

func TestANewSessionIsChecked(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	for _, row := range strictRules {
		t.Run(row.name, func(t *testing.T) {
			m := membersOf(t, cart())
			row.spoil(m)
			requireBadValue(t, s.send("POST", sessionsPath, encode(t, m)), 200, row.want)
		})
	}
}

func TestAnOrderIsChecked(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	for _, row := range strictRules {
		t.Run(row.name, func(t *testing.T) {
			_, token := s.openAndAuthorize(cart())
			m := membersOf(t, orderOf(cart()))
			row.spoil(m)
			path := "/payments/v1/authorizations/" + token + "/order"
			got := s.send("POST", path, encode(t, m))
			if row.want == "" && got.status == 409 {
				return // it is not what was authorized, which is another matter
			}
			requireBadValue(t, got, 200, row.want)
			if row.want != "" {
				s.order(token, orderOf(cart())) // nothing has happened to it
			}
		})
	}
}

// An update is checked as the session would be with it.
func TestAnUpdateIsChecked(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	for _, row := range strictRules {
		t.Run(row.name, func(t *testing.T) {
			id := s.open(cart())
			m := membersOf(t, cart())
			row.spoil(m)
			before := s.read(id)
			requireBadValue(t, s.send("POST", sessionsPath+"/"+id, encode(t, m)), 204, row.want)
			if row.want != "" {
				require.Equal(t, before, s.read(id))
			}
		})
	}
	lines := encode(t, cart().OrderLines[:1])
	for _, row := range []struct{ name, body, want string }{
		{"an amount without its lines", `{"order_amount":11900}`, "order_amount"},
		{"lines without their amounts", `{"order_lines":` + lines + `}`, "order_amount, order_tax_amount"},
		{"lines with their amounts", `{"order_lines":` + lines + `,"order_amount":11900,"order_tax_amount":1900}`, ""},
		{"the same amount", `{"order_amount":12400}`, ""},
		{"what has no part in the cart", `{"merchant_reference1":"ON4711"}`, ""},
		{"a country where the tax is in a line of its own", `{"purchase_country":"US"}`,
			"order_lines[0].tax_rate, order_lines[0].total_tax_amount, order_lines[1].tax_rate, order_lines[1].total_tax_amount"},
	} {
		t.Run(row.name, func(t *testing.T) {
			requireBadValue(t, s.send("POST", sessionsPath+"/"+s.open(cart()), row.body), 204, row.want)
		})
	}
}

func requireBadValue(t *testing.T, got response, success int, fields string) {
	t.Helper()
	if fields == "" {
		require.Equal(t, success, got.status, got.body)
		return
	}
	require.Equal(t, 400, got.status, got.body)
	var body struct {
		Code     string   `json:"error_code"`
		Messages []string `json:"error_messages"`
	}
	require.NoError(t, json.Unmarshal([]byte(got.body), &body))
	require.Equal(t, "BAD_VALUE", body.Code)
	require.Equal(t, "Bad value: "+fields, body.Messages[0])
}

func TestACustomerTokenIsChecked(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	for _, row := range []struct {
		name  string
		spoil func(m map[string]any)
		want  string
	}{
		{"right", func(map[string]any) {}, ""},
		{"another use", func(m map[string]any) { m["intended_use"] = "subscription" }, "intended_use"},
		{"an empty description", func(m map[string]any) { m["description"] = "" }, "description"},
		{"a fault in the address", func(m map[string]any) { m["billing_address"] = map[string]any{"postal_code": strings.Repeat("1", 11)} }, "billing_address.postal_code"},
	} {
		t.Run(row.name, func(t *testing.T) {
			_, token := s.openAndAuthorize(cartFor(klarna.IntentTokenize))
			m := membersOf(t, customerToken())
			row.spoil(m)
			requireBadValue(t, s.send("POST", "/payments/v1/authorizations/"+token+"/customer-token", encode(t, m)), 200, row.want)
		})
	}
}

// The client's own types leave a list that they must have in the body, even when it is empty.
func TestTheClientNamesTheFields(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	client := s.server.Client()
	_, err := client.CreateSession(context.Background(), klarna.SessionCreate{PurchaseCountry: "DE", PurchaseCurrency: "EUR", OrderLines: []klarna.OrderLine{}})
	requireRejected(t, err, rejection{400, "BAD_VALUE", "Bad value: order_lines"})
	require.ErrorIs(t, err, klarna.ErrInvalidRequest)
	var failed *klarna.Error
	require.ErrorAs(t, err, &failed)
	require.Equal(t, []string{"order_lines"}, failed.Fields)
}

func TestARejectionNamesFiftyFieldsAtMost(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	c := cart()
	c.OrderLines = nil
	for range 1000 {
		c.OrderLines = append(c.OrderLines, klarna.OrderLine{Name: "x", Quantity: 1, UnitPrice: 1})
	}
	c.OrderAmount, c.OrderTaxAmount = 0, 0
	got := s.send("POST", sessionsPath, encode(t, c))
	require.Equal(t, 400, got.status)
	var want []string
	for i := range 50 {
		want = append(want, fmt.Sprintf("order_lines[%d].total_amount", i))
	}
	require.Contains(t, got.body, `"Bad value: `+strings.Join(want, ", ")+`"`)
}

func TestACustomersTypeCannotChange(t *testing.T) {
	t.Parallel()
	for _, row := range []struct{ was, is, want string }{
		{"", "person", ""}, {"person", "person", ""}, {"organization", "", ""}, {"", "organization", ""},
		{"person", "organization", "customer.type"}, {"organization", "person", "customer.type"},
	} {
		t.Run(row.was+" to "+row.is, func(t *testing.T) {
			s := newShop(t)
			c := cart()
			c.Customer.Type = row.was
			got := s.send("POST", sessionsPath+"/"+s.open(c), encode(t, klarna.SessionUpdate{Customer: klarna.Customer{Type: row.is, Title: "Mx"}}))
			requireBadValue(t, got, 204, row.want)
		})
	}
}

func TestOnlyJSONIsTaken(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	for _, row := range []struct {
		contentType string
		status      int
	}{
		{"application/json", 200}, {"Application/JSON; charset=utf-8", 200},
		{"", 400}, {"text/plain", 400}, {"application/x-www-form-urlencoded", 400}, {"application/json; =", 400},
	} {
		t.Run(row.contentType, func(t *testing.T) {
			require.Equal(t, row.status, s.send("POST", sessionsPath, encode(t, cart()), "Content-Type", row.contentType).status)
		})
	}
}

func TestAuthorizeWithChecksTheData(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	id := s.open(cart())
	token, err := s.server.AuthorizeWith(id, klarnatest.AuthorizeData{BillingAddress: klarna.Address{Country: "Germany"}})
	require.EqualError(t, err, "klarnatest: Authorize: 400 BAD_VALUE: Bad value: billing_address.country")
	require.Empty(t, token)
}
