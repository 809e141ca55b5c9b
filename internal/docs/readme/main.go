// Command readme is the program of README.md.
// quote: program
package main

import (
	"context"
	"errors"
	"fmt"
	"log"

	"github.com/klarna-go/klarna-payments/klarna"
)

func main() {
	ctx := context.Background()
	client, err := klarna.NewFromEnv()
	if err != nil {
		log.Fatal(err)
	}

	lines := []klarna.OrderLine{{
		Type:           klarna.OrderLineTypePhysical,
		Reference:      "AD6654412", // your article number: refunds are matched by it
		Name:           "Running shoe",
		Quantity:       1,
		UnitPrice:      11900, // minor units: 119.00 EUR, tax included
		TaxRate:        1900,  // basis points: 19 %
		TotalAmount:    11900,
		TotalTaxAmount: 1900, // the tax within 119.00
	}}
	session, err := client.CreateSession(ctx, klarna.SessionCreate{
		PurchaseCountry:  "DE",
		PurchaseCurrency: "EUR",
		Locale:           "de-DE",
		OrderAmount:      11900,
		OrderTaxAmount:   1900,
		OrderLines:       lines,
	})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("session", session.SessionID, "offers", len(session.PaymentMethodCategories), "ways to pay")

	// … the browser sends the authorization token …
	var authorizationToken string

	order, err := client.CreateOrder(ctx, authorizationToken, klarna.CreateOrderRequest{
		PurchaseCountry:  "DE",
		PurchaseCurrency: "EUR",
		Locale:           "de-DE",
		OrderAmount:      11900,
		OrderTaxAmount:   1900,
		OrderLines:       lines,
	})
	switch {
	case errors.Is(err, klarna.ErrOrderAlreadyPlaced): // check this first: the error matches another sentinel as well
		log.Fatal("the order exists, take its id from your records or from the portal: ", err)
	case errors.Is(err, klarna.ErrOutcomeUnknown):
		log.Fatal("the order may exist, send the same order again later: ", err)
	case err != nil:
		log.Fatal(err)
	}
	fmt.Println("order", order.OrderID, order.FraudStatus)
}

// end of quote
