package klarna_test

import (
	"encoding/json"
	"net/http"
	"testing"

	"github.com/klarna-go/klarna-payments/internal/contract"
	"github.com/klarna-go/klarna-payments/klarna"
	"github.com/stretchr/testify/require"
)

// The bodies under testdata/examples are published ones of Klarna Payments clients.

func decodeExample[T any](t *testing.T, name string) T {
	t.Helper()
	var value T
	require.NoError(t, json.Unmarshal(example(t, name), &value))
	return value
}

func TestPublishedBodyComesBackKeyForKey(t *testing.T) {
	t.Parallel()
	for name, value := range map[string]any{
		"session_create.json":                  new(klarna.SessionCreate),
		"session_create.arithmetic-wrong.json": new(klarna.SessionCreate),
		"session_update.json":                  new(klarna.SessionUpdate),
		"create_order_request.json":            new(klarna.CreateOrderRequest),
		"customer_token_creation_request.json": new(klarna.CustomerTokenCreationRequest),
		"merchant_session.json":                new(klarna.MerchantSession),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			body := example(t, name)
			require.NoError(t, json.Unmarshal(body, value))
			encoded, err := json.Marshal(value)
			require.NoError(t, err)
			require.JSONEq(t, string(body), string(encoded))
		})
	}
}

func TestPublishedBodyIsValidByTheDocument(t *testing.T) {
	t.Parallel()
	document, err := contract.Load()
	require.NoError(t, err)
	for name, schema := range map[string]string{
		"session_create.json":                  "session_create",
		"session_create.arithmetic-wrong.json": "session_create",
		"session_update.json":                  "session",
		"create_order_request.json":            "create_order_request",
		"customer_token_creation_request.json": "customer_token_creation_request",
		"merchant_session.json":                "merchant_session",
	} {
		require.NoError(t, document.Body(schema, example(t, name)), name)
	}
}

func TestPublishedBodyGoesThroughTheOperationsItBelongsTo(t *testing.T) {
	t.Parallel()
	server := newServer(t, func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.Method == http.MethodPost && r.URL.Path == "/payments/v1/sessions":
			respondJSON(200, string(example(t, "merchant_session.json")))(w, r)
		case r.URL.Path == "/payments/v1/sessions/"+sessionID:
			respond(204, "", "")(w, r)
		case r.URL.Path == "/payments/v1/authorizations/"+authorizationToken+"/order":
			respondJSON(200, `{"order_id":"o-1"}`)(w, r)
		default:
			respondJSON(200, `{"token_id":"t-1"}`)(w, r)
		}
	})
	client := server.client(t)
	sent := func() string {
		seen := server.exchanges()
		return seen[len(seen)-1].Body
	}

	_, err := client.CreateSession(t.Context(), decodeExample[klarna.SessionCreate](t, "session_create.json"))
	require.NoError(t, err)
	require.JSONEq(t, string(example(t, "session_create.json")), sent())

	_, err = client.CreateSession(t.Context(), decodeExample[klarna.SessionCreate](t, "session_create.arithmetic-wrong.json"))
	require.NoError(t, err)
	require.JSONEq(t, string(example(t, "session_create.arithmetic-wrong.json")), sent())

	require.NoError(t, client.UpdateSession(t.Context(), sessionID, decodeExample[klarna.SessionUpdate](t, "session_update.json")))
	require.JSONEq(t, string(example(t, "session_update.json")), sent())

	_, err = client.CreateOrder(t.Context(), authorizationToken, decodeExample[klarna.CreateOrderRequest](t, "create_order_request.json"))
	require.NoError(t, err)
	require.JSONEq(t, string(example(t, "create_order_request.json")), sent())

	_, err = client.CreateCustomerToken(t.Context(), authorizationToken, decodeExample[klarna.CustomerTokenCreationRequest](t, "customer_token_creation_request.json"))
	require.NoError(t, err)
	require.JSONEq(t, string(example(t, "customer_token_creation_request.json")), sent())
}

func TestSessionKeepsItsPaymentMethodCategories(t *testing.T) {
	t.Parallel()
	server := newServer(t, respondJSON(200, string(example(t, "merchant_session.json"))))
	session, err := server.client(t).CreateSession(t.Context(), sessionCreate())
	require.NoError(t, err)
	badge := klarna.AssetURLs{
		Descriptive: "https://x.klarnacdn.net/payment-method/assets/badges/generic/klarna.svg",
		Standard:    "https://x.klarnacdn.net/payment-method/assets/badges/generic/klarna.svg",
	}
	require.Equal(t, []klarna.PaymentMethodCategory{
		{Identifier: klarna.PaymentMethodCategoryIdentifierDirectDebit, Name: "Bankkonto", AssetURLs: badge},
		{Identifier: klarna.PaymentMethodCategoryIdentifierPayLater, Name: "Få först. Betala sen.", AssetURLs: badge},
	}, session.PaymentMethodCategories)
	require.Equal(t, "5aba2ca36fc93613f8000012", session.SessionID)
}

// Reading a session returns what it was created with, member for member.
func TestPublishedSessionReadsBackKeyForKey(t *testing.T) {
	t.Parallel()
	body := example(t, "session_create.json")
	server := newServer(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write(body)
	})
	session, err := server.client(t).ReadSession(t.Context(), sessionID)
	require.NoError(t, err)
	encoded, err := json.Marshal(session)
	require.NoError(t, err)
	require.JSONEq(t, string(body), string(encoded))
}
