// Package preflight checks a request before it is sent, and finds everything that is wrong with it at once.
//
// Klarna rejects a wrong request with one terse BAD_VALUE, after a round trip, and often only when the first unusual cart comes
// along in production. Most rejections are about arithmetic and format, which can be checked without Klarna. The check is off
// by default. One line switches it on for all calls of a client; a request that fails is then not sent:
//
//	client, err := klarna.New(env, creds, klarna.WithPreflight(preflight.Check))
//
// [Check] returns an error, [Inspect] a report with the warnings as well; a shop's tests can check its carts with either.
// They take a [klarna.SessionCreate], [klarna.SessionUpdate], [klarna.CreateOrderRequest] or
// [klarna.CustomerTokenCreationRequest], or of package ordermanagement a [ordermanagement.CaptureRequest],
// [ordermanagement.RefundRequest], [ordermanagement.AuthorizationUpdate], [ordermanagement.MerchantReferences] or
// [ordermanagement.CustomerDetails], or of package hostedpage a [hostedpage.SessionRequest] or
// [hostedpage.DistributionRequest], or a [customertoken.OrderRequest], or a pointer to one, and do not change it.
//
// [CheckCapture] and [CheckRefund] also check that an order allows a capture or a refund.
//
// # Problems
//
// A problem is something that Klarna rejects. Each has the path of the field as Klarna writes it, such as
// order_lines[2].total_tax_amount, a code that does not change, and a sentence:
//
//	code              what is wrong
//	----------------  ------------------------------------------------------------------------------
//	missing           a required field is not given, or is an empty string
//	too_short         a text has too few characters
//	too_long          a text has too many characters
//	too_few           a list has too few entries
//	too_many          a list has too many entries, such as more than 1000 lines
//	too_small         a number is too small
//	too_large         a number is too large
//	wrong_format      a text does not have the required format, such as two letters
//	not_allowed       a text is not one of the allowed values
//	invalid           any other rule of the OpenAPI document is broken
//	body_too_large    the body has more than 1 MB; between 1,000,000 and 1,048,576 bytes it is a warning
//	line_total        total_amount is not quantity × unit_price − total_discount_amount, by more than the quantity
//	line_tax          total_tax_amount is not the tax inside total_amount, by more than 1
//	wrong_sign        a discount is positive, or a return fee is not negative; for other types it is a warning
//	order_amount      order_amount is not the sum of total_amount over all lines
//	order_tax_amount  order_tax_amount is not the sum of the lines' tax, by more than the number of lines
//	overflow          a number is at a limit of int64: the amounts are too large to add up or multiply
//	return_fee        a return fee of an order that Klarna does not support it for; outside of a refund it is a warning
//	too_much          more than can be captured or refunded of the order
//	wrong_state       the order has expired, or is cancelled or pending; or nothing was captured to refund
//	zero_amount       nothing is captured or refunded
//	not_a_request     the argument is not one of the requests, or is nil
//
// The rules of format, from missing to invalid, are those of the contract, the project's OpenAPI document (api/openapi.yaml).
// Values that Klarna keeps open, such as the types of order lines, are no problem.
//
// # Warnings
//
// A warning never fails a call. Klarna accepts such a request, or it is not known whether it does:
//
//	code                 what is unusual
//	-------------------  ---------------------------------------------------------------------------
//	market               Klarna does not list the country; or currency or locale are not those of the country
//	line_rounding        total_amount is off by at most the quantity
//	tax_rounding         order_tax_amount is off by at most the number of lines
//	no_order_tax         order_tax_amount is left out, or 0, but the lines have tax
//	no_line_tax          order_tax_amount is there, but no line has tax
//	line_tax_us          a line has tax of its own where sales_tax lines hold the tax, as in the US
//	captured_amount      captured_amount is not the sum of total_amount over all lines
//	refunded_amount      refunded_amount is not the sum of total_amount over all lines
//	other_case           a text is one of the known values in another case, such as BUY
//	may_be_missing       a field is not given that the contract requires, and Klarna was seen not to
//	app_scheme           merchant_urls.app_return_url is for a browser, and not for an app
//	cart_incomplete      an update has amount, tax or lines, but not all of them; Klarna checks them together
//	credit_tax           a gift card or store credit has tax
//	sales_tax            a sales_tax line outside the US
//	not_https            a callback URL is not https; Klarna cannot reach a loopback address either
//	relative_url         a callback URL has no host, or a scheme that is not http
//	personal_data        the session is made with personal data, before the shopper chose Klarna
//	encoded_placeholder  a URL of a hosted page has %7B%7B for {{, which Klarna does not replace
//	no_status_update     a hosted page places the order, and has no status_update URL to tell the shop
//
// What is wrong with the lines of a request of package ordermanagement is a warning as well, under the codes of the problems
// (line_total, line_tax, order_amount): Klarna was seen to accept it. The shopper's invoice is wrong then.
//
// # Privacy
//
// Messages quote amounts, rates, counts and lengths, and codes of countries, currencies and locales that look like
// codes. They quote no other value: no name, address, id, URL, token or merchant data. So they may be logged.
//
// # Cost
//
// The check grows in step with the lines, at a few microseconds for each. The first one in a process takes longer, since it
// reads the OpenAPI document.
package preflight
