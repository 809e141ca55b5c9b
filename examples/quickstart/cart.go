package main

import "github.com/klarna-go/klarna-payments/klarna"

// shoes is a line of running shoes at 119.00, tax of 19 % included. All amounts are in minor units.
func shoes(pairs int64) klarna.OrderLine {
	return klarna.CompleteLine(klarna.OrderLine{
		Type:         klarna.OrderLineTypePhysical,
		Reference:    "AD6654412",
		Name:         "Running shoe",
		Quantity:     pairs,
		QuantityUnit: "pcs",
		UnitPrice:    11900,
		TaxRate:      1900,
	})
}

// parcel is the shipping at 5.00, tax included.
func parcel() klarna.OrderLine {
	return klarna.CompleteLine(klarna.OrderLine{
		Type: klarna.OrderLineTypeShippingFee, Name: "Parcel", Quantity: 1, UnitPrice: 500, TaxRate: 1900,
	})
}

// session is a new session with these lines, in Germany.
func session(intent klarna.Intent, lines ...klarna.OrderLine) klarna.SessionCreate {
	amount, tax := klarna.Totals(lines)
	return klarna.SessionCreate{
		Intent:          intent,
		PurchaseCountry: "DE", PurchaseCurrency: "EUR", Locale: "en-DE",
		OrderAmount: amount, OrderTaxAmount: tax, OrderLines: lines,
		MerchantReference1: "ON4711",
		MerchantURLs:       klarna.MerchantURLs{Confirmation: "https://shop.example/thanks"},
	}
}
