package klarnatest_test

import (
	"context"
	"encoding/json"
	"testing"

	"github.com/klarna-go/klarna-payments/klarna"
	"github.com/stretchr/testify/require"
)

func TestAnOrderMustBeWhatWasAuthorized(t *testing.T) {
	t.Parallel()
	none := klarna.Address{}
	for _, row := range []struct {
		name              string
		billing, shipping klarna.Address // authorized
		change            func(o *klarna.CreateOrderRequest)
		want              string // what does not match; empty: nothing
	}{
		{"the same", home(), work(), func(*klarna.CreateOrderRequest) {}, ""},
		{"the amount", none, none, func(o *klarna.CreateOrderRequest) { setPrice(o, 0, 12000) }, "order_amount, order_lines[0].total_amount, order_lines[0].total_tax_amount, order_lines[0].unit_price"},
		{"the country", none, none, func(o *klarna.CreateOrderRequest) { o.PurchaseCountry = "AT" }, "purchase_country"},
		{"the country's case does not count", none, none, func(o *klarna.CreateOrderRequest) { o.PurchaseCountry = "de" }, ""},
		{"the currency", none, none, func(o *klarna.CreateOrderRequest) { o.PurchaseCurrency = "SEK" }, "purchase_currency"},
		{"the shop's own references are not compared", none, none, func(o *klarna.CreateOrderRequest) {
			o.MerchantReference1, o.MerchantData, o.Locale, o.AutoCapture = "ON4711", "x", "en-DE", new(false)
		}, ""},

		{"a line's price", none, none, func(o *klarna.CreateOrderRequest) {
			o.OrderLines[0].UnitPrice, o.OrderLines[0].TotalDiscountAmount = 12000, 100
		}, "order_lines[0].total_discount_amount, order_lines[0].unit_price"},
		{"several fields of lines", none, none, func(o *klarna.CreateOrderRequest) {
			o.OrderLines[0].Quantity, o.OrderLines[0].UnitPrice, o.OrderLines[1].Name = 2, 5950, "Box"
		}, "order_lines[0].quantity, order_lines[0].unit_price, order_lines[1].name"},
		{"a field that the line did not have", none, none, func(o *klarna.CreateOrderRequest) { o.OrderLines[1].Reference = "P1" }, "order_lines[1].reference"},
		{"a field that the line had", none, none, func(o *klarna.CreateOrderRequest) {
			o.OrderLines[1].TaxRate, o.OrderLines[1].TotalTaxAmount, o.OrderTaxAmount = 0, 0, 1900
		}, "order_lines[1].tax_rate, order_lines[1].total_tax_amount"},
		{"a field within a line's object", none, none, func(o *klarna.CreateOrderRequest) { o.OrderLines[0].ProductIdentifiers.Brand = "x" }, "order_lines[0].product_identifiers.brand"},
		{"an object of a line that is gone", none, none, func(o *klarna.CreateOrderRequest) {
			o.OrderLines[0].ProductIdentifiers = klarna.ProductIdentifiers{}
		}, "order_lines[0].product_identifiers.brand"},
		{"an object of a line that is new", none, none, func(o *klarna.CreateOrderRequest) { o.OrderLines[1].ProductIdentifiers.Size = "42" }, "order_lines[1].product_identifiers.size"},
		{"lines in another order", none, none, func(o *klarna.CreateOrderRequest) {
			o.OrderLines[0], o.OrderLines[1] = o.OrderLines[1], o.OrderLines[0]
		}, "order_lines[0].name, order_lines[0].product_identifiers.brand, order_lines[0].total_amount, order_lines[0].total_tax_amount, order_lines[0].type, order_lines[0].unit_price, " +
			"order_lines[1].name, order_lines[1].product_identifiers.brand, order_lines[1].total_amount, order_lines[1].total_tax_amount, order_lines[1].type, order_lines[1].unit_price"},
		{"a line more", none, none, func(o *klarna.CreateOrderRequest) { o.OrderLines = append(o.OrderLines, free("Sticker")) },
			"Incorrect number of items in the cart. Expected: 2, Actual: 3"},
		{"a line less, and the amount", none, none, func(o *klarna.CreateOrderRequest) { takeLines(o, 1) },
			"order_amount, Incorrect number of items in the cart. Expected: 2, Actual: 1"},

		{"no address was authorized, one is sent now", none, none, func(o *klarna.CreateOrderRequest) { o.BillingAddress, o.ShippingAddress = home(), work() }, ""},
		{"a billing address's field", home(), none, func(o *klarna.CreateOrderRequest) { o.BillingAddress.PostalCode = "10117" },
			"billing_address.postal_code, shipping_address.postal_code"},
		{"a billing address's field, with shipping elsewhere", home(), work(), func(o *klarna.CreateOrderRequest) { o.BillingAddress.PostalCode = "10117" },
			"billing_address.postal_code"},
		{"a field that the address did not have", home(), work(), func(o *klarna.CreateOrderRequest) { o.BillingAddress.Region = "BE" }, "billing_address.region"},
		{"a field that the address had", home(), work(), func(o *klarna.CreateOrderRequest) { o.ShippingAddress.OrganizationName = "" }, "shipping_address.organization_name"},
		{"an address field's case counts", home(), work(), func(o *klarna.CreateOrderRequest) { o.BillingAddress.City = "BERLIN" }, "billing_address.city"},
		{"an authorized address is left out", home(), home(), func(o *klarna.CreateOrderRequest) { o.BillingAddress = klarna.Address{} },
			"billing_address.city, billing_address.country, billing_address.family_name, billing_address.given_name, billing_address.postal_code, billing_address.street_address"},
		{"no shipping address was authorized: billing counts", home(), none, func(o *klarna.CreateOrderRequest) { o.ShippingAddress = home() }, ""},
		{"no shipping address was authorized: billing counts, and this is another", home(), none, func(o *klarna.CreateOrderRequest) {
			o.ShippingAddress = home()
			o.ShippingAddress.City = "Potsdam"
		}, "shipping_address.city"},
		{"the shipping address is left out, and billing is the same", home(), home(), func(o *klarna.CreateOrderRequest) { o.ShippingAddress = klarna.Address{} }, ""},
		{"the shipping address is left out, and billing is another", home(), work(), func(o *klarna.CreateOrderRequest) { o.ShippingAddress = klarna.Address{} },
			"shipping_address.organization_name, shipping_address.postal_code, shipping_address.street_address"},
		{"the addresses come first, as in Klarna's messages", home(), work(), func(o *klarna.CreateOrderRequest) {
			takeLines(o, 1)
			o.ShippingAddress.City = "Potsdam"
		}, "shipping_address.city, order_amount, Incorrect number of items in the cart. Expected: 2, Actual: 1"},
	} {
		t.Run(row.name, func(t *testing.T) {
			s := newShop(t)
			c := cart()
			c.BillingAddress, c.ShippingAddress = row.billing, row.shipping
			_, token := s.openAndAuthorize(c)
			order := orderOf(c)
			row.change(&order)
			_, err := s.CreateOrder(context.Background(), token, order)
			if row.want == "" {
				require.NoError(t, err)
				return
			}
			requireRejected(t, err, rejection{409, "BAD_VALUE", "Not matching fields: [" + row.want + "]"})
		})
	}
}

