package klarnatest_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/klarna-go/klarna-payments/klarna"
	"github.com/klarna-go/klarna-payments/klarna/customertoken"
	"github.com/klarna-go/klarna-payments/klarna/klarnatest"
	"github.com/klarna-go/klarna-payments/klarna/ordermanagement"
	"github.com/stretchr/testify/require"
)

var monthly = klarna.Subscription{Name: "Coffee, once a month", Interval: klarna.SubscriptionIntervalMonth, IntervalCount: 1}

func coffee() klarna.OrderLine {
	return klarna.OrderLine{Type: klarna.OrderLineTypePhysical, Name: "Coffee", Quantity: 1, UnitPrice: 1299, TaxRate: 700}
}

// tokens returns a client of the Customer Token API whose every exchange is checked against the contract, with one attempt.
func (s *shop) tokens() *customertoken.Client {
	s.t.Helper()
	return customertoken.New(s.checkedOnce("customer-token"))
}

// signUp makes a customer token, for a subscription unless it is empty.
func (s *shop) signUp(subscription klarna.Subscription) string {
	s.t.Helper()
	first := customertoken.Renewal("EUR", subscription, coffee())
	_, authorization := s.openAndAuthorize(klarna.SessionCreate{
		Intent: klarna.IntentTokenize, PurchaseCountry: "DE", PurchaseCurrency: "EUR", Locale: "de-DE",
		OrderAmount: first.OrderAmount, OrderTaxAmount: first.OrderTaxAmount, OrderLines: first.OrderLines, BillingAddress: home(),
	})
	token, err := s.CreateCustomerToken(context.Background(), authorization, customerToken())
	require.NoError(s.t, err)
	return token.TokenID
}

// token sends a request of the Customer Token API that the client would not send.
func (s *shop) token(method, path, body string, header ...string) response {
	s.t.Helper()
	return s.sendChecked("customer-token", method, "/customer-token/v1/tokens/"+path, body, header...)
}

func TestAChargeMakesAnOrderThatOrderManagementKnows(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	s := newShop(t)
	token := s.signUp(monthly)
	charge := customertoken.Renewal("EUR", monthly, coffee())
	charge.MerchantReference1 = "SUB-1/2"
	charge.MerchantURLs.Confirmation = "https://shop.example/thanks?order={order.id}"
	placed, err := s.tokens().CreateOrder(ctx, token, charge)
	require.NoError(t, err)
	require.Equal(t, klarna.FraudStatusAccepted, placed.FraudStatus)
	require.Equal(t, klarna.AuthorizedPaymentMethodTypeCard, placed.AuthorizedPaymentMethod.Type)
	require.NotEmpty(t, placed.RedirectURL)

	order, err := s.orders().ReadOrder(ctx, placed.OrderID)
	require.NoError(t, err)
	require.Equal(t, []int64{1299, 1299}, []int64{order.OrderAmount, order.RemainingAuthorizedAmount})
	require.Equal(t, []string{"EUR", "DE", "SUB-1/2"}, []string{order.PurchaseCurrency, order.PurchaseCountry, order.MerchantReference1})
	require.Equal(t, "Chausseestr. 1", order.ShippingAddress.StreetAddress, "the address is that of the sign-up")
	_, err = s.orders().CaptureOrder(ctx, placed.OrderID, ordermanagement.RemainingCapture(*order))
	require.NoError(t, err)

	charge = customertoken.Renewal("eur", monthly, coffee())
	charge.AutoCapture = true
	charge.ShippingAddress = work()
	placed, err = s.tokens().CreateOrder(ctx, token, charge)
	require.NoError(t, err)
	require.Empty(t, placed.RedirectURL, "without a URL to lead on to")
	captured := s.server.Order(placed.OrderID)
	require.EqualValues(t, 1299, captured.CapturedAmount)
	require.Equal(t, "Torstr. 2", captured.ShippingAddress.StreetAddress)
	require.Equal(t, 2, s.server.Created().Orders)
}

