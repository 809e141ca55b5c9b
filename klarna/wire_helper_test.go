//go:debug x509usefallbackroots=1

package klarna_test

import (
	"crypto/x509"
	"errors"
	"net/http"
	"testing"
	"time"

	"github.com/klarna-go/klarna-payments/internal/wiretest"
	"github.com/klarna-go/klarna-payments/klarna"
	"github.com/stretchr/testify/require"
)

// The default transport cannot be told which certificates to trust, so the whole test binary trusts wiretest's.
func init() { x509.SetFallbackRoots(wiretest.Roots()) }

const (
	wireToken   = "b4bd3423-24e3-4faf-9a8f-3b0d9c2b7d1e"
	wireSession = "0b1d9815-165e-42e2-8867-35bc03789e00"
	wireKey     = "klarna_test_api_c2VjcmV0LW9mLXRoZS1zaG9w"
)

// wireClient returns a client of a peer, with a transport of its own that trusts the peer and waits between attempts that a
// test does not notice. Options come last, so a test can replace each of them.
func wireClient(t *testing.T, url string, opts ...klarna.Option) *klarna.Client {
	t.Helper()
	transport := wiretest.Transport()
	t.Cleanup(transport.CloseIdleConnections)
	return wireClientThrough(t, url, transport, opts...)
}

func wireClientThrough(t *testing.T, url string, transport http.RoundTripper, opts ...klarna.Option) *klarna.Client {
	t.Helper()
	opts = append([]klarna.Option{
		klarna.WithHTTPClient(&http.Client{Transport: transport}), klarna.WithTimeout(5 * time.Second), wireRetries(3),
	}, opts...)
	client, err := klarna.New(klarna.Environment(url), klarna.APIKey(wireKey), opts...)
	require.NoError(t, err)
	return client
}

// wireDefaultClient returns a client with the default transport.
func wireDefaultClient(t *testing.T, url string, opts ...klarna.Option) *klarna.Client {
	t.Helper()
	client, err := klarna.New(klarna.Environment(url), klarna.APIKey(wireKey), opts...)
	require.NoError(t, err)
	return client
}

func wireRetries(attempts int) klarna.Option {
	return klarna.WithRetry(klarna.RetryPolicy{MaxAttempts: attempts, BaseDelay: time.Microsecond, MaxDelay: 10 * time.Millisecond})
}

func wireLine() klarna.OrderLine {
	return klarna.OrderLine{
		Type: klarna.OrderLineTypePhysical, Name: "Running shoe", Quantity: 1,
		UnitPrice: 11900, TaxRate: 1900, TotalAmount: 11900, TotalTaxAmount: 1900,
	}
}

func wireOrder() klarna.CreateOrderRequest {
	return klarna.CreateOrderRequest{
		PurchaseCountry: "DE", PurchaseCurrency: "EUR", Locale: "de-DE",
		OrderAmount: 11900, OrderTaxAmount: 1900, OrderLines: []klarna.OrderLine{wireLine()},
	}
}

func wireCart() klarna.SessionCreate {
	return klarna.SessionCreate{
		PurchaseCountry: "DE", PurchaseCurrency: "EUR", Locale: "de-DE",
		OrderAmount: 11900, OrderTaxAmount: 1900, OrderLines: []klarna.OrderLine{wireLine()},
	}
}

func wireTokenRequest() klarna.CustomerTokenCreationRequest {
	return klarna.CustomerTokenCreationRequest{
		Description: "Coffee, once a month", IntendedUse: klarna.IntendedUseSubscription,
		Locale: "de-DE", PurchaseCountry: "DE", PurchaseCurrency: "EUR",
	}
}

// wireOperation is one of the operations, with valid arguments.
type wireOperation struct {
	name    klarna.Operation
	status  int    // of a success
	body    string // of a success
	commits bool   // creates an order or a customer token
	hasBody bool   // the request has one
	call    func(*testing.T, *klarna.Client, ...klarna.CallOption) error
}

func wireOperations() []wireOperation {
	return []wireOperation{
		{klarna.OperationCreateSession, 200, `{"session_id":"` + wireSession + `","client_token":"a.b.c"}`, false, true,
			func(t *testing.T, c *klarna.Client, opts ...klarna.CallOption) error {
				_, err := c.CreateSession(t.Context(), wireCart(), opts...)
				return err
			}},
		{klarna.OperationReadSession, 200, `{"status":"incomplete"}`, false, false,
			func(t *testing.T, c *klarna.Client, opts ...klarna.CallOption) error {
				_, err := c.ReadSession(t.Context(), wireSession, opts...)
				return err
			}},
		{klarna.OperationUpdateSession, 204, "", false, true,
			func(t *testing.T, c *klarna.Client, opts ...klarna.CallOption) error {
				return c.UpdateSession(t.Context(), wireSession, klarna.SessionUpdate{MerchantReference2: "r-2"}, opts...)
			}},
		{klarna.OperationCreateOrder, 200, `{"order_id":"o-1"}`, true, true,
			func(t *testing.T, c *klarna.Client, opts ...klarna.CallOption) error {
				_, err := c.CreateOrder(t.Context(), wireToken, wireOrder(), opts...)
				return err
			}},
		{klarna.OperationCancelAuthorization, 204, "", false, false,
			func(t *testing.T, c *klarna.Client, opts ...klarna.CallOption) error {
				return c.CancelAuthorization(t.Context(), wireToken, opts...)
			}},
		{klarna.OperationCreateCustomerToken, 200, `{"token_id":"t-1"}`, true, true,
			func(t *testing.T, c *klarna.Client, opts ...klarna.CallOption) error {
				_, err := c.CreateCustomerToken(t.Context(), wireToken, wireTokenRequest(), opts...)
				return err
			}},
	}
}

// attemptsOf returns how many attempts a failed call reports.
func attemptsOf(t *testing.T, err error) int {
	t.Helper()
	var failed *klarna.Error
	require.ErrorAs(t, err, &failed)
	return failed.Attempts
}

// requireWithin fails the test if call takes longer than limit, without waiting for it.
func requireWithin(t *testing.T, limit time.Duration, call func() error) error {
	t.Helper()
	done := make(chan error, 1)
	go func() { done <- call() }()
	select {
	case err := <-done:
		return err
	case <-time.After(limit):
		t.Fatalf("the call has not returned after %v", limit)
		return nil
	}
}

// isUnknownOrPlaced reports whether an error leaves room for an order or token that exists.
func isUnknownOrPlaced(err error) bool {
	return errors.Is(err, klarna.ErrOutcomeUnknown) || errors.Is(err, klarna.ErrOrderAlreadyPlaced)
}
