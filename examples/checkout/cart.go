package main

import (
	"maps"
	"slices"

	"github.com/klarna-go/klarna-payments/klarna"
)

// cart is how many of each product, by its id. It is never changed in place.
type cart map[string]int64

// maxQuantity is the most of one product that is sold at once.
const maxQuantity = 20

// with is the cart with so many of a product.
func (c cart) with(productID string, quantity int64) cart {
	changed := maps.Clone(c)
	if changed == nil {
		changed = cart{}
	}
	if quantity <= 0 {
		delete(changed, productID)
	} else {
		changed[productID] = min(quantity, maxQuantity)
	}
	return changed
}

// count is how many things are in it.
func (c cart) count() (n int64) {
	for _, quantity := range c {
		n += quantity
	}
	return n
}

// lines are the cart as Klarna gets it. Each carries the order number: Klarna compares the lines of an order with those
// that the shopper approved, so an approval of another checkout does not fit even if the goods are the same.
func (c cart) lines(orderNumber string) []klarna.OrderLine {
	var lines []klarna.OrderLine
	for _, p := range catalogue {
		if quantity := c[p.ID]; quantity > 0 {
			lines = append(lines, p.line(quantity))
		}
	}
	lines = withShipping(lines)
	for i := range lines {
		lines[i].MerchantData = orderNumber
	}
	return lines
}

// withShipping returns lines of goods, and a line for the shipping unless that is free.
func withShipping(goods []klarna.OrderLine) []klarna.OrderLine {
	lines := slices.Clone(goods)
	if sum, _ := klarna.Totals(goods); 0 < sum && sum < freeShippingFrom {
		lines = append(lines, shippingLine())
	}
	return lines
}
