package klarnatest_test

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/klarna-go/klarna-payments/internal/contract"
	"github.com/klarna-go/klarna-payments/klarna"
	"github.com/klarna-go/klarna-payments/klarna/klarnatest"
	"github.com/stretchr/testify/require"
)

const sessionsPath = "/payments/v1/sessions"

// shop is a server, and a client of it whose every exchange is checked against the contract.
type shop struct {
	*klarna.Client
	t      testing.TB
	server *klarnatest.Server
}

// newShop has a strict server, so that whatever is odd fails a test.
func newShop(t testing.TB, opts ...klarnatest.Option) *shop {
	return newLenientShop(t, append([]klarnatest.Option{klarnatest.WithStrict()}, opts...)...)
}

// newLenientShop has a server as it is by default.
func newLenientShop(t testing.TB, opts ...klarnatest.Option) *shop {
	server := klarnatest.NewServer(opts...)
	t.Cleanup(server.Close)
	return &shop{Client: checkedClient(t, server, "payments"), t: t, server: server}
}

// checkedClient returns a client whose every exchange is checked against the contract of an API.
func checkedClient(t testing.TB, server *klarnatest.Server, api string, opts ...klarna.Option) *klarna.Client {
	t.Helper()
	transport := &http.Transport{MaxIdleConnsPerHost: 64}
	t.Cleanup(transport.CloseIdleConnections)
	checked := &contract.RoundTripper{Base: transport, T: t, Strict: true, Contract: contractOf(t, api)}
	return server.Client(append(opts, klarna.WithHTTPClient(&http.Client{Transport: checked}))...)
}

// checkedOnce is a checkedClient of the shop with one attempt.
func (s *shop) checkedOnce(api string, opts ...klarna.Option) *klarna.Client {
	s.t.Helper()
	return checkedClient(s.t, s.server, api, append([]klarna.Option{klarna.WithRetry(klarna.NoRetry())}, opts...)...)
}

func contractOf(t testing.TB, api string) *contract.Contract {
	t.Helper()
	document, err := contract.LoadNamed(api)
	require.NoError(t, err)
	return document
}

// warnings returns the members and rules of the warnings of the last request, as "member rule".
func (s *shop) warnings() (found []string) {
	requests := s.server.Requests()
	for _, warning := range requests[len(requests)-1].Warnings {
		found = append(found, strings.TrimSpace(warning.Member+" "+warning.Rule))
	}
	return found
}

// open creates a session and returns its id.
func (s *shop) open(cart klarna.SessionCreate) string {
	s.t.Helper()
	session, err := s.CreateSession(context.Background(), cart)
	require.NoError(s.t, err)
	return session.SessionID
}

// authorize approves a session and returns the token.
func (s *shop) authorize(sessionID string) string {
	s.t.Helper()
	token, err := s.server.Authorize(sessionID)
	require.NoError(s.t, err)
	return token
}

// openAndAuthorize is the way up to the token.
func (s *shop) openAndAuthorize(cart klarna.SessionCreate) (sessionID, token string) {
	s.t.Helper()
	sessionID = s.open(cart)
	return sessionID, s.authorize(sessionID)
}

func (s *shop) order(token string, order klarna.CreateOrderRequest) *klarna.Order {
	s.t.Helper()
	placed, err := s.CreateOrder(context.Background(), token, order)
	require.NoError(s.t, err)
	return placed
}

func (s *shop) read(sessionID string) *klarna.SessionRead {
	s.t.Helper()
	session, err := s.ReadSession(context.Background(), sessionID)
	require.NoError(s.t, err)
	return session
}

// response is the response to a request that the client would not send.
type response struct {
	status int
	header http.Header
	body   string
}

// send sends a request without the client's and the contract's checks on it. The response is still checked against the
// contract, where the path is one of it.
func (s *shop) send(method, path, body string, header ...string) response {
	s.t.Helper()
	req, err := http.NewRequest(method, s.server.URL+path, strings.NewReader(body))
	require.NoError(s.t, err)
	req.Header.Set("Authorization", "Basic "+s.server.APIKey)
	req.Header.Set("Content-Type", "application/json")
	for i := 0; i < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	transport := &http.Transport{}
	defer transport.CloseIdleConnections()
	resp, err := transport.RoundTrip(req) // not a Client: a redirect is a response like any other
	require.NoError(s.t, err)
	defer resp.Body.Close()
	got, err := io.ReadAll(resp.Body)
	require.NoError(s.t, err)
	if resp.StatusCode != http.StatusMethodNotAllowed && strings.HasPrefix(path, sessionsPath) && req.Header.Get("X-Unchecked") == "" {
		require.NoError(s.t, contractOf(s.t, "payments").StrictResponse(req, resp.StatusCode, resp.Header, got))
	}
	return response{resp.StatusCode, resp.Header, string(bytes.TrimSpace(got))}
}

