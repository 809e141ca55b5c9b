package main

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"sync"
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
	var ends [8]answer
	var together sync.WaitGroup
	for i := range ends {
		together.Go(func() { ends[i] = p.bring(token) })
	}
	together.Wait()
	for _, end := range ends {
		wantPage(t, end, http.StatusOK, anyOrder, thanks)
	}
	if calls := p.count(klarna.OperationCreateOrder); calls != 1 {
		t.Errorf("Klarna was asked for %d orders", calls)
	}
}

func TestTheCallbackMayBeFirst(t *testing.T) {
	w := newWorld(t)
	p := w.newBrowser().checkout()
	w.klarna.SetCallbacks(klarnatest.CallbackPolicy{First: true, Twice: true})
	token := p.approve()
	eventually(t, "the callback placed the order", func() bool { return w.orders() == 1 })
	wantPage(t, p.bring(token), http.StatusOK, anyOrder, "before your browser came back")
	if err := w.klarna.WaitForCallbacks(t.Context()); err != nil {
		t.Fatal(err)
	}
	if calls := w.count(klarna.OperationCreateOrder); calls != 1 {
		t.Errorf("Klarna was asked for %d orders", calls)
	}
	for _, callback := range w.klarna.Callbacks() {
		if callback.StatusCode != http.StatusNoContent {
			t.Errorf("a callback was answered with %v", callback)
		}
	}
}

func TestTheCallbackAloneIsEnough(t *testing.T) {
	w := newWorld(t)
	p := w.newBrowser().checkout()
	w.klarna.SetCallbacks(klarnatest.CallbackPolicy{})
	p.approve() // and the browser is closed
	eventually(t, "the callback placed the order", func() bool { return p.record().snapshot().State == placed })
	wantPage(t, p.get(p.record().orderPath()), http.StatusOK, anyOrder, thanks)
}

func TestBrowserAndCallbackAtOnceAreOneOrder(t *testing.T) {
	w := newWorld(t)
	w.klarna.SetCallbacks(klarnatest.CallbackPolicy{Twice: true})
	for range 20 {
		before := w.count(klarna.OperationCreateOrder)
		p := w.newBrowser().checkout()
		wantPage(t, p.bring(p.approve()), http.StatusOK, anyOrder, thanks)
		if err := w.klarna.WaitForCallbacks(t.Context()); err != nil {
			t.Fatal(err)
		}
		if calls := w.count(klarna.OperationCreateOrder) - before; calls != 1 {
			t.Fatalf("Klarna was asked for %d orders", calls)
		}
	}
}

func TestACallbackThatIsNotSignedIsRefused(t *testing.T) {
	w := newWorld(t)
	p := w.newBrowser().checkout()
	body := `{"authorization_token":"` + p.approve() + `","session_id":"` + p.record().sessionID + `"}`
	signed, err := w.shop.signer.Sign(w.url+callbackPath, "another checkout", time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	for target, want := range map[string]int{
		w.url + callbackPath: http.StatusForbidden,
		w.url + callbackPath + "?klarna_ref=" + p.record().id + "&klarna_exp=9999999999&klarna_sig=x": http.StatusForbidden,
		signed: http.StatusNotFound,
	} {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, target, strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Content-Type", "application/json")
		if got := p.do(req); got.status != want {
			t.Errorf("%s is answered with %d, want %d", target, got.status, want)
		}
	}
	if w.count(klarna.OperationCreateOrder) != 0 {
		t.Error("an order was asked for")
	}
}

// A token that leaks must not buy for whoever finds it.
func TestAnotherShoppersTokenIsRefused(t *testing.T) {
	for name, approvedToo := range map[string]bool{"a session that names its token": true, "a session without one": false} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			victim, thief := w.newBrowser().checkout(), w.newBrowser().checkout()
			token := victim.approve()
			if approvedToo {
				thief.approve()
			}
			got := thief.bring(token)
			if w.orders() != 0 || !strings.HasPrefix(got.path, "/problem/") {
				t.Fatalf("%d orders, and the thief is at %s", w.orders(), got.path)
			}
			if approvedToo {
				wantPage(t, got, http.StatusOK, "/problem/foreign", "not for this cart")
			}
			wantPage(t, victim.bring(token), http.StatusOK, anyOrder, thanks)
		})
	}
}