func TestAChargeIsCarriedOutOnceForEachKey(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	s := newShop(t)
	token := s.signUp(monthly)
	charge := customertoken.Renewal("EUR", monthly, coffee())
	first, err := s.tokens().CreateOrder(ctx, token, charge, klarna.WithIdempotencyKey("march/1"))
	require.NoError(t, err)
	again, err := s.tokens().CreateOrder(ctx, token, charge, klarna.WithIdempotencyKey("march/1"))
	require.NoError(t, err)
	require.Equal(t, first, again)
	require.Equal(t, 1, s.server.Created().Orders)

	// The old decline comes back for the old key, although the card would be charged now.
	require.NoError(t, s.server.DeclineCharges(token, "PAYMENT_METHOD_FAILED"))
	_, err = s.tokens().CreateOrder(ctx, token, charge, klarna.WithIdempotencyKey("april/1"))
	require.ErrorIs(t, err, customertoken.ErrPaymentMethodFailed)
	require.NoError(t, s.server.DeclineCharges(token, ""))
	_, err = s.tokens().CreateOrder(ctx, token, charge, klarna.WithIdempotencyKey("april/1"))
	require.ErrorIs(t, err, customertoken.ErrPaymentMethodFailed)
	_, err = s.tokens().CreateOrder(ctx, token, charge, klarna.WithIdempotencyKey("april/2"))
	require.NoError(t, err)
	require.Equal(t, 2, s.server.Created().Orders)
}

func TestRejectedCharges(t *testing.T) {
	t.Parallel()
	yearly := monthly
	yearly.Interval = klarna.SubscriptionIntervalYear
	charge := customertoken.Renewal("EUR", monthly, coffee())
	for name, row := range map[string]struct {
		signedUp klarna.Subscription
		prepare  func(s *shop, token string) string
		charge   customertoken.OrderRequest
		want     rejection
		is       error
	}{
		"an unknown token": {monthly, func(*shop, string) string { return "b4bd3423-24e3-4faf-9a8f-3b0d9c2b7d1e" }, charge,
			rejection{404, "TOKEN_NOT_FOUND", "Customer token not found"}, customertoken.ErrTokenNotFound},
		"a suspended token": {monthly, func(s *shop, token string) string {
			require.NoError(s.t, s.server.SetTokenStatus(token, customertoken.TokenStatusSuspended))
			return token
		}, charge, rejection{403, "TOKEN_SUSPENDED", "Customer token is suspended"}, customertoken.ErrTokenSuspended},
		"a cancelled token": {monthly, func(s *shop, token string) string {
			require.NoError(s.t, s.server.SetTokenStatus(token, customertoken.TokenStatusCancelled))
			return token
		}, charge, rejection{403, "TOKEN_CANCELLED", "Customer token is cancelled"}, customertoken.ErrTokenCancelled},
		"another currency": {monthly, nil, customertoken.Renewal("SEK", monthly, coffee()),
			rejection{403, "PAYMENT_METHOD_CURRENCY_MISMATCH", "The currency is not that of the customer token"}, customertoken.ErrCurrencyMismatch},
		"no subscription": {monthly, nil, customertoken.Renewal("EUR", klarna.Subscription{}, coffee()),
			rejection{403, "PAYMENT_METHOD_FAILED", "The subscription of the order lines is not that of the sign-up"}, customertoken.ErrPaymentMethodFailed},
		"another subscription": {monthly, nil, customertoken.Renewal("EUR", yearly, coffee()),
			rejection{403, "PAYMENT_METHOD_FAILED", "The subscription of the order lines is not that of the sign-up"}, customertoken.ErrPaymentMethodFailed},
		"a subscription for a token without one": {klarna.Subscription{}, nil, charge,
			rejection{403, "PAYMENT_METHOD_FAILED", "The subscription of the order lines is not that of the sign-up"}, customertoken.ErrPaymentMethodFailed},
		"a card that has expired": {monthly, func(s *shop, token string) string {
			require.NoError(s.t, s.server.DeclineCharges(token, "unavailable_payment_method"))
			return token
		}, charge, rejection{403, "UNAVAILABLE_PAYMENT_METHOD", "The stored payment method could not be charged"}, customertoken.ErrPaymentMethodUnavailable},
		"a tax that is rounded for the order as a whole": {monthly, nil, func() customertoken.OrderRequest {
			wrong := customertoken.Renewal("EUR", monthly, coffee())
			wrong.OrderTaxAmount += 2
			return wrong
		}(), rejection{400, "BAD_VALUE", "Bad value: order_tax_amount"}, klarna.ErrInvalidRequest},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newShop(t)
			token := s.signUp(row.signedUp)
			if row.prepare != nil {
				token = row.prepare(s, token)
			}
			_, err := s.tokens().CreateOrder(context.Background(), token, row.charge)
			requireRejected(t, err, row.want)
			require.ErrorIs(t, err, row.is)
			_, confirmable := customertoken.StepUpID(err)
			require.False(t, confirmable, "the customer is not present")
			require.Zero(t, s.server.Created().Orders)
		})
	}
}

