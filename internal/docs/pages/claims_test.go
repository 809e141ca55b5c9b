package pages

import (
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/klarna-go/klarna-payments/klarna"
	"github.com/klarna-go/klarna-payments/klarna/klarnatest"
	"github.com/stretchr/testify/require"
)

// The tests of this file run what the pages claim.

// approve opens a session, and has the shopper approve it with an address.
func approve(t *testing.T, server *klarnatest.Server, intent klarna.Intent) (sessionID, token string) {
	t.Helper()
	withIntent := cart
	withIntent.Intent = intent
	session, err := server.Client().CreateSession(t.Context(), withIntent)
	require.NoError(t, err)
	token, err = server.AuthorizeWith(session.SessionID, klarnatest.AuthorizeData{BillingAddress: klarna.Address{
		GivenName: "Example", FamilyName: "Shopper", StreetAddress: "Example Street 1", PostalCode: "10115", City: "Berlin", Country: "DE",
		Email: "shopper@shop.example",
	}})
	require.NoError(t, err)
	return session.SessionID, token
}

func newServer(t *testing.T, opts ...klarnatest.Option) *klarnatest.Server {
	t.Helper()
	server := klarnatest.NewServer(opts...)
	t.Cleanup(server.Close)
	return server
}

// docs/errors.md, "Addresses that do not match".
func TestOrderNeedsTheAddressOfTheApproval(t *testing.T) {
	server := newServer(t)
	sessionID, token := approve(t, server, klarna.IntentBuy)
	_, err := server.Client().CreateOrder(t.Context(), token, klarna.OrderFromSession(cart))
	require.ErrorIs(t, err, klarna.ErrConflict)

	approved, err := server.Client().ReadSession(t.Context(), sessionID)
	require.NoError(t, err)
	order := klarna.OrderFromSession(cart)
	order.BillingAddress, order.ShippingAddress = approved.BillingAddress, approved.ShippingAddress
	_, err = server.Client().CreateOrder(t.Context(), token, order)
	require.NoError(t, err)
}

// docs/errors.md, ErrNotFound; docs/testing.md, "the order is placed late".
func TestExpiredAuthorizationIsReplacedInTheSameSession(t *testing.T) {
	server := newServer(t)
	session, err := server.Client().CreateSession(t.Context(), cart)
	require.NoError(t, err)
	token, err := server.Authorize(session.SessionID)
	require.NoError(t, err)
	server.Advance(61 * time.Minute)
	_, err = server.Client().CreateOrder(t.Context(), token, klarna.OrderFromSession(cart))
	require.ErrorIs(t, err, klarna.ErrNotFound)

	token, err = server.Authorize(session.SessionID)
	require.NoError(t, err)
	_, err = server.Client().CreateOrder(t.Context(), token, klarna.OrderFromSession(cart))
	require.NoError(t, err)
}

// docs/errors.md, "Customer tokens".
func TestOrderPlacedDoesNotFindCustomerTokens(t *testing.T) {
	server := newServer(t)
	sessionID, token := approve(t, server, klarna.IntentTokenize)
	request := klarna.CustomerTokenCreationRequest{
		Description: "Coffee, once a month", IntendedUse: klarna.IntendedUseSubscription,
		PurchaseCountry: "DE", PurchaseCurrency: "EUR", Locale: "de-DE",
	}
	approved, err := server.Client().ReadSession(t.Context(), sessionID)
	require.NoError(t, err)
	request.BillingAddress = approved.BillingAddress
	server.Fail(klarna.OperationCreateCustomerToken, klarnatest.ResetAfter())
	_, err = server.Client().CreateCustomerToken(t.Context(), token, request)
	require.ErrorIs(t, err, klarna.ErrOutcomeUnknown)
	require.Len(t, server.CustomerTokens(token), 1)

	placed, err := server.Client().OrderPlaced(t.Context(), sessionID)
	require.NoError(t, err)
	require.False(t, placed)
	created, err := server.Client().CreateCustomerToken(t.Context(), token, request)
	require.NoError(t, err)
	require.Equal(t, server.CustomerTokens(token), []string{created.TokenID})
	request.Description = "Tea"
	_, err = server.Client().CreateCustomerToken(t.Context(), token, request)
	require.ErrorIs(t, err, klarna.ErrForbidden)
	require.ErrorContains(t, err, "already consumed")
}

