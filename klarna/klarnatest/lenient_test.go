package klarnatest_test

import (
	"bytes"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/klarna-go/klarna-payments/klarna"
	"github.com/klarna-go/klarna-payments/klarna/klarnatest"
	"github.com/stretchr/testify/require"
)

// members is a JSON object that a row changes.
type members = map[string]any

// target is an operation that a row's body is for: what it is sent to, and a body that has nothing odd.
type target struct {
	name, method string
	path         func(s *shop) string
	body         func(t *testing.T) members
	success      int
}

var (
	newSession = target{
		"a new session", "POST", func(*shop) string { return sessionsPath },
		func(t *testing.T) members { return membersOf(t, cart()) }, 200,
	}
	update = target{
		"an update", "POST", func(s *shop) string { return sessionsPath + "/" + s.open(cart()) },
		func(t *testing.T) members { return membersOf(t, cart()) }, 204,
	}
	newOrder = target{
		"an order", "POST", func(s *shop) string {
			_, token := s.openAndAuthorize(cart())
			return "/payments/v1/authorizations/" + token + "/order"
		},
		func(t *testing.T) members { return membersOf(t, orderOf(cart())) }, 200,
	}
	newToken = target{
		"a customer token", "POST", func(s *shop) string {
			_, token := s.openAndAuthorize(cartFor(klarna.IntentTokenize))
			return "/payments/v1/authorizations/" + token + "/customer-token"
		},
		func(t *testing.T) members { return membersOf(t, customerToken()) }, 200,
	}
	charge = target{
		"a charge", "POST", func(s *shop) string { return "/customer-token/v1/tokens/" + s.customerToken() + "/order" },
		func(t *testing.T) members {
			m := membersOf(t, orderOf(cart()))
			delete(m, "purchase_country")
			delete(m, "locale")
			return m
		}, 200,
	}
	capture = target{
		"a capture", "POST", func(s *shop) string { return ordersPath + s.place() + "/captures" },
		func(*testing.T) members { return members{"captured_amount": 500} }, 201,
	}
	references = target{
		"references", "PATCH", func(s *shop) string { return ordersPath + s.place() + "/merchant-references" },
		func(*testing.T) members { return members{"merchant_reference1": "ON4711"} }, 204,
	}
	page = target{
		"a hosted page", "POST", func(*shop) string { return "/hpp/v1/sessions" },
		func(*testing.T) members { return members{} }, 201,
	}
)

func (s *shop) customerToken() string {
	s.t.Helper()
	_, token := s.openAndAuthorize(cartFor(klarna.IntentTokenize))
	created, err := s.CreateCustomerToken(s.t.Context(), token, customerToken())
	require.NoError(s.t, err)
	return created.TokenID
}

