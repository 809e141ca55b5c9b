package main

import (
	"context"
	"database/sql"
	"errors"
	"net/http"
	"slices"

	"github.com/klarna-go/klarna-payments/klarna"
)

// showCheckout shows the cart, the address and Klarna's widget.
func (s *shop) showCheckout(w http.ResponseWriter, r *http.Request, sh *shopper) {
	if sh.cart.count() == 0 && sh.checkoutID == "" {
		seeOther(w, r, "/cart")
		return
	}
	c, err := s.openCheckout(r.Context(), sh)
	if err != nil {
		s.failed(w, r, sh, "the checkout could not be opened", err)
		return
	}
	if c == nil { // another tab has emptied the cart
		seeOther(w, r, "/cart")
		return
	}
	var page *hostedPage
	if c.state == open {
		page, _ = s.lookAtPage(r.Context(), c) // the shopper may have paid there; if Klarna cannot be reached, its widget shows it
	}
	if !c.payable() || page != nil && page.approved() {
		s.goOn(w, r, sh, c.id)
		return
	}
	shown := s.checkoutPage(c, s.csrf(sh.id))
	shown.HostedPage, shown.OnPage = s.baseURL != "", page != nil && page.open
	s.render(w, r, http.StatusOK, sh, "checkout", "Checkout", shown)
}

// checkoutPage is what the page with Klarna's widget shows.
type checkoutPage struct {
	Path, CSRF  string // where the script posts, and with what
	ClientToken string
	Categories  []klarna.PaymentMethodCategory
	Declined    bool
	Renewal     bool // it is for a period of a subscription, and not for the cart
	Amount      int64
	Summary     summary
	Script      string
	Example     bool
	HostedPage  bool // the checkout can be paid on Klarna's page, which needs URLs of this shop
	OnPage      bool // the shopper was there
}

func (s *shop) checkoutPage(c *checkout, csrf string) checkoutPage {
	return checkoutPage{
		Path: "/checkout/" + c.id, CSRF: csrf, ClientToken: c.clientToken, Categories: c.offered(), Declined: len(c.declined) > 0,
		Amount: c.session.OrderAmount, Summary: summaryOf(c.session.OrderLines, csrf), Script: s.payments.script, Example: s.payments.sandbox,
	}
}

// ownCheckout reads the checkout of a path. It must be this shopper's own: another's is shown as missing.
func (s *shop) ownCheckout(w http.ResponseWriter, r *http.Request, sh *shopper) (*checkout, bool) {
	c, err := s.store.checkout(r.Context(), r.PathValue("id"))
	switch {
	case errors.Is(err, sql.ErrNoRows), err == nil && c.shopperID != sh.id:
		s.notFound(w, r, sh)
	case err != nil:
		s.failed(w, r, sh, "the checkout could not be read", err)
	default:
		return c, true
	}
	return nil, false
}

// authorized gets the authorization token from the shopper's browser.
func (s *shop) authorized(w http.ResponseWriter, r *http.Request, sh *shopper) {
	c, ok := s.ownCheckout(w, r, sh)
	if !ok {
		return
	}
	token := r.PostFormValue("authorization_token")
	err := s.placeOfWidget(r.Context(), c, token, byBrowser)
	if err == nil {
		s.goOn(w, r, sh, c.id)
		return
	}
	kind := problemOf(err)
	if ordersNothing(kind) {
		if s.mayBeOrdered(r.Context(), c.id) { // with another approval
			s.goOn(w, r, sh, c.id)
			return
		}
		s.failed(w, r, sh, "an authorization led to no order", err, "order_number", c.number)
		return
	}
	s.showApproved(w, r, sh, c, "/checkout/"+c.id, token, err)
}

// ordersNothing reports whether a problem shows that an approval can lead to no order.
func ordersNothing(kind string) bool {
	return slices.Contains([]string{"foreign", "changed", "expired", "lost", "unsubscribed", "paid"}, kind)
}

