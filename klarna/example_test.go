package klarna_test

import (
	"context"
	"fmt"
	"log"
	"net/http"
	"net/url"
	"time"

	"github.com/klarna-go/klarna-payments/klarna"
	"github.com/klarna-go/klarna-payments/klarna/klarnatest"
)

// The whole way of a purchase. In a shop the browser stands between session and order; here klarnatest approves in the
// shopper's place.
func Example() {
	server := klarnatest.NewServer()
	defer server.Close()
	client, ctx := server.Client(), context.Background()

	lines := []klarna.OrderLine{
		klarna.CompleteLine(klarna.OrderLine{Name: "Running shoe", Quantity: 2, UnitPrice: 11900, TaxRate: 1900}),
		klarna.DiscountLine("Voucher", 1000, 1900),
	}
	amount, tax := klarna.Totals(lines)
	cart := klarna.SessionCreate{
		PurchaseCountry: "DE", PurchaseCurrency: "EUR", Locale: "en-DE",
		OrderAmount: amount, OrderTaxAmount: tax, OrderLines: lines,
	}
	session, err := client.CreateSession(ctx, cart)
	if err != nil {
		log.Fatal(err)
	}

	token, err := server.Authorize(session.SessionID)
	if err != nil {
		log.Fatal(err)
	}

	order, err := client.CreateOrder(ctx, token, klarna.OrderFromSession(cart))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(amount, tax, order.FraudStatus)
	// Output: 22800 3640 ACCEPTED
}

func ExampleNew() {
	client, err := klarna.New(klarna.PlaygroundEU, klarna.APIKey("klarna_test_api_…your key…"))
	fmt.Println(client, err)

	client, err = klarna.New(klarna.ProductionNA, klarna.BasicAuth("username", "password"))
	fmt.Println(client, err)

	_, err = klarna.New(klarna.ProductionEU, klarna.APIKey("klarna_test_api_abc"))
	fmt.Println(err)
	// Output:
	// <nil> klarna: the API key holds a blank, a control character or a letter beyond ASCII
	// klarna.Client(https://api-na.klarna.com) <nil>
	// klarna: an API key that starts with klarna_test_ belongs to a playground such as https://api.playground.klarna.com, not to production at https://api.klarna.com
}

// A client of your own brings a proxy, client certificates or other limits.
func ExampleWithHTTPClient() {
	proxy, err := url.Parse("http://proxy.example:3128")
	if err != nil {
		log.Fatal(err)
	}
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.Proxy = http.ProxyURL(proxy)
	transport.MaxIdleConnsPerHost = 64 // the two of net/http are too few for parallel callers

	client, err := klarna.New(klarna.PlaygroundEU, klarna.BasicAuth("username", "password"),
		klarna.WithHTTPClient(&http.Client{Transport: transport}),
		klarna.WithTimeout(20*time.Second),
		klarna.WithUserAgent("myshop/1.2"))
	fmt.Println(client, err)
	// Output: klarna.Client(https://api.playground.klarna.com) <nil>
}