// lenientRules are bodies that Klarna accepts, by the rule of the evidence that they are built by.
var lenientRules = []struct {
	rule   int // of the table of what Klarna accepts
	name   string
	to     target
	change func(m members)
	want   string // the members and rules of the warnings
}{
	{1, "what only Klarna sets", newOrder, func(m members) {
		m["status"], m["client_token"], m["authorization_token"], m["expires_at"] = "incomplete", "eyJ", "b4bd", "2020-01-01T00:00:00Z"
		m["payment_method_categories"] = []any{members{"identifier": "pay_later"}}
	}, "authorization_token unknown_member, client_token unknown_member, expires_at unknown_member, payment_method_categories unknown_member, status unknown_member"},
	{1, "members of a session in an order", newOrder, func(m members) {
		m["acquiring_channel"], m["attachment"], m["design"], m["options"] = "ECOMMERCE", members{"body": "{}", "content_type": "x"}, "x", members{}
	}, "acquiring_channel unknown_member, attachment unknown_member, design unknown_member, options unknown_member"},
	{1, "a member of a line", newSession, func(m members) { lineOf(m)["shipping_attributes"] = members{"weight": 1000} },
		"order_lines[0].shipping_attributes unknown_member"},
	{1, "a member of the second line", newSession, func(m members) { m["order_lines"].([]any)[1].(members)["sku"] = 1 }, "order_lines[1].sku unknown_member"},
	{1, "a member of a capture", capture, func(m members) { m["order_tax_amount"] = 1 }, "order_tax_amount unknown_member"},
	{1, "a member of a charge", charge, func(m members) { m["purchase_country"], m["intent"] = "DE", "buy" }, "intent unknown_member, purchase_country unknown_member"},
	{1, "a member of a hosted page", page, func(m members) { m["locale"] = "de-DE" }, "locale unknown_member"},

	{2, "a signed-in customer", newSession, func(m members) { m["customer"] = members{"type": "person", "klarna_access_token": "ey"} },
		"customer.klarna_access_token unknown_member"},
	{2, "URLs and intent of a customer token", newToken, func(m members) {
		m["merchant_urls"], m["intent"] = members{"confirmation": "https://shop.example/"}, "tokenize"
	}, "intent unknown_member, merchant_urls unknown_member"},
	{2, "colors", newSession, func(m members) { m["options"] = members{"color_button": "#FF0000", "color_text": "#FF0000"} }, "options.color_button unknown_member"},
	{2, "automatic capture of a session", newSession, func(m members) { m["auto_capture"], m["body"], m["customer_payment_method_ids"] = true, "", []any{} },
		"auto_capture unknown_member, body unknown_member, customer_payment_method_ids unknown_member"},
	{2, "intent of an order", newOrder, func(m members) { m["intent"], m["payment_method_reference"] = "buy", nil },
		"intent unknown_member, payment_method_reference unknown_member"},

	{3, "null in a session", newSession, func(m members) {
		m["merchant_reference1"], m["billing_address"] = nil, members{"phone": nil, "country": "DE"}
	},
		"billing_address.phone null, merchant_reference1 null"},
	{3, "null in a line of an order", newOrder, func(m members) { lineOf(m)["image_url"], m["merchant_data"] = nil, nil },
		"merchant_data null, order_lines[0].image_url null"},
	{3, "null in an update", update, func(m members) { m["order_lines"], m["order_amount"], m["order_tax_amount"] = nil, nil, nil },
		"order_amount null, order_lines null, order_tax_amount null"},
	{3, "null in a capture", capture, func(m members) { m["order_lines"], m["shipping_info"], m["shipping_delay"] = nil, nil, nil },
		"order_lines null, shipping_delay null, shipping_info null"},
	{3, "null in a hosted page", page, func(m members) { m["options"] = nil }, "options null"},

	{4, "the use of a customer token", newToken, func(m members) { m["intended_use"] = "subscription" }, "intended_use other_case"},
	{4, "the intent and channel", newSession, func(m members) { m["intent"], m["acquiring_channel"] = "BUY", "ecommerce" },
		"acquiring_channel other_case, intent other_case"},
	{4, "the type of a customer", newSession, func(m members) { m["customer"] = members{"type": "Person"} }, "customer.type other_case"},
	{4, "the type of a line", newOrder, func(m members) { lineOf(m)["type"] = "PHYSICAL" }, "order_lines[0].type other_case"},
	{4, "the mode of a hosted page", page, func(m members) { m["options"] = members{"place_order_mode": "place_order"} }, "options.place_order_mode other_case"},

	{5, "mixed payments", newSession, func(m members) { m["intent"] = "buy_and_default_tokenize" }, ""},
	{5, "account linking", newSession, func(m members) { m["intent"] = "buy_and_link" }, ""},

	{6, "a number for a string", newOrder, func(m members) { m["merchant_reference2"] = 4711 }, "merchant_reference2 coerced"},
	{6, "a number for a string of a line", newSession, func(m members) { lineOf(m)["merchant_data"], lineOf(m)["reference"] = 21, false },
		"order_lines[0].merchant_data coerced, order_lines[0].reference coerced"},
	{6, "numbers in a list of strings", newSession, func(m members) { m["custom_payment_method_ids"] = []any{1, 2} },
		"custom_payment_method_ids[0] coerced, custom_payment_method_ids[1] coerced"},
	{6, "numbers with a point", newSession, func(m members) {
		m["order_amount"] = json.Number("12400.0")
		lineOf(m)["tax_rate"] = json.Number("1900.00")
	},
		"order_amount coerced, order_lines[0].tax_rate coerced"},
	{6, "numbers in strings", newOrder, func(m members) { m["order_amount"], lineOf(m)["unit_price"] = "12400", "11900.00" },
		"order_amount coerced, order_lines[0].unit_price coerced"},
	{6, "a number with an exponent", newSession, func(m members) { lineOf(m)["unit_price"] = json.Number("1.19e4") }, "order_lines[0].unit_price coerced"},
	{6, "a fraction", newSession, func(m members) { lineOf(m)["total_tax_amount"] = 1900.4 }, "order_lines[0].total_tax_amount rounded"},
	{6, "a boolean in a string", newOrder, func(m members) { m["auto_capture"] = "false" }, "auto_capture coerced"},
	{6, "a boolean as a number", charge, func(m members) { m["auto_capture"] = 1 }, "auto_capture coerced"},
	{6, "references as numbers", references, func(m members) { m["merchant_reference2"] = 4711 }, "merchant_reference2 coerced"},
	{6, "an amount of a capture", capture, func(m members) { m["captured_amount"], m["reference"] = "500", 12 }, "captured_amount coerced, reference coerced"},

	{6, "an empty list for an object", newSession, func(m members) { m["options"], m["customer"], m["merchant_urls"] = []any{}, []any{}, "" },
		"customer empty, merchant_urls empty, options empty"},
	{6, "an empty object", newSession, func(m members) { m["options"], m["customer"] = members{}, members{} }, ""},
	{6, "an empty attachment", newSession, func(m members) { m["attachment"] = members{} }, "attachment empty"},
	{6, "an empty string where it has no use", newSession, func(m members) {
		m["locale"], lineOf(m)["quantity_unit"], lineOf(m)["total_discount_amount"] = "", "", ""
	},
		"locale empty, order_lines[0].quantity_unit empty, order_lines[0].total_discount_amount empty"},
	{6, "an empty country of an address", newSession, func(m members) { m["billing_address"] = members{"country": "", "email": ""} }, "billing_address.country empty"},

	{7, "a customer token's smallest body", newToken, func(m members) {
		delete(m, "locale")
		delete(m, "purchase_country")
		delete(m, "purchase_currency")
	}, "locale may_be_missing, purchase_country may_be_missing, purchase_currency may_be_missing"},

	{11, "tax in a line, and not in the order", newSession, func(m members) {
		goods, tax := lineOf(m), m["order_lines"].([]any)[1].(members)
		delete(goods, "tax_rate")
		delete(goods, "total_tax_amount")
		delete(tax, "tax_rate")
		delete(tax, "total_tax_amount")
		tax["type"], tax["name"] = "sales_tax", "Tax"
		m["purchase_country"], m["purchase_currency"], m["locale"] = "US", "USD", "en"
		delete(m, "order_tax_amount")
	}, "order_tax_amount no_order_tax"},
	{12, "a line that is off by its quantity", newSession, func(m members) {
		lineOf(m)["quantity"], lineOf(m)["unit_price"] = 3, 3967 // 11901
	}, "order_lines[0].total_amount line_rounding"},
	{12, "an order's line that is off by one", newOrder, func(m members) { m["order_tax_amount"] = 1978 }, "order_tax_amount tax_rounding"},
	{12, "a charge's line that is off by one", charge, func(m members) { lineOf(m)["unit_price"] = 11899 }, "order_lines[0].total_amount line_rounding"},

	{0, "an app's URL that is a browser's", newSession, func(m members) { m["merchant_urls"] = members{"app_return_url": "https://shop.example/done#x"} },
		"merchant_urls.app_return_url app_scheme"},
	{0, "a name that may be anything", newSession, func(m members) { m["Erika Muster <erika@muster.example>"] = 1 }, "… unknown_member"},
}

