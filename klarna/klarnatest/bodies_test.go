package klarnatest_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/klarna-go/klarna-payments/klarna"
	"github.com/stretchr/testify/require"
)

// bodyTargets are what the bodies in testdata/bodies are for, by the first part of their names.
var bodyTargets = map[string]struct {
	method  string
	path    func(s *shop, body string) string
	success int
}{
	"session": {"POST", func(*shop, string) string { return sessionsPath }, 200},
	"update":  {"POST", func(s *shop, _ string) string { return sessionsPath + "/" + s.open(cart()) }, 204},
	"order": {"POST", func(s *shop, body string) string {
		return "/payments/v1/authorizations/" + s.authorizedFor(body) + "/order"
	}, 200},
	"token": {"POST", func(s *shop, _ string) string {
		_, token := s.openAndAuthorize(cartFor(klarna.IntentBuyAndTokenize))
		return "/payments/v1/authorizations/" + token + "/customer-token"
	}, 200},
	"charge":        {"POST", func(s *shop, _ string) string { return "/customer-token/v1/tokens/" + s.customerToken() + "/order" }, 200},
	"capture":       {"POST", func(s *shop, _ string) string { return ordersPath + s.place() + "/captures" }, 201},
	"refund":        {"POST", func(s *shop, _ string) string { return s.captured() + "/refunds" }, 201},
	"authorization": {"PATCH", func(s *shop, _ string) string { return ordersPath + s.place() + "/authorization" }, 204},
	"shipping":      {"POST", func(s *shop, _ string) string { return ordersPath + s.place() + "/shipping-info" }, 204},
	"references":    {"PATCH", func(s *shop, _ string) string { return ordersPath + s.place() + "/merchant-references" }, 204},
	"details":       {"PATCH", func(s *shop, _ string) string { return ordersPath + s.place() + "/customer-details" }, 204},
	"page":          {"POST", func(*shop, string) string { return "/hpp/v1/sessions" }, 201},
}

// authorizedFor authorizes a session with the cart of an order, for GB, and returns the token. Without a cart that a session can
// have it is another.
func (s *shop) authorizedFor(order string) string {
	s.t.Helper()
	var session map[string]json.RawMessage
	require.NoError(s.t, json.Unmarshal([]byte(order), &session))
	session["purchase_country"] = json.RawMessage(`"GB"`)
	got := s.send("POST", sessionsPath, encode(s.t.(*testing.T), session), "X-Unchecked", "1")
	if got.status != 200 {
		_, token := s.openAndAuthorize(cart())
		return token
	}
	var created klarna.MerchantSession
	require.NoError(s.t, json.Unmarshal([]byte(got.body), &created))
	return s.authorize(created.SessionID)
}

// captured places an order and captures all of it, and returns its path.
func (s *shop) captured() string {
	s.t.Helper()
	order := ordersPath + s.place()
	require.Equal(s.t, 201, s.management("POST", order+"/captures", `{"captured_amount":12400}`).status)
	return order
}

