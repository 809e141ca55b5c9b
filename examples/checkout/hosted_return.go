package main

import (
	"cmp"
	"net/http"

	"github.com/klarna-go/klarna-payments/klarna"
	"github.com/klarna-go/klarna-payments/klarna/hostedpage"
)

const pageCallbackPath = "/klarna/page"

// pageCallback handles Klarna's notification that the status of a page has changed. It may come up to four times, out of order, or
// never: it says when to ask, and not what happened.
//
// It runs behind CallbackSigner.Middleware, so the URL is one that this shop made for this checkout.
func (s *shop) pageCallback(w http.ResponseWriter, r *http.Request) {
	callback, err := hostedpage.ParseStatusCallback(r)
	if err != nil {
		http.Error(w, "not a status callback", http.StatusBadRequest)
		return
	}
	p, err := s.store.page(r.Context(), klarna.CallbackReference(r.Context()), callback.Session.SessionID)
	isNew := false
	if err == nil && p != nil {
		isNew, err = s.store.addEvent(r.Context(), callback.EventID, p.id)
	}
	switch {
	case err != nil:
		s.logger.WarnContext(r.Context(), "the page of a callback could not be read", "error", err)
		http.Error(w, "call again later", http.StatusServiceUnavailable)
		return
	case p == nil:
		http.Error(w, "no such page", http.StatusNotFound)
		return
	case isNew:
		// Klarna waits for three seconds, and an order may take longer. If the process dies now, the background finds the page.
		ctx := r.Context() // settlePage outlives it
		s.background.Go(func() {
			if err := s.settlePage(ctx, p, byPageCallback); err != nil {
				s.logger.WarnContext(ctx, "a callback about a page led to nothing yet", "error", err)
			}
		})
	}
	w.WriteHeader(http.StatusNoContent)
}

// pageReturned is where Klarna's page sends the shopper, whatever happened there. The URL tells apart what the status of a page does
// not, and nothing else: anybody can write it.
func (s *shop) pageReturned(w http.ResponseWriter, r *http.Request, sh *shopper) {
	c, ok := s.ownCheckout(w, r, sh)
	if !ok {
		return
	}
	p, err := s.store.page(r.Context(), c.id, r.URL.Query().Get("page"))
	if err == nil && p != nil {
		if settled := s.settlePage(r.Context(), p, byPage); settled != nil {
			s.logger.WarnContext(r.Context(), "the page of a shopper could not be settled", "order_number", c.number, "error", settled)
			if p.status != hostedpage.SessionStatusCompleted {
				p.status = "" // it is not known
			}
		}
		err = s.reload(r.Context(), c)
	}
	switch {
	case err != nil:
		s.failed(w, r, sh, "the page could not be read", err)
		return
	case p == nil, !c.payable(): // an approval that waits may still become an order
		s.goOn(w, r, sh, c.id)
		return
	}

	onPage, inShop := action{"Choose another way on Klarna’s page", p.url}, action{"Pay in our shop", "/checkout"}
	switch {
	case p.status == hostedpage.SessionStatusCompleted && p.open:
		s.renderWaiting(w, r, sh, c, p)
	case p.status == hostedpage.SessionStatusCompleted: // and what was approved could not be ordered
		seeOther(w, r, problemPath(cmp.Or(p.problem, c.problem, "foreign")))
	case !p.open: // its time is up, or the cart has changed
		seeOther(w, r, "/checkout")
	case p.status == hostedpage.SessionStatusFailed:
		s.renderProblem(w, r, http.StatusOK, sh, problem{"Klarna declined this payment",
			"Nothing was ordered, and you pay nothing. Klarna decides anew for each way to pay. You can choose another one, there or here.",
			[]action{onPage, inShop}})
	case p.status == hostedpage.SessionStatusError:
		onPage.Label = "Pay on Klarna’s page"
		s.renderProblem(w, r, http.StatusOK, sh, problem{"Something went wrong on Klarna’s page",
			"Nothing was ordered, and you pay nothing. It may work if you go there again, or you can pay in our shop.",
			[]action{onPage, inShop}})
	case p.status == hostedpage.SessionStatusBack && r.PathValue("how") == "cancel":
		onPage.Label = "Back to Klarna’s page"
		s.renderProblem(w, r, http.StatusOK, sh, problem{"You cancelled the payment",
			"Nothing was ordered, and you pay nothing. Your cart is as you left it.",
			[]action{{"Back to the checkout", "/checkout"}, onPage}})
	case p.status == hostedpage.SessionStatusBack:
		seeOther(w, r, "/checkout")
	default:
		s.renderWaiting(w, r, sh, c, p)
	}
}

// renderWaiting is where a shopper waits for what Klarna knows of a page. It looks by itself.
func (s *shop) renderWaiting(w http.ResponseWriter, r *http.Request, sh *shopper, c *checkout, p *hostedPage) {
	title := "We are waiting for Klarna"
	approved := p.status == hostedpage.SessionStatusCompleted
	if approved {
		title = "We are checking your payment"
	}
	w.Header().Set("Refresh", "2")
	s.render(w, r, http.StatusOK, sh, "hosted_waiting", title, struct {
		Title, Number, URL string
		Approved           bool
	}{title, c.number, p.url, approved})
}