func TestWhatKlarnaAcceptsIsAWarning(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	lenient, strict := newLenientShop(t, klarnatest.WithLogger(slog.New(slog.NewTextHandler(&log, nil)))), newShop(t)
	for _, row := range lenientRules {
		t.Run(row.to.name+", "+row.name, func(t *testing.T) {
			body := func(s *shop) string {
				m := row.to.body(t)
				if row.to.name == page.name {
					m["payment_session_url"] = s.SessionURL(s.open(cart()))
				}
				row.change(m)
				return encode(t, m)
			}
			got := lenient.send(row.to.method, row.to.path(lenient), body(lenient), "X-Unchecked", "1")
			require.Equal(t, row.to.success, got.status, got.body)
			require.Equal(t, row.want, strings.Join(lenient.warnings(), ", "))
			texts := lenient.warningTexts()
			require.Equal(t, texts, append([]string(nil), got.header.Values(klarnatest.WarningHeader)...))
			for _, text := range texts {
				require.Contains(t, log.String(), text)
			}

			got = strict.send(row.to.method, row.to.path(strict), body(strict), "X-Unchecked", "1")
			if row.want == "" {
				require.Equal(t, row.to.success, got.status, got.body)
				return
			}
			require.Contains(t, []int{400, 422}, got.status, got.body)
			var rejected struct {
				Messages []string `json:"error_messages"`
			}
			require.NoError(t, json.Unmarshal([]byte(got.body), &rejected))
			require.Subset(t, rejected.Messages, texts)
			require.NotContains(t, strings.Join(texts, " "), "Muster")
		})
	}
}

