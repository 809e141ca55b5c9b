// Hostedpage is a shop of one shoe, which is paid on the page that Klarna hosts.
//
//	go run ./hostedpage
//
// It takes its settings from the environment, as klarna.NewFromEnv does, such as those that klarna-sandbox prints.
//
// quote: program
package main

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log"
	"net/http"
	"os"
	"sync"
	"time"

	"github.com/klarna-go/klarna-payments/klarna"
	"github.com/klarna-go/klarna-payments/klarna/hostedpage"
)

func main() {
	client, err := klarna.NewFromEnv()
	if err != nil {
		log.Fatal(err)
	}
	address := cmp.Or(os.Getenv("SHOP_ADDR"), "127.0.0.1:8080")
	// Klarna calls this URL back, so in the playground and in production it is a public https URL.
	s, err := newShop(client, cmp.Or(os.Getenv("SHOP_URL"), "http://"+address), hostedpage.PlaceOrderModePlaceOrder)
	if err != nil {
		log.Fatal(err)
	}
	go s.poll(context.Background(), time.Minute)
	fmt.Println("Open http://" + address)
	server := &http.Server{Addr: address, Handler: s.handler(), ReadHeaderTimeout: 10 * time.Second}
	log.Fatal(server.ListenAndServe())
}

// shop keeps its purchases in memory. Yours has them in a database.
type shop struct {
	client *klarna.Client
	pages  *hostedpage.Client
	signer *klarna.CallbackSigner
	url    string
	mode   hostedpage.PlaceOrderMode

	mu        sync.Mutex
	purchases map[string]*purchase // by the shop's own reference
	events    map[string]bool      // the callbacks that came, by event id
}

type purchase struct {
	mu                sync.Mutex // one outcome at a time: callback, redirect and poll may come at once
	sessionID, pageID string
	cart              klarna.SessionCreate
	order             *klarna.CreateOrderRequest // the same for every call
	status            hostedpage.SessionStatus
	orderID           string
	over              bool // nothing changes any more
}

func newShop(client *klarna.Client, url string, mode hostedpage.PlaceOrderMode) (*shop, error) {
	key := make([]byte, 32) // in production from your secret store, the same on all machines
	_, _ = rand.Read(key)   // it never fails
	signer, err := klarna.NewCallbackSigner(key)
	return &shop{
		client: client, pages: hostedpage.New(client), signer: signer, url: url, mode: mode,
		purchases: map[string]*purchase{}, events: map[string]bool{},
	}, err
}

func (s *shop) handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, _ *http.Request) {
		show(w, "A running shoe, 119.00 EUR", `<form method="post" action="/pay"><button>Pay with Klarna</button></form>`)
	})
	mux.HandleFunc("POST /pay", s.pay)
	mux.HandleFunc("GET /klarna/return", s.returned)
	mux.Handle("POST /hooks/klarna/page", s.signer.Middleware(http.HandlerFunc(s.statusChanged)))
	return mux
}

// end of quote

// quote: pay
// pay opens a payments session, makes a page for it, and sends the shopper there.
func (s *shop) pay(w http.ResponseWriter, r *http.Request) {
	page, err := s.createPage(r.Context(), rand.Text())
	if err != nil {
		log.Println(err)
		http.Error(w, "Klarna is not available", http.StatusBadGateway)
		return
	}
	http.Redirect(w, r, page.RedirectURL, http.StatusSeeOther)
}

func (s *shop) createPage(ctx context.Context, reference string) (*hostedpage.CreatedSession, error) {
	lines := []klarna.OrderLine{klarna.CompleteLine(klarna.OrderLine{
		Reference: "AD6654412", Name: "Running shoe", Quantity: 1, UnitPrice: 11900, TaxRate: 1900,
	})}
	amount, tax := klarna.Totals(lines)
	cart := klarna.SessionCreate{
		PurchaseCountry: "DE", PurchaseCurrency: "EUR", Locale: "de-DE",
		OrderAmount: amount, OrderTaxAmount: tax, OrderLines: lines, MerchantReference1: reference,
	}
	session, err := s.client.CreateSession(ctx, cart)
	if err != nil {
		return nil, err
	}
	statusURL, err := s.signer.Sign(s.url+"/hooks/klarna/page", reference, 48*time.Hour)
	if err != nil {
		return nil, err
	}
	// The shopper's browser needs no authorization token: the shop reads it from the session.
	back := s.url + "/klarna/return?reference=" + reference
	page, err := s.pages.CreateSession(ctx, hostedpage.SessionRequest{
		PaymentSessionURL: s.client.SessionURL(session.SessionID),
		MerchantURLs: hostedpage.MerchantURLs{
			Success: back, Failure: back, Error: back, Cancel: back, Back: s.url, StatusUpdate: statusURL,
		},
		Options: hostedpage.Options{PlaceOrderMode: s.mode, PurchaseType: hostedpage.PurchaseTypeBuy},
	})
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.purchases[reference] = &purchase{sessionID: session.SessionID, pageID: page.SessionID, cart: cart, status: hostedpage.SessionStatusWaiting}
	return page, nil
}