func TestAnotherShoppersCheckoutIsNotThere(t *testing.T) {
	w := newWorld(t)
	victim, thief := w.newBrowser().checkout(), w.newBrowser().checkout()
	fields := url.Values{"csrf": {thief.csrf}, "authorization_token": {victim.approve()}, "category": {"pay_later"}}
	wantPage(t, thief.post(victim.authorizedPath, fields), http.StatusNotFound, ".*", "nothing here")
	wantPage(t, thief.post(victim.refusedPath, fields), http.StatusNotFound, ".*", "nothing here")
	wantPage(t, thief.get(victim.record().checkingPath()), http.StatusNotFound, ".*", "nothing here")

	victim.bring(victim.approve())
	wantPage(t, victim.get(victim.record().orderPath()), http.StatusOK, anyOrder, thanks)
	wantPage(t, thief.get(victim.record().orderPath()), http.StatusNotFound, anyOrder, "nothing here")
}

func TestAFormWithoutItsTokenDoesNothing(t *testing.T) {
	w := newWorld(t)
	p, other := w.newBrowser().checkout(), w.newBrowser().checkout()
	token := p.approve()
	for _, csrf := range []string{"", "x", other.csrf} {
		got := p.post(p.authorizedPath, url.Values{"csrf": {csrf}, "authorization_token": {token}})
		wantPage(t, got, http.StatusForbidden, ".*", "This page was too old")
		got = p.post("/cart", url.Values{"csrf": {csrf}, "product": {"mug"}, "quantity": {"9"}})
		wantPage(t, got, http.StatusForbidden, ".*", "This page was too old")
	}
	stranger := w.newBrowser()
	got := stranger.post(p.authorizedPath, url.Values{"csrf": {p.csrf}, "authorization_token": {token}})
	wantPage(t, got, http.StatusForbidden, ".*", "This page was too old")
	if w.count(klarna.OperationCreateOrder)+w.count(klarna.OperationUpdateSession) != 0 {
		t.Error("something was done")
	}
}

func TestAPostFromAnotherSiteDoesNothing(t *testing.T) {
	p := newWorld(t).newBrowser().checkout()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, p.url+p.authorizedPath,
		strings.NewReader(url.Values{"csrf": {p.csrf}, "authorization_token": {p.approve()}}.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("Origin", "https://elsewhere.example")
	if got := p.do(req); got.status != http.StatusForbidden {
		t.Errorf("it is answered with %d", got.status)
	}
}

func TestAnApprovalOfAnotherCartIsRefused(t *testing.T) {
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

func TestAnUnknownOutcomeIsNoFailure(t *testing.T) {
	lost := klarnatest.ResetAfter()
	never := klarnatest.Status(503, "INTERNAL_SERVER_ERROR", "Internal error")
	for name, test := range map[string]struct {
		faults []klarnatest.Fault
		ends   string
	}{
		"the order exists, its answers were lost": {[]klarnatest.Fault{lost, lost, lost}, thanks},
		"the order never arrived":                 {[]klarnatest.Fault{never, never, never}, thanks},
		"Klarna fails for longer":                 {[]klarnatest.Fault{never, never, never, never, never, never}, thanks},
		"Klarna refuses in the end": {[]klarnatest.Fault{never, never, never,
			klarnatest.Status(403, "REJECTED", "Rejected")}, "Klarna declined this payment"},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.shop.settleWaits = []time.Duration{200 * time.Millisecond, time.Millisecond, time.Millisecond}
			p := w.newBrowser().checkout()
			w.klarna.Fail(klarna.OperationCreateOrder, test.faults...)
			got := p.bring(p.approve())
			wantPage(t, got, http.StatusOK, "/checkout/.*/checking", "We are checking your payment")
			if got.header.Get("Refresh") == "" || strings.Contains(strings.ToLower(got.body), "fail") {
				t.Error("the page does not wait, or speaks of failure")
			}
			wantPage(t, p.get("/checkout"), http.StatusOK, "/checkout/.*/checking", "We are checking")
			wantPage(t, p.setQuantity("mug", "7"), http.StatusOK, "/checkout/.*/checking", "We are checking")
			eventually(t, "the outcome", func() bool { return p.record().snapshot().State != checking })
			if got := p.get(p.record().checkingPath()); !strings.Contains(got.body, test.ends) {
				t.Errorf("it ends at %s", got.path)
			}
			if w.orders() > 1 {
				t.Errorf("%d orders were placed", w.orders())
			}
		})
	}
}

func TestAnOutcomeThatStaysUnknown(t *testing.T) {
	w := newWorld(t)
	w.shop.settleWaits = []time.Duration{time.Millisecond}
	p := w.newBrowser().checkout()
	never := klarnatest.EmptyStatus(503)
	w.klarna.Fail(klarna.OperationCreateOrder, never, never, never, never, never, never)
	p.bring(p.approve())
	eventually(t, "giving up", func() bool { return p.record().snapshot().State == unclear })
	wantPage(t, p.get(p.record().orderPath()), http.StatusOK, "/checkout/.*/checking", "look into it by hand")
	wantPage(t, p.get("/cart"), http.StatusOK, "/cart", "It is empty") // or it would be paid twice
}