func (s *shop) warningTexts() (texts []string) {
	requests := s.server.Requests()
	for _, warning := range requests[len(requests)-1].Warnings {
		texts = append(texts, warning.Text)
	}
	return texts
}

// What is around the body is read as leniently.
func TestOddRequests(t *testing.T) {
	t.Parallel()
	lenient, strict := newLenientShop(t), newShop(t)
	body := encode(t, cart())
	for _, row := range []struct {
		name, path, body, contentType string
		want                          string
		strict                        int
	}{
		{"nothing odd", sessionsPath, body, "application/json", "", 200},
		{"a charset", sessionsPath, body, "application/json; charset=UTF-8", "", 200},
		{"no Content-Type", sessionsPath, body, "", "content_type", 400},
		{"a malformed Content-Type", sessionsPath, body, "application/json; =", "content_type", 400},
		{"another JSON type", sessionsPath, body, "application/vnd.klarna.internal.v1+json", "content_type", 400},
		{"a byte order mark", sessionsPath, "\ufeff" + body, "application/json", "byte_order_mark", 400},
		{"double slashes", "//payments/v1//sessions", body, "application/json", "path", 404},
		{"a slash at the end", sessionsPath + "/", body, "application/json", "path", 404},
	} {
		t.Run(row.name, func(t *testing.T) {
			require.Equal(t, 200, lenient.post(row.path, row.body, row.contentType).StatusCode)
			require.Equal(t, row.want, strings.Join(lenient.warnings(), ", "))
			require.Equal(t, row.strict, strict.post(row.path, row.body, row.contentType).StatusCode)
		})
	}
	for _, path := range []string{"/payments/v1/./sessions", "/payments/v1/x/../sessions", "/payments/v1/%2e/sessions", "//"} {
		require.Equal(t, 404, lenient.post(path, body, "application/json").StatusCode, path)
	}
	for _, contentType := range []string{"text/plain", "application/x-www-form-urlencoded", "nonsense"} {
		require.Equal(t, 400, lenient.post(sessionsPath, body, contentType).StatusCode, contentType)
	}
	require.Equal(t, 200, lenient.send("GET", sessionsPath+"/"+lenient.open(cart())+"//", "", "X-Unchecked", "1").status)
	require.Equal(t, []string{"path"}, lenient.warnings())
}

// post sends a body with exactly this path and Content-Type.
func (s *shop) post(path, body, contentType string) *http.Response {
	s.t.Helper()
	req, err := http.NewRequest("POST", s.server.URL, strings.NewReader(body))
	require.NoError(s.t, err)
	req.URL.Path, err = url.PathUnescape(path)
	require.NoError(s.t, err)
	req.URL.RawPath = path
	req.Header.Set("Authorization", "Basic "+s.server.APIKey)
	if contentType != "" {
		req.Header.Set("Content-Type", contentType)
	}
	transport := &http.Transport{}
	defer transport.CloseIdleConnections()
	resp, err := transport.RoundTrip(req)
	require.NoError(s.t, err)
	require.NoError(s.t, resp.Body.Close())
	return resp
}

// What Klarna provably rejects stays rejected.
func TestWhatKlarnaRejectsIsRejectedByDefault(t *testing.T) {
	t.Parallel()
	s := newLenientShop(t)
	for _, row := range []struct {
		rule   int
		name   string
		to     target
		change func(m members)
		want   string
	}{
		{15, "nothing", newSession, func(m members) { clear(m) }, "purchase_country, purchase_currency"},
		{15, "country and currency alone", newSession, func(m members) { delete(m, "order_lines"); delete(m, "order_amount") }, "order_amount, order_lines"},
		{7, "a customer token for nothing", newToken, func(m members) { clear(m) }, "description, intended_use"},
		{3, "null for a required member", newSession, func(m members) { m["order_amount"] = nil }, "order_amount"},
		{3, "null for a line", newSession, func(m members) { m["order_lines"] = []any{nil} }, "order_lines[0]"},
		{6, "half a piece", newSession, func(m members) { lineOf(m)["quantity"], lineOf(m)["unit_price"] = 0.5, 23800 }, "order_lines[0].total_amount"},
		{6, "a text that is no number", newSession, func(m members) { m["order_amount"] = "12,400" }, "order_amount"},
		{6, "a number beyond 64 bits", newSession, func(m members) { m["order_amount"] = json.Number("1e400") }, "order_amount"},
		{6, "an object for a string", newSession, func(m members) { m["merchant_data"] = members{"a": 1} }, "merchant_data"},
		{6, "no lines", newSession, func(m members) { m["order_lines"] = []any{} }, "order_lines"},
		{6, "an empty required string", newSession, func(m members) { lineOf(m)["name"] = "" }, "order_lines[0].name"},
		{4, "another value", newSession, func(m members) { m["acquiring_channel"] = "market" }, "acquiring_channel"},
		{12, "a line that is off by more than its quantity", newSession, func(m members) { lineOf(m)["unit_price"] = 11902 }, "order_lines[0].total_amount"},
		{12, "tax that is off by more than the lines", newSession, func(m members) { m["order_tax_amount"] = 1983 }, "order_tax_amount"},
		{11, "tax of 0 beside lines with tax", newSession, func(m members) { m["order_tax_amount"] = 0 }, "order_tax_amount"},
		{0, "an amount that is not the sum", newSession, func(m members) { m["order_amount"] = 12401 }, "order_amount"},
		{0, "an order of another amount", newOrder, func(m members) { m["order_amount"] = 12401 }, "order_amount"},
	} {
		t.Run(row.to.name+", "+row.name, func(t *testing.T) {
			m := row.to.body(t)
			row.change(m)
			got := s.send(row.to.method, row.to.path(s), encode(t, m), "X-Unchecked", "1")
			requireBadValue(t, got, 0, row.want)
		})
	}
}