func TestRequestsThatTheClientWouldNotSend(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	token := s.signUp(monthly)
	require.Equal(t, 400, s.token("POST", token+"/order", "no JSON").status)
	require.Equal(t, 400, s.token("POST", token+"/order", "{}", "Content-Type", "text/plain").status)
	require.Contains(t, s.token("POST", token+"/order", "{}").body, `Bad value: order_amount, order_lines, order_tax_amount, purchase_currency`)
	require.Contains(t, s.token("POST", token+"/order", `{"order_amount":0,"order_tax_amount":0,"purchase_currency":"EUR","order_lines":[]}`).body, "order_amount, order_lines")
	require.Equal(t, 400, s.token("PATCH", token+"/status", "no JSON").status)
	require.Equal(t, 400, s.token("PATCH", token+"/status", "{}", "Content-Type", "text/plain").status)
	require.Contains(t, s.token("PATCH", token+"/status", `{"status":"ACTIVE"}`).body, "Bad value: status")
	require.Equal(t, 401, s.token("GET", token, "", "Authorization", "Basic eDp5").status)
	require.Equal(t, 405, s.send("DELETE", "/customer-token/v1/tokens/"+token, "").status)
	require.Zero(t, s.server.Created().Orders)
}

// Klarna accepts a cancellation, and carries it out later.
func TestACancellationIsAcceptedAndTakesEffectLater(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	s := newShop(t)
	token := s.signUp(monthly)
	tokens := s.tokens()
	before, err := tokens.ReadToken(ctx, token)
	require.NoError(t, err)
	require.Equal(t, customertoken.TokenStatusActive, before.Status)
	require.Equal(t, "************4242", before.Card.MaskedNumber)

	require.NoError(t, tokens.CancelToken(ctx, token))
	require.Equal(t, customertoken.TokenStatusActive, s.server.CustomerToken(token).Status)
	s.server.Advance(900 * time.Millisecond)
	require.NoError(t, tokens.CancelToken(ctx, token), "another request does not start anew")
	s.server.Advance(100 * time.Millisecond)
	after, err := tokens.ReadToken(ctx, token)
	require.NoError(t, err)
	require.Equal(t, customertoken.TokenStatusCancelled, after.Status)
	require.NoError(t, tokens.CancelToken(ctx, token), "it was seen to be accepted again")
	_, err = tokens.CreateOrder(ctx, token, customertoken.Renewal("EUR", monthly, coffee()))
	require.ErrorIs(t, err, customertoken.ErrTokenCancelled)

	require.ErrorContains(t, s.server.SetTokenStatus(token, customertoken.TokenStatusActive), "cancelled, which is final")
	require.ErrorContains(t, s.server.DeclineCharges(token, "PAYMENT_METHOD_FAILED"), "cancelled, which is final")
	require.ErrorContains(t, s.server.SetTokenStatus("unknown", customertoken.TokenStatusActive), "no such customer token")
	require.Nil(t, s.server.CustomerToken("unknown"))
	_, err = tokens.ReadToken(ctx, "unknown")
	requireRejected(t, err, rejection{404, "TOKEN_NOT_FOUND", "Customer token not found"})
	requireRejected(t, tokens.CancelToken(ctx, "unknown"), rejection{404, "TOKEN_NOT_FOUND", "Customer token not found"})
}

func TestASuspendedTokenCanBecomeActive(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	token := s.signUp(monthly)
	charge := customertoken.Renewal("EUR", monthly, coffee())
	require.NoError(t, s.server.SetTokenStatus(token, customertoken.TokenStatusSuspended))
	_, err := s.tokens().CreateOrder(context.Background(), token, charge)
	require.ErrorIs(t, err, customertoken.ErrTokenSuspended)
	require.NoError(t, s.server.SetTokenStatus(token, customertoken.TokenStatusActive))
	_, err = s.tokens().CreateOrder(context.Background(), token, charge)
	require.NoError(t, err)
}

