package main

import (
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/klarna-go/klarna-payments/klarna"
	"github.com/klarna-go/klarna-payments/klarna/hostedpage"
	"github.com/klarna-go/klarna-payments/klarna/klarnatest"
)

func TestWhereAShopperEndsWhoDidNotPay(t *testing.T) {
	for action, want := range map[klarnatest.HostedPageAction]struct{ path, text string }{
		klarnatest.HostedPageDecline: {"/checkout/.*/page/failure", "Klarna declined this payment"},
		klarnatest.HostedPageError:   {"/checkout/.*/page/error", "Something went wrong on Klarna’s page"},
		klarnatest.HostedPageCancel:  {"/checkout/.*/page/cancel", "You cancelled the payment"},
		klarnatest.HostedPageBack:    {"/checkout", "You were on Klarna’s page"},
	} {
		t.Run(string(action), func(t *testing.T) {
			p := newWorld(t).newBrowser().checkout()
			pageID := p.onPage()
			address := p.klarna.HostedPage(pageID).RedirectURL
			back := p.visit(pageID, action)
			got := p.follow(back)
			wantPage(t, got, http.StatusOK, want.path, want.text)
			if p.order().state != "" || !p.isOpen(pageID) {
				t.Error("something was ordered, or the page is not looked at any more")
			}
			if got.path != "/checkout" && !strings.Contains(got.body, `href="`+address+`"`) {
				t.Error("there is no way to the page")
			}

			wantPage(t, p.follow(address), http.StatusOK, klarnasPage, "No money moves")
			success := p.visit(pageID, klarnatest.HostedPageApprove)
			wantPage(t, p.follow(back), http.StatusOK, anyOrder, thanks) // an old tab is reloaded: the truth counts
			wantPage(t, p.follow(success), http.StatusOK, anyOrder, thanks)
			p.wantOneOrder(byPage)
		})
	}
}

// Anybody can write the URL of a success.
func TestTheWayBackIsNotBelieved(t *testing.T) {
	p := newWorld(t).newBrowser().checkout()
	pageID := p.onPage()
	for _, how := range []string{"success", "failure", "cancel", "error", "back", "other"} {
		got := p.get("/checkout/" + p.record().id + "/page/" + how + "?page=" + pageID)
		wantPage(t, got, http.StatusOK, "/checkout/.*/page/"+how, "Klarna has not confirmed a payment yet")
		if got.header.Get("Refresh") == "" {
			t.Error("the page does not wait")
		}
	}
	if p.order().state != "" {
		t.Error("something was ordered")
	}
}

func TestTheWidgetClosesThePage(t *testing.T) {
	p := newWorld(t).newBrowser().checkout()
	pageID := p.onPage()
	p.follow(p.visit(pageID, klarnatest.HostedPageBack))
	wantPage(t, p.bring(p.approve()), http.StatusOK, anyOrder, thanks)
	eventually(t, "the page is closed", func() bool { return !p.isOpen(pageID) && p.status(pageID) == hostedpage.SessionStatusDisabled })
	wantPage(t, p.get("/checkout/"+p.record().id+"/page/back?page="+pageID), http.StatusOK, anyOrder, thanks)
	p.wantOneOrder(byBrowser)
}

func TestACallbackOfTheWidgetClosesThePage(t *testing.T) {
	p := newWorld(t).newBrowser().checkout()
	pageID := p.onPage()
	p.klarna.SetCallbacks(klarnatest.CallbackPolicy{})
	p.approve()
	eventually(t, "the page is closed", func() bool { return !p.isOpen(pageID) && p.status(pageID) == hostedpage.SessionStatusDisabled })
	p.wantOneOrder(byCallback)
}

