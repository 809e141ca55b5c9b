package klarnatest

import "net/http"

const redirectPath = "/redirect/"

// merchantURL is one of the shop's URLs: the first that is set, or empty.
func merchantURL(name string, from ...members) string {
	for _, m := range from {
		urls, _ := m.value("merchant_urls").(map[string]any)
		if u, _ := urls[name].(string); u != "" {
			return u
		}
	}
	return ""
}

// redirect is called by the shopper's browser, and needs no credentials. Klarna leaves a cookie there; here it only
// leads on.
func (s *Server) redirect(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	order := s.orders[r.PathValue("order_id")]
	s.mu.Unlock()
	if order == nil || order.confirmation == "" {
		s.notFound(w, r)
		return
	}
	http.Redirect(w, r, order.confirmation, http.StatusFound)
}
