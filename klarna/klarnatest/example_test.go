package klarnatest_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"time"

	"github.com/klarna-go/klarna-payments/klarna"
	"github.com/klarna-go/klarna-payments/klarna/klarnatest"
)

func ExampleServer() {
	server := klarnatest.NewServer()
	defer server.Close()
	client := server.Client()
	ctx := context.Background()

	lines := []klarna.OrderLine{{Name: "Running shoe", Quantity: 1, UnitPrice: 11900, TaxRate: 1900, TotalAmount: 11900, TotalTaxAmount: 1900}}
	session, err := client.CreateSession(ctx, klarna.SessionCreate{
		PurchaseCountry: "DE", PurchaseCurrency: "EUR", OrderAmount: 11900, OrderTaxAmount: 1900, OrderLines: lines,
	})
	if err != nil {
		log.Fatal(err)
	}
	token, err := server.Authorize(session.SessionID) // the shopper approves
	if err != nil {
		log.Fatal(err)
	}
	order, err := client.CreateOrder(ctx, token, klarna.CreateOrderRequest{
		PurchaseCountry: "DE", PurchaseCurrency: "EUR", OrderAmount: 11900, OrderTaxAmount: 1900, OrderLines: lines,
	})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(order.FraudStatus, order.AuthorizedPaymentMethod.Type)
	for _, request := range server.Requests() {
		fmt.Println(request.Operation, request.StatusCode)
	}
	// Output:
	// ACCEPTED invoice
	// CreateSession 200
	// CreateOrder 200
}

func ExampleServer_Advance() {
	server := klarnatest.NewServer()
	defer server.Close()
	client := server.Client()
	ctx := context.Background()

	session, err := client.CreateSession(ctx, klarna.SessionCreate{
		PurchaseCountry: "DE", PurchaseCurrency: "EUR", OrderAmount: 500,
		OrderLines: []klarna.OrderLine{{Name: "Sock", Quantity: 1, UnitPrice: 500, TotalAmount: 500}},
	})
	if err != nil {
		log.Fatal(err)
	}
	server.Advance(48 * time.Hour)

	_, err = client.ReadSession(ctx, session.SessionID)
	var failed *klarna.Error
	if errors.As(err, &failed) {
		fmt.Println(failed.StatusCode, failed.Code, failed.Messages)
	}
	// Output: 404 NOT_FOUND [Invalid session id]
}

func ExampleServer_Fail() {
	server := klarnatest.NewServer()
	defer server.Close()
	ctx := context.Background()

	lines := []klarna.OrderLine{{Name: "Sock", Quantity: 1, UnitPrice: 500, TotalAmount: 500}}
	cart := klarna.SessionCreate{PurchaseCountry: "DE", PurchaseCurrency: "EUR", OrderAmount: 500, OrderLines: lines}
	client := server.Client(klarna.WithRetry(klarna.NoRetry()))
	session, err := client.CreateSession(ctx, cart)
	if err != nil {
		log.Fatal(err)
	}
	token, err := server.Authorize(session.SessionID)
	if err != nil {
		log.Fatal(err)
	}

	server.Fail(klarna.OperationCreateOrder, klarnatest.ResetAfter())
	_, err = client.CreateOrder(ctx, token, klarna.OrderFromSession(cart))
	fmt.Println(errors.Is(err, klarna.ErrOutcomeUnknown))

	placed, err := client.OrderPlaced(ctx, session.SessionID)
	fmt.Println(placed, err)
	fmt.Println(server.PendingFaults())
	// Output:
	// true
	// true <nil>
	// map[]
}
