package klarna_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/klarna-go/klarna-payments/internal/contract"
	"github.com/klarna-go/klarna-payments/klarna"
	"github.com/stretchr/testify/require"
)

const (
	sessionID          = "0b1d9815-165e-42e2-8867-35bc03789e00"
	authorizationToken = "b4bd3423-24e3-4faf-9a8f-3b0d9c2b7d1e"
	correlationID      = "1f5a4b3c-0d9e-4c6b-8a7f-2e1d0c9b8a7f"
	apiKey             = "klarna_test_api_c2VjcmV0LW9mLXRoZS1zaG9w"
)

// exchange is what a test server saw of a request.
type exchange struct {
	Method, Path string
	Header       http.Header
	Body         string
}

// server handles every request with one handler and records it.
type server struct {
	*httptest.Server
	mu   sync.Mutex
	seen []exchange
}

func newServer(t *testing.T, handler http.HandlerFunc) *server {
	t.Helper()
	s := &server{}
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return
		}
		s.mu.Lock()
		s.seen = append(s.seen, exchange{r.Method, r.URL.EscapedPath(), r.Header, string(body)})
		s.mu.Unlock()
		handler(w, r)
	}))
	t.Cleanup(s.Close)
	return s
}

func (s *server) exchanges() []exchange {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]exchange(nil), s.seen...)
}

// client calls the server with every request and every response checked against the contract.
func (s *server) client(t *testing.T, opts ...klarna.Option) *klarna.Client {
	t.Helper()
	return s.clientThrough(t, &contract.RoundTripper{Base: s.Client().Transport, T: t}, opts...)
}

// hostileClient is for responses that break the contract on purpose; requests are checked all the same.
func (s *server) hostileClient(t *testing.T, opts ...klarna.Option) *klarna.Client {
	t.Helper()
	return s.clientThrough(t, &contract.RoundTripper{Base: s.Client().Transport, T: t, Hostile: true}, opts...)
}

func (s *server) clientThrough(t *testing.T, transport http.RoundTripper, opts ...klarna.Option) *klarna.Client {
	t.Helper()
	// One attempt, unless a test is about more.
	opts = append([]klarna.Option{klarna.WithHTTPClient(&http.Client{Transport: transport}), klarna.WithRetry(klarna.NoRetry())}, opts...)
	client, err := klarna.New(klarna.Environment(s.URL), klarna.APIKey(apiKey), opts...)
	require.NoError(t, err)
	return client
}

// respond returns a handler that sends the same response each time, with a correlation id.
func respond(status int, contentType, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Klarna-Correlation-Id", correlationID)
		if contentType != "" {
			w.Header().Set("Content-Type", contentType)
		}
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}
}

func respondJSON(status int, body string) http.HandlerFunc {
	return respond(status, "application/json", body)
}

// sessionCreate is a valid cart.
func sessionCreate() klarna.SessionCreate {
	return klarna.SessionCreate{
		PurchaseCountry: "DE", PurchaseCurrency: "EUR", Locale: "de-DE",
		OrderAmount: 11900, OrderTaxAmount: 1900,
		OrderLines: []klarna.OrderLine{shoes()},
	}
}

func orderRequest() klarna.CreateOrderRequest {
	return klarna.CreateOrderRequest{
		PurchaseCountry: "DE", PurchaseCurrency: "EUR", Locale: "de-DE",
		OrderAmount: 11900, OrderTaxAmount: 1900,
		OrderLines: []klarna.OrderLine{shoes()},
	}
}

func tokenRequest() klarna.CustomerTokenCreationRequest {
	return klarna.CustomerTokenCreationRequest{
		Description: "Coffee, once a month", IntendedUse: klarna.IntendedUseSubscription,
		Locale: "de-DE", PurchaseCountry: "DE", PurchaseCurrency: "EUR",
	}
}

func shoes() klarna.OrderLine {
	return klarna.OrderLine{
		Type: klarna.OrderLineTypePhysical, Name: "Running shoe", Quantity: 1,
		UnitPrice: 11900, TaxRate: 1900, TotalAmount: 11900, TotalTaxAmount: 1900,
	}
}

// operation is one of the six calls, with valid arguments and a valid response.
type operation struct {
	name     klarna.Operation
	status   int
	response string
	call     func(*testing.T, *klarna.Client, ...klarna.CallOption) error
}

// operations is all six.
func operations() []operation {
	return []operation{
		{klarna.OperationCreateSession, 200, `{"session_id":"` + sessionID + `","client_token":"a.b.c"}`,
			func(t *testing.T, c *klarna.Client, opts ...klarna.CallOption) error {
				session, err := c.CreateSession(t.Context(), sessionCreate(), opts...)
				require.Equal(t, err != nil, session == nil)
				return err
			}},
		{klarna.OperationReadSession, 200, `{"status":"incomplete"}`,
			func(t *testing.T, c *klarna.Client, opts ...klarna.CallOption) error {
				session, err := c.ReadSession(t.Context(), sessionID, opts...)
				require.Equal(t, err != nil, session == nil)
				return err
			}},
		{klarna.OperationUpdateSession, 204, "",
			func(t *testing.T, c *klarna.Client, opts ...klarna.CallOption) error {
				return c.UpdateSession(t.Context(), sessionID, klarna.SessionUpdate{MerchantReference2: "r-2"}, opts...)
			}},
		{klarna.OperationCreateOrder, 200, `{"order_id":"o-1"}`,
			func(t *testing.T, c *klarna.Client, opts ...klarna.CallOption) error {
				order, err := c.CreateOrder(t.Context(), authorizationToken, orderRequest(), opts...)
				require.Equal(t, err != nil, order == nil)
				return err
			}},
		{klarna.OperationCancelAuthorization, 204, "",
			func(t *testing.T, c *klarna.Client, opts ...klarna.CallOption) error {
				return c.CancelAuthorization(t.Context(), authorizationToken, opts...)
			}},
		{klarna.OperationCreateCustomerToken, 200, `{"token_id":"t-1"}`,
			func(t *testing.T, c *klarna.Client, opts ...klarna.CallOption) error {
				token, err := c.CreateCustomerToken(t.Context(), authorizationToken, tokenRequest(), opts...)
				require.Equal(t, err != nil, token == nil)
				return err
			}},
	}
}

func example(t testing.TB, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", "examples", name))
	require.NoError(t, err)
	return data
}

// longHTML is a page of a gateway, longer than what is kept of an error.
func longHTML(size int) string {
	return "<html>" + strings.Repeat("x", size-len("<html></html>")) + "</html>"
}
