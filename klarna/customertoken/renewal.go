package customertoken

import "github.com/klarna-go/klarna-payments/klarna"

// Renewal returns the request that charges the next period of a subscription: its lines, each completed by [klarna.CompleteLine],
// and OrderAmount and OrderTaxAmount as the sums that [klarna.Totals] returns. Klarna rejects a tax that was computed or rounded
// for the order as a whole. Set references, AutoCapture and what else the charge needs in the result.
//
// subscription is that of the lines which the customer signed up with, unchanged: Klarna compares them. Renewal puts it on each
// line of goods (of type physical or digital, or without a type) that has none; fees, discounts and taxes bear none. For a token
// that was made without a subscription leave it empty, and no line gets one.
//
// currency is that of the token. Amounts are in minor units, tax rates in basis points.
//
// Source: https://docs.klarna.com/payments/web-payments/additional-resources/use-cases/tokenized-payments/
func Renewal(currency string, subscription klarna.Subscription, lines ...klarna.OrderLine) OrderRequest {
	completed := make([]klarna.OrderLine, len(lines)) // the caller's stay as they are
	for i, line := range lines {
		if isGoods(line) && line.Subscription == (klarna.Subscription{}) {
			line.Subscription = subscription
		}
		completed[i] = klarna.CompleteLine(line)
	}
	amount, tax := klarna.Totals(completed)
	return OrderRequest{PurchaseCurrency: currency, OrderAmount: amount, OrderTaxAmount: tax, OrderLines: completed}
}

func isGoods(line klarna.OrderLine) bool {
	return line.Type == "" || line.Type == klarna.OrderLineTypePhysical || line.Type == klarna.OrderLineTypeDigital
}
