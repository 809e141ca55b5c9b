package pages

import (
	"testing"

	"github.com/klarna-go/klarna-payments/klarna"
	"github.com/klarna-go/klarna-payments/klarna/klarnatest"
)

// quote: checkout
func TestCheckout(t *testing.T) {
	server := klarnatest.NewServer()
	defer server.Close()
	client := server.Client()

	session, err := client.CreateSession(t.Context(), cart)
	if err != nil {
		t.Fatal(err)
	}
	token, err := server.Authorize(session.SessionID) // what the shopper does in the browser
	if err != nil {
		t.Fatal(err)
	}
	order, err := client.CreateOrder(t.Context(), token, klarna.OrderFromSession(cart))
	if err != nil || order.OrderID == "" {
		t.Fatal(order, err)
	}
}

// end of quote