// showApproved lets the shopper bring an approval once more, to the path of the checkout.
func (s *shop) showApproved(w http.ResponseWriter, r *http.Request, sh *shopper, c *checkout, path, token string, err error) {
	// Klarna or the database cannot be reached. The approval is still good, and Klarna's callback may bring it at any moment: the page must
	// not claim that nothing will be ordered.
	s.logger.WarnContext(r.Context(), "an authorization led to no order yet", "order_number", c.number, "problem", problemOf(err), "error", err)
	s.render(w, r, http.StatusServiceUnavailable, sh, "approved", "Your order is not placed yet", struct{ Path, CSRF, Token string }{path, s.csrf(sh.id), token})
}

// unavailable handles the browser's report that Klarna's widget offers nothing any more. Only Klarna knows whether the
// shopper was declined or the session has expired.
func (s *shop) unavailable(w http.ResponseWriter, r *http.Request, sh *shopper) {
	c, ok := s.ownCheckout(w, r, sh)
	if !ok {
		return
	}
	err := s.refresh(r.Context(), c)
	switch {
	case !c.payable(), s.mayBeOrdered(r.Context(), c.id):
		s.goOn(w, r, sh, c.id)
		return
	case err != nil:
		s.failed(w, r, sh, "the session could not be read", err, "order_number", c.number)
		return
	}
	category := r.PostFormValue("category")
	if slices.ContainsFunc(c.offered(), func(offered klarna.PaymentMethodCategory) bool { return offered.Identifier == category }) {
		c.declined = append(c.declined, category) // it is left out until the cart changes
		if err := s.store.saveDeclined(r.Context(), c); err != nil {
			s.failed(w, r, sh, "a category could not be left out", err, "order_number", c.number)
			return
		}
	}
	seeOther(w, r, problemPath("declined"))
}

// goOn sends a shopper to where their checkout stands.
func (s *shop) goOn(w http.ResponseWriter, r *http.Request, sh *shopper, checkoutID string) {
	target, err := s.next(r.Context(), checkoutID)
	if err != nil {
		s.failed(w, r, sh, "the checkout could not be read", err)
		return
	}
	seeOther(w, r, target)
}

// next returns where a checkout stands. Klarna's own URL leads on to the confirmation.
func (s *shop) next(ctx context.Context, checkoutID string) (string, error) {
	c, err := s.store.checkout(ctx, checkoutID)
	switch {
	case err != nil:
		return "", err
	case c.state == ended:
		return s.problemPathOf(c, "expired"), nil
	case c.state == open && c.waiting != "":
		return c.checkingPath(), nil
	case c.state == open:
		p, err := s.store.openPage(ctx, c.id)
		switch {
		case err != nil:
			return "", err
		case p != nil && p.approved():
			return p.successPath(), nil
		case c.problem != "":
			return s.problemPathOf(c, c.problem), nil
		case c.paysFor() != "":
			return s.subscriptionPath(c.paysFor()), nil
		}
		return "/checkout", nil
	}
	o, err := s.store.order(ctx, c.number)
	switch {
	case errors.Is(err, sql.ErrNoRows): // it was rejected since the checkout was read, and the page looks again
		return c.checkingPath(), nil
	case err != nil:
		return "", err
	case o.state != placed:
		return c.checkingPath(), nil
	case o.redirectURL != "":
		return o.redirectURL, nil
	}
	return orderPath(o.number), nil
}

// problemPathOf returns where it is told that a checkout leads to no order: with the subscription, if it was to pay for that.
func (s *shop) problemPathOf(c *checkout, kind string) string {
	if number := c.paysFor(); number != "" {
		return s.subscriptionPath(number) + "?problem=" + kind
	}
	return problemPath(kind)
}

// showChecking is where a shopper waits for an order whose outcome is unknown.
func (s *shop) showChecking(w http.ResponseWriter, r *http.Request, sh *shopper) {
	c, ok := s.ownCheckout(w, r, sh)
	if !ok {
		return
	}
	target, err := s.next(r.Context(), c.id)
	if err != nil {
		s.failed(w, r, sh, "the order could not be read", err, "order_number", c.number)
		return
	}
	if target != c.checkingPath() {
		seeOther(w, r, target)
		return
	}
	o, err := s.store.order(r.Context(), c.number)
	if errors.Is(err, sql.ErrNoRows) { // an approval waits to become an order
		o, err = &order{number: c.number, state: checking}, nil
	}
	if err != nil {
		s.failed(w, r, sh, "the order could not be read", err, "order_number", c.number)
		return
	}
	s.renderChecking(w, r, sh, o)
}

