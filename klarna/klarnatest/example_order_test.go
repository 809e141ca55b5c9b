package klarnatest_test

import (
	"context"
	"fmt"
	"log"

	"github.com/klarna-go/klarna-payments/klarna"
	"github.com/klarna-go/klarna-payments/klarna/klarnatest"
	"github.com/klarna-go/klarna-payments/klarna/ordermanagement"
)

// A capture whose response is lost is retried with the same idempotency key, and carried out once.
func ExampleServer_Order() {
	server := klarnatest.NewServer()
	defer server.Close()
	client := server.Client()
	ctx := context.Background()

	lines := []klarna.OrderLine{{Name: "Sock", Quantity: 2, UnitPrice: 500, TotalAmount: 1000}}
	cart := klarna.SessionCreate{PurchaseCountry: "DE", PurchaseCurrency: "EUR", OrderAmount: 1000, OrderLines: lines}
	session, err := client.CreateSession(ctx, cart)
	if err != nil {
		log.Fatal(err)
	}
	token, err := server.Authorize(session.SessionID)
	if err != nil {
		log.Fatal(err)
	}
	placed, err := client.CreateOrder(ctx, token, klarna.OrderFromSession(cart))
	if err != nil {
		log.Fatal(err)
	}

	server.Fail(ordermanagement.OperationCaptureOrder, klarnatest.ResetAfter())
	orders := ordermanagement.New(client)
	captureID, err := orders.CaptureOrder(ctx, placed.OrderID, ordermanagement.CaptureRequest{CapturedAmount: 500})
	if err != nil {
		log.Fatal(err)
	}
	order := server.Order(placed.OrderID)
	fmt.Println(order.Status, order.CapturedAmount, order.RemainingAuthorizedAmount)
	fmt.Println(len(order.Captures), order.Captures[0].CaptureID == captureID)
	// Output:
	// PART_CAPTURED 500 500
	// 1 true
}
