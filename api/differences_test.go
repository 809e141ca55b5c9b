package api_test

import (
	"os"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/stretchr/testify/require"
)

const (
	readOnly = "Klarna sets it and the document marks it read-only: a caller is not offered it to send"
	callback = "Klarna's document does not describe what Klarna sends to the shop, its pages do"
	answer   = "Klarna's pages name it, and an answer that is not declared has no type in the client"
	noBody   = "without a body there is nothing to do; a generated client would send none, or null"
)

// onPurpose are the differences from Klarna's document of March 2023, each with its reason. CONTRIBUTING.md lists
// them for people.
var onPurpose = map[difference]string{
	// What later documents of Klarna's changed.
	{"address.phone", "minLength is not stated, Klarna's 5"}:                               "wider since August 2023",
	{"authorized_payment_method.type", "enum adds alternative_payment_method"}:             "new since May 2023",
	{"customer.customer_token", "not in Klarna's"}:                                         "new in August 2026",
	{"customer_token_creation_request.description", "minLength is 1, Klarna's not stated"}: "narrower since August 2023",
	{"merchant_urls.app_return_url", "not in Klarna's"}:                                    "new in August 2026",
	{"order_line.reference", "maxLength is 255, Klarna's 256"}:                             "narrower since August 2023",
	{"order_line.total_amount", "maximum is 200000000, Klarna's 100000000"}:                "wider since March 2024",
	{"order_line.unit_price", "maximum is 200000000, Klarna's 100000000"}:                  "wider since March 2024",
	{"session_create.step_up_id", "not in Klarna's"}:                                       "new in August 2026",

	// What Klarna answers, by its pages.
	{"responses.401", "not in Klarna's"}:                                             answer,
	{"responses.413", "not in Klarna's"}:                                             answer,
	{"responses.429", "not in Klarna's"}:                                             answer,
	{"responses.5XX", "not in Klarna's"}:                                             answer,
	{"responses.ErrorV2", "the body of a refusal, which Klarna states for one only"}: "Klarna's pages give it for all",

	// What must not be left out.
	{"createOrder.requestBody", "required is true, Klarna's not stated"}:   noBody,
	{"purchaseToken.requestBody", "required is true, Klarna's not stated"}: noBody,

	// What Klarna sends to the shop.
	{"authorization_callback", "not in Klarna's"}: callback,
	{"fraud_notification", "not in Klarna's"}:     callback,
	{"fraud_event_type", "not in Klarna's"}:       callback,

	// What only Klarna sets.
	{"create_order_request.authorization_token", "missing"}:       readOnly,
	{"create_order_request.payment_method_categories", "missing"}: readOnly,
	{"create_order_request.status", "missing"}:                    readOnly,
	{"session.authorization_token", "missing"}:                    readOnly,
	{"session.client_token", "missing"}:                           readOnly,
	{"session.expires_at", "missing"}:                             readOnly,
	{"session.payment_method_categories", "missing"}:              readOnly,
	{"session.status", "missing"}:                                 readOnly,
	{"session_create.authorization_token", "missing"}:             readOnly,
	{"session_create.client_token", "missing"}:                    readOnly,
	{"session_create.expires_at", "missing"}:                      readOnly,
	{"session_create.payment_method_categories", "missing"}:       readOnly,
	{"session_create.status", "missing"}:                          readOnly,
}

// loadKlarna reads the structure of the document that Klarna published in March 2023.
func loadKlarna(t *testing.T) *openapi3.T {
	t.Helper()
	doc, err := openapi3.NewLoader().LoadFromFile("testdata/klarna-2023-03-03.structure.yaml")
	require.NoError(t, err)
	return doc
}

// A difference that nobody meant is a mistake, and an entry that is none any more is misleading.
func TestEveryDifferenceIsOnPurpose(t *testing.T) {
	t.Parallel()
	found := map[difference]bool{}
	for _, d := range compare(loadKlarna(t), load(t)) {
		found[d] = true
		if _, ok := onPurpose[d]; !ok {
			t.Errorf("%s: %s. If this is on purpose, list it here and in CONTRIBUTING.md", d.path, d.what)
		}
	}
	for d := range onPurpose {
		if !found[d] {
			t.Errorf("%s: %q is listed and no longer so", d.path, d.what)
		}
	}
}

func TestEveryDifferenceIsToldToPeople(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../CONTRIBUTING.md")
	require.NoError(t, err)
	for d, reason := range onPurpose {
		require.NotEmpty(t, reason, d.path)
		if !strings.Contains(string(text), "`"+d.path+"`") {
			t.Errorf("CONTRIBUTING.md does not name `%s`: %s", d.path, reason)
		}
	}
}
