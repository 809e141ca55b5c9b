package customertoken_test

import (
	"context"
	"errors"
	"fmt"

	"github.com/klarna-go/klarna-payments/klarna"
	"github.com/klarna-go/klarna-payments/klarna/customertoken"
	"github.com/klarna-go/klarna-payments/klarna/klarnatest"
)

// A period of a subscription is charged, with a key of its own that is stored before the call.
func ExampleClient_CreateOrder() {
	server := klarnatest.NewServer()
	defer server.Close()
	customerToken, err := signUp(server, monthly)
	if err != nil {
		fmt.Println(err)
		return
	}
	tokens := customertoken.New(server.Client())

	ctx := context.Background()
	charge := customertoken.Renewal("EUR", monthly, klarna.OrderLine{Name: "Monthly plan, March", Quantity: 1, UnitPrice: 1299, TaxRate: 1900})
	charge.MerchantReference1 = "SUB-7781/2026-03"
	order, err := tokens.CreateOrder(ctx, customerToken, charge, klarna.WithIdempotencyKey("SUB-7781/2026-03/1"))
	switch {
	case errors.Is(err, klarna.ErrOutcomeUnknown):
		// The customer may be charged. Make the same call with the same key later, within 24 hours.
	case errors.Is(err, customertoken.ErrPaymentMethodFailed):
		// Declined. Charge again on another day, with a new key: SUB-7781/2026-03/2.
	case err != nil:
		fmt.Println(err)
	default:
		fmt.Println("charged", charge.OrderAmount, "of which tax", charge.OrderTaxAmount, order.FraudStatus)
	}
	// Output: charged 1299 of which tax 207 ACCEPTED
}

// The tax is that of the lines. Rounded for the order as a whole it would be 479: one unit off, and with more lines more.
func ExampleRenewal() {
	charge := customertoken.Renewal("EUR", monthly,
		klarna.OrderLine{Name: "Plan", Quantity: 1, UnitPrice: 999, TaxRate: 1900},
		klarna.OrderLine{Name: "Storage", Quantity: 1, UnitPrice: 1001, TaxRate: 1900},
		klarna.OrderLine{Name: "Backup", Quantity: 1, UnitPrice: 1001, TaxRate: 1900},
	)
	for _, line := range charge.OrderLines {
		fmt.Println(line.Name, line.TotalAmount, line.TotalTaxAmount, line.Subscription.Interval)
	}
	fmt.Println(charge.OrderAmount, charge.OrderTaxAmount)
	// Output:
	// Plan 999 160 MONTH
	// Storage 1001 160 MONTH
	// Backup 1001 160 MONTH
	// 3001 480
}

// The customer is present, and confirms a charge of a card that has expired.
func ExampleStepUpID() {
	server := klarnatest.NewServer()
	defer server.Close()
	customerToken, err := signUp(server, klarna.Subscription{})
	if err != nil {
		fmt.Println(err)
		return
	}
	if err := server.DeclineCharges(customerToken, "UNAVAILABLE_PAYMENT_METHOD"); err != nil {
		fmt.Println(err)
		return
	}
	client := server.Client()

	ctx := context.Background()
	charge := customertoken.Renewal("EUR", klarna.Subscription{}, klarna.OrderLine{Name: "Film", Quantity: 1, UnitPrice: 499, TaxRate: 1900})
	charge.StepUp = customertoken.StepUpSupported
	_, err = customertoken.New(client).CreateOrder(ctx, customerToken, charge, klarna.WithIdempotencyKey("film-100482/1"))
	if stepUpID, ok := customertoken.StepUpID(err); ok {
		session, err := client.CreateSession(ctx, klarna.SessionCreate{
			StepUpID: stepUpID, Customer: klarna.Customer{CustomerToken: customerToken}, Intent: klarna.IntentBuyAndTokenize,
			PurchaseCountry: "DE", PurchaseCurrency: "EUR",
			OrderAmount: charge.OrderAmount, OrderTaxAmount: charge.OrderTaxAmount, OrderLines: charge.OrderLines,
		})
		fmt.Println("the customer has to confirm:", session != nil, err)
	}
	// Output: the customer has to confirm: true <nil>
}
