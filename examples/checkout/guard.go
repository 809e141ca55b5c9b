package main

import (
	"net/http"
	"net/url"
	"strings"
)

// securityHeaders sets the headers of every response. Klarna's script needs its own origins in the Content-Security-Policy.
func (s *shop) securityHeaders(next http.Handler) http.Handler {
	klarna := strings.Join(s.payments.origins, " ")
	styles := "'self'"
	if !s.payments.sandbox {
		styles += " 'unsafe-inline'" // Klarna's script styles what it draws
	}
	policy := strings.Join([]string{
		"default-src 'none'",
		"script-src 'self' " + klarna,
		"connect-src 'self' " + klarna,
		"frame-src " + klarna,
		"img-src 'self' data: https://*.klarnacdn.net https://*.klarna.com", // the pictures of the payment methods
		"style-src " + styles,
		"form-action 'self' " + klarna, // the order leads by way of Klarna to the confirmation
		"base-uri 'none'",
		"frame-ancestors 'none'",
	}, "; ")
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		header := w.Header()
		header.Set("Content-Security-Policy", policy)
		header.Set("X-Content-Type-Options", "nosniff")
		header.Set("Referrer-Policy", "same-origin")
		if strings.HasPrefix(s.baseURL, "https://") {
			header.Set("Strict-Transport-Security", "max-age=31536000")
		}
		next.ServeHTTP(w, r)
	})
}

// limitBody bounds what is read of a request. The largest is a form with an address.
func limitBody(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r.Body = http.MaxBytesReader(w, r.Body, 64<<10)
		next.ServeHTTP(w, r)
	})
}

// onlyAtBaseURL sends who comes by another name, such as localhost, to the shop's own. Klarna leads the shopper back there
// after the purchase, and the browser must have the cookie then.
func (s *shop) onlyAtBaseURL(next http.Handler) http.Handler {
	base, err := url.Parse(s.baseURL)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err == nil && base.Host != "" && r.Host != base.Host && r.Method == http.MethodGet {
			http.Redirect(w, r, base.Scheme+"://"+base.Host+r.URL.RequestURI(), http.StatusFound) //nolint:gosec // the host is the shop's
			return
		}
		next.ServeHTTP(w, r)
	})
}
