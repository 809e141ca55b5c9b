package main

import "github.com/klarna-go/klarna-payments/klarna"

// product is something to buy. Prices are in cents and include the tax, as Klarna wants them.
type product struct {
	ID      string
	Name    string
	Detail  string
	Picture string
	Price   int64
	TaxRate int64 // in basis points: 1900 is 19 %
}

// catalogue is what the shop has, in the order in which carts list it.
var catalogue = []product{
	{"mug", "Stoneware mug", "Glazed by hand, 300 ml", "/static/mug.svg", 1450, 1900},
	{"towel", "Linen tea towel", "Washed linen, 50 × 70 cm", "/static/towel.svg", 1290, 1900},
	{"cookbook", "Soups: a cookbook", "84 recipes, bound in cloth", "/static/cookbook.svg", 2400, 700}, // books are taxed less
	{"candle", "Beeswax candle", "Burns for 40 hours", "/static/candle.svg", 990, 1900},
	{"coffee", "Coffee", "A pound of our own roast, a subscription that you can cancel at any time", "/static/coffee.svg", 1350, 700},
}

// Shipping has a price up to a sum, and none from it on.
const (
	shippingPrice    = 490
	shippingTaxRate  = 1900
	freeShippingFrom = 6000
)

// line is some of a product as a line of an order. CompleteLine works out its total and the tax in it.
func (p product) line(quantity int64) klarna.OrderLine {
	return klarna.CompleteLine(klarna.OrderLine{
		Type:         klarna.OrderLineTypePhysical,
		Reference:    p.ID,
		Name:         p.Name,
		Quantity:     quantity,
		QuantityUnit: "pcs",
		UnitPrice:    p.Price,
		TaxRate:      p.TaxRate,
		Subscription: plans[p.ID],
	})
}

func shippingLine() klarna.OrderLine {
	return klarna.CompleteLine(klarna.OrderLine{
		Type: klarna.OrderLineTypeShippingFee, Reference: "shipping", Name: "Shipping",
		Quantity: 1, UnitPrice: shippingPrice, TaxRate: shippingTaxRate,
	})
}

func findProduct(id string) (product, bool) {
	for _, p := range catalogue {
		if p.ID == id {
			return p, true
		}
	}
	return product{}, false
}
