package main

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/klarna-go/klarna-payments/klarna"
	"github.com/klarna-go/klarna-payments/klarna/klarnatest"
)

const (
	thanks   = "Thank you for your order"
	anyOrder = `/orders/EX-[A-Z2-7]{8}`
)

func TestAnApprovalBecomesAnOrder(t *testing.T) {
	p := newWorld(t).newBrowser().checkout()
	wantPage(t, p.bring(p.approve()), http.StatusOK, anyOrder, thanks)
	if p.orders() != 1 {
		t.Fatalf("%d orders", p.orders())
	}
	if page := p.get("/cart"); !strings.Contains(page.body, "It is empty") {
		t.Error("the cart is not empty after the purchase")
	}

	var order klarna.CreateOrderRequest
	for _, request := range p.klarna.Requests() {
		if request.Operation == klarna.OperationCreateOrder {
			if err := json.Unmarshal(request.Body, &order); err != nil {
				t.Fatal(err)
			}
		}
	}
	if order.BillingAddress.City != "Berlin" || order.OrderAmount != 2*1450+2400+490 || order.MerchantReference1 == "" {
		t.Errorf("the order is %+v", order)
	}
}

func TestTheSameTokenTwiceIsOneOrder(t *testing.T) {
	p := newWorld(t).newBrowser().checkout()
	token := p.approve()
	var ends [8]response
	atOnce(len(ends), func(i int) { ends[i] = p.bring(token) })
	for _, end := range ends {
		wantPage(t, end, http.StatusOK, anyOrder, thanks)
	}
	if calls := p.count(klarna.OperationCreateOrder); calls != 1 {
		t.Errorf("Klarna was asked for %d orders", calls)
	}
}

func TestAnApprovalOfAnotherCartIsRejected(t *testing.T) {
	p := newWorld(t).newBrowser().checkout()
	token := p.approve()
	p.setQuantity("mug", "3") // in another tab
	wantPage(t, p.bring(token), http.StatusOK, "/problem/changed", "It changed after you approved")
	if p.orders() != 0 || p.count(klarna.OperationCancelAuthorization) != 1 {
		t.Errorf("%d orders; the approval was given back %d times", p.orders(), p.count(klarna.OperationCancelAuthorization))
	}

	again := p.checkout()
	if again.authorizedPath != p.authorizedPath {
		t.Error("it takes a new session")
	}
	wantPage(t, again.bring(again.approve()), http.StatusOK, anyOrder, thanks)
}

func TestTheSessionFollowsTheCart(t *testing.T) {
	p := newWorld(t).newBrowser().checkout()
	p.setQuantity("candle", "4")
	page := p.get("/checkout")
	wantPage(t, page, http.StatusOK, "/checkout", "€92.60")
	session, err := p.shop.klarna.ReadSession(t.Context(), p.record().sessionID)
	if err != nil {
		t.Fatal(err)
	}
	if want := int64(2*1450 + 2400 + 4*990); session.OrderAmount != want || len(session.OrderLines) != 3 {
		t.Errorf("the session has %d in %d lines, want %d without shipping", session.OrderAmount, len(session.OrderLines), want)
	}
	if p.count(klarna.OperationCreateSession) != 1 || p.count(klarna.OperationUpdateSession) != 1 {
		t.Error("it took another session")
	}

	p.setQuantity("candle", "0")
	p.setQuantity("mug", "0")
	wantPage(t, p.setQuantity("cookbook", "0"), http.StatusOK, "/cart", "It is empty")
	wantPage(t, p.get("/checkout"), http.StatusOK, "/cart", "It is empty")
}

func TestASessionThatCannotBeUpdatedIsReplaced(t *testing.T) {
	p := newWorld(t).newBrowser().checkout()
	p.klarna.Fail(klarna.OperationUpdateSession, klarnatest.Status(400, "BAD_VALUE", "Bad value: order_lines"))
	wantPage(t, p.setQuantity("mug", "5"), http.StatusOK, "/cart", "€96.50")
	again := p.checkout()
	if again.authorizedPath == p.authorizedPath {
		t.Fatal("the session that does not hold the cart is still in use")
	}
	wantPage(t, again.bring(again.approve()), http.StatusOK, anyOrder, thanks)
}

func TestExpiry(t *testing.T) {
	t.Run("of the session, while the shopper is away", func(t *testing.T) {
		p := newWorld(t).newBrowser().checkout()
		p.klarna.Advance(49 * time.Hour)
		again := p.checkout()
		if again.authorizedPath == p.authorizedPath {
			t.Error("the expired session is offered again")
		}
		wantPage(t, again.bring(again.approve()), http.StatusOK, anyOrder, thanks)
	})
	t.Run("of the session, while the shopper pays", func(t *testing.T) {
		p := newWorld(t).newBrowser().checkout()
		p.klarna.Advance(49 * time.Hour)
		got := p.post(p.refusedPath, url.Values{"csrf": {p.csrf}, "category": {"pay_later"}})
		wantPage(t, got, http.StatusOK, "/problem/expired", "The time to pay ran out")
	})
	t.Run("of the approval", func(t *testing.T) {
		p := newWorld(t).newBrowser().checkout()
		token := p.approve()
		p.klarna.Advance(61 * time.Minute)
		wantPage(t, p.bring(token), http.StatusOK, "/problem/expired", "The time to pay ran out")
		wantPage(t, p.bring(p.approve()), http.StatusOK, anyOrder, thanks)
	})
}

func TestADeclinedCategoryIsNotOfferedAgain(t *testing.T) {
	p := newWorld(t).newBrowser().checkout()
	for _, category := range []string{"pay_later", "pay_over_time", "pay_now"} {
		got := p.post(p.refusedPath, url.Values{"csrf": {p.csrf}, "category": {category}})
		wantPage(t, got, http.StatusOK, "/problem/declined", "Klarna declined this payment")
		if strings.Contains(p.get("/checkout").body, `value="`+category+`"`) {
			t.Errorf("%s is still offered", category)
		}
	}
	wantPage(t, p.get("/checkout"), http.StatusOK, "/checkout", "No way to pay is left")
	p.setQuantity("mug", "1")
	wantPage(t, p.get("/checkout"), http.StatusOK, "/checkout", `value="pay_later"`)
}

func TestLogsHoldNoSecrets(t *testing.T) {
	w := newWorld(t)
	w.klarna.SetCallbacks(klarnatest.CallbackPolicy{First: true, Timeout: time.Minute})
	p := w.newBrowser().checkout()
	clientToken := p.record().clientToken
	tokens := []string{p.approve()}
	eventually(t, "the callback placed the order", func() bool { return p.order().state == placed })
	p.setQuantity("mug", "3")
	p.bring(tokens[0])
	p = p.checkout()
	tokens = append(tokens, p.approve())
	p.bring(tokens[1])
	cookie := p.client.Jar.Cookies(&url.URL{Scheme: "http", Host: strings.TrimPrefix(w.url, "http://")})[0]
	log := w.log.String()
	for _, secret := range append(tokens, clientToken, w.klarna.APIKey, p.csrf, cookie.Value, "klarna_sig", "shopper@shop.example", "Berlin") {
		if strings.Contains(log, secret) {
			t.Errorf("the log holds %.12q", secret)
		}
	}
	for _, want := range []string{`route="POST /klarna/authorized"`, `route="POST /checkout/{id}/authorized"`, "operation=CreateOrder"} {
		if !strings.Contains(log, want) {
			t.Errorf("the log lacks %s:\n%s", want, log)
		}
	}
}
