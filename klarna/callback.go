package klarna

import (
	"errors"
	"net/http"

	"github.com/klarna-go/klarna-payments/internal/engine"
)

// ParseAuthorizationCallback reads what Klarna posts to MerchantURLs.Authorization once the shopper has approved. Klarna waits
// 2 seconds for a 2xx, makes up to three attempts, and may send a callback twice or never: respond at once, and place the order
// from whichever of browser and callback comes first (the other one gets the same order, or [ErrOrderAlreadyPlaced]).
//
// Do not log the callback: its token is valid for one order. Klarna does not sign it: put a secret into the URL, as
// [CallbackSigner] does, or anyone can post here.
//
// The error describes what is wrong with the request, and quotes nothing of it; respond with 400. The body is read up to
// 64 KiB.
//
// Source: Klarna's page on the authorization callback; section "callbacks" of api/openapi.yaml.
func ParseAuthorizationCallback(r *http.Request) (AuthorizationCallback, error) {
	var callback AuthorizationCallback
	if err := engine.ReadCallback(r, "authorization callback", &callback); err != nil {
		return AuthorizationCallback{}, err
	}
	if fault := engine.CheckID(callback.AuthorizationToken); fault != "" {
		return AuthorizationCallback{}, errors.New("klarna: authorization callback: authorization_token " + fault)
	}
	if fault := engine.CheckID(callback.SessionID); fault != "" {
		return AuthorizationCallback{}, errors.New("klarna: authorization callback: session_id " + fault)
	}
	return callback, nil
}

// ParseFraudNotification reads what Klarna posts to MerchantURLs.Notification once a pending order was decided. Klarna sends it
// again every 10 minutes for 24 hours until it gets a 200. It is not signed: read the order from Klarna's Order Management API
// before you act on it.
//
// The error describes what is wrong with the request, and quotes nothing of it; respond with 400. The body is read up to
// 64 KiB.
//
// Source: Klarna's page on pending orders; section "callbacks" of api/openapi.yaml.
func ParseFraudNotification(r *http.Request) (FraudNotification, error) {
	var notification FraudNotification
	if err := engine.ReadCallback(r, "fraud notification", &notification); err != nil {
		return FraudNotification{}, err
	}
	if fault := engine.CheckID(notification.OrderID); fault != "" {
		return FraudNotification{}, errors.New("klarna: fraud notification: order_id " + fault)
	}
	if notification.EventType == "" {
		return FraudNotification{}, errors.New("klarna: fraud notification: event_type is empty")
	}
	return notification, nil
}
