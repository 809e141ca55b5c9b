package main

import (
	"errors"
	"net/http"

	"github.com/klarna-go/klarna-payments/klarna"
)

// showCheckout shows the cart, the address and Klarna's widget.
func (s *shop) showCheckout(w http.ResponseWriter, r *http.Request, sh *shopper) {
	if now, c := sh.now(); now.count() == 0 && c == nil {
		seeOther(w, r, "/cart")
		return
	}
	c, err := s.openCheckout(r.Context(), sh)
	if err != nil {
		s.failed(w, r, sh, "the checkout could not be opened", err)
		return
	}
	now := c.snapshot()
	if now.State != open {
		seeOther(w, r, s.next(c))
		return
	}
	s.render(w, r, http.StatusOK, sh, "checkout", "Checkout", struct {
		snapshot
		Summary summary
		Script  string
		Example bool
	}{now, summaryOf(now.Lines, sh.csrf), s.payments.script, s.payments.sandbox})
}

// authorized gets the authorization token from the shopper's browser. The checkout must be this shopper's own.
func (s *shop) authorized(w http.ResponseWriter, r *http.Request, sh *shopper) {
	c := s.store.checkout(r.PathValue("id"))
	if c == nil || c.shopper != sh {
		s.notFound(w, r, sh)
		return
	}
	if err := s.place(r.Context(), c, r.PostFormValue("authorization_token"), byBrowser); err != nil {
		s.failed(w, r, sh, "an authorization led to no order", err, "order_number", c.number)
		return
	}
	seeOther(w, r, s.next(c))
}

// unavailable handles the browser's report that Klarna's widget offers nothing any more. Only Klarna knows whether the
// shopper was declined or the session has expired.
func (s *shop) unavailable(w http.ResponseWriter, r *http.Request, sh *shopper) {
	c := s.store.checkout(r.PathValue("id"))
	if c == nil || c.shopper != sh {
		s.notFound(w, r, sh)
		return
	}
	done, err := sh.take(r.Context())
	if err != nil {
		s.failed(w, r, sh, "the shopper has left", err)
		return
	}
	defer done()
	if c.state == open {
		if _, err := s.stillGood(r.Context(), c); err != nil {
			s.failed(w, r, sh, "the session could not be read", err, "order_number", c.number)
			return
		}
	}
	switch c.state {
	case ended:
		seeOther(w, r, problemPath("expired"))
	case placed, checking, unclear:
		seeOther(w, r, s.next(c))
	default:
		c.decline(r.PostFormValue("category"))
		seeOther(w, r, problemPath("declined"))
	}
}

// decline leaves a category out until the cart changes.
func (c *checkout) decline(category string) {
	c.shopper.mu.Lock()
	defer c.shopper.mu.Unlock()
	if c.declined == nil {
		c.declined = map[string]bool{}
	}
	for _, offered := range c.categories {
		if offered.Identifier == category {
			c.declined[category] = true
		}
	}
}

// next returns where to send a shopper whose checkout is no longer open. Klarna's own URL leads on to the confirmation.
func (s *shop) next(c *checkout) string {
	now := c.snapshot()
	switch {
	case now.State == checking, now.State == unclear:
		return c.checkingPath()
	case now.State == placed && now.Order != nil && now.Order.RedirectURL != "":
		return now.Order.RedirectURL
	case now.State == placed:
		return c.orderPath()
	case now.State == open && now.Problem != "":
		return problemPath(now.Problem)
	case now.State == ended:
		return problemPath("expired")
	}
	return "/checkout"
}

// showChecking is where a shopper waits for an order whose outcome is unknown.
func (s *shop) showChecking(w http.ResponseWriter, r *http.Request, sh *shopper) {
	c := s.store.checkout(r.PathValue("id"))
	if c == nil || c.shopper != sh {
		s.notFound(w, r, sh)
		return
	}
	now := c.snapshot()
	switch now.State {
	case checking:
		w.Header().Set("Refresh", "2")
		s.render(w, r, http.StatusOK, sh, "checking", "We are checking your payment", now)
	case unclear:
		s.render(w, r, http.StatusOK, sh, "checking", "We are still checking your payment", now)
	default:
		seeOther(w, r, s.next(c))
	}
}

// showOrder is the confirmation. It is for the shopper who ordered, and nobody else.
func (s *shop) showOrder(w http.ResponseWriter, r *http.Request, sh *shopper) {
	c := sh.order(r.PathValue("number"))
	if c == nil {
		s.notFound(w, r, sh)
		return
	}
	now := c.snapshot()
	if now.State != placed {
		seeOther(w, r, s.next(c))
		return
	}
	title, fraud := "Thank you for your order", klarna.FraudStatus("")
	if now.Order != nil {
		fraud = now.Order.FraudStatus
	}
	switch fraud {
	case klarna.FraudStatusPending:
		title = "Your order is being reviewed"
	case klarna.FraudStatusRejected:
		title = "Klarna rejected your order"
	}
	s.render(w, r, http.StatusOK, sh, "order", title, struct {
		snapshot
		Summary        summary
		Title          string
		Pending, Taken bool
	}{now, summaryOf(now.Lines, ""), title, fraud == klarna.FraudStatusPending, fraud != klarna.FraudStatusRejected})
}

// failed logs an error and shows the shopper what it means.
func (s *shop) failed(w http.ResponseWriter, r *http.Request, sh *shopper, what string, err error, attrs ...any) {
	kind := problemOf(err)
	attrs = append(attrs, "problem", kind, "error", err)
	if kind == "ours" && !errors.Is(err, r.Context().Err()) {
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
