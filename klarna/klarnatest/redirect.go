package klarnatest

import (
	"net/http"
	"strings"
)

const redirectPath = "/redirect/"

// confirmation is the page that the shopper sees when the order is placed; empty when the shop names none.
func confirmation(m members) string {
	urls, _ := m.value("merchant_urls").(map[string]any)
	page, _ := urls["confirmation"].(string)
	return page
}

// newRedirect gives the URL to send the shopper's browser to. Klarna leaves a cookie there; here it only leads on.
func (s *Server) newRedirect(page, sessionID, orderID string) string {
	s.redirects[orderID] = strings.NewReplacer("{session.id}", sessionID, "{order.id}", orderID).Replace(page)
	return s.URL + redirectPath + orderID
}

// redirect is called by the shopper's browser, and needs no credentials.
func (s *Server) redirect(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	page := s.redirects[r.PathValue("order_id")]
	s.mu.Unlock()
	if page == "" {
		s.notFound(w, r)
		return
	}
	http.Redirect(w, r, page, http.StatusFound)
}
