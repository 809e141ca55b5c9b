package main

import (
	"context"
	"crypto/subtle"
	"database/sql"
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/klarna-go/klarna-payments/klarna"
)

// handleSubscriptions serves what a customer does about a subscription. Its link carries a secret, since the customer comes from a
// message, on whatever device.
func (s *shop) handleSubscriptions(mux *http.ServeMux) {
	const own = "/subscriptions/{number}/{secret}"
	mux.Handle("GET "+own, s.page(s.ofSubscription(s.showSubscription)))
	mux.Handle("POST "+own+"/pay", s.form(s.ofSubscription(s.pay)))
	mux.Handle("POST "+own+"/cancel", s.form(s.ofSubscription(s.cancel)))
	mux.Handle("GET "+own+"/checkout", s.page(s.ofSubscription(s.showPayment)))
	mux.Handle("POST "+own+"/checkout/{id}/authorized", s.form(s.ofSubscription(s.paymentAuthorized)))
	mux.Handle("POST "+own+"/checkout/{id}/unavailable", s.form(s.ofSubscription(s.paymentUnavailable)))
}

// ofSubscription serves a page of the subscription that its path names. A wrong secret finds nothing.
func (s *shop) ofSubscription(serve func(w http.ResponseWriter, r *http.Request, sh *shopper, sub *subscription)) withShopper {
	return func(w http.ResponseWriter, r *http.Request, sh *shopper) {
		number := r.PathValue("number")
		if subtle.ConstantTimeCompare([]byte(r.PathValue("secret")), []byte(s.secret(number))) == 0 {
			s.notFound(w, r, sh)
			return
		}
		err := s.settleSubscriptions(r.Context())
		var sub *subscription
		if err == nil {
			sub, err = s.store.subscription(r.Context(), number)
		}
		switch {
		case errors.Is(err, sql.ErrNoRows):
			s.notFound(w, r, sh)
		case err != nil:
			s.failed(w, r, sh, "a subscription could not be read", err)
		default:
			serve(w, r, sh, sub)
		}
	}
}

// subscriptionPage is what a customer sees of a subscription.
type subscriptionPage struct {
	Path, CSRF, Number, Name, Every string
	Notice                          *notice
	Payable, Open, Cancelled        bool
	Stopped                         bool
	Amount                          int64 // of the next charge
	Due                             string
	Summary                         summary
}

func (s *shop) showSubscription(w http.ResponseWriter, r *http.Request, sh *shopper, sub *subscription) {
	all, err := s.store.renewals(r.Context(), sub.number, sub.period)
	if err != nil {
		s.failed(w, r, sh, "a subscription could not be read", err)
		return
	}
	approved, err := s.store.approved(r.Context())
	if err != nil {
		s.failed(w, r, sh, "a subscription could not be read", err)
		return
	}
	// What was paid since the subscription was read is told when the page looks again.
	paidNow := slices.ContainsFunc(all, func(r *renewal) bool { return r.state == renewalPaid })
	charge := sub.charge(sub.reference())
	page := subscriptionPage{
		Path: s.subscriptionPath(sub.number), CSRF: s.csrf(sh.id), Number: sub.number, Name: productNameOf(sub), Every: intervalOf(sub.plan),
		Amount: charge.OrderAmount, Due: shortDate(sub.due), Summary: summaryOf(charge.OrderLines, ""),
		Open: openOf(all) != nil || approved[sub.number] || paidNow, Cancelled: sub.state == cancelled, Stopped: sub.state == stopped,
	}
	page.Summary.Renews = 0
	why := declines[sub.problem]
	page.Payable = !page.Open && !page.Cancelled && !page.Stopped && why.payable()
	paid, _ := strconv.ParseInt(r.FormValue("paid"), 10, 64)
	kind := r.FormValue("problem")
	switch {
	case page.Cancelled:
		page.Notice = &notice{Tone: "wait", Title: "It is cancelled", Text: "We do not charge you any more, and send nothing. If you want it again, sign up anew."}
	case page.Open:
		w.Header().Set("Refresh", "5")
		page.Notice = &notice{Tone: "wait", Title: "We are checking your payment", Text: "Klarna has not confirmed it yet. Please do not pay again: this page looks again by itself."}
	case kind == "paid" && sub.problem == "" || paid > 0 && paid < sub.period:
		page.Notice = &notice{Tone: "good", Title: "It is paid", Text: "Thank you. Klarna has confirmed it, and the subscription goes on."}
	case page.Stopped:
		page.Notice = &notice{Tone: "bad", Title: "It has stopped", Text: "We cannot charge your payment method, and one of us is looking into it. You need not do anything."}
	case page.Payable && kind != "":
		page.Notice = &notice{Tone: "bad", Title: "The payment did not work", Text: "Nothing was charged. " + why.Tell}
	case page.Payable:
		page.Notice = &notice{Tone: "bad", Title: "Your last payment did not work", Text: why.Tell}
	}
	s.render(w, r, http.StatusOK, sh, "subscription", page.Name+", "+page.Every, page)
}

// productNameOf names what a subscription delivers.
func productNameOf(sub *subscription) string {
	var names []string
	for _, line := range sub.lines {
		names = append(names, line.Name)
	}
	return strings.Join(names, ", ")
}

