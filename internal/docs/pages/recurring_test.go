package pages

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/klarna-go/klarna-payments/klarna"
	"github.com/klarna-go/klarna-payments/klarna/customertoken"
	"github.com/klarna-go/klarna-payments/klarna/klarnatest"
	"github.com/klarna-go/klarna-payments/klarna/preflight"
)

// The functions of this file hold what docs/recurring.md quotes.

// quote: sign-up
// monthly is the subscription that customers sign up for. Each charge has the same one.
var monthly = klarna.Subscription{Name: "Coffee, once a month", Interval: klarna.SubscriptionIntervalMonth, IntervalCount: 1}

// firstDelivery is the cart of the sign-up, of which the first delivery is bought at once.
func firstDelivery() klarna.SessionCreate {
	coffee := klarna.CompleteLine(klarna.OrderLine{Name: "Coffee, March", Quantity: 1, UnitPrice: 1299, TaxRate: 700, Subscription: monthly})
	lines := []klarna.OrderLine{coffee}
	amount, tax := klarna.Totals(lines)
	return klarna.SessionCreate{
		Intent:          klarna.IntentBuyAndTokenize,
		PurchaseCountry: "DE", PurchaseCurrency: "EUR", Locale: "de-DE",
		OrderAmount: amount, OrderTaxAmount: tax, OrderLines: lines,
		MerchantReference1: "SUB-7781/2026-03",
		MerchantURLs:       klarna.MerchantURLs{Confirmation: "https://shop.example/thanks"},
	}
}

// end of quote

// quote: subscribe
// subscribe runs when the customer has approved. The customer token comes first: the order uses the authorization up.
func subscribe(ctx context.Context, client *klarna.Client, authorizationToken string) (*subscriber, error) {
	token, err := client.CreateCustomerToken(ctx, authorizationToken, klarna.CustomerTokenCreationRequest{
		Description: monthly.Name, IntendedUse: klarna.IntendedUseSubscription,
		PurchaseCountry: "DE", PurchaseCurrency: "EUR", Locale: "de-DE",
	})
	if err != nil {
		return nil, err // for klarna.ErrOutcomeUnknown see "When it is unknown whether there is a token"
	}
	s := &subscriber{CustomerToken: token.TokenID}
	if err := store(s); err != nil { // like a password
		return nil, err
	}
	order, err := client.CreateOrder(ctx, authorizationToken, klarna.OrderFromSession(firstDelivery()))
	if err != nil {
		return nil, err
	}
	s.OrderID = order.OrderID
	return s, store(s)
}

// end of quote

// quote: renew
// renewal is a row of the shop's database: one period of one subscription. Key names the charge that is made next. It is stored
// before the call, and replaced by a new one after a decline.
type renewal struct {
	CustomerToken, Reference, Key string
	Lines                         []klarna.OrderLine
}

func renew(ctx context.Context, tokens *customertoken.Client, r renewal) error {
	charge := customertoken.Renewal("EUR", monthly, r.Lines...) // completes the lines, and adds them up
	charge.MerchantReference1 = r.Reference
	order, err := tokens.CreateOrder(ctx, r.CustomerToken, charge, klarna.WithIdempotencyKey(r.Key))
	switch {
	case err == nil:
		return paid(r, order.OrderID) // goes on as any order: captured when the goods ship
	case errors.Is(err, klarna.ErrOutcomeUnknown): // first: the error matches other sentinels as well
		return renewAgain(r) // with the same key and the same request, within 24 hours
	case errors.Is(err, klarna.ErrInvalidRequest), errors.Is(err, klarna.ErrInvalidID):
		return err // correct the program or the data, and use a new key
	case errors.Is(err, klarna.ErrNotSent), errors.Is(err, klarna.ErrRateLimited):
		return renewAgain(r) // the same key is right here, too
	case errors.Is(err, customertoken.ErrPaymentMethodFailed):
		return renewTomorrow(r) // with a new key
	case errors.Is(err, customertoken.ErrPaymentMethodUnavailable), errors.Is(err, customertoken.ErrCurrencyMismatch):
		return writeToCustomer(r) // who has to come back
	case errors.Is(err, customertoken.ErrTokenCancelled), errors.Is(err, customertoken.ErrTokenSuspended),
		errors.Is(err, customertoken.ErrTokenNotFound), errors.Is(err, customertoken.ErrTokenForbidden):
		return endSubscription(r)
	}
	return err // such as wrong credentials
}

