package main

import (
	"database/sql"
	"errors"
	"net/http"
	"strconv"

	"github.com/klarna-go/klarna-payments/klarna"
)

func (s *shop) showGoods(w http.ResponseWriter, r *http.Request, sh *shopper) {
	goods := make([]shownLine, len(catalogue))
	for i, p := range catalogue {
		goods[i] = shownLine{product: p, Quantity: sh.cart[p.ID]}
	}
	s.render(w, r, http.StatusOK, sh, "goods", "Goods", goods)
}

func (s *shop) showCart(w http.ResponseWriter, r *http.Request, sh *shopper) {
	if sh.checkoutID != "" {
		c, err := s.store.checkout(r.Context(), sh.checkoutID)
		if err != nil {
			s.failed(w, r, sh, "the checkout could not be read", err)
			return
		}
		if c.state == ordered { // and its outcome is unknown, or the cart would be empty
			seeOther(w, r, c.checkingPath())
			return
		}
	}
	page := struct {
		summary
		LastNumber, LastPath string // of the last order, for who lost its page
	}{summary: summaryOf(sh.cart.lines(""), s.csrf(sh.id))}
	if last, err := s.store.lastOrder(r.Context(), sh.id); err == nil {
		page.LastNumber, page.LastPath = last.number, orderPath(last.number)
	} else if !errors.Is(err, sql.ErrNoRows) {
		s.failed(w, r, sh, "the last order could not be read", err)
		return
	}
	s.render(w, r, http.StatusOK, sh, "cart", "Your cart", page)
}

// changeCart sets how many of a product are in the cart. The form has the new number and not the difference, so that it
// may be posted twice.
func (s *shop) changeCart(w http.ResponseWriter, r *http.Request, sh *shopper) {
	p, ok := findProduct(r.PostFormValue("product"))
	quantity, err := strconv.ParseInt(r.PostFormValue("quantity"), 10, 64)
	if !ok || err != nil {
		s.renderProblem(w, r, http.StatusBadRequest, sh, problems["stale"])
		return
	}
	c, err := s.setQuantity(r.Context(), sh, p.ID, quantity)
	switch {
	case errors.Is(err, errBeingPaid), err != nil && c != nil && s.mayBeOrdered(r.Context(), c.id):
		s.goOn(w, r, sh, c.id)
	case err != nil:
		s.failed(w, r, sh, "the cart could not be changed", err)
	case r.Header.Get("X-Part") == "summary" && c != nil:
		// The script on the checkout page swaps this part, and loads Klarna's widget again.
		s.renderPart(w, r, "summary", summaryOf(c.session.OrderLines, s.csrf(sh.id)))
	default:
		seeOther(w, r, "/cart")
	}
}

// summary is a cart as pages show it.
type summary struct {
	CSRF     string // empty where the quantities cannot change any more
	Lines    []shownLine
	Shipping int64
	Amount   int64
	Tax      int64
	ToFree   int64 // what is missing for free shipping; 0 when it is free
	Count    int64
	Renews   int64  // what a subscription costs each time after the first; 0 without one
	Every    string // how often
}

type shownLine struct {
	product
	Quantity, Total int64
}

func summaryOf(lines []klarna.OrderLine, csrf string) summary {
	sum := summary{CSRF: csrf}
	sum.Amount, sum.Tax = klarna.Totals(lines)
	for _, line := range lines {
		if p, ok := findProduct(line.Reference); ok {
			sum.Lines = append(sum.Lines, shownLine{p, line.Quantity, line.TotalAmount})
			sum.Count += line.Quantity
		} else {
			sum.Shipping += line.TotalAmount
		}
	}
	sum.Renews, sum.Every = renews(lines)
	if sum.Shipping > 0 {
		sum.ToFree = freeShippingFrom - (sum.Amount - sum.Shipping)
	}
	return sum
}
