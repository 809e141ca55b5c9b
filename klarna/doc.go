// Package klarna is a client for the Klarna Payments API v1. It is not made, checked or supported by Klarna.
//
// A purchase runs in three places. The shop's server opens a session with the cart:
//
//	client, err := klarna.New(klarna.PlaygroundEU, klarna.APIKey(os.Getenv("KLARNA_API_KEY")))
//	session, err := client.CreateSession(ctx, klarna.SessionCreate{
//		PurchaseCountry:  "DE",
//		PurchaseCurrency: "EUR",
//		OrderAmount:      11900,
//		OrderTaxAmount:   1900,
//		OrderLines: []klarna.OrderLine{{
//			Name: "Running shoe", Quantity: 1, UnitPrice: 11900, TaxRate: 1900, TotalAmount: 11900, TotalTaxAmount: 1900,
//		}},
//	})
//
// The shopper's browser shows Klarna's widget with session.ClientToken and comes back with an authorization token. The
// server places the order with it:
//
//	order, err := client.CreateOrder(ctx, authorizationToken, klarna.CreateOrderRequest{ … the same cart … })
//
// # Money
//
// All amounts are integers in minor units (2500 is 25.00) and include tax, except in the US. Tax rates are in basis
// points (1900 is 19 %). [CompleteLine], [Totals], [OrderFromSession] and [CartUpdate] do the arithmetic the way Klarna
// checks it, and package preflight checks a whole request before it is sent ([WithPreflight]).
//
// An authorization token is worth one order. A call whose answer was lost is tried again where that is safe
// ([RetryPolicy] has the table), an order byte for byte the same. [ErrOrderAlreadyPlaced] and [ErrOutcomeUnknown] tell
// what a plain failure would hide.
//
// # Errors
//
// A call that Klarna refused, or whose answer makes no sense, or that got none, gives an [*Error]. Tell them apart with
// errors.Is and the Err… variables; get at the status, Klarna's code and messages and the correlation id with
// errors.As. A call that could not be meant, such as one with an empty id, gives an error before anything is sent. No
// error, and nothing else that this package prints or logs, holds a token, a credential or personal data of the request;
// Klarna's own messages stand in an error as they come, but for e-mail addresses.
//
// # Connections
//
// A [Client] keeps connections for many parallel callers, follows no redirects, speaks plain http to loopback only, and
// reads no body without a limit. One attempt takes 30 seconds at most; give the context a deadline to bound a call.
//
// # Tests
//
// Package klarnatest is a stand-in for Klarna that keeps state, approves in the shopper's place, and fails on demand.
package klarna
