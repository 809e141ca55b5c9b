package main

import (
	"context"
	"crypto/hkdf"
	"crypto/sha256"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/klarna-go/klarna-payments/klarna"
	"github.com/klarna-go/klarna-payments/klarna/customertoken"
	"github.com/klarna-go/klarna-payments/klarna/hostedpage"
	"github.com/klarna-go/klarna-payments/klarna/placement"
)

// shop is the shop's server.
type shop struct {
	klarna   *klarna.Client
	tokens   *customertoken.Client
	pages    *hostedpage.Client
	signer   *klarna.CallbackSigner
	payments *payments
	logger   *slog.Logger
	baseURL  string // what Klarna and shoppers reach the shop by; empty when that is not known
	store    *store
	formKey  []byte
	book     *placement.Book // places the orders
	office   *office

	running    context.Context // ends when the shop closes
	stop       context.CancelFunc
	background sync.WaitGroup // what runs without a request
}

// newShop makes a shop, and goes on with what it left open when it stopped. Another process goes on with an order after the lease, if the
// one that places it dies.
func newShop(ctx context.Context, st *store, p *payments, baseURL string, lease time.Duration, logger *slog.Logger) (*shop, error) {
	baseURL = strings.TrimRight(baseURL, "/")
	if u, err := url.Parse(baseURL); baseURL != "" && (err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http") {
		return nil, fmt.Errorf("the base URL must be a whole URL such as https://shop.example, not %.100q", baseURL)
	}
	key, err := st.key(ctx)
	if err != nil {
		return nil, fmt.Errorf("the shop's key: %w", err)
	}
	// One key for each purpose.
	derive := func(purpose string) []byte {
		derived, err := hkdf.Expand(sha256.New, key, purpose, sha256.Size)
		if err != nil {
			panic(err) // only if more were asked for
		}
		return derived
	}
	signer, err := klarna.NewCallbackSigner(derive("callbacks"))
	if err != nil {
		return nil, err
	}
	book, err := placement.New(ctx, st.db, st.dialect, p.client, placement.WithLease(lease), placement.WithLogger(logger))
	if err != nil {
		return nil, err
	}
	s := &shop{
		klarna: p.client, pages: hostedpage.New(p.client), tokens: customertoken.New(p.client), signer: signer, payments: p,
		logger: logger, baseURL: baseURL, store: st, formKey: derive("forms"), book: book,
	}
	s.office = newOffice(s, derive("office"))
	s.running, s.stop = context.WithCancel(context.Background())
	s.runBackground(s.running)
	return s, nil
}

// close ends what goes on in the background. It waits for orders that are being placed.
func (s *shop) close() {
	s.stop()
	s.background.Wait()
}

func (s *shop) handler() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET /{$}", s.page(s.showGoods))
	mux.Handle("GET /cart", s.page(s.showCart))
	mux.Handle("POST /cart", s.form(s.changeCart))
	mux.Handle("GET /checkout", s.page(s.showCheckout))
	mux.Handle("POST /checkout/{id}/authorized", s.form(s.authorized))   // the shopper approved
	mux.Handle("POST /checkout/{id}/unavailable", s.form(s.unavailable)) // declined, or expired
	mux.Handle("POST /checkout/{id}/page", s.form(s.payOnPage))
	mux.Handle("GET /checkout/{id}/page/{how}", s.page(s.pageReturned))
	mux.Handle("GET /checkout/{id}/checking", s.page(s.showChecking))
	mux.Handle("GET /problem/{kind}", s.page(s.showProblem))
	mux.Handle("GET /orders/{number}", s.page(s.showOrder))
	s.handleSubscriptions(mux)
	mux.Handle("GET /static/", static())
	mux.HandleFunc("GET /health", s.health)
	s.office.handle(mux)
	mux.Handle("/", s.page(s.notFound))

	fromShoppers := http.NewCrossOriginProtection().Handler(mux) // a second guard beside each form's own token
	all := http.NewServeMux()
	all.Handle("/", s.onlyAtBaseURL(fromShoppers))
	all.Handle("POST "+callbackPath, s.signer.Middleware(http.HandlerFunc(s.callback)))
	all.Handle("POST "+pageCallbackPath, s.signer.Middleware(http.HandlerFunc(s.pageCallback)))
	return s.logged(s.securityHeaders(limitBody(all)))
}