// Another process of the shop, or a try whose answer was lost, has placed the order.
func TestAnOrderThatExistsAlreadyIsNoFailure(t *testing.T) {
	t.Run("Klarna says so", func(t *testing.T) {
		p := newWorld(t).newBrowser().checkout()
		p.klarna.Fail(klarna.OperationCreateOrder, klarnatest.Status(403, "INVALID_OPERATION", "Authorization token already consumed"))
		wantPage(t, p.bring(p.approve()), http.StatusOK, anyOrder, thanks)
	})
	t.Run("the session says so", func(t *testing.T) {
		p := newWorld(t).newBrowser().checkout()
		token := p.approve()
		p.placeElsewhere(token)
		wantPage(t, p.get("/checkout"), http.StatusOK, anyOrder, thanks)
	})
	t.Run("the session says so, of a token that is not its own", func(t *testing.T) {
		p := newWorld(t).newBrowser().checkout()
		p.placeElsewhere(p.approve())
		wantPage(t, p.bring("00000000-0000-4000-8000-000000000000"), http.StatusOK, anyOrder, thanks)
	})
	t.Run("and the same order gives its id", func(t *testing.T) {
		p := newWorld(t).newBrowser().checkout()
		token := p.approve()
		p.placeElsewhere(token)
		wantPage(t, p.bring(token), http.StatusOK, anyOrder, "order-id")
	})
	t.Run("reading the session says so", func(t *testing.T) {
		p := newWorld(t).newBrowser().checkout()
		p.klarna.Fail(klarna.OperationReadSession, klarnatest.Status(404, "SESSION_COMPLETED", "Session has already been completed"))
		wantPage(t, p.bring(p.approve()), http.StatusOK, anyOrder, thanks)
	})
}

func TestProblemsByKind(t *testing.T) {
	for name, test := range map[string]struct {
		fault      klarnatest.Fault
		times      int
		path, text string
	}{
		"rejected":         {klarnatest.Status(403, "REJECTED", "Rejected"), 1, "/problem/declined", "Klarna declined"},
		"not allowed":      {klarnatest.Status(403, "MERCHANT_INACTIVE"), 1, "/problem/refused", "did not take the order"},
		"too many calls":   {klarnatest.TooManyRequests(0), 3, "/problem/busy", "cannot be reached"},
		"bad value":        {klarnatest.Status(400, "BAD_VALUE", "Bad value: order_lines"), 1, "/problem/ours", "wrong on our side"},
		"wrong password":   {klarnatest.Status(401, "UNAUTHORIZED"), 1, "/problem/ours", "wrong on our side"},
		"unknown approval": {klarnatest.Status(404, "NOT_FOUND", "Invalid authorization token"), 1, "/problem/expired", "ran out"},
	} {
		t.Run(name, func(t *testing.T) {
			p := newWorld(t).newBrowser().checkout()
			for range test.times {
				p.klarna.Fail(klarna.OperationCreateOrder, test.fault)
			}
			wantPage(t, p.bring(p.approve()), http.StatusOK, test.path, test.text)
		})
	}
	t.Run("no session", func(t *testing.T) {
		w := newWorld(t)
		down := klarnatest.HTMLStatus(502)
		w.klarna.Fail(klarna.OperationCreateSession, down, down, down)
		wantPage(t, w.newBrowser().get("/checkout"), http.StatusServiceUnavailable, "/checkout", "Klarna cannot be reached")
	})
	t.Run("nobody knows why the widget is gone", func(t *testing.T) {
		p := newWorld(t).newBrowser().checkout()
		down := klarnatest.EmptyStatus(503)
		p.klarna.Fail(klarna.OperationReadSession, down, down, down)
		got := p.post(p.refusedPath, url.Values{"csrf": {p.csrf}, "category": {"pay_later"}})
		wantPage(t, got, http.StatusOK, "/problem/busy", "cannot be reached")
	})
	t.Run("no token", func(t *testing.T) {
		p := newWorld(t).newBrowser().checkout()
		wantPage(t, p.bring(""), http.StatusOK, "/problem/foreign", "not for this cart")
	})
}

func TestAnOrderUnderReview(t *testing.T) {
	p := newWorld(t).newBrowser().checkout()
	p.klarna.SetFraudStatus(klarna.FraudStatusPending)
	wantPage(t, p.bring(p.approve()), http.StatusOK, anyOrder, "Your order is being reviewed")
}

func TestLogsHoldNoSecrets(t *testing.T) {
	w := newWorld(t)
	w.klarna.SetCallbacks(klarnatest.CallbackPolicy{First: true})
	p := w.newBrowser().checkout()
	clientToken := p.record().clientToken
	tokens := []string{p.approve()}
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