// bodies are what integrations send, by the file and what is found in it: the members and rules of warnings, or after a status
// the code and message of the rejection, as recorded.
var bodies = map[string]string{
	"session.nulls": "attachment null, billing_address.given_name null, customer null, merchant_urls.push null, options null, " +
		"order_lines[0].image_url null, order_lines[0].product_identifiers.brand null",
	"session.empty_values": "billing_address.country empty, options empty, order_lines[0].quantity_unit empty, " +
		"order_lines[0].type empty, shipping_address empty",
	"session.lower_case_market":         "", // the contract allows it
	"session.locale_of_another_country": "",
	"session.other_case":                "acquiring_channel other_case, customer.type other_case, intent other_case, order_lines[0].type other_case",
	"session.floats": "order_lines[0].quantity coerced, order_lines[0].tax_rate rounded, order_lines[0].total_amount rounded, " +
		"order_lines[0].total_discount_amount coerced, order_lines[0].total_tax_amount rounded, order_lines[0].unit_price rounded",
	"session.texts": "order_lines[0].name coerced, order_lines[0].quantity coerced, order_lines[0].reference coerced, order_lines[0].tax_rate coerced, " +
		"order_lines[0].total_amount coerced, order_lines[0].total_tax_amount coerced, order_lines[0].unit_price coerced",
	"session.unknown_members": "merchant_urls.checkout unknown_member, options.color_button unknown_member, options.vat_removed unknown_member, " +
		"order_lines[0].discount_rate unknown_member, subscription unknown_member",
	"session.no_tax_at_all":               "",
	"session.tax_of_the_order_only":       "order_tax_amount no_line_tax",
	"session.tax_left_out":                "order_tax_amount no_order_tax",
	"session.us_tax_in_lines":             "order_lines[0].total_tax_amount line_tax_us, order_lines[0].tax_rate line_tax_us",
	"session.us_sales_tax":                "order_tax_amount no_order_tax",
	"session.us_sales_tax_of_nothing":     "",
	"session.lines_off_by_their_quantity": "order_tax_amount tax_rounding, order_lines[0].total_amount line_rounding",
	"session.credits":                     "",
	"session.odd_signs":                   "order_lines[1].total_amount wrong_sign, order_lines[2].total_amount wrong_sign",
	"session.relative_urls":               "merchant_urls.confirmation relative_url",
	"session.placeholder_urls":            "",
	"session.letters":                     "",
	"update.nulls":                        "billing_address.phone null, body unknown_member, merchant_urls null, order_amount null, order_lines null",
	"update.nothing":                      "",
	"update.urls_only":                    "options empty",
	"order.read_only_members": "acquiring_channel unknown_member, authorization_token unknown_member, client_token unknown_member, design unknown_member, " +
		"expires_at unknown_member, intent unknown_member, merchant_reference2 coerced, options unknown_member, payment_method_categories unknown_member, status unknown_member",
	"order.other_country":       "purchase_country not_authorized",
	"token.smallest":            "intended_use other_case, locale may_be_missing, purchase_country may_be_missing, purchase_currency may_be_missing",
	"token.members_of_an_order": "intent unknown_member, merchant_urls unknown_member, purchase_country not_authorized, purchase_currency not_authorized",
	"charge.smallest":           "",
	"charge.members_of_an_order": "auto_capture coerced, billing_address unknown_member, merchant_reference2 coerced, merchant_urls.notification unknown_member, " +
		"options unknown_member, purchase_country unknown_member",
	"capture.nulls": "captured_amount coerced, description null, order_lines null, shipping_info[0].shipping_company null, " +
		"shipping_info[0].shipping_method empty, shipping_info[0].tracking_number coerced, shipping_info[0].tracking_url unknown_member",
	"capture.lines_that_do_not_add_up": "order_amount unknown_member, captured_amount captured_amount, order_lines[0].total_amount line_rounding",
	"refund.texts":                     "order_lines[0].image_url null, order_lines[0].total_discount_amount coerced, reference coerced, refunded_amount coerced",
	"authorization.upsell":             "description null, order_tax_amount unknown_member",
	"shipping.company_only":            "captured unknown_member, shipping_info[0].return_tracking_uri null, shipping_info[0].shipping_method other_case",
	"references.numbers":               "merchant_reference1 coerced, source unknown_member",
	"details.care_of":                  "billing_address unknown_member, shipping_address.care_of unknown_member, shipping_address.postal_code coerced",
	"page.lower_case": "merchant_urls.back null, merchant_urls.terms unknown_member, options.payment_method_category other_case, " +
		"options.place_order_mode empty, options.purchase_type other_case",

	"session.nothing.rejected":            "400 BAD_VALUE Bad value: purchase_country, purchase_currency",
	"session.amount.rejected":             "400 BAD_VALUE Bad value: order_amount",
	"session.tax_of_a_surcharge.rejected": "400 BAD_VALUE Bad value: order_tax_amount",
	"session.half_a_piece.rejected":       "400 BAD_VALUE Bad value: order_lines[0].total_amount",
	"order.nothing.rejected":              "400 BAD_VALUE Bad value: order_amount, order_lines, purchase_country, purchase_currency",
	"order.line_total.rejected":           "400 BAD_VALUE Bad value: order_lines[0].total_amount",
	"order.line_tax.rejected":             "400 BAD_VALUE Bad value: order_lines[0].total_tax_amount",
	"token.nothing.rejected":              "400 BAD_VALUE Bad value: description, intended_use",
	"charge.nothing.rejected":             "400 BAD_VALUE Bad value: order_amount, order_lines, order_tax_amount, purchase_currency",
	"capture.nothing.rejected":            "422 UNPROCESSABLE_ENTITY 'captured_amount' must not be null",
	"refund.nothing.rejected":             "422 UNPROCESSABLE_ENTITY 'refunded_amount' must not be null",
	"authorization.nothing.rejected":      "422 UNPROCESSABLE_ENTITY 'order_amount' must not be null",
	"shipping.nothing.rejected":           "422 UNPROCESSABLE_ENTITY 'shipping_info' must not be null",
}

