package klarna_test

import (
	"fmt"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"
	"time"

	"github.com/klarna-go/klarna-payments/klarna"
)

// The signer puts the cart's id into the callback's URL, so that nobody else can post an authorization token to it.
func ExampleCallbackSigner() {
	key := []byte("32 bytes from a secret store ….…") // at least 32 random bytes
	signer, err := klarna.NewCallbackSigner(key)
	if err != nil {
		log.Fatal(err)
	}
	// When the session is created:
	callbackURL, err := signer.Sign("https://shop.example/klarna/authorized", "cart-4711", 48*time.Hour)
	if err != nil {
		log.Fatal(err)
	}

	// When Klarna calls:
	handler := signer.Middleware(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		callback, err := klarna.ParseAuthorizationCallback(r)
		if err != nil {
			http.Error(w, "bad request", http.StatusBadRequest)
			return
		}
		fmt.Println("approved:", klarna.CallbackReference(r.Context()), callback.AuthorizationToken != "")
		w.WriteHeader(http.StatusNoContent) // at once; place the order from a queue
	}))

	body := `{"authorization_token":"b4bd3423-24e3-4faf-9a8f-3b0d9c2b7d1e","session_id":"0b1d9815-165e-42e2-8867-35bc03789e00"}`
	for _, target := range []string{callbackURL, "https://shop.example/klarna/authorized?klarna_ref=cart-4712"} {
		recorder := httptest.NewRecorder()
		handler.ServeHTTP(recorder, httptest.NewRequest(http.MethodPost, target, strings.NewReader(body)))
		fmt.Println(recorder.Code)
	}
	// Output:
	// approved: cart-4711 true
	// 204
	// 403
}

func ExampleParseFraudNotification() {
	request := httptest.NewRequest(http.MethodPost, "/klarna/fraud", strings.NewReader(`{"order_id":"f3392f8b","event_type":"FRAUD_RISK_ACCEPTED"}`))
	notification, err := klarna.ParseFraudNotification(request)
	fmt.Println(notification.OrderID, notification.EventType == klarna.FraudEventTypeAccepted, err)
	// Output: f3392f8b true <nil>
}
