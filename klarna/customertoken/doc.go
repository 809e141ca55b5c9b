// Package customertoken charges a customer who agreed to it before, with the Klarna Customer Token API v1: the periods of a
// subscription, or a purchase on demand. [klarna.Client.CreateCustomerToken] makes the token while the customer is present; each
// charge makes an order, which package ordermanagement captures and refunds.
//
//	client, err := klarna.New(klarna.PlaygroundEU, klarna.APIKey(os.Getenv("KLARNA_API_KEY")))
//	tokens := customertoken.New(client)
//	charge := customertoken.Renewal("EUR", monthly, klarna.OrderLine{Name: "Coffee, April", Quantity: 1, UnitPrice: 1299, TaxRate: 700})
//	charge.MerchantReference1 = "SUB-7781/2026-04"
//	order, err := tokens.CreateOrder(ctx, customerToken, charge, klarna.WithIdempotencyKey(period.Key))
//
// The error of a call is a [*klarna.Error], unless the token, an option or the body is invalid: then nothing was sent. It wraps the
// sentinel errors (Err…) of package klarna by its status, and those of this package by Klarna's error code. The token is a secret:
// whoever has it and the shop's credentials can charge the customer. It is redacted from every error, log record and observation.
// "(inferred)" marks what Klarna does not document.
//
// # Tokens
//
// A token has no expiry. It is ACTIVE, SUSPENDED by Klarna, or CANCELLED, which is final. There are two kinds of tokens. The lines
// of the session from which the token was created decide the kind, and charging one as the other leads to declines:
//
//	subscription  lines with a subscription   charged without the customer, with lines that have the same subscription
//	on demand     lines without one           charged while the customer is present, with [StepUpSupported]
//
// Lines, addresses and other parts that Payments has as well are the types of package klarna. Amounts are integers in minor units
// (2500 is 25.00), tax rates in basis points. Country, billing address and customer of a charge are those of the token.
//
// # When a charge fails
//
// Klarna checks the risk of each charge anew. [StepUpID] returns whether the customer can still confirm a declined one.
//
//	errors.Is                     code                              what to do
//	----------------------------  --------------------------------  ------------------------------------------------------
//	klarna.ErrOutcomeUnknown                                        call again with the same key, within 24 hours
//	ErrPaymentMethodFailed        PAYMENT_METHOD_FAILED             charge again on a later day, with a new key
//	ErrPaymentMethodUnavailable   UNAVAILABLE_PAYMENT_METHOD        a new session with the customer present
//	ErrCurrencyMismatch           PAYMENT_METHOD_CURRENCY_MISMATCH  charge in the token's currency, or as in the row above
//	ErrTokenSuspended             TOKEN_SUSPENDED                   stop charging; ask Klarna
//	ErrTokenCancelled             TOKEN_CANCELLED, TOKEN_CANCELED   stop charging; a new sign-up, if the customer wants one
//	ErrTokenForbidden             TOKEN_FORBIDDEN                   stop: the token is of another merchant id
//	ErrTokenNotFound              TOKEN_NOT_FOUND, NOT_FOUND        stop: the id belongs to no customer token
//	klarna.ErrInvalidRequest      BAD_VALUE, BAD_REQUEST            correct the request; use a new key
//	klarna.ErrNotSent                                               call again later, with the same key
//	klarna.ErrRateLimited                                           call again later, with the same key
//
// Source: https://docs.klarna.com/payments/web-payments/additional-resources/use-cases/tokenized-payments/
//
// # Idempotency keys
//
// Every charge sends a Klarna-Idempotency-Key: the caller's ([klarna.WithIdempotencyKey]), or else a random one that is the same for
// all attempts of the call. Klarna carries out one request for each key: for 24 hours, a further request with the key gets the
// response of the first, whatever its body.
//
//   - Use one key for each intended charge, such as "SUB-7781/2026-04/1". Store it before the call. After an
//     unknown outcome or a crash, the call with the same key returns the order of the first, or charges if that never arrived.
//   - After a decline, the next charge needs a new key ("SUB-7781/2026-04/2"). With the old one, Klarna may return the old decline for 24 hours,
//     although the customer has paid the card's bill meanwhile (inferred).
//   - Never make a new key while the outcome of the last one is unknown: that can charge the customer twice.
//   - After 24 hours a key protects no more. Then look for the order in Klarna's merchant portal by its merchant reference before you
//     charge again.
//
// A rejection after an ambiguous attempt is [klarna.ErrOutcomeUnknown] too. The exception is 400 BAD_VALUE: it holds for every
// attempt with the same body. A 409 is always klarna.ErrOutcomeUnknown if the key is the caller's: an earlier call with that key
// may still run.
//
// Each attempt sends the same bytes and the same key. [klarna.RetryPolicy] explains the columns.
//
//	             not sent    429       ambiguous                         rejected
//	CreateOrder  retried     retried   retried, then ErrOutcomeUnknown   no
//	ReadToken    retried     retried   retried                           no
//	CancelToken  retried     retried   retried                           no
package customertoken
