package pages

import (
	"context"
	"crypto/subtle"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/klarna-go/klarna-payments/klarna"
	"github.com/klarna-go/klarna-payments/klarna/ordermanagement"
)

// What the blocks of docs/ take as given.
var (
	ctx        = context.Background()
	client     *klarna.Client
	env, creds = klarna.PlaygroundEU, klarna.BasicAuth("username", "password")

	cart = klarna.SessionCreate{
		PurchaseCountry: "DE", PurchaseCurrency: "EUR", Locale: "de-DE", OrderAmount: 11900, OrderTaxAmount: 1900,
		OrderLines: lines,
	}
	lines = []klarna.OrderLine{
		klarna.CompleteLine(klarna.OrderLine{Name: "Running shoe", Quantity: 1, UnitPrice: 11900, TaxRate: 1900}),
	}
	request                       = klarna.OrderFromSession(cart)
	sessionID, authorizationToken string
	callbackURL                   = "https://shop.example/klarna/authorized"

	cartID      = "cart-4711"
	key         = []byte("32 bytes from a secret store …….")
	queue       = func(string, klarna.AuthorizationCallback) {}
	queueReview = func(string, klarna.FraudEventType) {}
	checkLater  = func(string, string, klarna.CreateOrderRequest) error { return nil }
)

// What needs a session or an approval is compiled only.

func Example_integrationSession() {
	// quote: session
	lines := []klarna.OrderLine{
		klarna.CompleteLine(klarna.OrderLine{
			Reference: "AD6654412", Name: "Running shoe", Quantity: 1, UnitPrice: 11900, TaxRate: 1900,
		}),
	}
	amount, tax := klarna.Totals(lines)
	cart := klarna.SessionCreate{
		PurchaseCountry:    "DE",
		PurchaseCurrency:   "EUR",
		Locale:             "de-DE",
		OrderAmount:        amount,
		OrderTaxAmount:     tax,
		OrderLines:         lines,
		MerchantReference1: "ON4711",
		MerchantURLs: klarna.MerchantURLs{
			Confirmation:  "https://shop.example/thanks",
			Authorization: callbackURL, // see "The callback"
		},
	}
	session, err := client.CreateSession(ctx, cart)
	// end of quote
	_, _ = session, err
}

func Example_integrationUpdate() {
	// quote: update
	cart.OrderLines = lines
	cart.OrderAmount, cart.OrderTaxAmount = klarna.Totals(lines)
	err := client.UpdateSession(ctx, sessionID, klarna.CartUpdate(lines))
	// end of quote
	_ = err
}

func Example_integrationOrder() {
	// quote: order
	order, err := client.CreateOrder(ctx, authorizationToken, klarna.OrderFromSession(cart))
	// end of quote
	_, _ = order, err
}

func Example_integrationSign() {
	sign := func() error {
		// quote: sign
		signer, err := klarna.NewCallbackSigner(key)
		if err != nil {
			return err
		}
		callbackURL, err := signer.Sign("https://shop.example/klarna/authorized", cartID, 48*time.Hour)
		// end of quote
		_ = callbackURL
		return err
	}
	fmt.Println(sign())
	// Output: <nil>
}

func Example_integrationBind() {
	_ = func() (*klarna.Order, error) {
		// quote: bind
		session, err := client.ReadSession(ctx, sessionID) // of this shopper
		if err != nil {
			return nil, err
		}
		newest := session.AuthorizationToken
		if newest != "" && subtle.ConstantTimeCompare([]byte(newest), []byte(authorizationToken)) == 0 {
			return nil, errors.New("the token is not the newest of this shopper's session")
		}
		return client.CreateOrder(ctx, authorizationToken, klarna.OrderFromApproved(cart, *session))
		// end of quote
	}
}

func Example_integrationSignNotification() {
	signer, err := klarna.NewCallbackSigner(key)
	fmt.Println(err)
	// quote: signNotification
	notificationURL, err := signer.Sign("https://shop.example/klarna/notification", cartID, 5*24*time.Hour)
	// end of quote
	fmt.Println(notificationURL != "", err)
	// Output:
	// <nil>
	// true <nil>
}

func Example_integrationCallback() {
	mux := http.NewServeMux()
	signer, err := klarna.NewCallbackSigner(key)
	fmt.Println(err)
	// quote: callback
	mux.Handle("POST /klarna/authorized", signer.Middleware(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		callback, err := klarna.ParseAuthorizationCallback(r)
		if err != nil {
			http.Error(w, "bad request", http.StatusBadRequest)
			return
		}
		queue(klarna.CallbackReference(r.Context()), callback) // respond within 2 seconds, place the order later
		w.WriteHeader(http.StatusNoContent)
	})))
	// end of quote
	// Output: <nil>
}

func Example_integrationFraud() {
	_ = func(w http.ResponseWriter, r *http.Request) {
		// quote: fraud
		notification, err := klarna.ParseFraudNotification(r)
		if err != nil {
			http.Error(w, "bad request", http.StatusBadRequest)
			return
		}
		queueReview(notification.OrderID, notification.EventType)
		w.WriteHeader(http.StatusOK)
		// end of quote
	}
}

func Example_integrationCapture() {
	orderID, shipmentKey := "o-1", "shipment-4711"
	_ = func() error {
		// quote: capture
		orders := ordermanagement.New(client)
		order, err := orders.ReadOrder(ctx, orderID)
		if err != nil {
			return err
		}
		all := ordermanagement.RemainingCapture(*order) // the amount and the lines
		captureID, err := orders.CaptureOrder(ctx, orderID, all, klarna.WithIdempotencyKey(shipmentKey))
		// end of quote
		_ = captureID
		return err
	}
}

func Example_integrationToken() {
	// quote: token
	token, err := client.CreateCustomerToken(ctx, authorizationToken, klarna.CustomerTokenCreationRequest{
		Description:      "Coffee, once a month",
		IntendedUse:      klarna.IntendedUseSubscription,
		PurchaseCountry:  "DE",
		PurchaseCurrency: "EUR",
		Locale:           "de-DE",
	})
	// end of quote
	_, _ = token, err
}