func TestAPageThatCouldNotBeDisabledIsDisabledLater(t *testing.T) {
	p := newWorld(t).newBrowser().checkout()
	pageID := p.onPage()
	down := klarnatest.EmptyStatus(503)
	p.klarna.Fail(hostedpage.OperationDisableSession, down, down, down, down, down, down)
	wantPage(t, p.bring(p.approve()), http.StatusOK, anyOrder, thanks)
	eventually(t, "it could not be disabled", func() bool { return len(p.klarna.PendingFaults()) == 0 })
	if !p.isOpen(pageID) {
		t.Fatal("the shop does not look at the page any more")
	}
	p.shop.lookAtPages(t.Context(), 0)
	if p.isOpen(pageID) || p.status(pageID) != hostedpage.SessionStatusDisabled {
		t.Errorf("the page is %s", p.status(pageID))
	}
	p.wantOneOrder(byBrowser)
}

// The shopper approves in the widget and on the page, in either order. There is one order, and the other approval is let go of.
func TestTwoApprovalsAreOneOrder(t *testing.T) {
	t.Run("the widget, and then the page", func(t *testing.T) {
		p := newWorld(t).newBrowser().checkout()
		pageID := p.onPage()
		token := p.approve()
		back := p.visit(pageID, klarnatest.HostedPageApprove)
		wantPage(t, p.bring(token), http.StatusOK, anyOrder, thanks)
		wantPage(t, p.follow(back), http.StatusOK, anyOrder, thanks)
		p.wantOneOrder(byPage)
	})
	t.Run("the page, and then the widget", func(t *testing.T) {
		p := newWorld(t).newBrowser().checkout()
		pageID := p.onPage()
		back := p.visit(pageID, klarnatest.HostedPageApprove)
		wantPage(t, p.bring(p.approve()), http.StatusOK, anyOrder, thanks)
		wantPage(t, p.follow(back), http.StatusOK, anyOrder, thanks)
		p.wantOneOrder(byBrowser)
		eventually(t, "the page's approval is let go of", func() bool { return p.count(klarna.OperationCancelAuthorization) > 0 && !p.isOpen(pageID) })
	})
	t.Run("the page before the order of the widget is there", func(t *testing.T) {
		p := newWorld(t).newBrowser().checkout()
		pageID := p.onPage()
		back := p.visit(pageID, klarnatest.HostedPageApprove)
		p.approve()
		wantPage(t, p.follow(back), http.StatusOK, "/problem/foreign", "there is a newer one. Nothing was ordered with it")
		if p.order().state != "" || p.isOpen(pageID) {
			t.Error("it was ordered with the older approval, or the page is looked at for ever")
		}
	})
	t.Run("at once", func(t *testing.T) {
		w := newWorld(t)
		w.klarna.SetCallbacks(klarnatest.CallbackPolicy{Twice: true})
		for range 10 {
			before := w.klarna.Created().Orders
			p := w.newBrowser().checkout()
			pageID, sessionID := p.onPage(), p.record().sessionID
			together(func() {
				if token, err := w.authorize(sessionID); err == nil {
					p.bring(token)
				} // or the page was faster
			}, func() {
				if back, err := w.klarna.VisitHostedPage(pageID, klarnatest.HostedPageApprove); err == nil {
					p.follow(back)
				} // or the widget was faster
			})
			if err := w.klarna.WaitForCallbacks(t.Context()); err != nil {
				t.Fatal(err)
			}
			eventually(t, "the order", func() bool { return p.order().state == placed })
			if n := w.klarna.Created().Orders - before; n != 1 {
				t.Fatalf("%d orders", n)
			}
			wantPage(t, p.get("/cart"), http.StatusOK, "/cart", "It is empty")
		}
	})
}

