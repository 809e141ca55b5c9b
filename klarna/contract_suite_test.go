package klarna_test

import (
	"cmp"
	"net/http"
	"os"
	"strings"
	"testing"

	"github.com/klarna-go/klarna-payments/internal/contract"
	"github.com/klarna-go/klarna-payments/klarna"
	"github.com/klarna-go/klarna-payments/klarna/klarnatest"
	"github.com/stretchr/testify/require"
)

// subject is what the suite runs against: the fake server, or Klarna's playground.
type subject struct {
	client    *klarna.Client
	stranger  *klarna.Client                         // with credentials that nobody gave out
	authorize func(sessionID string) (string, error) // nil on the playground: it takes a browser
}

// TestContractSuite takes every operation through its life, with each request and response checked against the document.
// `make test` runs it against klarnatest, `make test-live` against Klarna's playground.
func TestContractSuite(t *testing.T) {
	var s subject
	if os.Getenv("KLARNA_LIVE") == "" {
		s = sandbox(t)
	} else {
		s = playground(t)
	}
	t.Run("a session is created, read, updated and read again", s.sessionLives)
	t.Run("unknown ids are rejected", s.unknownIsRejected)
	t.Run("wrong credentials are rejected", s.wrongCredentialsAreRejected)
	if s.authorize == nil {
		t.Log("orders, customer tokens and cancellations of real authorizations take a browser: they ran up to the rejection of an unknown token")
		return
	}
	t.Run("an authorization becomes an order", s.orderIsPlaced)
	t.Run("an authorization becomes a customer token", s.tokenIsCreated)
	t.Run("an authorization is cancelled", s.authorizationIsCancelled)
}

func sandbox(t *testing.T) subject {
	server := klarnatest.NewServer(klarnatest.WithStrict())
	t.Cleanup(server.Close)
	checked := klarna.WithHTTPClient(&http.Client{Transport: &contract.RoundTripper{T: t, Strict: true}})
	stranger, err := klarna.New(klarna.Environment(server.URL), klarna.APIKey("klarna_test_api_nobodys"), checked)
	require.NoError(t, err)
	return subject{server.Client(checked), stranger, server.Authorize}
}

func playground(t *testing.T) subject {
	require.NotEqual(t, "production", os.Getenv("KLARNA_ENVIRONMENT"), "this suite opens sessions: run it on the playground")
	require.Empty(t, os.Getenv("KLARNA_BASE_URL"), "this suite runs on Klarna's playground: unset KLARNA_BASE_URL")
	client, err := klarna.NewFromEnv(klarna.WithHTTPClient(&http.Client{Transport: &contract.RoundTripper{T: t}}))
	require.NoError(t, err, "the playground needs credentials: set KLARNA_API_KEY, or KLARNA_USERNAME and KLARNA_PASSWORD")
	// What the body of a 401 looks like is not documented for sure, so it is not checked.
	unchecked := &http.Client{Transport: &contract.RoundTripper{T: t, Hostile: true}}
	env := map[string]klarna.Environment{"na": klarna.PlaygroundNA, "oc": klarna.PlaygroundOC}[strings.ToLower(os.Getenv("KLARNA_REGION"))]
	stranger, err := klarna.New(cmp.Or(env, klarna.PlaygroundEU), klarna.APIKey("klarna_test_api_nobodys"), klarna.WithHTTPClient(unchecked))
	require.NoError(t, err)
	return subject{client: client, stranger: stranger}
}