// Bodies that are odd in the ways of integrations in use are accepted with a warning for each oddity, and rejected by a strict server
// with the same texts. What Klarna was recorded to reject is rejected by both.
func TestBodiesAsIntegrationsSendThem(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/bodies/*.json")
	require.NoError(t, err)
	require.Len(t, files, len(bodies))
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".json")
		want, ok := bodies[name]
		require.True(t, ok, name)
		kind, _, _ := strings.Cut(name, ".")
		target := bodyTargets[kind]
		raw, err := os.ReadFile(file)
		require.NoError(t, err)
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			send := func(s *shop) response {
				body := string(raw)
				if kind == "page" {
					body = strings.Replace(body, "SESSION", s.SessionURL(s.open(cart())), 1)
				}
				return s.send(target.method, target.path(s, string(raw)), body, "X-Unchecked", "1")
			}
			lenient, strict := newLenientShop(t), newShop(t)
			got, strictly := send(lenient), send(strict)
			require.NotEmpty(t, got.header.Get("X-Ratelimit-Limit"))
			if strings.HasSuffix(name, ".rejected") {
				require.Equal(t, want, got.rejection(t))
				require.Equal(t, got.status, strictly.status, strictly.body)
				return
			}
			require.Equal(t, target.success, got.status, got.body)
			require.Equal(t, want, strings.Join(lenient.warnings(), ", "))
			if want == "" {
				require.Equal(t, target.success, strictly.status, strictly.body)
				return
			}
			require.Contains(t, []int{400, 409, 422}, strictly.status, strictly.body)
			requireSameTexts(t, lenient.warningTexts(), strictly)
		})
	}
}

// rejection is the status, the code and the messages.
func (r response) rejection(t *testing.T) string {
	t.Helper()
	var rejected struct {
		Code     string   `json:"error_code"`
		Messages []string `json:"error_messages"`
	}
	require.NoError(t, json.Unmarshal([]byte(r.body), &rejected), r.body)
	return strings.TrimSpace(strings.Join([]string{strconv.Itoa(r.status), rejected.Code, strings.Join(rejected.Messages, "; ")}, " "))
}

// requireSameTexts requires that a strict server rejects with texts of warnings, and with no others. What it finds last, such as
// amounts and what was authorized, it does not look for behind an earlier rejection.
func requireSameTexts(t *testing.T, warnings []string, strictly response) {
	t.Helper()
	var rejected struct {
		Messages []string `json:"error_messages"`
	}
	require.NoError(t, json.Unmarshal([]byte(strictly.body), &rejected), strictly.body)
	var texts []string
	for _, message := range rejected.Messages {
		if warningText.MatchString(message) {
			texts = append(texts, message)
		}
	}
	require.NotEmpty(t, texts, strictly.body)
	require.Subset(t, warnings, texts)
}

// The same charge again, without an idempotency key, is another order. Order Management takes an empty body where none is due.
func TestChargesRepeatAndEmptyBodiesPass(t *testing.T) {
	t.Parallel()
	s := newLenientShop(t)
	path := "/customer-token/v1/tokens/" + s.customerToken() + "/order"
	body := encode(t, charge.body(t))
	first, second := s.send("POST", path, body), s.send("POST", path, body)
	require.Equal(t, []int{200, 200}, []int{first.status, second.status})
	require.NotEqual(t, first.body, second.body)

	order := ordersPath + s.place()
	for _, suffix := range []string{"/acknowledge", "/cancel"} {
		got := s.send("POST", order+suffix, "")
		require.Equal(t, 204, got.status, got.body)
		require.NotEmpty(t, got.header.Get("Transaction-Id"))
	}

	// The body comes before the state of the token.
	_, token := s.openAndAuthorize(cart())
	s.order(token, orderOf(cart()))
	got := s.send("POST", "/payments/v1/authorizations/"+token+"/order", "{}", "X-Unchecked", "1")
	require.Equal(t, 400, got.status, got.body)
}
