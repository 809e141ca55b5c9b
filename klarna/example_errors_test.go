package klarna_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"log/slog"
	"os"
	"time"

	"github.com/klarna-go/klarna-payments/klarna"
	"github.com/klarna-go/klarna-payments/klarna/klarnatest"
)

// What to do is told by errors.Is, what happened by errors.As.
func ExampleError() {
	server := klarnatest.NewServer()
	defer server.Close()

	_, err := server.Client().ReadSession(context.Background(), "0b1d9815-165e-42e2-8867-35bc03789e00")
	var e *klarna.Error
	switch {
	case errors.Is(err, klarna.ErrNotFound) && errors.As(err, &e):
		fmt.Println("the session has expired, start a new one:", e.Code, e.Messages)
	case err != nil:
		log.Fatal(err)
	}
	// Output: the session has expired, start a new one: NOT_FOUND [Invalid session id]
}

// An order that is not what the shopper approved is a conflict, and Fields names what differs.
func ExampleError_conflict() {
	server, session := openSession(klarna.IntentBuy)
	defer server.Close()
	token, err := server.Authorize(session.SessionID)
	if err != nil {
		log.Fatal(err)
	}
	order := klarna.OrderFromSession(sessionCreate())
	order.OrderLines = []klarna.OrderLine{order.OrderLines[0]}
	order.OrderLines[0].Name = "Walking shoe"

	_, err = server.Client().CreateOrder(context.Background(), token, order)
	var e *klarna.Error
	if errors.Is(err, klarna.ErrConflict) && errors.As(err, &e) {
		fmt.Println(e.StatusCode, e.Fields)
	}
	// Output: 409 [order_lines[0].name]
}

func ExampleError_unauthorized() {
	server := klarnatest.NewServer()
	defer server.Close()
	client, err := klarna.New(klarna.Environment(server.URL), klarna.APIKey("klarna_test_api_of-somebody-else"))
	if err != nil {
		log.Fatal(err)
	}
	_, err = client.CreateSession(context.Background(), sessionCreate())
	fmt.Println(errors.Is(err, klarna.ErrUnauthorized))
	// Output: true
}

// The response to an order was lost, each time. Was it placed? Read the session, then go on.
func ExampleClient_OrderPlaced() {
	server, session := openSession(klarna.IntentBuy)
	defer server.Close()
	token, err := server.Authorize(session.SessionID)
	if err != nil {
		log.Fatal(err)
	}
	// The fake server handles the order, and the connection breaks before the response, three times.
	server.Fail(klarna.OperationCreateOrder, klarnatest.ResetAfter(), klarnatest.ResetAfter(), klarnatest.ResetAfter())

	client, ctx := server.Client(), context.Background()
	order := klarna.OrderFromSession(sessionCreate())
	_, err = client.CreateOrder(ctx, token, order)
	if errors.Is(err, klarna.ErrOutcomeUnknown) {
		fmt.Println("the outcome is unknown; the shopper is told to wait")

		placed, err := client.OrderPlaced(ctx, session.SessionID)
		fmt.Println("placed:", placed, err)

		// The same order for the same token gets the same response, so another call returns the order id.
		again, err := client.CreateOrder(ctx, token, order)
		fmt.Println("order id known:", again.OrderID != "", err)
	}
	// Output:
	// the outcome is unknown; the shopper is told to wait
	// placed: true <nil>
	// order id known: true <nil>
}

// The browser and the callback both place the order. The second one is told that it exists.
func ExampleClient_CreateOrder_alreadyPlaced() {
	server, session := openSession(klarna.IntentBuy)
	defer server.Close()
	token, err := server.Authorize(session.SessionID)
	if err != nil {
		log.Fatal(err)
	}
	client, ctx := server.Client(), context.Background()
	order := klarna.OrderFromSession(sessionCreate())
	if _, err := client.CreateOrder(ctx, token, order); err != nil {
		log.Fatal(err)
	}

	order.MerchantReference1 = "ON4712" // not the same bytes
	_, err = client.CreateOrder(ctx, token, order)
	fmt.Println(errors.Is(err, klarna.ErrOrderAlreadyPlaced))
	// Output: true
}

func ExampleWithRetry() {
	server := klarnatest.NewServer()
	defer server.Close()
	client := server.Client(klarna.WithRetry(klarna.RetryPolicy{MaxAttempts: 5, BaseDelay: 10 * time.Millisecond, MaxDelay: time.Second}))
	server.Fail(klarna.OperationCreateSession, klarnatest.EmptyStatus(503), klarnatest.ResetBefore())

	var response klarna.Response
	_, err := client.CreateSession(context.Background(), sessionCreate(), klarna.WithResponse(&response))
	fmt.Println(response.Attempts, err)
	// Output: 3 <nil>
}

func ExampleWithLogger() {
	server := klarnatest.NewServer()
	defer server.Close()
	handler := slog.NewTextHandler(os.Stdout, &slog.HandlerOptions{
		Level: slog.LevelDebug, // a success is at Debug, a failure at Warn
		ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
			if a.Key == "time" || a.Key == "duration" || a.Key == "correlation_id" { // so that this example prints the same each time
				return slog.Attr{}
			}
			return a
		},
	})
	client := server.Client(klarna.WithLogger(slog.New(handler)))
	if _, err := client.CreateSession(context.Background(), sessionCreate()); err != nil {
		log.Fatal(err)
	}
	// Output: level=DEBUG msg=klarna operation=CreateSession route="POST /payments/v1/sessions" attempt=1 status=200
}
