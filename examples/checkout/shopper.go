package main

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"net/http"
	"strings"
	"sync"
	"time"
)

// shopper is one browser, known by a cookie.
type shopper struct {
	id   string // what the cookie holds: who has it is the shopper
	csrf string // what each form of this shopper carries

	// turn lets one thing happen at a time: two tabs change the cart, the browser and Klarna's callback both want to place
	// the order. It is a channel and no mutex because a call to Klarna is made meanwhile, and a waiting request may end.
	turn chan struct{}

	mu       sync.Mutex // guards what follows, which only changes in a turn, and the checkouts' guarded fields
	cart     cart
	checkout *checkout            // what is being paid; nil when nothing is
	orders   map[string]*checkout // what was ordered, by its number
	seen     time.Time
}

func newShopper() *shopper {
	return &shopper{
		id: rand.Text(), csrf: rand.Text(), turn: make(chan struct{}, 1),
		cart: cart{"mug": 2, "cookbook": 1}, // an example is no fun with an empty cart
	}
}

// take waits for the shopper's turn. Whoever gets it calls done.
func (sh *shopper) take(ctx context.Context) (done func(), err error) {
	select {
	case sh.turn <- struct{}{}:
		return func() { <-sh.turn }, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// now is the cart and the checkout as they are.
func (sh *shopper) now() (cart, *checkout) {
	sh.mu.Lock()
	defer sh.mu.Unlock()
	return sh.cart, sh.checkout
}

// order is what this shopper ordered under a number; nil if it is another's, or none.
func (sh *shopper) order(number string) *checkout {
	sh.mu.Lock()
	defer sh.mu.Unlock()
	return sh.orders[number]
}

// withShopper is a handler of a request by a shopper.
type withShopper func(w http.ResponseWriter, r *http.Request, sh *shopper)

const shopperCookie = "shopper"

// page serves a page. Who has no cookie gets one.
func (s *shop) page(serve withShopper) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		sh := s.shopperOf(r)
		if sh == nil {
			sh = newShopper()
			s.store.addShopper(sh)
			http.SetCookie(w, &http.Cookie{ //nolint:gosec // on this machine there is no https, and no cookie if it were Secure
				Name: shopperCookie, Value: sh.id, Path: "/",
				HttpOnly: true,
				SameSite: http.SameSiteLaxMode, // no other site can post in the shopper's name
				Secure:   strings.HasPrefix(s.baseURL, "https://"),
			})
		}
		serve(w, r, sh)
	})
}

// form takes what a shopper posts. The form must be one that this shopper was given.
func (s *shop) form(serve withShopper) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		sh := s.shopperOf(r)
		if sh == nil || subtle.ConstantTimeCompare([]byte(r.PostFormValue("csrf")), []byte(sh.csrf)) == 0 {
			s.renderProblem(w, r, http.StatusForbidden, sh, problems["stale"])
			return
		}
		serve(w, r, sh)
	})
}

// shopperOf is who has the request's cookie; nil if nobody has.
func (s *shop) shopperOf(r *http.Request) *shopper {
	cookie, err := r.Cookie(shopperCookie)
	if err != nil {
		return nil
	}
	return s.store.shopper(cookie.Value)
}
