package payway_test

import (
	"errors"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/klarna-go/klarna-payments/internal/contract"
	"github.com/klarna-go/klarna-payments/internal/wiretest"
	"github.com/klarna-go/klarna-payments/klarna"
	"github.com/klarna-go/klarna-payments/payway"
)

const token payway.Token = "token-of-a-reader-0123456789"

const (
	clientToken = "eyJhbGciOiJSUzI1NiJ9.eyJzZXNzaW9uIjoiZGVtbyJ9.c2ln"
	sessionID   = "65a1c3d4e5f60718293a4b5c"

	// success has all the members of the provider's example.
	success = `{"item":{"klarna_payments_session_id":"` + sessionID + `","klarna_client_token":"` + clientToken + `",
		"payment_method_categories":[{"identifier":"direct_debit","name":"Autogiro",
			"asset_urls":{"descriptive":"https://cdn.example/dd/d.svg","standard":"https://cdn.example/dd/s.svg"}},
		{"identifier":"pay_later","name":"Få först. Betala sen.",
			"asset_urls":{"descriptive":"https://cdn.example/pl/d.svg","standard":"https://cdn.example/pl/s.svg"}}]}}`
)

func request() payway.SessionRequest {
	return payway.SessionRequest{
		Code: "nordlys_web", PeriodType: payway.PeriodTypeRecurring, PeriodID: "64b7f0a2c9d1e83a5f00b21c",
		ConfirmationURL: "https://paper.example/thanks", StartDate: "2026-12-01", DisableAccountInfoOverwrite: true,
	}
}

type (
	script = wiretest.Script
	line   = wiretest.Line
)

// quickRetries is a policy whose waits a test does not notice.
var quickRetries = klarna.WithRetry(klarna.RetryPolicy{BaseDelay: time.Microsecond, MaxDelay: time.Millisecond})

func clientThrough(t testing.TB, transport http.RoundTripper, opts ...klarna.Option) *payway.Client {
	t.Helper()
	client, err := payway.New(payway.Stage, append([]klarna.Option{klarna.WithHTTPClient(&http.Client{Transport: transport}), quickRetries}, opts...)...)
	require.NoError(t, err)
	return client
}

// checked checks every exchange against the contract.
func checked(t testing.TB, base http.RoundTripper) *contract.RoundTripper {
	t.Helper()
	document, err := contract.LoadNamed("payway")
	require.NoError(t, err)
	return &contract.RoundTripper{Base: base, Contract: document, T: t, Strict: true}
}

func asError(t *testing.T, err error) *payway.Error {
	t.Helper()
	var e *payway.Error
	require.ErrorAs(t, err, &e)
	return e
}

var errHalf = errors.New("connection reset by peer")
