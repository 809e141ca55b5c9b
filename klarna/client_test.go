package klarna_test

import (
	"context"
	"errors"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/klarna-go/klarna-payments/gen"
	"github.com/klarna-go/klarna-payments/klarna"
	"github.com/stretchr/testify/require"
)

func TestRequestHasTheHeadersOfThisLibrary(t *testing.T) {
	t.Parallel()
	for _, op := range operations() {
		server := newServer(t, respondJSON(op.status, op.response))
		require.NoError(t, op.call(t, server.client(t, klarna.WithUserAgent(" myshop/1.2 "))))
		seen := server.exchanges()[0]
		require.Equal(t, op.name.Route()[:len(seen.Method)], seen.Method)
		require.Equal(t, []string{"application/json"}, seen.Header["Accept"])
		require.Regexp(t, regexp.MustCompile(`^myshop/1\.2 klarna-payments-go/\S+ \(go1\.\d+.*\)$`), seen.Header.Get("User-Agent"))
		for key := range seen.Header {
			require.Contains(t, []string{"Accept", "Accept-Encoding", "Authorization", "Content-Length", "Content-Type", "User-Agent"}, key)
		}
		if seen.Body != "" {
			require.Equal(t, "application/json", seen.Header.Get("Content-Type"))
		}
	}
}

func TestWrongOptionIsAnError(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		option  klarna.Option
		wantErr string
	}{
		"nil":                   {nil, "option 1 is nil"},
		"no HTTP client":        {klarna.WithHTTPClient(nil), "WithHTTPClient: the client is nil"},
		"no time":               {klarna.WithTimeout(0), "WithTimeout: 0s;"},
		"negative time":         {klarna.WithTimeout(-time.Second), "WithTimeout: -1s;"},
		"empty user agent":      {klarna.WithUserAgent(" "), "WithUserAgent: the name is empty"},
		"no preflight check":    {klarna.WithPreflight(nil), "WithPreflight: the check is nil"},
		"line feed in its name": {klarna.WithUserAgent("a\nb"), "WithUserAgent: the value contains a control character"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			client, err := klarna.New(klarna.PlaygroundEU, klarna.APIKey(apiKey), test.option)
			require.ErrorContains(t, err, "klarna: "+test.wantErr)
			require.Nil(t, client)
		})
	}
}

func TestNilContextIsAnErrorAndNoPanic(t *testing.T) {
	t.Parallel()
	server := newServer(t, respond(204, "", ""))
	client := server.client(t)
	var none context.Context
	_, create := client.CreateSession(none, sessionCreate())
	_, read := client.ReadSession(none, sessionID)
	_, order := client.CreateOrder(none, authorizationToken, orderRequest())
	_, token := client.CreateCustomerToken(none, authorizationToken, tokenRequest())
	for _, err := range []error{
		create, read, order, token,
		client.UpdateSession(none, sessionID, klarna.SessionUpdate{}),
		client.CancelAuthorization(none, authorizationToken),
	} {
		require.ErrorContains(t, err, ": the context is nil")
	}
	require.Empty(t, server.exchanges())
}

func TestClientThatNewDidNotMakeIsAnErrorAndNoPanic(t *testing.T) {
	t.Parallel()
	for _, client := range []*klarna.Client{nil, {}} {
		for _, op := range operations() {
			require.ErrorContains(t, op.call(t, client), ": the client was not made by klarna.New")
		}
	}
}

func TestNoLinesGoOutAsAnEmptyListAndNeverAsNull(t *testing.T) {
	t.Parallel()
	server := newServer(t, respondJSON(400, `{"error_code":"BAD_VALUE"}`))
	client := server.clientThrough(t, server.Client().Transport)
	_, err := client.CreateSession(t.Context(), klarna.SessionCreate{PurchaseCountry: "DE", PurchaseCurrency: "EUR"})
	require.ErrorIs(t, err, klarna.ErrInvalidRequest)
	_, err = client.CreateOrder(t.Context(), authorizationToken, klarna.CreateOrderRequest{PurchaseCountry: "DE", PurchaseCurrency: "EUR"})
	require.ErrorIs(t, err, klarna.ErrInvalidRequest)
	for _, seen := range server.exchanges() {
		require.JSONEq(t, `{"order_amount":0,"order_lines":[],"purchase_country":"DE","purchase_currency":"EUR"}`, seen.Body)
	}
}

