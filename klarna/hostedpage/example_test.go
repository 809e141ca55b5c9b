package hostedpage_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"time"

	"github.com/klarna-go/klarna-payments/klarna"
	"github.com/klarna-go/klarna-payments/klarna/hostedpage"
)

// A page that places the order. The shopper is sent to it, and comes back to the success URL, if at all.
func ExampleClient_CreateSession() {
	client, closeServer := exampleClient()
	defer closeServer()

	pages := hostedpage.New(client)
	page, err := pages.CreateSession(context.Background(), hostedpage.SessionRequest{
		PaymentSessionURL: client.SessionURL("1f6b8e90-4d2c-4a7b-8c35-e9a0d7f21b46"), // the id of a klarna.MerchantSession
		MerchantURLs: hostedpage.MerchantURLs{
			Success:      "https://shop.example/done?cart=5521&page={{session_id}}",
			Failure:      "https://shop.example/declined?cart=5521&page={{session_id}}",
			StatusUpdate: "https://shop.example/hooks/klarna?cart=5521&secret=…", // by a klarna.CallbackSigner
		},
		Options: hostedpage.Options{PlaceOrderMode: hostedpage.PlaceOrderModePlaceOrder},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(page.RedirectURL)
	// Output: https://pay.playground.klarna.com/eu/hpp/payments/9KfTz2
}

// What a callback, the shopper's return and a timer all do: read the session, and act if it cannot change any more.
func ExampleClient_ReadSession() {
	client, closeServer := exampleClient()
	defer closeServer()

	page, err := hostedpage.New(client).ReadSession(context.Background(), "f0c3a5d7-8b1e-4692-9d04-2e6f7c8b1a35")
	switch {
	case errors.Is(err, klarna.ErrNotFound):
		fmt.Println("the page has expired")
	case err != nil:
		fmt.Println(err) // read it again later
	case !hostedpage.IsFinal(page.Status):
		fmt.Println("not yet:", page.Status) // FAILED and ERROR too
	case page.OrderID != "":
		fmt.Println("the order is", page.OrderID)
	case page.AuthorizationToken != "":
		fmt.Println("place the order") // mode NONE: klarna.Client.CreateOrder
	default:
		fmt.Println("not paid:", page.Status)
	}
	// Output: the order is 6c1f0f1e-3a52-4b7d-9c41-0d2f8a55b9e7
}

// The callback says when to read, and the session what happened. Deliveries of one change have the same event id.
func ExampleParseStatusCallback() {
	signer, err := klarna.NewCallbackSigner([]byte("32 bytes from a secret store ….…"))
	if err != nil {
		fmt.Println(err)
		return
	}
	seen := map[string]bool{} // a column with a unique index
	handler := signer.Middleware(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		callback, err := hostedpage.ParseStatusCallback(r)
		if err != nil {
			http.Error(w, "bad request", http.StatusBadRequest)
			return
		}
		w.WriteHeader(http.StatusNoContent) // within 3 seconds
		if !seen[callback.EventID] {
			seen[callback.EventID] = true
			fmt.Println("read the page of", klarna.CallbackReference(r.Context()))
		}
	}))

	statusURL, err := signer.Sign("https://shop.example/hooks/klarna", "cart-5521", 48*time.Hour)
	if err != nil {
		fmt.Println(err)
		return
	}
	body, err := exampleFiles.ReadFile("testdata/examples/hpp_status_callback.json")
	if err != nil {
		fmt.Println(err)
		return
	}
	for range 2 {
		response := httptest.NewRecorder()
		handler.ServeHTTP(response, httptest.NewRequest(http.MethodPost, statusURL, strings.NewReader(string(body))))
		fmt.Println(response.Code)
	}
	// Output:
	// read the page of cart-5521
	// 204
	// 204
}

func ExampleIsFinal() {
	for _, status := range []hostedpage.SessionStatus{hostedpage.SessionStatusCompleted, hostedpage.SessionStatusFailed, "A_NEW_ONE"} {
		fmt.Println(status, hostedpage.IsFinal(status))
	}
	// Output:
	// COMPLETED true
	// FAILED false
	// A_NEW_ONE false
}

// exampleClient returns a client of a server in place of Klarna, with the page of the examples.
func exampleClient() (*klarna.Client, func()) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		name, status := "hpp_read_session_response.placed.json", http.StatusOK
		if r.Method == http.MethodPost {
			name, status = "hpp_create_session_response.json", http.StatusCreated
		}
		body, err := exampleFiles.ReadFile("testdata/examples/" + name)
		if err != nil {
			panic(err)
		}
		w.WriteHeader(status)
		_, _ = w.Write(body)
	}))
	client, err := klarna.New(klarna.Environment(server.URL), klarna.APIKey("klarna_test_api_example"))
	if err != nil {
		panic(err)
	}
	return client, server.Close
}
