package main

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/klarna-go/klarna-payments/klarna"
	"github.com/klarna-go/klarna-payments/klarna/customertoken"
	"github.com/klarna-go/klarna-payments/klarna/klarnatest"
)

// subscriber is a customer who has signed up for coffee, €18.40 each month with shipping, and the back office that charges them.
type subscriber struct {
	*purchase
	office *browser
	number string
}

// fillCart puts products into a cart that held two mugs and a cookbook.
func (b *browser) fillCart(products ...string) {
	b.t.Helper()
	csrf := find(b.t, b.get("/").body, `name="csrf" value="([^"]+)"`)
	for product, quantity := range map[string]string{"mug": "0", "cookbook": "0"} {
		b.post("/cart", url.Values{"csrf": {csrf}, "product": {product}, "quantity": {quantity}})
	}
	for _, product := range products {
		b.post("/cart", url.Values{"csrf": {csrf}, "product": {product}, "quantity": {"1"}})
	}
}

// signingUp is at the checkout, about to approve.
func (w *world) signingUp() *purchase {
	w.t.Helper()
	b := w.newBrowser()
	b.fillCart("coffee")
	return b.checkout()
}

func (w *world) subscribe() *subscriber {
	w.t.Helper()
	p := w.signingUp()
	wantPage(w.t, p.bring(p.approve()), http.StatusOK, anyOrder, "Your subscription")
	return &subscriber{p, w.officeBrowser(), p.record().number}
}

func (w *world) officeBrowser() *browser {
	b := w.newBrowser()
	b.client.Transport = withPassword(w.shop.office.password)
	return b
}

// sub is the shop's record of the subscription.
func (s *subscriber) sub() *subscription {
	s.t.Helper()
	sub, err := s.shop.store.subscription(s.t.Context(), s.number)
	if err != nil {
		s.t.Fatal(err)
	}
	return sub
}

// last is the newest charge.
func (s *subscriber) last() *renewal {
	s.t.Helper()
	all, err := s.shop.store.renewals(s.t.Context(), s.number, 0)
	if err != nil || len(all) == 0 {
		s.t.Fatalf("%d charges: %v", len(all), err)
	}
	return all[len(all)-1]
}

// officeForm sends a form of the back office.
func (b *browser) officeForm(path string, fields ...string) response {
	b.t.Helper()
	form := url.Values{"form": {find(b.t, b.get(officeSubscriptions).body, `name="form" value="([^"]+)"`)}}
	for i := 0; i < len(fields); i += 2 {
		form.Set(fields[i], fields[i+1])
	}
	return b.post(officeSubscriptions+path, form)
}

func (s *subscriber) letAMonthPass() { s.t.Helper(); s.office.officeForm("/month") }
func (s *subscriber) run() response  { s.t.Helper(); return s.office.officeForm("/run") }
func (s *subscriber) page() response {
	s.t.Helper()
	return s.office.get(officeSubscriptionPath(s.number))
}
func (s *subscriber) own() response { s.t.Helper(); return s.get(s.shop.subscriptionPath(s.number)) }

// decline has Klarna decline all charges, or none any more if the code is empty.
func (s *subscriber) decline(code string) {
	s.t.Helper()
	if err := s.klarna.DeclineCharges(s.sub().customerToken, code); err != nil {
		s.t.Fatal(err)
	}
}

// declined is a subscription whose period is due, and whose charge Klarna has declined with a code.
func (w *world) declined(code string) *subscriber {
	w.t.Helper()
	s := w.subscribe()
	s.letAMonthPass()
	s.decline(code)
	s.run()
	return s
}

// payingPresent is a customer who is about to pay for a declined period in a session.
func (w *world) payingPresent() (*subscriber, *purchase) {
	w.t.Helper()
	s := w.declined("UNAVAILABLE_PAYMENT_METHOD")
	s.payNow()
	return s, s.payment()
}

// payNow presses the button on the customer's page.
func (s *subscriber) payNow() response {
	s.t.Helper()
	return s.post(s.shop.subscriptionPath(s.number)+"/pay", url.Values{"csrf": {s.csrf}})
}

// payment is the checkout for a declined period.
func (s *subscriber) payment() *purchase {
	s.t.Helper()
	page := s.get(s.shop.subscriptionPath(s.number) + "/checkout")
	authorized := find(s.t, page.body, `action="(/subscriptions/[^"]+/authorized)"`)
	id := strings.Split(authorized, "/")[5]
	return &purchase{s.browser, s.csrf, "/checkout/" + id + "/authorized", ""}
}

// bringPayment posts the authorization token of a payment.
func (s *subscriber) bringPayment(p *purchase, token string) response {
	s.t.Helper()
	id := strings.Split(p.authorizedPath, "/")[2]
	return s.post(s.shop.subscriptionPath(s.number)+"/checkout/"+id+"/authorized", url.Values{"csrf": {s.csrf}, "authorization_token": {token}})
}

func (s *subscriber) wantStatus(text string, state subscriptionState) {
	s.t.Helper()
	wantText(s.t, s.page(), http.StatusOK, ">"+text+"</span>")
	if got := s.sub().state; got != state {
		s.t.Fatalf("the subscription is %s, want %s", got, state)
	}
}

// wantCreated checks how many orders there are at Klarna, that of the sign-up included.
func (w *world) wantCreated(orders, tokens int) {
	w.t.Helper()
	if got := w.klarna.Created(); got.Orders != orders || got.CustomerTokens != tokens {
		w.t.Fatalf("%d orders and %d customer tokens were made, want %d and %d", got.Orders, got.CustomerTokens, orders, tokens)
	}
}

// recordCharges has the shop charge by way of what it returns.
func (w *world) recordCharges() *keys {
	k := &keys{sent: map[string][]string{}}
	w.shop.tokens = customertoken.New(w.klarna.Client(quickly, klarna.WithHTTPClient(&http.Client{Transport: k})))
	return k
}

// three is a fault for each attempt of a call.
func three(fault klarnatest.Fault) []klarnatest.Fault { return []klarnatest.Fault{fault, fault, fault} }

func contains(t *testing.T, where, text, secret string) {
	t.Helper()
	if secret == "" || strings.Contains(text, secret) {
		t.Errorf("%s has the secret %q", where, secret)
	}
}