// renderChecking renders the page of an order that is not confirmed. Only an order that a person has to look at waits for nothing: any
// other, also one that was placed a moment ago, leads on when the page looks again.
func (s *shop) renderChecking(w http.ResponseWriter, r *http.Request, sh *shopper, o *order) {
	title := "We are still checking your payment"
	looksAgain := o.state != unclear
	if looksAgain {
		title = "We are checking your payment"
		w.Header().Set("Refresh", "2")
	}
	s.render(w, r, http.StatusOK, sh, "checking", title, struct {
		Number   string
		Checking bool
	}{o.number, looksAgain})
}

// showOrder is the confirmation. It is for the shopper who ordered, and nobody else.
func (s *shop) showOrder(w http.ResponseWriter, r *http.Request, sh *shopper) {
	o, err := s.store.order(r.Context(), r.PathValue("number"))
	if errors.Is(err, sql.ErrNoRows) {
		if id, err := s.store.checkoutOf(r.Context(), sh.id, r.PathValue("number")); err == nil { // the order was rejected
			s.goOn(w, r, sh, id)
			return
		}
	}
	switch {
	case errors.Is(err, sql.ErrNoRows), err == nil && o.shopperID != sh.id:
		s.notFound(w, r, sh)
		return
	case err != nil:
		s.failed(w, r, sh, "the order could not be read", err)
		return
	case o.state != placed:
		s.goOn(w, r, sh, o.checkoutID)
		return
	}
	subscription, err := s.subscriptionOf(r.Context(), o)
	if err != nil {
		s.failed(w, r, sh, "the subscription could not be read", err)
		return
	}
	title := "Thank you for your order"
	switch o.fraud {
	case klarna.FraudStatusPending:
		title = "Your order is being reviewed"
	case klarna.FraudStatusRejected:
		title = "Klarna rejected your order"
	}
	s.render(w, r, http.StatusOK, sh, "order", title, struct {
		Title, Number, OrderID string
		ByCallback             bool
		Pending, Taken         bool
		Subscription           string // its path, if one began with the order
		Summary                summary
	}{
		title, o.number, o.orderID, o.placedBy == byCallback || o.placedBy == byPageCallback || o.placedBy == byPagePoll,
		o.fraud == klarna.FraudStatusPending, o.fraud != klarna.FraudStatusRejected, subscription, summaryOf(o.lines, ""),
	})
}

// failed logs an error and shows the shopper what it means.
func (s *shop) failed(w http.ResponseWriter, r *http.Request, sh *shopper, what string, err error, attrs ...any) {
	kind := problemOf(err)
	attrs = append(attrs, "problem", kind, "error", err)
	if (kind == "ours" || kind == "down") && !errors.Is(err, r.Context().Err()) {
		s.logger.ErrorContext(r.Context(), what, attrs...)
	} else {
		s.logger.WarnContext(r.Context(), what, attrs...)
	}
	if r.Method == http.MethodPost {
		seeOther(w, r, problemPath(kind)) // so that a reload posts nothing
		return
	}
	s.renderProblem(w, r, http.StatusServiceUnavailable, sh, problems[kind])
}

// seeOther sends the shopper to a path of the shop, or to where Klarna wants to see them after the order.
func seeOther(w http.ResponseWriter, r *http.Request, target string) {
	http.Redirect(w, r, target, http.StatusSeeOther) //nolint:gosec // no request influences where it leads
}

func problemPath(kind string) string { return "/problem/" + kind }

func (s *shop) showProblem(w http.ResponseWriter, r *http.Request, sh *shopper) {
	p, ok := problems[r.PathValue("kind")]
	if !ok {
		s.notFound(w, r, sh)
		return
	}
	s.renderProblem(w, r, http.StatusOK, sh, p)
}

func (s *shop) notFound(w http.ResponseWriter, r *http.Request, sh *shopper) {
	s.renderProblem(w, r, http.StatusNotFound, sh, problems["missing"])
}