func TestUpdateSendsOnlyWhatIsSet(t *testing.T) {
	t.Parallel()
	for want, session := range map[string]klarna.SessionUpdate{
		`{"order_tax_amount":0}`:                {OrderTaxAmount: new(int64(0))},
		`{"order_amount":0}`:                    {OrderAmount: new(int64(0))},
		`{}`:                                    {},
		`{"merchant_reference1":"ON4711"}`:      {MerchantReference1: "ON4711"},
		`{"billing_address":{"city":"Berlin"}}`: {BillingAddress: klarna.Address{City: "Berlin"}},
		`{"merchant_urls":{"push":"https://shop.example"}}`: {MerchantURLs: klarna.MerchantURLs{Push: "https://shop.example"}},
	} {
		server := newServer(t, respond(204, "", ""))
		require.NoError(t, server.client(t).UpdateSession(t.Context(), sessionID, session))
		require.Equal(t, want, server.exchanges()[0].Body)
	}
}

func TestRawSharesCredentialsAndErrors(t *testing.T) {
	t.Parallel()
	server := newServer(t, respondJSON(404, `{"error_code":"NOT_FOUND","error_messages":["Invalid session id"]}`))
	raw := server.client(t).Raw()
	response, err := raw.ReadCreditSessionWithResponse(t.Context(), sessionID)
	require.Nil(t, response)
	require.EqualError(t, err, "klarna: ReadSession: 404 NOT_FOUND: Invalid session id (correlation id "+correlationID+")")
	require.ErrorIs(t, err, klarna.ErrNotFound)
	require.Equal(t, "Basic "+apiKey, server.exchanges()[0].Header.Get("Authorization"))
}

func TestRawReturnsResponsesOfEveryOperation(t *testing.T) {
	t.Parallel()
	server := newServer(t, respondJSON(201, `{"session_id":"s-1","client_token":"a.b.c","status":"complete","order_id":"o-1","token_id":"t-1"}`))
	raw := server.hostileClient(t).Raw()
	session, err := raw.CreateCreditSessionWithResponse(t.Context(), sessionCreate())
	require.NoError(t, err)
	require.Equal(t, "s-1", session.JSON200.SessionID)
	read, err := raw.ReadCreditSessionWithResponse(t.Context(), sessionID)
	require.NoError(t, err)
	require.Equal(t, klarna.SessionStatusComplete, read.JSON200.Status)
	order, err := raw.CreateOrderWithResponse(t.Context(), authorizationToken, orderRequest())
	require.NoError(t, err)
	require.Equal(t, "o-1", order.JSON200.OrderID)
	token, err := raw.PurchaseTokenWithResponse(t.Context(), authorizationToken, tokenRequest())
	require.NoError(t, err)
	require.Equal(t, "t-1", token.JSON200.TokenID)
}

func TestRawCannotBeTurnedElsewhere(t *testing.T) {
	t.Parallel()
	server := newServer(t, respond(204, "", ""))
	raw := server.client(t).Raw()
	for wantErr, edit := range map[string]gen.RequestEditorFn{
		"another host than the client's": func(_ context.Context, r *http.Request) error {
			r.URL.Host = "evil.example"
			return nil
		},
		"another host than the client's ": func(_ context.Context, r *http.Request) error {
			r.URL.Opaque = "//" + r.URL.Host + "/ordermanagement/v1/orders/1/cancel"
			return nil
		},
		"another host than the client's  ": func(_ context.Context, r *http.Request) error {
			r.Host = "evil.example"
			return nil
		},
		"belongs to no operation of this API": func(_ context.Context, r *http.Request) error {
			r.URL.Path = "/ordermanagement/v1/orders/1/cancel"
			return nil
		},
		"Idempotency-Key": func(_ context.Context, r *http.Request) error {
			r.Header.Set("Idempotency-Key", "k")
			return nil
		},
	} {
		_, err := raw.CancelAuthorizationWithResponse(t.Context(), authorizationToken, edit)
		require.ErrorContains(t, err, strings.TrimSpace(wantErr))
		require.NotContains(t, err.Error(), authorizationToken)
	}
	require.Empty(t, server.exchanges())
}

func TestBodyThatPreflightRejectsIsNotSent(t *testing.T) {
	t.Parallel()
	rejected := errors.New("order_lines[0].total_amount is 2500, not 2000")
	server := newServer(t, respond(204, "", ""))
	var checked []any
	client := server.hostileClient(t, klarna.WithPreflight(func(body any) error {
		checked = append(checked, body)
		return rejected
	}))
	for _, op := range operations() {
		err := op.call(t, client)
		switch op.name {
		case klarna.OperationReadSession:
			require.ErrorIs(t, err, klarna.ErrUnexpectedResponse, "it has no body to check")
		case klarna.OperationCancelAuthorization:
			require.NoError(t, err, "it has no body to check")
		default:
			require.ErrorIs(t, err, rejected)
			require.EqualError(t, err, "klarna: "+string(op.name)+": not sent: "+rejected.Error())
		}
	}
	require.Len(t, server.exchanges(), 2)
	update := klarna.SessionUpdate{MerchantReference2: "r-2"}
	session, order, token := sessionCreate(), orderRequest(), tokenRequest()
	require.Equal(t, []any{&session, &update, &order, &token}, checked)
}