// free is a line that costs nothing.
func free(name string) klarna.OrderLine { return klarna.OrderLine{Name: name, Quantity: 1} }

// takeLines leaves the first lines of an order, and makes its amounts right again.
func takeLines(o *klarna.CreateOrderRequest, most int) {
	o.OrderLines = o.OrderLines[:most]
	o.OrderAmount, o.OrderTaxAmount = klarna.Totals(o.OrderLines)
}

// setPrice changes the price of a line, and makes the amounts right again.
func setPrice(o *klarna.CreateOrderRequest, line int, price int64) {
	o.OrderLines[line].UnitPrice = price
	o.OrderLines[line] = klarna.CompleteLine(o.OrderLines[line])
	takeLines(o, len(o.OrderLines))
}

// What the client leaves out by itself, callers in other languages send.
func TestEmptyAndZeroInWhatMustMatch(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name              string
		authorized, order func(members map[string]any)
		want              string
	}{
		{"an empty field of an address is not an absent one", func(m map[string]any) { address(m)["region"] = "" }, func(map[string]any) {}, "billing_address.region, shipping_address.region"},
		{"an absent field of an address is not an empty one", func(map[string]any) {}, func(m map[string]any) { address(m)["region"] = "" }, "billing_address.region, shipping_address.region"},
		{"a number of 0 is an absent one", func(map[string]any) {}, func(m map[string]any) { line(m)["total_discount_amount"] = 0 }, ""},
		{"an absent number is one of 0", func(m map[string]any) { line(m)["total_discount_amount"] = 0 }, func(map[string]any) {}, ""},
		{"null is absent", func(m map[string]any) { address(m)["region"] = nil }, func(m map[string]any) { m["shipping_address"] = nil }, ""},
		{"members of an unknown name", func(map[string]any) {}, func(m map[string]any) { line(m)["extra"] = []any{1} }, ""},
		{"an object where there was none of that name", func(m map[string]any) { line(m)["extra"] = 1 }, func(m map[string]any) { line(m)["extra"] = map[string]any{} }, ""},
		{"a number that is a text", func(m map[string]any) { line(m)["unit_price"] = "11900" }, func(m map[string]any) { line(m)["unit_price"] = 11900.0 }, ""},
		{"the case of a known value", func(map[string]any) {}, func(m map[string]any) { line(m)["type"] = "PHYSICAL" }, ""},
		{"the case of an address's country", func(map[string]any) {}, func(m map[string]any) { address(m)["country"] = "de" }, ""},
	} {
		t.Run(row.name, func(t *testing.T) {
			s := newLenientShop(t)
			c := cart()
			c.BillingAddress = home()

			members := membersOf(t, c)
			row.authorized(members)
			created := s.send("POST", sessionsPath, encode(t, members))
			require.Equal(t, 200, created.status)
			var session klarna.MerchantSession
			require.NoError(t, json.Unmarshal([]byte(created.body), &session))
			token := s.authorize(session.SessionID)

			members = membersOf(t, orderOf(c))
			row.order(members)
			got := s.send("POST", "/payments/v1/authorizations/"+token+"/order", encode(t, members))
			if row.want == "" {
				require.Equal(t, 200, got.status, got.body)
				return
			}
			require.Equal(t, 409, got.status)
			require.Contains(t, got.body, `"Not matching fields: [`+row.want+`]"`)
		})
	}
}

func address(m map[string]any) map[string]any { return m["billing_address"].(map[string]any) }

func line(m map[string]any) map[string]any {
	return m["order_lines"].([]any)[0].(map[string]any)
}

func encode(t *testing.T, value any) string {
	t.Helper()
	raw, err := json.Marshal(value)
	require.NoError(t, err)
	return string(raw)
}