func (s subject) sessionLives(t *testing.T) {
	var response klarna.Response
	session, err := s.client.CreateSession(t.Context(), sessionCreate(), klarna.WithResponse(&response))
	require.NoError(t, err)
	require.NotEmpty(t, session.PaymentMethodCategories)
	require.NotEmpty(t, session.PaymentMethodCategories[0].Identifier)
	require.NotEmpty(t, response.CorrelationID)

	read, err := s.client.ReadSession(t.Context(), session.SessionID)
	require.NoError(t, err)
	require.Equal(t, klarna.SessionStatusIncomplete, read.Status)
	require.EqualValues(t, 11900, read.OrderAmount)
	require.EqualValues(t, 1900, read.OrderTaxAmount)
	require.Equal(t, "DE", read.PurchaseCountry)
	require.Empty(t, read.AuthorizationToken)

	two := shoes()
	two.Quantity, two.TotalAmount, two.TotalTaxAmount = 2, 23800, 3800
	require.NoError(t, s.client.UpdateSession(t.Context(), session.SessionID, klarna.SessionUpdate{
		OrderAmount: new(int64(23800)), OrderTaxAmount: new(int64(3800)), OrderLines: []klarna.OrderLine{two},
	}))
	read, err = s.client.ReadSession(t.Context(), session.SessionID)
	require.NoError(t, err)
	require.EqualValues(t, 23800, read.OrderAmount)
	require.EqualValues(t, 3800, read.OrderTaxAmount)
	require.Len(t, read.OrderLines, 1)
	require.EqualValues(t, 2, read.OrderLines[0].Quantity)
}

func (s subject) unknownIsRejected(t *testing.T) {
	const unknown = "00000000-0000-4000-8000-000000000000"
	_, read := s.client.ReadSession(t.Context(), unknown)
	_, order := s.client.CreateOrder(t.Context(), unknown, orderRequest())
	_, token := s.client.CreateCustomerToken(t.Context(), unknown, tokenRequest())
	for operation, err := range map[string]error{
		"read": read, "order": order, "token": token,
		"update": s.client.UpdateSession(t.Context(), unknown, klarna.SessionUpdate{MerchantReference2: "r-2"}),
		"cancel": s.client.CancelAuthorization(t.Context(), unknown),
	} {
		require.ErrorIs(t, err, klarna.ErrNotFound, operation)
		var e *klarna.Error
		require.ErrorAs(t, err, &e)
		require.NotEmpty(t, e.Code, operation)
		require.NotEmpty(t, e.CorrelationID, operation)
	}
}

func (s subject) wrongCredentialsAreRejected(t *testing.T) {
	_, err := s.stranger.CreateSession(t.Context(), sessionCreate())
	require.ErrorIs(t, err, klarna.ErrUnauthorized)
}

// authorized opens a session and has the shopper approve it.
func (s subject) authorized(t *testing.T, intent klarna.Intent) (sessionID, token string) {
	t.Helper()
	cart := sessionCreate()
	cart.Intent = intent
	session, err := s.client.CreateSession(t.Context(), cart)
	require.NoError(t, err)
	token, err = s.authorize(session.SessionID)
	require.NoError(t, err)
	return session.SessionID, token
}

func (s subject) orderIsPlaced(t *testing.T) {
	sessionID, token := s.authorized(t, klarna.IntentBuy)
	read, err := s.client.ReadSession(t.Context(), sessionID)
	require.NoError(t, err)
	require.Equal(t, token, read.AuthorizationToken)

	order, err := s.client.CreateOrder(t.Context(), token, orderRequest())
	require.NoError(t, err)
	require.NotEmpty(t, order.OrderID)
	require.Equal(t, klarna.FraudStatusAccepted, order.FraudStatus)

	read, err = s.client.ReadSession(t.Context(), sessionID)
	require.NoError(t, err)
	require.Equal(t, klarna.SessionStatusComplete, read.Status)

	other := orderRequest()
	other.MerchantReference1 = "another"
	_, err = s.client.CreateOrder(t.Context(), token, other)
	require.ErrorIs(t, err, klarna.ErrConflict)
}

func (s subject) tokenIsCreated(t *testing.T) {
	_, token := s.authorized(t, klarna.IntentTokenize)
	created, err := s.client.CreateCustomerToken(t.Context(), token, tokenRequest())
	require.NoError(t, err)
	require.NotEmpty(t, created.TokenID)

	_, token = s.authorized(t, klarna.IntentBuy)
	_, err = s.client.CreateCustomerToken(t.Context(), token, tokenRequest())
	require.ErrorIs(t, err, klarna.ErrForbidden)
}

func (s subject) authorizationIsCancelled(t *testing.T) {
	_, token := s.authorized(t, klarna.IntentBuy)
	require.NoError(t, s.client.CancelAuthorization(t.Context(), token))
	_, err := s.client.CreateOrder(t.Context(), token, orderRequest())
	require.ErrorIs(t, err, klarna.ErrNotFound)
}
