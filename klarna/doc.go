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
//			Reference: "AD6654412", Name: "Running shoe", Quantity: 1,
//			UnitPrice: 11900, TaxRate: 1900, TotalAmount: 11900, TotalTaxAmount: 1900,
//		}},
//	})
//
// The shopper's browser shows Klarna's widget with session.ClientToken and receives an authorization token. The server
// places the order with it:
//
//	order, err := client.CreateOrder(ctx, authorizationToken, klarna.CreateOrderRequest{ … the same cart … })
//
// # Types
//
// The types of requests and responses are aliases of those in package gen, whose documentation lists their fields:
//
//	go doc github.com/klarna-go/klarna-payments/gen SessionCreate
//
// Request and response bodies are plain structs: printing or logging one shows everything in it, tokens and personal data
// included. Clients, credentials, errors, [Response] and [CallbackSigner] are redacted when printed.
//
// # Money
//
// All amounts are integers in minor units (2500 is 25.00) and include tax, except in the US. Tax rates are in basis
// points (1900 is 19 %). [CompleteLine], [Totals], [OrderFromSession] and [CartUpdate] do the arithmetic the way Klarna
// checks it. Package preflight checks a whole request before it is sent ([WithPreflight]).
//
// # Retries and unknown outcomes
//
// An authorization token is valid for one order. A call whose response was lost is retried where that is safe
// ([RetryPolicy] has the table); an order is retried with the same bytes. Check [ErrOrderAlreadyPlaced] and
// [ErrOutcomeUnknown] before all other errors: with either of them an order exists, or may exist.
//
// # Errors
//
// A call that Klarna rejected, that got no usable response, or that could not be sent returns an [*Error]: use [errors.As] for
// its status, Klarna's code and messages, and the correlation id. Use [errors.Is] with the sentinel errors (Err…) to find out
// what to do. A call with an invalid id, option or body returns another error, and nothing is sent. docs/errors.md of the
// repository lists every way in which a call can end.
//
// No error text contains a token, a credential or personal data of the request. Klarna's own messages are quoted, without
// e-mail addresses.
//
// In this documentation, "(inferred)" marks what Klarna does not document.
//
// # Connections
//
// A [Client] keeps connections for many parallel callers. It follows no redirects, uses plain http for loopback only (but see
// [WithInsecureHTTP]), and bounds every body that it reads. An attempt waits at most [WithTimeout] for a connection, and takes
// at most as long again for itself; give the context a deadline to bound a whole call.
//
// # Further APIs
//
// Package ordermanagement captures, refunds and changes orders after they were placed, through the same [Client]. [Client.Do]
// sends requests of APIs that this module has no package for.
//
// # Tests
//
// Package klarnatest is a fake Klarna server that keeps state, approves in the shopper's place, and fails on demand.
package klarna
