package main

import (
	"errors"
	"time"

	"github.com/klarna-go/klarna-payments/klarna"
	"github.com/klarna-go/klarna-payments/klarna/customertoken"
)

// declineReason is why a charge was declined, in words, and what it means for the subscription.
type declineReason struct {
	err   error             // of the call
	then  subscriptionState // active: it is charged again later
	Title string
	Text  string // what happened, and what to do, for the back office
	Tell  string // for the customer; empty where the customer can do nothing about it
}

const (
	chargeAgainAfter = 3 * 24 * time.Hour
	chargesPerPeriod = 4 // that are declined because the payment method failed, before the customer has to act
)

// declines are the reasons by their names in the database. The table in the documentation of package customertoken has the codes.
var declines = map[string]declineReason{
	"failed": {customertoken.ErrPaymentMethodFailed, active, "The payment method failed",
		"Klarna could not charge it this time. The shop charges it again three days later, with a new key; after four charges, the customer has to act. The customer may also pay at once, by the link.",
		"Your payment method could not be charged. We try it once more in three days, or you pay now."},
	"unavailable": {customertoken.ErrPaymentMethodUnavailable, waiting, "The payment method cannot be charged any more",
		"Such as a card that has expired. Charging it again is useless: the customer has to confirm the payment in a new session. Send them the link.",
		"Your payment method cannot be charged any more: the card may have expired. Confirm this payment with Klarna, and the next ones work by themselves."},
	"currency": {customertoken.ErrCurrencyMismatch, waiting, "The currency is not that of the payment method",
		"Charging it again is useless: the customer has to pay in a new session. Send them the link.",
		"Your payment method cannot be charged in this currency. Confirm this payment with Klarna once more."},
	"suspended": {customertoken.ErrTokenSuspended, stopped, "Klarna has suspended the token",
		"Do not charge it. Ask Klarna, and resume the subscription when they have made it active again.", ""},
	"cancelled": {customertoken.ErrTokenCancelled, stopped, "The token was cancelled",
		"By the customer or by Klarna, and for good. Do not charge it: cancel the subscription. The customer may sign up anew.", ""},
	"forbidden": {customertoken.ErrTokenForbidden, stopped, "The token belongs to another merchant id",
		"These credentials may not charge it. Use those of the sign-up, and resume the subscription.", ""},
	"missing": {customertoken.ErrTokenNotFound, stopped, "Klarna does not know the token",
		"It must be charged with the credentials of the sign-up. The local sandbox keeps tokens in memory, and forgets them when it stops.", ""},
	"invalid": {klarna.ErrInvalidRequest, stopped, "Klarna cannot use the charge",
		"Something in it is wrong, and it stays wrong: correct the shop, and resume the subscription. Nothing was charged.", ""},
	"closed": {nil, active, "Closed by a person",
		"Its outcome stayed unknown, and somebody has found that there is no such order. The next run charges the period with a new key.", ""},
	"session": {nil, waiting, "The customer’s payment was declined",
		"The customer came by the link, and Klarna declined the order or the customer approved something else. They may use the link again.",
		"Klarna declined the payment. You may pay in another way."},
	"rejected": {nil, stopped, "Klarna rejected the charge",
		"For a reason that this shop does not know. Look at the code below, and resume the subscription when it is solved.", ""},
}

// declineOf returns the name of the reason for an error. It goes by what errors.Is finds, never by Klarna's messages.
func declineOf(err error) string {
	for name, d := range declines {
		if d.err != nil && errors.Is(err, d.err) {
			return name
		}
	}
	if errors.Is(err, klarna.ErrInvalidID) {
		return "missing"
	}
	return "rejected"
}

// next returns what becomes of the subscription, and when it is charged again.
func (d declineReason) next(r *renewal, due time.Time) (subscriptionState, time.Time) {
	switch {
	case d.then != active:
		return d.then, due
	case d.err == nil: // nothing was charged, and nothing was declined
		return active, now()
	case r.charge >= chargesPerPeriod:
		return waiting, due
	}
	return active, now().Add(chargeAgainAfter)
}

// openRenewals are the reasons why a renewal is open.
var openRenewals = map[string]struct{ Title, Text string }{
	"": {"The outcome is unknown",
		"Klarna did not confirm the charge, so it may have been carried out, or not. The next run sends the same request with the same key, so that Klarna carries it out once."},
	"not sent": {"Klarna did not look at the charge",
		"It was not sent, came too often, or the credentials were wrong. Nothing was charged. The next run sends it again, with the same key."},
	"rejected": {"The outcome is unknown",
		"Klarna did not confirm the first request, and rejected the second. That does not prove that the first one had no effect. Look for the order number in Klarna’s merchant portal, and close this."},
}