// sendChecked sends a request as send does, and checks the response against the contract of an API.
func (s *shop) sendChecked(api, method, path, body string, header ...string) response {
	s.t.Helper()
	got := s.send(method, path, body, header...)
	req, err := http.NewRequest(method, s.server.URL+path, nil)
	require.NoError(s.t, err)
	require.NoError(s.t, contractOf(s.t, api).StrictResponse(req, got.status, got.header, []byte(got.body)))
	return got
}

// cart is 119.00 of shoes and 5.00 of shipping, without personal data.
func cart() klarna.SessionCreate {
	return klarna.SessionCreate{
		PurchaseCountry:  "DE",
		PurchaseCurrency: "EUR",
		Locale:           "de-DE",
		OrderAmount:      12400,
		OrderTaxAmount:   1980,
		OrderLines: []klarna.OrderLine{
			{Type: klarna.OrderLineTypePhysical, Name: "Running shoe", Quantity: 1, UnitPrice: 11900, TaxRate: 1900, TotalAmount: 11900, TotalTaxAmount: 1900,
				ProductIdentifiers: klarna.ProductIdentifiers{Brand: "Fleet Foot"}},
			{Type: klarna.OrderLineTypeShippingFee, Name: "Parcel", Quantity: 1, UnitPrice: 500, TaxRate: 1900, TotalAmount: 500, TotalTaxAmount: 80},
		},
		MerchantURLs: klarna.MerchantURLs{Confirmation: "https://shop.example/thanks?session={session.id}&order={order.id}"},
	}
}

func cartFor(intent klarna.Intent) klarna.SessionCreate {
	c := cart()
	c.Intent = intent
	return c
}

// orderOf is the order that matches a cart.
func orderOf(c klarna.SessionCreate) klarna.CreateOrderRequest {
	return klarna.CreateOrderRequest{
		PurchaseCountry:  c.PurchaseCountry,
		PurchaseCurrency: c.PurchaseCurrency,
		Locale:           c.Locale,
		OrderAmount:      c.OrderAmount,
		OrderTaxAmount:   c.OrderTaxAmount,
		OrderLines:       append([]klarna.OrderLine(nil), c.OrderLines...),
		BillingAddress:   c.BillingAddress,
		ShippingAddress:  c.ShippingAddress,
	}
}

func home() klarna.Address {
	return klarna.Address{GivenName: "Alex", FamilyName: "Muster", StreetAddress: "Chausseestr. 1", PostalCode: "10115", City: "Berlin", Country: "DE"}
}

func work() klarna.Address {
	a := home()
	a.StreetAddress, a.PostalCode, a.OrganizationName = "Torstr. 2", "10119", "Muster GmbH"
	return a
}

func customerToken() klarna.CustomerTokenCreationRequest {
	return klarna.CustomerTokenCreationRequest{
		Description:      "Coffee, once a month",
		IntendedUse:      klarna.IntendedUseSubscription,
		Locale:           "de-DE",
		PurchaseCountry:  "DE",
		PurchaseCurrency: "EUR",
	}
}

// rejection is the content of an error of Klarna's.
type rejection struct {
	status  int
	code    string
	message string // empty for an empty list
}

var (
	invalidSession   = rejection{404, "NOT_FOUND", "Invalid session id"}
	invalidToken     = rejection{404, "NOT_FOUND", "Invalid authorization token"}
	sessionCompleted = rejection{404, "SESSION_COMPLETED", "Session has already been completed"}
	alreadyConsumed  = rejection{403, "INVALID_OPERATION", "Authorization token already consumed"}
)

// withoutWarnings is messages without the texts of warnings, which end with the rule.
func withoutWarnings(messages []string) []string {
	return slices.DeleteFunc(slices.Clone(messages), warningText.MatchString)
}

var warningText = regexp.MustCompile(` \([a-z_]+\)$`)

func requireRejected(t testing.TB, err error, want rejection) {
	t.Helper()
	var failed *klarna.Error
	require.ErrorAs(t, err, &failed)
	got := rejection{failed.StatusCode, failed.Code, strings.Join(withoutWarnings(failed.Messages), "; ")}
	require.Equal(t, want, got)
	require.Equal(t, failed.Header.Get("Klarna-Correlation-Id"), failed.CorrelationID)
	require.Contains(t, string(failed.Body), `"correlation_id":"`+failed.CorrelationID+`"`)
}
