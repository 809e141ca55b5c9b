package klarnatest

import (
	"net/http"
	"strings"
)

// redirectPath leads by an order id. redirectURL returns the path in Klarna's form, which leads by a session id.
const redirectPath = "/redirect/"

// redirectURL returns the page that the shopper is sent to after an order, in the form that Klarna's was recorded in.
func (s *Server) redirectURL(x *session) string {
	return s.URL + "/" + regionOf(x.members.text("purchase_country")) + "/kp/v1/sessions/" + x.id + "/redirect"
}

// regionOf is the region of Klarna's hosts that a country belongs to.
func regionOf(country string) string {
	switch strings.ToUpper(country) {
	case "US", "CA", "MX":
		return "na"
	case "AU", "NZ":
		return "oc"
	}
	return "eu"
}

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
	var confirmation string
	if order := s.orders[r.PathValue("order_id")]; order != nil {
		confirmation = order.confirmation
	} else if x := s.sessions[r.PathValue("session_id")]; x != nil {
		confirmation = x.confirmation()
		if x.order != nil && s.orders[x.order.OrderID] != nil {
			confirmation = s.orders[x.order.OrderID].confirmation
		}
	}
	s.mu.Unlock()
	if confirmation == "" {
		s.notFound(w, r)
		return
	}
	http.Redirect(w, r, confirmation, http.StatusFound)
}

// confirmation is the shop's page for a session without an order.
func (x *session) confirmation() string {
	return strings.ReplaceAll(merchantURL("confirmation", x.members), "{session.id}", x.id)
}