// A customer who is present confirms a declined charge in a new session. That replaces the stored card.
func TestADeclinedChargeIsConfirmedInANewSession(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	s := newShop(t)
	token := s.signUp(klarna.Subscription{})
	require.NoError(t, s.server.DeclineCharges(token, "UNAVAILABLE_PAYMENT_METHOD"))
	charge := customertoken.Renewal("EUR", klarna.Subscription{}, coffee())
	charge.StepUp = customertoken.StepUpSupported
	_, err := s.tokens().CreateOrder(ctx, token, charge, klarna.WithIdempotencyKey("film/1"))
	require.ErrorIs(t, err, customertoken.ErrPaymentMethodUnavailable)
	stepUpID, ok := customertoken.StepUpID(err)
	require.True(t, ok)
	_, err = s.tokens().CreateOrder(ctx, token, charge, klarna.WithIdempotencyKey("film/1"))
	again, _ := customertoken.StepUpID(err)
	require.Equal(t, stepUpID, again, "the same key gets the same response")

	confirm := func(stepUpID, customerToken string) {
		session := klarna.SessionCreate{
			Intent: klarna.IntentBuyAndTokenize, PurchaseCountry: "DE", PurchaseCurrency: "EUR", OrderAmount: charge.OrderAmount,
			OrderTaxAmount: charge.OrderTaxAmount, OrderLines: charge.OrderLines, StepUpID: stepUpID,
		}
		session.Customer.CustomerToken = customerToken
		_, authorization := s.openAndAuthorize(session)
		s.order(authorization, orderOf(session))
	}
	for name, other := range map[string][2]string{"another id": {"c7e0a9d4", token}, "no id": {"", token}, "another token": {stepUpID, s.signUp(monthly)}} {
		confirm(other[0], other[1])
		_, err = s.tokens().CreateOrder(ctx, token, charge)
		require.ErrorIs(t, err, customertoken.ErrPaymentMethodUnavailable, name)
		stepUpID, _ = customertoken.StepUpID(err) // that of the newest decline counts
	}
	confirm(stepUpID, token)
	_, err = s.tokens().CreateOrder(ctx, token, charge)
	require.NoError(t, err)
	read, err := s.tokens().ReadToken(ctx, token)
	require.NoError(t, err)
	require.Equal(t, "************4243", read.Card.MaskedNumber)
}

func TestFaultsMeetCharges(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	s := newShop(t)
	token := s.signUp(monthly)
	charge := customertoken.Renewal("EUR", monthly, coffee())
	tokens := customertoken.New(s.server.Client(klarna.WithRetry(klarna.NoRetry())))
	s.server.Fail(customertoken.OperationCreateOrder, klarnatest.ResetAfter(), klarnatest.Truncate(), klarnatest.Status(403, "PAYMENT_METHOD_FAILED"))
	for range 2 {
		_, err := tokens.CreateOrder(ctx, token, charge, klarna.WithIdempotencyKey("march/1"))
		require.ErrorIs(t, err, klarna.ErrOutcomeUnknown)
	}
	_, err := tokens.CreateOrder(ctx, token, charge, klarna.WithIdempotencyKey("april/1"))
	require.ErrorIs(t, err, customertoken.ErrPaymentMethodFailed)
	order, err := tokens.CreateOrder(ctx, token, charge, klarna.WithIdempotencyKey("march/1"))
	require.NoError(t, err)
	require.NotNil(t, s.server.Order(order.OrderID))
	require.Equal(t, 1, s.server.Created().Orders)
	require.Empty(t, s.server.PendingFaults())

	requests := s.server.Requests()
	require.Equal(t, customertoken.OperationCreateOrder, requests[len(requests)-1].Operation)
	s.server.SetRateLimit(0, 1)
	_, err = tokens.ReadToken(ctx, token)
	require.NoError(t, err)
	_, err = tokens.ReadToken(ctx, token)
	require.ErrorIs(t, err, klarna.ErrRateLimited)
}

func TestTheOldestCustomerTokensAreForgotten(t *testing.T) {
	t.Parallel()
	s := newShop(t, klarnatest.WithCapacity(3, 1<<20))
	first := s.signUp(monthly)
	for range 2 {
		s.signUp(monthly)
	}
	require.NotNil(t, s.server.CustomerToken(first))
	last := s.signUp(monthly)
	require.Nil(t, s.server.CustomerToken(first))
	require.NotNil(t, s.server.CustomerToken(last))

	s = newShop(t, klarnatest.WithCapacity(1000, 40_000))
	first = s.signUp(monthly)
	for i := range 30 {
		last = s.signUp(klarna.Subscription{Name: fmt.Sprint(i), Interval: klarna.SubscriptionIntervalDay, IntervalCount: 1})
	}
	require.Nil(t, s.server.CustomerToken(first))
	require.NotNil(t, s.server.CustomerToken(last))
	require.Equal(t, 31, s.server.Created().CustomerTokens)
}