// docs/testing.md, "the response to an order is lost" and "the outcome of an order is unknown".
func TestLostResponseIsHealedByARetry(t *testing.T) {
	server := newServer(t)
	session, err := server.Client().CreateSession(t.Context(), cart)
	require.NoError(t, err)
	token, err := server.Authorize(session.SessionID)
	require.NoError(t, err)
	server.Fail(klarna.OperationCreateOrder, klarnatest.ResetAfter())
	_, err = server.Client(klarna.WithRetry(klarna.NoRetry())).CreateOrder(t.Context(), token, klarna.OrderFromSession(cart))
	require.ErrorIs(t, err, klarna.ErrOutcomeUnknown)
	require.Len(t, server.OrderIDs(session.SessionID), 1)

	server.Fail(klarna.OperationCreateOrder, klarnatest.ResetAfter())
	order, err := server.Client().CreateOrder(t.Context(), token, klarna.OrderFromSession(cart))
	require.NoError(t, err)
	require.Equal(t, []string{order.OrderID}, server.OrderIDs(session.SessionID))
	require.Empty(t, server.PendingFaults())
}

// docs/testing.md, "the shopper is declined in the browser" and "Klarna rejects the order".
func TestDeclinedShopperGetsNoToken(t *testing.T) {
	server := newServer(t)
	session, err := server.Client().CreateSession(t.Context(), cart)
	require.NoError(t, err)
	response, err := http.Post(server.URL+"/kp/sandbox/authorize", "application/json",
		strings.NewReader(`{"client_token":"`+session.ClientToken+`","outcome":"decline"}`))
	require.NoError(t, err)
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	require.JSONEq(t, `{"approved":false,"show_form":false}`, string(body))

	token, err := server.Authorize(session.SessionID)
	require.NoError(t, err)
	server.Fail(klarna.OperationCreateOrder, klarnatest.Status(403, "REJECTED", "Rejected"))
	_, err = server.Client().CreateOrder(t.Context(), token, klarna.OrderFromSession(cart))
	require.ErrorIs(t, err, klarna.ErrForbidden)
}

// docs/integration.md, "Pending orders": the signed notification URL.
func TestNotificationURLCanBeSigned(t *testing.T) {
	signer, err := klarna.NewCallbackSigner(key)
	require.NoError(t, err)
	server := newServer(t)
	reference := make(chan string, 1)
	shop := httptest.NewServer(signer.Middleware(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, err := klarna.ParseFraudNotification(r)
		if err != nil {
			t.Error(err)
		}
		reference <- klarna.CallbackReference(r.Context())
		w.WriteHeader(http.StatusOK)
	})))
	defer shop.Close()
	signed, err := signer.Sign(shop.URL+"/klarna/notification", cartID, 5*24*time.Hour)
	require.NoError(t, err)
	reviewed := cart
	reviewed.MerchantURLs.Notification = signed
	session, err := server.Client().CreateSession(t.Context(), reviewed)
	require.NoError(t, err)
	token, err := server.Authorize(session.SessionID)
	require.NoError(t, err)
	server.SetFraudStatus(klarna.FraudStatusPending)
	order, err := server.Client().CreateOrder(t.Context(), token, klarna.OrderFromSession(reviewed))
	require.NoError(t, err)
	require.NoError(t, server.NotifyFraud(order.OrderID, klarna.FraudEventTypeAccepted))
	require.NoError(t, server.WaitForCallbacks(t.Context()))
	require.Equal(t, cartID, <-reference)
}

// docs/configuration.md, "Several regions, many merchants": a base URL may have a path.
func TestBaseURLMayHaveAPath(t *testing.T) {
	server := newServer(t)
	gateway := httptest.NewServer(http.StripPrefix("/klarna", server))
	defer gateway.Close()
	base, err := url.JoinPath(gateway.URL, "klarna")
	require.NoError(t, err)
	client, err := klarna.New(klarna.Environment(base), klarna.APIKey(server.APIKey))
	require.NoError(t, err)
	_, err = client.CreateSession(t.Context(), cart)
	require.NoError(t, err)
}
