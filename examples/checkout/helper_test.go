package main

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"html"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/klarna-go/klarna-payments/klarna"
	"github.com/klarna-go/klarna-payments/klarna/klarnatest"
)

// world is a shop on a fake server of its own.
type world struct {
	t        *testing.T
	klarna   *klarnatest.Server
	database string
	shop     *shop
	gate     gate
	url      string
	log      *lockedBuffer
	stop     func()
}

func newWorld(t *testing.T) *world {
	t.Helper()
	return newWorldOn(t, klarnatest.NewServer(olderAccount), filepath.Join(t.TempDir(), "shop.sqlite"))
}

// newWorldOn is a shop on a fake server and a database that it may share with others.
func newWorldOn(t *testing.T, server *klarnatest.Server, database string) *world {
	t.Helper()
	return newWorldAt(t, server, database, "127.0.0.1:0")
}

// restart stops a shop, and returns another one in its place.
func (w *world) restart() *world {
	w.t.Helper()
	w.stop()
	return newWorldAt(w.t, w.klarna, w.database, strings.TrimPrefix(w.url, "http://"))
}

// longLease is for machines that stop for seconds: tests count the requests, and no process of theirs dies without a word.
const longLease = 30 * time.Second

func newWorldAt(t *testing.T, server *klarnatest.Server, database, addr string) *world {
	t.Helper()
	w := &world{t: t, klarna: server, database: database, log: new(lockedBuffer)}
	w.klarna.SetCallbacks(klarnatest.CallbackPolicy{Never: true}) // unless a test is about them
	logger := slog.New(slog.NewTextHandler(w.log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	p := onSandbox(w.klarna, append(options(logger), quickly, klarna.WithLimiter(&w.gate))...)

	listener, err := net.Listen("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	listening := &httptest.Server{Listener: listener, Config: &http.Server{ReadHeaderTimeout: time.Minute}}
	w.url = "http://" + listening.Listener.Addr().String()
	st, err := openStore(t.Context(), database)
	if err != nil {
		t.Fatal(err)
	}
	if w.shop, err = newShop(t.Context(), st, p, w.url, longLease, logger); err != nil {
		t.Fatal(err)
	}
	listening.Config.Handler = w.shop.handler()
	listening.Start()
	var once sync.Once
	w.stop = func() {
		once.Do(func() {
			listening.Close()
			w.shop.close()
			st.close()
		})
	}
	t.Cleanup(func() {
		w.stop()
		p.close()
		if pending := w.klarna.PendingFaults(); len(pending) > 0 {
			t.Errorf("faults that nothing met: %v", pending)
		}
	})
	return w
}

// gate holds back requests that create an order: what a test does while an order is open must not depend on how fast it is.
type gate struct {
	mu     sync.Mutex
	closed bool
	left   int // how many may pass although it is closed
}

// holdOrders lets so many more of the shop's requests that create an order be sent, and none after them until open is called. To the
// shop it is as if Klarna could not be reached.
func (w *world) holdOrders(but int) (open func()) {
	w.gate.mu.Lock()
	defer w.gate.mu.Unlock()
	w.gate.closed, w.gate.left = true, but
	return func() {
		w.gate.mu.Lock()
		defer w.gate.mu.Unlock()
		w.gate.closed = false
	}
}

// Wait is called before each request.
func (g *gate) Wait(ctx context.Context) error {
	if klarna.OperationFromContext(ctx) != klarna.OperationCreateOrder {
		return nil
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.left--; g.closed && g.left < 0 {
		return errors.New("orders are held back")
	}
	return nil
}

// orders is how many orders were placed at Klarna.
func (w *world) orders() (n int) {
	seen := map[string]bool{}
	for _, request := range w.klarna.Requests() {
		if request.Operation == klarna.OperationCreateOrder && request.StatusCode == http.StatusOK {
			if body := string(request.Body); !seen[body] {
				seen[body] = true
				n++
			}
		}
	}
	return n
}

func (w *world) count(op klarna.Operation) (n int) {
	for _, request := range w.klarna.Requests() {
		if request.Operation == op {
			n++
		}
	}
	return n
}

// browser is a shopper's browser without a script: the tests do what the script would.
type browser struct {
	*world
	client *http.Client
}

func (w *world) newBrowser() *browser {
	jar, err := cookiejar.New(nil)
	if err != nil {
		w.t.Fatal(err)
	}
	return &browser{w, &http.Client{Jar: jar, Timeout: 20 * time.Second}}
}

// response is a page, after all redirects.
type response struct {
	status int
	path   string
	body   string
	header http.Header
}

func (b *browser) do(req *http.Request) response {
	b.t.Helper()
	resp, err := b.client.Do(req)
	if err != nil {
		b.t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		b.t.Fatal(err)
	}
	return response{resp.StatusCode, resp.Request.URL.Path, string(body), resp.Header}
}

func (b *browser) get(path string) response {
	b.t.Helper()
	req, err := http.NewRequestWithContext(b.t.Context(), http.MethodGet, b.url+path, nil)
	if err != nil {
		b.t.Fatal(err)
	}
	return b.do(req)
}

func (b *browser) post(path string, fields url.Values) response {
	b.t.Helper()
	req, err := http.NewRequestWithContext(b.t.Context(), http.MethodPost, b.url+path, strings.NewReader(fields.Encode()))
	if err != nil {
		b.t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return b.do(req)
}

// purchase is what a browser knows of a checkout.
type purchase struct {
	*browser
	csrf, authorizedPath, refusedPath string
}

func (b *browser) checkout() *purchase {
	b.t.Helper()
	page := b.get("/checkout")
	if page.status != http.StatusOK || page.path != "/checkout" {
		b.t.Fatalf("the checkout is %d at %s", page.status, page.path)
	}
	return &purchase{b,
		find(b.t, page.body, `name="csrf" value="([^"]+)"`),
		find(b.t, page.body, `action="(/checkout/[^"]+/authorized)"`),
		find(b.t, page.body, `action="(/checkout/[^"]+/unavailable)"`),
	}
}

// record is the shop's own of this purchase.
func (p *purchase) record() *checkout {
	p.t.Helper()
	c, err := p.shop.store.checkout(p.t.Context(), strings.Split(p.authorizedPath, "/")[2])
	if err != nil {
		p.t.Fatal(err)
	}
	return c
}

// order is the shop's record of what was ordered; its state is empty if nothing was.
func (p *purchase) order() *order {
	p.t.Helper()
	o, err := p.shop.store.order(p.t.Context(), p.record().number)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		p.t.Fatal(err)
	}
	return o
}

// approve is what the shopper does in Klarna's window.
func (p *purchase) approve() (token string) {
	p.t.Helper()
	token, err := p.authorize(p.record().sessionID)
	if err != nil {
		p.t.Fatal(err)
	}
	return token
}

// authorize is the same for a session that may be completed by now.
func (w *world) authorize(sessionID string) (token string, err error) {
	return w.klarna.AuthorizeWith(sessionID, klarnatest.AuthorizeData{BillingAddress: klarna.Address{
		GivenName: "Example", FamilyName: "Shopper", Email: "shopper@shop.example",
		StreetAddress: "Example Street 1", PostalCode: "10115", City: "Berlin", Country: "DE",
	}})
}

// placeElsewhere orders behind the shop's back.
func (p *purchase) placeElsewhere(token string) {
	p.t.Helper()
	c := p.record()
	session, err := p.shop.klarna.ReadSession(p.t.Context(), c.sessionID)
	if err == nil {
		_, err = p.shop.klarna.CreateOrder(p.t.Context(), token, klarna.OrderFromApproved(c.session, *session))
	}
	if err != nil {
		p.t.Fatal(err)
	}
}

// bring posts an authorization token, as the script does.
func (p *purchase) bring(token string) response {
	p.t.Helper()
	return p.post(p.authorizedPath, url.Values{"csrf": {p.csrf}, "authorization_token": {token}})
}

func (p *purchase) setQuantity(product, quantity string) response {
	p.t.Helper()
	return p.post("/cart", url.Values{"csrf": {p.csrf}, "product": {product}, "quantity": {quantity}})
}

func find(t *testing.T, body, pattern string) string {
	t.Helper()
	match := regexp.MustCompile(pattern).FindStringSubmatch(body)
	if match == nil {
		t.Fatalf("the page lacks %s:\n%s", pattern, body)
	}
	return html.UnescapeString(match[1])
}

// wantPage checks where a shopper ended.
func wantPage(t *testing.T, got response, status int, path, text string) {
	t.Helper()
	if got.status != status || !regexp.MustCompile("^"+path+"$").MatchString(got.path) || !strings.Contains(got.body, text) {
		t.Fatalf("got %d at %s, want %d at %s with %q:\n%s", got.status, got.path, status, path, text, got.body)
	}
}

func eventually(t *testing.T, what string, is func() bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	for !is() {
		select {
		case <-ctx.Done():
			t.Fatal("it never came about: " + what)
		case <-time.After(5 * time.Millisecond):
		}
	}
}

type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}