// end of quote

func onDemand(ctx context.Context, tokens *customertoken.Client, customerToken, key string, film klarna.OrderLine) (*customertoken.Order, error) {
	// quote: on-demand
	charge := customertoken.Renewal("EUR", klarna.Subscription{}, film) // a token without a subscription
	charge.StepUp = customertoken.StepUpSupported                       // the customer is here
	order, err := tokens.CreateOrder(ctx, customerToken, charge, klarna.WithIdempotencyKey(key))
	// end of quote
	return order, err
}

// quote: step-up
// confirmation is the session in which the customer confirms a charge that was declined, or nil if that is not possible.
func confirmation(declined error, customerToken string, charge customertoken.OrderRequest) *klarna.SessionCreate {
	stepUpID, ok := customertoken.StepUpID(declined)
	if !ok {
		return nil
	}
	return &klarna.SessionCreate{
		StepUpID:        stepUpID,
		Customer:        klarna.Customer{CustomerToken: customerToken},
		Intent:          klarna.IntentBuyAndTokenize,
		PurchaseCountry: "DE", PurchaseCurrency: charge.PurchaseCurrency, Locale: "de-DE",
		OrderAmount: charge.OrderAmount, OrderTaxAmount: charge.OrderTaxAmount, OrderLines: charge.OrderLines,
	}
}

// end of quote

func tokenAgain(ctx context.Context, client *klarna.Client, authorizationToken string, request klarna.CustomerTokenCreationRequest) (string, error) {
	// quote: token-again
	token, err := client.CreateCustomerToken(ctx, authorizationToken, request)
	if errors.Is(err, klarna.ErrOutcomeUnknown) {
		token, err = client.CreateCustomerToken(ctx, authorizationToken, request) // once more, with the same request
	}
	if err != nil {
		return "", err // "already consumed" or another one: open a new session, and have the customer approve again
	}
	// end of quote
	return token.TokenID, nil
}

func cancel(ctx context.Context, tokens *customertoken.Client, customerToken string) error {
	// quote: cancel
	err := tokens.CancelToken(ctx, customerToken)
	if errors.Is(err, customertoken.ErrTokenCancelled) {
		err = nil // it was cancelled before
	}
	// end of quote
	return err
}

// quote: test
func TestExpiredCard(t *testing.T) {
	server := klarnatest.NewServer()
	defer server.Close()
	client := server.Client()
	session, err := client.CreateSession(t.Context(), firstDelivery())
	if err != nil {
		t.Fatal(err)
	}
	authorization, err := server.Authorize(session.SessionID) // what the customer does in the browser
	if err != nil {
		t.Fatal(err)
	}
	customer, err := subscribe(t.Context(), client, authorization)
	if err != nil {
		t.Fatal(err)
	}
	if err := server.DeclineCharges(customer.CustomerToken, "UNAVAILABLE_PAYMENT_METHOD"); err != nil {
		t.Fatal(err)
	}
	april := renewal{CustomerToken: customer.CustomerToken, Reference: "SUB-7781/2026-04", Key: "SUB-7781/2026-04/1", Lines: firstDelivery().OrderLines}
	if err := renew(t.Context(), customertoken.New(client), april); err != nil || !mustComeBack(april) {
		t.Error("the customer was not asked to come back", err)
	}
}

// end of quote

// subscriber is a row of the shop's database.
type subscriber struct{ CustomerToken, OrderID string }

var ledger = map[string]string{} // what came of a renewal, by its reference

func store(*subscriber) error { return nil }

func paid(r renewal, _ string) error { ledger[r.Reference] = "paid"; return nil }

func renewAgain(r renewal) error { ledger[r.Reference] = "again"; return nil }

func renewTomorrow(r renewal) error { ledger[r.Reference] = "tomorrow"; return nil }

func writeToCustomer(r renewal) error { ledger[r.Reference] = "written"; return nil }

func endSubscription(r renewal) error { ledger[r.Reference] = "ended"; return nil }

func mustComeBack(r renewal) bool { return ledger[r.Reference] == "written" }

