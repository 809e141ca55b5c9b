package klarna

// Totals is what the order amount and the order tax amount of these lines must be, in minor units: the sum of their
// TotalAmount, and the sum of their TotalTaxAmount. A line of type sales_tax, as in the US, is tax as a whole.
//
// Source: https://docs.klarna.com/klarna-payments/additional-resources/error-handling-and-validations/tax-handling/
func Totals(lines []OrderLine) (amount, tax int64) {
	for i := range lines {
		amount = add(amount, lines[i].TotalAmount)
		if lines[i].Type == OrderLineTypeSalesTax {
			tax = add(tax, lines[i].TotalAmount)
		} else {
			tax = add(tax, lines[i].TotalTaxAmount)
		}
	}
	return amount, tax
}

// CompleteLine fills in TotalAmount and TotalTaxAmount from Quantity, UnitPrice, TotalDiscountAmount and TaxRate, the way
// Klarna checks them. Amounts are in minor units and include tax, the rate is in basis points (1900 is 19 %); in the US
// the rate is 0, and tax is a line of its own ([SalesTaxLine]). All other fields stay as they are.
//
//	line := klarna.CompleteLine(klarna.OrderLine{Name: "Running shoe", Quantity: 2, UnitPrice: 11900, TaxRate: 1900})
func CompleteLine(line OrderLine) OrderLine {
	line.TotalAmount = add(multiply(line.Quantity, line.UnitPrice), negate(line.TotalDiscountAmount))
	line.TotalTaxAmount = IncludedTax(line.TotalAmount, line.TaxRate)
	return line
}

// DiscountLine takes an amount off the order: a voucher of 5.00 is 500, in minor units with the tax in it. The rate is
// that of the goods, in basis points. A discount over goods of several rates has to be split, one line for each rate.
//
// Source: https://docs.klarna.com/payments/web-payments/additional-resources/use-cases/discounts
func DiscountLine(name string, amount, taxRate int64) OrderLine {
	return takeOff(OrderLineTypeDiscount, name, amount, taxRate)
}

// GiftCardLine pays an amount of the order by a gift card, in minor units. A gift card has no tax.
func GiftCardLine(name string, amount int64) OrderLine {
	return takeOff(OrderLineTypeGiftCard, name, amount, 0)
}

// StoreCreditLine pays an amount of the order from the shopper's credit with the shop, in minor units. It has no tax.
func StoreCreditLine(name string, amount int64) OrderLine {
	return takeOff(OrderLineTypeStoreCredit, name, amount, 0)
}

// takeOff is a line of negative amounts. An amount that is negative already is as good.
func takeOff(kind OrderLineType, name string, amount, taxRate int64) OrderLine {
	if amount > 0 {
		amount = -amount
	}
	return CompleteLine(OrderLine{Type: kind, Name: name, Quantity: 1, UnitPrice: amount, TaxRate: taxRate})
}

// SalesTaxLine is the tax of an order in the US, in minor units. Its goods then have no tax of their own.
func SalesTaxLine(name string, amount int64) OrderLine {
	return OrderLine{Type: OrderLineTypeSalesTax, Name: name, Quantity: 1, UnitPrice: amount, TotalAmount: amount}
}

// OrderFromSession gives the order that matches a session, and so what the shopper authorized in it. Set MerchantURLs,
// references and the like on it as needed; amount, lines, addresses, country and currency must stay. The two share
// their lists.
func OrderFromSession(session SessionCreate) CreateOrderRequest {
	return CreateOrderRequest{
		BillingAddress:         session.BillingAddress,
		CustomPaymentMethodIDs: session.CustomPaymentMethodIDs,
		Customer:               session.Customer,
		Locale:                 session.Locale,
		MerchantData:           session.MerchantData,
		MerchantReference1:     session.MerchantReference1,
		MerchantReference2:     session.MerchantReference2,
		MerchantURLs:           session.MerchantURLs,
		OrderAmount:            session.OrderAmount,
		OrderLines:             session.OrderLines,
		OrderTaxAmount:         session.OrderTaxAmount,
		PurchaseCountry:        session.PurchaseCountry,
		PurchaseCurrency:       session.PurchaseCurrency,
		ShippingAddress:        session.ShippingAddress,
	}
}

// CartUpdate gives the update that moves a session to these lines: amount, tax and lines together, since Klarna checks
// them against each other. The update and the caller share the list.
func CartUpdate(lines []OrderLine) SessionUpdate {
	amount, tax := Totals(lines)
	return SessionUpdate{OrderAmount: &amount, OrderTaxAmount: &tax, OrderLines: lines}
}