func TestAnExpiredPage(t *testing.T) {
	t.Run("is not looked at for ever", func(t *testing.T) {
		p := newWorld(t).newBrowser().checkout()
		pageID := p.onPage()
		p.klarna.Advance(47*time.Hour + 30*time.Minute)
		p.shop.lookAtPages(t.Context(), 0)
		if p.isOpen(pageID) {
			t.Error("it is")
		}
		wantPage(t, p.get("/checkout/"+p.record().id+"/page/back?page="+pageID), http.StatusOK, "/checkout", "Pay on Klarna’s page")
	})
	t.Run("is replaced, together with its session", func(t *testing.T) {
		p := newWorld(t).newBrowser().checkout()
		p.onPage()
		p.klarna.Advance(47*time.Hour + 30*time.Minute)
		wantPage(t, p.toPage(), http.StatusOK, "/problem/expired", "The time to pay ran out")
		again := p.checkout()
		if again.authorizedPath == p.authorizedPath {
			t.Fatal("the session is offered again, though a page cannot be made for it")
		}
		wantPage(t, again.follow(again.visit(again.onPage(), klarnatest.HostedPageApprove)), http.StatusOK, anyOrder, thanks)
	})
	t.Run("has an approval that has expired as well", func(t *testing.T) {
		p := newWorld(t).newBrowser().checkout()
		pageID := p.onPage()
		back := p.visit(pageID, klarnatest.HostedPageApprove)
		p.klarna.Advance(61 * time.Minute)
		got := p.follow(back)
		if strings.Contains(got.body, thanks) || p.order().state == placed || p.isOpen(pageID) {
			t.Fatalf("it is ordered, or the page is still open: %s", got.path)
		}
		wantPage(t, p.toPage(), http.StatusOK, klarnasPage, "57.90 EUR") // another one
	})
	t.Run("that only a gateway reports", func(t *testing.T) {
		p := newWorld(t).newBrowser().checkout()
		pageID := p.onPage()
		p.klarna.Fail(hostedpage.OperationReadSession, klarnatest.HTMLStatus(404))
		p.shop.lookAtPages(t.Context(), 0)
		if !p.isOpen(pageID) {
			t.Error("the page of a gateway ended it")
		}
	})
}

func TestLostResponsesAboutAPage(t *testing.T) {
	lost, down := klarnatest.ResetAfter(), klarnatest.EmptyStatus(503)
	t.Run("of its creation", func(t *testing.T) {
		p := newWorld(t).newBrowser().checkout()
		p.klarna.Fail(hostedpage.OperationCreateSession, lost)
		wantPage(t, p.toPage(), http.StatusOK, "/problem/busy", "Nothing was ordered")
		pageID := p.onPage() // the first one is nowhere shown
		if made := p.klarna.Created().HostedPages; made != 2 {
			t.Errorf("%d pages were made", made)
		}
		wantPage(t, p.follow(p.visit(pageID, klarnatest.HostedPageApprove)), http.StatusOK, anyOrder, thanks)
		p.wantOneOrder(byPage)
	})
	t.Run("of the page, when the shopper is back", func(t *testing.T) {
		p := newWorld(t).newBrowser().checkout()
		pageID := p.onPage()
		back := p.visit(pageID, klarnatest.HostedPageApprove)
		p.klarna.Fail(hostedpage.OperationReadSession, lost, lost, lost)
		wantPage(t, p.follow(back), http.StatusOK, "/checkout/.*/page/success", "We are waiting for Klarna")
		wantPage(t, p.follow(back), http.StatusOK, anyOrder, thanks) // it looks by itself
		p.wantOneOrder(byPage)
	})
	t.Run("of the page, which was declined before", func(t *testing.T) {
		p := newWorld(t).newBrowser().checkout()
		pageID := p.onPage()
		wantPage(t, p.follow(p.visit(pageID, klarnatest.HostedPageDecline)), http.StatusOK, "/checkout/.*/page/failure", "Klarna declined")
		back := p.visit(pageID, klarnatest.HostedPageApprove)
		p.klarna.Fail(hostedpage.OperationReadSession, lost, lost, lost)
		wantPage(t, p.follow(back), http.StatusOK, "/checkout/.*/page/success", "We are waiting for Klarna") // and not that it was declined
		wantPage(t, p.follow(back), http.StatusOK, anyOrder, thanks)
	})
	t.Run("of the session, when the order is to be placed", func(t *testing.T) {
		p := newWorld(t).newBrowser().checkout()
		pageID := p.onPage()
		back := p.visit(pageID, klarnatest.HostedPageApprove)
		p.klarna.Fail(klarna.OperationReadSession, down, down, down)
		wantPage(t, p.follow(back), http.StatusOK, "/checkout/.*/page/success", "Klarna has your approval")
		if !p.isOpen(pageID) {
			t.Fatal("the page is not looked at any more")
		}
		p.shop.lookAtPages(t.Context(), 0)
		p.wantOneOrder(byPagePoll)
		wantPage(t, p.follow(back), http.StatusOK, anyOrder, thanks)
	})
	t.Run("of its end", func(t *testing.T) {
		p := newWorld(t).newBrowser().checkout()
		pageID := p.onPage()
		p.klarna.Fail(hostedpage.OperationDisableSession, lost, lost, lost)
		wantPage(t, p.setQuantity("mug", "3"), http.StatusOK, "/cart", "€67.50")
		if p.isOpen(pageID) || p.status(pageID) != hostedpage.SessionStatusDisabled {
			t.Errorf("it is %s", p.status(pageID))
		}
	})
	t.Run("of the order", func(t *testing.T) {
		p := newWorld(t).newBrowser().checkout()
		p.klarna.Fail(klarna.OperationCreateOrder, lost, lost, lost)
		goOn := p.holdOrders(3)
		back := p.visit(p.onPage(), klarnatest.HostedPageApprove)
		wantPage(t, p.follow(back), http.StatusOK, "/checkout/.*/checking", "Please do not order again")
		goOn()
		eventually(t, "the outcome", func() bool { return p.order().state != checking })
		wantPage(t, p.follow(back), http.StatusOK, anyOrder, thanks)
		if n := p.klarna.Created().Orders; n != 1 {
			t.Errorf("%d orders", n)
		}
	})
}

