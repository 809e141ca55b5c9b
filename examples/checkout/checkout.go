package main

import (
	"crypto/rand"
	"net/url"

	"github.com/klarna-go/klarna-payments/klarna"
)

// checkout is one cart on its way to one order. It belongs to one shopper, and so does its order, which is
// made from the session that this shopper was given, never from what a browser posts.
type checkout struct {
	id      string // what the callback's URL refers to
	number  string // the order number that the shopper sees, and Klarna's merchant_reference1
	shopper *shopper

	sessionID   string
	clientToken string
	categories  []klarna.PaymentMethodCategory

	// Guarded by shopper.mu; changed by whoever has the shopper's turn.
	state    state
	session  klarna.SessionCreate // what Klarna's session holds
	declined map[string]bool      // the categories that Klarna declined for this cart
	sent     *sentOrder           // an order whose outcome is unknown
	order    *klarna.Order        // nil until it is placed, and if its id was lost for good
	placedBy origin
	problem  string // why it is open again, after it was being checked
}

type state int

const (
	open     state = iota // the shopper may pay
	checking              // an order was sent, and its outcome is unknown
	placed                // an order exists
	unclear               // the outcome could not be found out in time
	ended                 // it can lead to no order any more
)

// origin is who brought the authorization token.
type origin string

const (
	byBrowser  origin = "browser"
	byCallback origin = "callback"
	byUnknown  origin = "unknown" // another process of this shop, or a lost response
)

// sentOrder is stored so that a retry sends the same bytes.
type sentOrder struct {
	token   string
	request klarna.CreateOrderRequest
	by      origin
}

func newCheckout(sh *shopper) *checkout {
	c := &checkout{id: rand.Text(), number: "EX-" + rand.Text()[:8], shopper: sh}
	lines := sh.cart.lines(c.number)
	amount, tax := klarna.Totals(lines)
	c.session = klarna.SessionCreate{
		PurchaseCountry: "DE", PurchaseCurrency: "EUR", Locale: "en-DE",
		OrderAmount: amount, OrderTaxAmount: tax, OrderLines: lines,
		MerchantReference1: c.number,
		// No address: Klarna gets it from the browser, once the shopper has chosen to pay with Klarna.
	}
	return c
}

// snapshot is a checkout at one moment, for pages.
type snapshot struct {
	ID, Number  string
	ClientToken string
	Categories  []klarna.PaymentMethodCategory // those that are still to be had
	Declined    bool
	State       state
	Lines       []klarna.OrderLine
	Amount, Tax int64
	Order       *klarna.Order
	PlacedBy    origin
	Problem     string
}

func (c *checkout) snapshot() snapshot {
	c.shopper.mu.Lock()
	defer c.shopper.mu.Unlock()
	now := snapshot{
		ID: c.id, Number: c.number, ClientToken: c.clientToken, State: c.state, Lines: c.session.OrderLines,
		Amount: c.session.OrderAmount, Tax: c.session.OrderTaxAmount, Order: c.order, PlacedBy: c.placedBy, Problem: c.problem,
	}
	for _, category := range c.categories {
		if c.declined[category.Identifier] {
			now.Declined = true
		} else {
			now.Categories = append(now.Categories, category)
		}
	}
	return now
}

// end takes a checkout away from its shopper, who keeps the cart. What a browser or a callback still brings for it is too
// late.
func (c *checkout) end() {
	c.shopper.mu.Lock()
	defer c.shopper.mu.Unlock()
	c.state = ended
	c.shopper.leave(c)
}

// recordOrder is called when the order is known to exist. The order is nil if its id is unknown.
func (c *checkout) recordOrder(order *klarna.Order, by origin) {
	c.shopper.mu.Lock()
	defer c.shopper.mu.Unlock()
	c.state, c.order, c.placedBy, c.sent = placed, order, by, nil
	c.shopper.bought(c)
}

// recordUnknown is called when an order was sent and its outcome is unknown.
func (c *checkout) recordUnknown(sent *sentOrder) {
	c.shopper.mu.Lock()
	defer c.shopper.mu.Unlock()
	c.state, c.sent = checking, sent
}

// recordRejection is called when it turned out that there is no order. The shopper may pay again.
func (c *checkout) recordRejection(problem string) {
	c.shopper.mu.Lock()
	defer c.shopper.mu.Unlock()
	c.state, c.sent, c.problem = open, nil, problem
}

// recordUnclear is called when the outcome could not be found out. The cart counts as bought, so that it is not paid twice.
func (c *checkout) recordUnclear() {
	c.shopper.mu.Lock()
	defer c.shopper.mu.Unlock()
	c.state = unclear
	c.shopper.bought(c)
}

// bought empties the cart and keeps the checkout among the orders. It is called with mu held.
func (sh *shopper) bought(c *checkout) {
	if sh.orders == nil {
		sh.orders = map[string]*checkout{}
	}
	sh.orders[c.number] = c
	if sh.checkout == c {
		sh.cart = nil
	}
	sh.leave(c)
}

// leave is called with mu held.
func (sh *shopper) leave(c *checkout) {
	if sh.checkout == c {
		sh.checkout = nil
	}
}

func (c *checkout) checkingPath() string { return "/checkout/" + url.PathEscape(c.id) + "/checking" }

func (c *checkout) orderPath() string { return "/orders/" + url.PathEscape(c.number) }

// Checking reports whether the outcome of the order is still being found out.
func (now snapshot) Checking() bool { return now.State == checking }