// end of quote

// quote: outcome
// statusChanged is called by Klarna. It responds at once, and asks Klarna for the outcome afterwards.
func (s *shop) statusChanged(w http.ResponseWriter, r *http.Request) {
	callback, err := hostedpage.ParseStatusCallback(r)
	if err != nil {
		http.Error(w, "bad request", http.StatusBadRequest)
		return
	}
	w.WriteHeader(http.StatusNoContent)
	s.mu.Lock()
	repeated := s.events[callback.EventID]
	s.events[callback.EventID] = true
	s.mu.Unlock()
	if !repeated {
		go s.settle(context.WithoutCancel(r.Context()), klarna.CallbackReference(r.Context()))
	}
}

// returned is where the shopper comes back, if they do.
func (s *shop) returned(w http.ResponseWriter, r *http.Request) {
	p := s.settle(context.WithoutCancel(r.Context()), r.URL.Query().Get("reference")) // even if the shopper leaves at once
	if p == nil {
		http.NotFound(w, r)
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case p.orderID != "":
		show(w, "Thank you. Your order is "+p.orderID, "")
	case p.status == hostedpage.SessionStatusFailed:
		show(w, "Klarna declined the payment. Please choose another way to pay.", "")
	case p.status == hostedpage.SessionStatusCompleted:
		show(w, "We are checking your order.", "")
	default:
		show(w, "The shoe is not paid.", "")
	}
}

// poll finds the outcomes that no callback and no redirect brought.
func (s *shop) poll(ctx context.Context, every time.Duration) {
	for ctx.Err() == nil {
		s.mu.Lock()
		var all []string
		for reference := range s.purchases {
			all = append(all, reference)
		}
		s.mu.Unlock()
		for _, reference := range all {
			s.settle(ctx, reference)
		}
		select {
		case <-time.After(every):
		case <-ctx.Done():
		}
	}
}

// settle asks Klarna how far a purchase came. However often it is called, there is one order.
func (s *shop) settle(ctx context.Context, reference string) *purchase {
	s.mu.Lock()
	p := s.purchases[reference]
	s.mu.Unlock()
	if p == nil {
		return nil
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.over {
		return p
	}
	page, err := s.pages.ReadSession(ctx, p.pageID)
	switch {
	case errors.Is(err, klarna.ErrNotFound): // the page has expired
		p.over = true
		return p
	case err != nil:
		log.Println(err) // the next callback or poll reads it again
		return p
	}
	p.status = page.Status
	if !hostedpage.IsFinal(page.Status) {
		return p
	}
	p.orderID = page.OrderID
	if page.AuthorizationToken != "" { // mode NONE: the shop places the order
		if p.order == nil {
			approved, err := s.client.ReadSession(ctx, p.sessionID)
			if err != nil {
				log.Println(err)
				return p
			}
			request := klarna.OrderFromApproved(p.cart, *approved)
			p.order = &request
		}
		order, err := s.client.CreateOrder(ctx, page.AuthorizationToken, *p.order)
		switch {
		case errors.Is(err, klarna.ErrOutcomeUnknown), errors.Is(err, klarna.ErrNotSent), errors.Is(err, klarna.ErrRateLimited):
			log.Println(err) // the next poll makes the same call again
			return p
		case err != nil:
			log.Println(err) // see docs/errors.md
		default:
			p.orderID = order.OrderID
		}
	}
	p.over = true
	return p
}

func show(w http.ResponseWriter, text, more string) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	_, _ = fmt.Fprintf(w, `<!doctype html><html lang="en"><meta name="viewport" content="width=device-width"><title>Shop</title><p id="text">%s</p>%s`, text, more)
}

// end of quote