// 401 is as it was recorded: a page, and nothing to name the request by.
func TestWrongCredentialsGetAPage(t *testing.T) {
	t.Parallel()
	s := newLenientShop(t)
	got := s.send("POST", sessionsPath, encode(t, cart()), "Authorization", "Basic wrong", "X-Unchecked", "1")
	require.Equal(t, 401, got.status)
	require.Equal(t, "text/html", got.header.Get("Content-Type"))
	require.Equal(t, "Basic", got.header.Get("WWW-Authenticate"))
	require.NotContains(t, got.header, "Klarna-Correlation-Id")
	require.Contains(t, got.body, "401 Authorization Required")
	require.Empty(t, s.server.Requests()[0].CorrelationID)

	_, err := klarnatestClient(t, s.server, "wrong").CreateSession(t.Context(), cart())
	require.ErrorIs(t, err, klarna.ErrUnauthorized)
}

func klarnatestClient(t *testing.T, server *klarnatest.Server, key string) *klarna.Client {
	t.Helper()
	client, err := klarna.New(klarna.Environment(server.URL), klarna.APIKey(key))
	require.NoError(t, err)
	return client
}

// A thousand odd lines do not make a response that clients cannot read, nor a log without end.
func TestWarningsAreBounded(t *testing.T) {
	t.Parallel()
	s := newLenientShop(t)
	m := membersOf(t, cart())
	line := membersOf(t, free("Sticker"))
	line["sku"] = 1
	for range 998 {
		m["order_lines"] = append(m["order_lines"].([]any), line)
	}
	got := s.send("POST", sessionsPath, encode(t, m))
	require.Equal(t, 200, got.status, got.body)
	header := got.header.Values(klarnatest.WarningHeader)
	require.Len(t, header, 21)
	require.Equal(t, "order_lines[2].sku is a member that the contract does not have there (unknown_member)", header[0])
	require.Equal(t, "31 more are in the log (more)", header[20])
	warnings := s.warningTexts()
	require.Len(t, warnings, 51)
	require.Equal(t, "948 more warnings are not listed (more)", warnings[50])
}

// The page's data is read as leniently as the shop's.
func TestTheBrowsersDataIsReadLeniently(t *testing.T) {
	t.Parallel()
	const data = `{"billing_address":{"country":"DE","care_of":"x","postal_code":10115},"customer":{"place_of_birth":"Köln","type":"PERSON"}}`
	s := newLenientShop(t)
	b := openBrowser(s, cart())
	got := b.ask("authorize", `"data":`+data)
	require.Contains(t, got.body, `"approved":true`)
	require.Equal(t, []string{
		"billing_address.care_of is a member that the contract does not have there (unknown_member)",
		"billing_address.postal_code is a number where the contract has a string (coerced)",
		"customer.place_of_birth is a member that the contract does not have there (unknown_member)",
		"customer.type is written in another case than the contract's person (other_case)",
	}, got.header.Values(klarnatest.WarningHeader))
	require.Equal(t, "10115", s.read(b.id).BillingAddress.PostalCode)

	strict := openBrowser(newShop(t), cart())
	require.Contains(t, strict.ask("authorize", `"data":`+data).body, `"invalid_fields":["billing_address.care_of",`)
}
