package klarna_test

import (
	"context"
	"fmt"
	"log"

	"github.com/klarna-go/klarna-payments/klarna"
	"github.com/klarna-go/klarna-payments/klarna/klarnatest"
)

func ExampleClient_CreateSession() {
	server := klarnatest.NewServer()
	defer server.Close()
	client := server.Client()

	session, err := client.CreateSession(context.Background(), klarna.SessionCreate{
		PurchaseCountry: "GB", PurchaseCurrency: "GBP", Locale: "en-GB",
		OrderAmount: 2000, OrderTaxAmount: 333,
		OrderLines: []klarna.OrderLine{{
			Name: "Running shoe", Quantity: 1, UnitPrice: 2500, TotalDiscountAmount: 500, TaxRate: 2000, TotalAmount: 2000, TotalTaxAmount: 333,
		}},
		MerchantURLs: klarna.MerchantURLs{Confirmation: "https://shop.example/thanks"},
	})
	if err != nil {
		log.Fatal(err)
	}
	for _, category := range session.PaymentMethodCategories {
		fmt.Println(category.Identifier)
	}
	// Output:
	// klarna
}

func ExampleClient_ReadSession() {
	server, session := openSession(klarna.IntentBuy)
	defer server.Close()

	read, err := server.Client().ReadSession(context.Background(), session.SessionID)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(read.Status, read.OrderAmount, read.PurchaseCurrency)
	// Output: incomplete 11900 EUR
}

func ExampleClient_UpdateSession() {
	server, session := openSession(klarna.IntentBuy)
	defer server.Close()
	client, ctx := server.Client(), context.Background()

	lines := []klarna.OrderLine{
		klarna.CompleteLine(klarna.OrderLine{Name: "Running shoe", Quantity: 2, UnitPrice: 11900, TaxRate: 1900}),
	}
	if err := client.UpdateSession(ctx, session.SessionID, klarna.CartUpdate(lines)); err != nil {
		log.Fatal(err)
	}
	read, err := client.ReadSession(ctx, session.SessionID)
	fmt.Println(read.OrderAmount, read.OrderTaxAmount, err)
	// Output: 23800 3800 <nil>
}

func ExampleClient_CreateOrder() {
	server, session := openSession(klarna.IntentBuy)
	defer server.Close()
	token, err := server.Authorize(session.SessionID) // in a shop: from the browser
	if err != nil {
		log.Fatal(err)
	}

	order, err := server.Client().CreateOrder(context.Background(), token, klarna.OrderFromSession(sessionCreate()))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(order.OrderID != "", order.FraudStatus, order.AuthorizedPaymentMethod.Type)
	// Output: true ACCEPTED invoice
}

func ExampleClient_CancelAuthorization() {
	server, session := openSession(klarna.IntentBuy)
	defer server.Close()
	token, err := server.Authorize(session.SessionID)
	if err != nil {
		log.Fatal(err)
	}

	fmt.Println(server.Client().CancelAuthorization(context.Background(), token))
	// Output: <nil>
}

func ExampleClient_CreateCustomerToken() {
	server, session := openSession(klarna.IntentTokenize)
	defer server.Close()
	token, err := server.Authorize(session.SessionID)
	if err != nil {
		log.Fatal(err)
	}

	customer, err := server.Client().CreateCustomerToken(context.Background(), token, klarna.CustomerTokenCreationRequest{
		Description:     "Coffee, once a month",
		IntendedUse:     klarna.IntendedUseSubscription,
		PurchaseCountry: "DE", PurchaseCurrency: "EUR", Locale: "de-DE",
	})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(customer.TokenID != "") // store it like a password
	// Output: true
}

// Raw reaches everything that the generated client has, with the same credentials, retries and errors.
func ExampleClient_Raw() {
	server, session := openSession(klarna.IntentBuy)
	defer server.Close()

	response, err := server.Client().Raw().ReadCreditSessionWithResponse(context.Background(), session.SessionID)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(response.StatusCode(), response.JSON200.OrderAmount)
	// Output: 200 11900
}

// openSession starts a fake server with one session.
func openSession(intent klarna.Intent) (*klarnatest.Server, *klarna.MerchantSession) {
	server := klarnatest.NewServer()
	cart := sessionCreate()
	cart.Intent = intent
	session, err := server.Client().CreateSession(context.Background(), cart)
	if err != nil {
		log.Fatal(err)
	}
	return server, session
}