func TestRecurringPage(t *testing.T) {
	server := klarnatest.NewServer()
	defer server.Close()
	client := server.Client(klarna.WithPreflight(preflight.Check), klarna.WithRetry(klarna.NoRetry()))
	tokens := customertoken.New(client)
	authorize := func(cart klarna.SessionCreate) string {
		t.Helper()
		session, err := client.CreateSession(t.Context(), cart)
		require.NoError(t, err)
		authorization, err := server.Authorize(session.SessionID)
		require.NoError(t, err)
		return authorization
	}
	customer, err := subscribe(t.Context(), client, authorize(firstDelivery()))
	require.NoError(t, err)
	require.NotNil(t, server.Order(customer.OrderID))

	next := renewal{CustomerToken: customer.CustomerToken, Reference: "SUB-7781/2026-05", Key: "SUB-7781/2026-05/1", Lines: firstDelivery().OrderLines}
	for _, step := range []struct {
		prepare func()
		key     string
		want    string
	}{
		{func() { server.Fail(customertoken.OperationCreateOrder, klarnatest.ResetAfter()) }, "1", "again"},
		{func() {}, "1", "paid"},
		{func() { require.NoError(t, server.DeclineCharges(customer.CustomerToken, "PAYMENT_METHOD_FAILED")) }, "2", "tomorrow"},
		{func() { require.NoError(t, server.DeclineCharges(customer.CustomerToken, "")) }, "2", "tomorrow"}, // the old decline
		{func() {}, "3", "paid"},
		{func() { server.Fail(customertoken.OperationCreateOrder, klarnatest.TooManyRequests(1)) }, "4", "again"},
		{func() {
			require.NoError(t, server.DeclineCharges(customer.CustomerToken, "UNAVAILABLE_PAYMENT_METHOD"))
		}, "5", "written"},
		{func() {
			require.NoError(t, cancel(t.Context(), tokens, customer.CustomerToken))
			server.Advance(time.Minute)
			require.NoError(t, cancel(t.Context(), tokens, customer.CustomerToken))
		}, "6", "ended"},
	} {
		step.prepare()
		next.Key = "SUB-7781/2026-05/" + step.key
		require.NoError(t, renew(t.Context(), tokens, next))
		require.Equal(t, step.want, ledger[next.Reference], step.key)
	}
	require.Equal(t, 3, server.Created().Orders, "the first delivery, and the two that are paid")
	next.Lines = nil
	require.ErrorIs(t, renew(t.Context(), tokens, next), klarna.ErrInvalidRequest)

	// On demand, with a card that has expired: the customer confirms.
	film := klarna.OrderLine{Name: "Film", Quantity: 1, UnitPrice: 499, TaxRate: 1900}
	cart := customertoken.Renewal("EUR", klarna.Subscription{}, film)
	authorization := authorize(klarna.SessionCreate{
		Intent: klarna.IntentTokenize, PurchaseCountry: "DE", PurchaseCurrency: "EUR",
		OrderAmount: cart.OrderAmount, OrderTaxAmount: cart.OrderTaxAmount, OrderLines: cart.OrderLines,
	})
	request := klarna.CustomerTokenCreationRequest{
		Description: "Films", IntendedUse: klarna.IntendedUseSubscription, PurchaseCountry: "DE", PurchaseCurrency: "EUR", Locale: "de-DE",
	}
	server.Fail(klarna.OperationCreateCustomerToken, klarnatest.ResetBefore())
	customerToken, err := tokenAgain(t.Context(), client, authorization, request)
	require.NoError(t, err)
	require.NoError(t, server.DeclineCharges(customerToken, "UNAVAILABLE_PAYMENT_METHOD"))
	_, err = onDemand(t.Context(), tokens, customerToken, "film-1/1", film)
	session := confirmation(err, customerToken, cart)
	require.NotNil(t, session)
	require.Nil(t, confirmation(errors.New("another one"), customerToken, cart))
	order, err := client.CreateOrder(t.Context(), authorize(*session), klarna.OrderFromSession(*session))
	require.NoError(t, err)
	require.NotNil(t, server.Order(order.OrderID))
	_, err = onDemand(t.Context(), tokens, customerToken, "film-2/1", film)
	require.NoError(t, err)
}
