package main

import (
	"context"
	"errors"
	"net/http"

	"github.com/klarna-go/klarna-payments/klarna"
	"github.com/klarna-go/klarna-payments/klarna/placement"
)

// problem is what a shopper reads when something did not work: what happened, what it means for the money, what to do.
type problem struct {
	Title   string
	Text    string
	Actions []action // the first one is the best
}

type action struct{ Label, URL string }

var (
	payAgain  = action{"Pay again", "/checkout"}
	toTheCart = action{"Back to the cart", "/cart"}
	toTheShop = action{"To the shop", "/"}
)

// problems by their name in URLs.
var problems = map[string]problem{
	"declined": {"Klarna declined this payment",
		"Nothing was ordered, and you pay nothing. Klarna decides anew for each purchase. You can choose another way to pay, or change your cart.",
		[]action{{"Choose another way to pay", "/checkout"}, toTheCart}},
	"expired": {"The time to pay ran out",
		"Klarna keeps a payment open for a while only. Nothing was ordered, and you pay nothing.",
		[]action{{"Start the payment again", "/checkout"}, toTheCart}},
	"changed": {"Your cart is not the one you approved",
		"It changed after you approved the payment, so we did not order. You pay nothing yet. Look at your cart, and approve it as it is now.",
		[]action{payAgain, toTheCart}},
	"foreign": {"That approval is not for this cart",
		"The approval we got belongs to another payment, or there is a newer one. Nothing was ordered with it.",
		[]action{payAgain, toTheCart}},
	"rejected": {"Klarna rejected the order",
		"Nothing was ordered, and you pay nothing. You can try again, or choose another way to pay.",
		[]action{payAgain, toTheCart}},
	"lost": {"Please approve once more",
		"Klarna did not confirm your subscription, so we did not order. You pay nothing. If Klarna has set it up all the same, nobody can use it. Your cart is as you left it.",
		[]action{{"Approve once more", "/checkout"}, toTheCart}},
	"unsubscribed": {"Klarna did not set up your subscription",
		"So we did not order, and you pay nothing. It may work with another way to pay. Your cart is as you left it.",
		[]action{{"Choose another way to pay", "/checkout"}, toTheCart}},
	"paid": {"It is paid already",
		"This delivery of your subscription is paid, or is being paid at the moment. You do not pay twice.",
		[]action{toTheShop}},
	"busy": {"Klarna cannot be reached",
		"Nothing was ordered, and you pay nothing. It is most likely over in a moment. Your cart is as you left it.",
		[]action{{"Try again", "/checkout"}, toTheCart}},
	"ours": {"Something is wrong on our side",
		"It is not your fault. Nothing was ordered, and you pay nothing. We have been told of it. Your cart is as you left it.",
		[]action{toTheCart}},
	"down": {"Something is wrong on our side",
		"It is not your fault. If you have just paid, do not pay again: nothing is lost, and we go on with it. Look again in a moment.",
		[]action{{"Look again", "/checkout"}}},
	"waiting": {"Still working on it",
		"Another page of yours is busy with the same cart. Give it a moment, and look again before you pay.",
		[]action{{"Look again", "/checkout"}}},
	"address": {"Your address is not complete",
		"Klarna’s page needs it, and so do we for the parcel. Nothing was ordered. Look at what you filled in, and pay after that.",
		[]action{{"Back to the checkout", "/checkout"}, toTheCart}},
	"stale": {"This page was too old",
		"It belongs to an earlier visit, so we did nothing. Open the cart again and go on from there.",
		[]action{toTheCart}},
	"missing": {"There is nothing here",
		"The page does not exist, or it is someone else's.",
		[]action{toTheShop}},
}

// problemOf returns the name of the problem to show for an error. Errors about an order that may exist do not get here:
// place handles them.
func problemOf(err error) string {
	var rejected *klarna.Error
	switch {
	case errors.Is(err, errTokenLost):
		return "lost"
	case errors.Is(err, errTokenRejected):
		return "unsubscribed"
	case errors.Is(err, errPeriodPaid):
		return "paid"
	case errors.Is(err, errAddress):
		return "address"
	case errors.Is(err, errForeignToken), errors.Is(err, placement.ErrTokenUsed):
		return "foreign"
	case errors.Is(err, errNoApproval), errors.Is(err, placement.ErrTokenExpired):
		return "expired"
	case errors.Is(err, errEnded), errors.Is(err, klarna.ErrConflict):
		return "changed"
	case errors.As(err, &rejected) && rejected.Code == "" && (rejected.StatusCode == http.StatusNotFound || rejected.StatusCode == http.StatusForbidden):
		return "busy" // by a gateway on the way to Klarna
	case errors.Is(err, klarna.ErrNotFound): // the session or the approval
		return "expired"
	case errors.Is(err, klarna.ErrForbidden):
		if errors.As(err, &rejected) && rejected.Code == "REJECTED" {
			return "declined"
		}
		return "rejected"
	case errors.Is(err, klarna.ErrInvalidID): // of what the browser posted
		return "foreign"
	case errors.Is(err, klarna.ErrInvalidRequest), errors.Is(err, klarna.ErrUnauthorized):
		return "ours"
	case errors.As(err, &rejected): // too many calls, a server error, no response
		return "busy"
	case errors.Is(err, errChanged), errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled):
		return "waiting"
	}
	return "down" // the database
}

// isKlarnas reports whether an error has a code of Klarna's, and so comes from Klarna and not from a proxy on the way.
func isKlarnas(err error) bool {
	var e *klarna.Error
	return errors.As(err, &e) && e.Code != ""
}