// That the payments session names the token of the page is not documented. The token comes from Klarna in any case.
func TestTheSessionNeedNotNameTheTokenOfThePage(t *testing.T) {
	w := newWorld(t)
	w.through(withoutToken)
	p := w.newBrowser().checkout()
	back := p.visit(p.onPage(), klarnatest.HostedPageApprove)
	wantPage(t, p.follow(back), http.StatusOK, anyOrder, thanks)
	p.wantOneOrder(byPage)
}

// withoutToken is a transport that renames the token in a payments session.
func withoutToken(r *http.Request) (*http.Response, error) {
	resp, err := http.DefaultTransport.RoundTrip(r)
	if err != nil || r.Method != http.MethodGet || !strings.Contains(r.URL.Path, "/payments/v1/sessions/") {
		return resp, err
	}
	body, err := io.ReadAll(resp.Body)
	_ = resp.Body.Close()
	resp.Body, resp.ContentLength = io.NopCloser(strings.NewReader(strings.Replace(string(body), "authorization_token", "another_member", 1))), -1
	return resp, err
}

func TestACompletedPageWithoutATokenIsNotOrdered(t *testing.T) {
	p := newWorld(t).newBrowser().checkout()
	p.onPage()
	page, err := p.shop.store.openPage(t.Context(), p.record().id)
	if err != nil {
		t.Fatal(err)
	}
	if err := p.shop.placeOfPage(t.Context(), page, "", byPage); err != nil || page.problem != "expired" || p.order().state != "" {
		t.Errorf("it ends with %v, the problem %q and the order %q", err, page.problem, p.order().state)
	}
}

func TestAnOrderOfThePageThatKlarnaRejects(t *testing.T) {
	p := newWorld(t).newBrowser().checkout()
	pageID := p.onPage()
	p.klarna.Fail(klarna.OperationCreateOrder, klarnatest.Status(403, "REJECTED", "Rejected"))
	wantPage(t, p.follow(p.visit(pageID, klarnatest.HostedPageApprove)), http.StatusOK, "/problem/declined", "Klarna declined this payment")
	if p.isOpen(pageID) || p.order().state != "" {
		t.Error("the page is still open, or something was ordered")
	}
	wantPage(t, p.follow(p.visit(p.onPage(), klarnatest.HostedPageApprove)), http.StatusOK, anyOrder, thanks)
}
