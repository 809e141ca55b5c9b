package specdiff

import "maps"

const (
	readOnly  = "Klarna sets it and the document marks it read-only: a caller is not offered it to send"
	callback  = "Klarna's document does not describe what Klarna sends to the shop, its pages do"
	answer    = "Klarna's pages name it, and an answer that is not declared has no type in the client"
	noBody    = "without a body there is nothing to do; a generated client would send none, or null"
	errorPart = "Klarna's documents since August 2023 lack it; kept, since Klarna's answers may have it"
)

// OnPurpose are the differences from Klarna's document of March 2023, each with its reason. CONTRIBUTING.md lists
// them for people.
var OnPurpose = map[Difference]string{
	// What later documents of Klarna's changed.
	{"address.phone", "minLength", "5", ""}:                                         "Klarna's documents since August 2023",
	{"authorized_payment_method.type", EnumValue, "", "alternative_payment_method"}: "Klarna's documents since May 2023",
	onlyOurs("customer.customer_token"):                                             "Klarna's document of August 2026",
	{"customer_token_creation_request.description", "minLength", "", "1"}:           "Klarna's documents since August 2023",
	onlyOurs("merchant_urls.app_return_url"):                                        "Klarna's document of August 2026",
	{"order_line.reference", "maxLength", "256", "255"}:                             "Klarna's documents since August 2023",
	{"order_line.total_amount", "maximum", "100000000", "200000000"}:                "Klarna's documents since March 2024",
	{"order_line.unit_price", "maximum", "100000000", "200000000"}:                  "Klarna's documents since March 2024",
	onlyOurs("session_create.step_up_id"):                                           "Klarna's document of August 2026",

	// What Klarna answers, by its pages.
	onlyOurs("responses.401"):                   answer,
	onlyOurs("responses.413"):                   answer,
	onlyOurs("responses.429"):                   answer,
	onlyOurs("responses.5XX"):                   answer,
	{"responses.ErrorV2", ErrorBody, "", there}: "Klarna's pages give it for all",

	// What must not be left out.
	{"createOrder.requestBody", "required", "", there}:   noBody,
	{"purchaseToken.requestBody", "required", "", there}: noBody,

	// What Klarna sends to the shop.
	onlyOurs("authorization_callback"): callback,
	onlyOurs("fraud_notification"):     callback,
	onlyOurs("fraud_event_type"):       callback,

	// What only Klarna sets.
	onlyKlarna("create_order_request.authorization_token"):       readOnly,
	onlyKlarna("create_order_request.payment_method_categories"): readOnly,
	onlyKlarna("create_order_request.status"):                    readOnly,
	onlyKlarna("session.authorization_token"):                    readOnly,
	onlyKlarna("session.client_token"):                           readOnly,
	onlyKlarna("session.expires_at"):                             readOnly,
	onlyKlarna("session.payment_method_categories"):              readOnly,
	onlyKlarna("session.status"):                                 readOnly,
	onlyKlarna("session_create.authorization_token"):             readOnly,
	onlyKlarna("session_create.client_token"):                    readOnly,
	onlyKlarna("session_create.expires_at"):                      readOnly,
	onlyKlarna("session_create.payment_method_categories"):       readOnly,
	onlyKlarna("session_create.status"):                          readOnly,
}

const (
	httpsOnly   = "^https://.*"
	loopbackToo = "a shop on loopback is called over http by the stand-in; preflight warns of any other"
)

// OnPurposeLater are the differences that only a later document of Klarna's shows, each with its reason.
var OnPurposeLater = map[Difference]string{
	onlyOurs("ErrorV2.authorized_payment_method"): errorPart,
	onlyOurs("ErrorV2.fraud_status"):              errorPart,
	onlyOurs("ErrorV2.reason"):                    errorPart,
	{"merchant_urls.app_return_url", "pattern",
		`^(?![Hh][Tt][Tt][Pp][Ss]?:)[a-zA-Z][a-zA-Z0-9+.-]*://([a-zA-Z0-9][a-zA-Z0-9.-]*[a-zA-Z0-9])?(/[a-zA-Z0-9._~-]*)*(\?[a-zA-Z0-9._~&=-]*)?$`,
		`^[a-zA-Z][a-zA-Z0-9+.-]*://([a-zA-Z0-9][a-zA-Z0-9.-]*[a-zA-Z0-9])?(/[a-zA-Z0-9._~-]*)*(\?[a-zA-Z0-9._~&=-]*)?$`,
	}: "Go's regular expressions have no look-ahead",
	{"merchant_urls.authorization", "pattern", httpsOnly, ""}: loopbackToo,
	{"merchant_urls.confirmation", "pattern", httpsOnly, ""}:  loopbackToo,
	{"merchant_urls.notification", "pattern", httpsOnly, ""}:  loopbackToo,
	{"merchant_urls.push", "pattern", httpsOnly, ""}:          loopbackToo,
	{"order_line.type", "enum", there, ""}:                    "Klarna's pages keep the list open: a new kind of line is no fault",
}

// reasons are both tables in one.
func reasons() map[Difference]string {
	all := maps.Clone(OnPurpose)
	maps.Copy(all, OnPurposeLater)
	return all
}
