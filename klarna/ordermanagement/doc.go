// Package ordermanagement manages an order after it was placed, with the Klarna Order Management API v1: it captures when
// goods ship, refunds when they return, cancels, extends, and reads where an order stands.
//
//	client, err := klarna.New(klarna.PlaygroundEU, klarna.APIKey(os.Getenv("KLARNA_API_KEY")))
//	orders := ordermanagement.New(client)
//	order, err := orders.ReadOrder(ctx, orderID)
//	all := ordermanagement.RemainingCapture(*order)
//	captureID, err := orders.CaptureOrder(ctx, orderID, all, klarna.WithIdempotencyKey(shipment.Key))
//
// The error of a call is a [*klarna.Error], unless an id, an option or the body is invalid: then nothing was sent. It wraps the
// sentinel errors (Err…) of package klarna by its status, and those of this package by Klarna's error code. "(inferred)" marks
// what Klarna does not document.
//
// # Money
//
// All amounts are integers in minor units (2500 is 25.00). [SplitLine], [CaptureLines] and [RefundLines] make the bodies of
// partial captures and refunds, [RemainingCapture] and [RemainingRefund] those of what is left. [CapturableAmount],
// [RefundableAmount], [CanCancel], [CanRelease] and [IsExpired] tell what an order allows, by its amounts: there is no status for
// a refunded order, and what CLOSED means is not documented.
//
// A status of 2xx confirms a call by itself. Klarna asks not to read the order to confirm it.
//
// # Idempotency keys
//
// Every call that changes something sends a Klarna-Idempotency-Key: the caller's ([klarna.WithIdempotencyKey]), or else a
// random one that is the same for all attempts of the call. Klarna carries out one request for each key: for 24 hours, a
// further request with the key changes nothing and gets the response of the first, whatever its body.
//
//   - Use one key for each intended operation, such as one shipment or one return, and never one for an order. A second
//     partial capture under the key of the first changes nothing and returns the id of the first.
//   - Store the key before the call, and a crash in between costs nothing: the same call with the same key returns what
//     the first one did.
//   - If Klarna definitely rejected the call, use a new key when you make the corrected call: Klarna may return the old
//     rejection for the old key (inferred).
//
// [klarna.Error] and [klarna.Response] have the key that was sent.
//
// # Unknown outcomes
//
// A call that ends ambiguously fails with [klarna.ErrOutcomeUnknown]: Klarna may have carried it out. So does a call that is
// rejected after an ambiguous attempt (as with CAPTURE_NOT_ALLOWED or 409), since the rejection does not prove that the earlier
// attempt had no effect: it may have captured the amount, which is then no longer available. Make the call again with the same key, within 24 hours.
// Without the key, read the order and compare its amounts with those before the call. What Klarna responds to a key while its
// first request is still being carried out is not documented.
//
// Each attempt sends the same bytes and the same key. [klarna.RetryPolicy] explains the columns.
//
//	                               not sent    429       ambiguous                         rejected
//	ReadOrder                      retried     retried   retried                           no
//	ListCaptures                   retried     retried   retried                           no
//	ReadCapture                    retried     retried   retried                           no
//	ReadRefund                     retried     retried   retried                           no
//	DueDateOptions                 retried     retried   retried                           no
//	CaptureOrder                   retried     retried   retried, then ErrOutcomeUnknown   no
//	RefundOrder                    retried     retried   retried, then ErrOutcomeUnknown   no
//	CancelOrder                    retried     retried   retried, then ErrOutcomeUnknown   no
//	ReleaseRemainingAuthorization  retried     retried   retried, then ErrOutcomeUnknown   no
//	UpdateAuthorization            retried     retried   retried, then ErrOutcomeUnknown   no
//	ExtendAuthorizationTime        retried     retried   retried, then ErrOutcomeUnknown   no
//	UpdateMerchantReferences       retried     retried   retried, then ErrOutcomeUnknown   no
//	UpdateCustomerDetails          retried     retried   retried, then ErrOutcomeUnknown   no
//	AddShippingInfo                retried     retried   retried, then ErrOutcomeUnknown   no
//	AddOrderShippingInfo           retried     retried   retried, then ErrOutcomeUnknown   no
//	TriggerSendOut                 retried     retried   retried, then ErrOutcomeUnknown   no
//	ExtendDueDate                  retried     retried   retried, then ErrOutcomeUnknown   no
//	AcknowledgeOrder               retried     retried   retried, then ErrOutcomeUnknown   no
package ordermanagement
