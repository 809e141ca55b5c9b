package main

import (
	"database/sql"
	"errors"
	"net/http"

	"github.com/klarna-go/klarna-payments/klarna"
)

const callbackPath = "/klarna/authorized"

// callback handles Klarna's notification that the shopper approved. The browser reports the same, unless it was closed or
// lost the connection; whichever comes first places the order. Klarna may call twice, or never.
//
// It runs behind CallbackSigner.Middleware, so the URL is one that this shop made for this checkout.
func (s *shop) callback(w http.ResponseWriter, r *http.Request) {
	callback, err := klarna.ParseAuthorizationCallback(r)
	if err != nil {
		http.Error(w, "not an authorization callback", http.StatusBadRequest)
		return
	}
	c, err := s.store.checkout(r.Context(), klarna.CallbackReference(r.Context()))
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		s.logger.WarnContext(r.Context(), "the checkout of a callback could not be read", "error", err)
		http.Error(w, "call again later", http.StatusServiceUnavailable)
		return
	}
	if err != nil || callback.SessionID != c.sessionID {
		http.Error(w, "no such checkout", http.StatusNotFound)
		return
	}
	// Klarna waits for two seconds, and an order may take longer.
	ctx := r.Context() // place outlives it
	s.background.Go(func() {
		if err := s.placeOfWidget(ctx, c, callback.AuthorizationToken, byCallback); err != nil {
			s.logger.WarnContext(ctx, "a callback led to no order", "order_number", c.number, "error", err)
		}
	})
	w.WriteHeader(http.StatusNoContent)
}