// pay charges a declined period while the customer is present, or leads on to a session in which they pay for it.
func (s *shop) pay(w http.ResponseWriter, r *http.Request, sh *shopper, sub *subscription) {
	// Whoever closes the page must not cancel a charge that is under way.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(r.Context()), placeTimeout)
	defer cancel()
	path := s.subscriptionPath(sub.number)
	if sub.state != active && sub.state != waiting || !declines[sub.problem].payable() {
		seeOther(w, r, path)
		return
	}
	charged, c, err := s.payPresent(ctx, sub, sh)
	switch {
	case errors.Is(err, errPeriodPaid):
		seeOther(w, r, path)
	case err != nil:
		s.failed(w, r, sh, "a subscription could not be paid", err, "order_number", sub.number)
	case c != nil:
		seeOther(w, r, path+"/checkout")
	case charged.state == renewalPaid:
		seeOther(w, r, path+"?paid="+strconv.FormatInt(charged.period, 10))
	default:
		seeOther(w, r, path)
	}
}

// cancel ends the subscription.
func (s *shop) cancel(w http.ResponseWriter, r *http.Request, sh *shopper, sub *subscription) {
	if err := s.store.cancelSubscription(r.Context(), sub.number); err != nil {
		s.failed(w, r, sh, "a subscription could not be cancelled", err, "order_number", sub.number)
		return
	}
	s.cancelTokensSoon(r.Context())
	seeOther(w, r, s.subscriptionPath(sub.number))
}

// cancelTokensSoon has Klarna cancel the tokens that were given up, in the background: the shop has stopped charging them already.
func (s *shop) cancelTokensSoon(ctx context.Context) {
	ctx = context.WithoutCancel(ctx)
	s.background.Go(func() {
		ctx, cancel := context.WithTimeout(ctx, placeTimeout)
		defer cancel()
		if err := s.cancelUnusedTokens(ctx); err != nil {
			s.logger.WarnContext(ctx, "a customer token could not be cancelled yet", "error", err)
		}
	})
}

// showPayment shows Klarna's widget for the period to pay.
func (s *shop) showPayment(w http.ResponseWriter, r *http.Request, sh *shopper, sub *subscription) {
	c, err := s.openPayment(r.Context(), sub)
	if err != nil {
		s.failed(w, r, sh, "the payment of a subscription could not be opened", err, "order_number", sub.number)
		return
	}
	if c == nil || !c.payable() {
		seeOther(w, r, s.subscriptionPath(sub.number))
		return
	}
	page := s.checkoutPage(c, s.csrf(sh.id))
	page.Path, page.Renewal = s.subscriptionPath(sub.number)+"/checkout/"+c.id, true
	page.Summary.CSRF = "" // the lines are those of the subscription
	s.render(w, r, http.StatusOK, sh, "checkout", "Pay for your subscription", page)
}

// ofPayment reads the checkout of a path, which must be one of the subscription's.
func (s *shop) ofPayment(r *http.Request, sub *subscription) (*checkout, error) {
	c, err := s.store.checkout(r.Context(), r.PathValue("id"))
	if err == nil && c.paysFor() != sub.number {
		err = sql.ErrNoRows
	}
	return c, err
}

// paymentAuthorized gets the authorization token of a payment from the customer's browser.
func (s *shop) paymentAuthorized(w http.ResponseWriter, r *http.Request, sh *shopper, sub *subscription) {
	path, token := s.subscriptionPath(sub.number), r.PostFormValue("authorization_token")
	c, err := s.ofPayment(r, sub)
	if errors.Is(err, sql.ErrNoRows) {
		s.notFound(w, r, sh)
		return
	}
	if err == nil {
		err = s.place(r.Context(), c.id, token, byBrowser)
	}
	target := path
	if err == nil {
		target, err = s.next(r.Context(), c.id)
	}
	switch kind := problemOf(err); {
	case err == nil:
	case c != nil && !ordersNothing(kind):
		s.showApproved(w, r, sh, c, path+"/checkout/"+c.id, token, err)
		return
	default:
		s.logger.WarnContext(r.Context(), "a subscription was not paid", "order_number", sub.number, "problem", kind, "error", err)
		seeOther(w, r, path+"?problem="+kind)
		return
	}
	if c.shopperID != sh.id && strings.HasPrefix(target, "/") && !strings.HasPrefix(target, path) {
		// The session was opened on another device, which the order's pages belong to.
		target = path + "?paid=" + strconv.FormatInt(sub.period, 10)
	}
	seeOther(w, r, target)
}

// paymentUnavailable ends a payment that Klarna's widget offers nothing for any more. The next one is opened anew.
func (s *shop) paymentUnavailable(w http.ResponseWriter, r *http.Request, _ *shopper, sub *subscription) {
	c, err := s.ofPayment(r, sub)
	if err == nil && c.state == open {
		err = s.refresh(r.Context(), c)
	}
	if err == nil && c.payable() {
		err = s.store.end(r.Context(), c)
	}
	if err != nil {
		s.logger.WarnContext(r.Context(), "a payment could not be ended", "order_number", sub.number, "error", err)
	}
	seeOther(w, r, s.subscriptionPath(sub.number)+"?problem=declined")
}

// subscriptionOf returns the path of the subscription that began with an order, or an empty string.
func (s *shop) subscriptionOf(ctx context.Context, o *order) (string, error) {
	if subscribed, _ := split(o.lines); len(subscribed) == 0 {
		return "", nil
	}
	if err := s.settleSubscriptions(ctx); err != nil {
		return "", err
	}
	sub, err := s.store.subscription(ctx, o.number)
	if errors.Is(err, sql.ErrNoRows) {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	return s.subscriptionPath(sub.number), nil
}

// renews returns what the subscriptions of lines cost, each time after the first, and how often.
func renews(lines []klarna.OrderLine) (amount int64, interval string) {
	subscribed, _ := split(lines)
	if len(subscribed) == 0 {
		return 0, ""
	}
	amount, _ = klarna.Totals(withShipping(subscribed))
	return amount, intervalOf(subscribed[0].Subscription)
}
