package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"html"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/klarna-go/klarna-payments/klarna"
	"github.com/klarna-go/klarna-payments/klarna/klarnatest"
	"github.com/klarna-go/klarna-payments/klarna/placement"
)

// buildShop builds the shop's program.
func buildShop(t *testing.T) (program string) {
	t.Helper()
	program = filepath.Join(t.TempDir(), "checkout")
	if out, err := exec.CommandContext(t.Context(), "go", "build", "-o", program, ".").CombinedOutput(); err != nil {
		t.Fatalf("go build: %v: %s", err, out)
	}
	return program
}

// process is a process of the shop.
type process struct {
	addr  string
	cmd   *exec.Cmd
	log   *lockedBuffer
	alive atomic.Bool
}

// fleet is one or more processes of the shop on one database, a fake Klarna in the test's process, and the load balancer in front of them.
type fleet struct {
	t         *testing.T
	klarna    *klarnatest.Server
	store     *store // to look into the database
	book      *placement.Book
	program   string
	database  string
	lease     time.Duration
	url       string // of the load balancer
	processes []*process

	mu       sync.Mutex
	random   *rand.Rand
	browsers map[string]int // the process that a checkout's browser is at
	apart    int            // the callbacks that were sent to another process than the browser
	kills    []time.Time
}

func newFleet(t *testing.T, program, database string, processes int, lease time.Duration) *fleet {
	t.Helper()
	f := &fleet{t: t, klarna: klarnatest.NewServer(), program: program, database: database, lease: lease, browsers: map[string]int{}, random: rand.New(rand.NewPCG(1, 2))}
	t.Cleanup(f.klarna.Close)
	f.klarna.SetCallbacks(klarnatest.CallbackPolicy{Wait: 50 * time.Millisecond})
	var err error
	if f.store, err = openStore(t.Context(), database); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(f.store.close)
	if f.book, err = placement.New(t.Context(), f.store.db, f.store.dialect, f.klarna.Client()); err != nil {
		t.Fatal(err)
	}
	balancer, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	f.url = "http://" + balancer.Addr().String()
	server := &http.Server{Handler: http.HandlerFunc(f.balance), ReadHeaderTimeout: time.Minute}
	go func() { _ = server.Serve(balancer) }()
	t.Cleanup(func() { _ = server.Close() })
	for range processes {
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		p := &process{addr: listener.Addr().String()}
		_ = listener.Close()
		f.processes = append(f.processes, p)
		f.start(p)
		t.Cleanup(func() { f.kill(p) })
	}
	return f
}

// start starts a process, and returns when it responds.
func (f *fleet) start(p *process) {
	f.t.Helper()
	p.log = new(lockedBuffer)
	p.cmd = exec.Command(f.program, "-addr", p.addr, "-db", f.database, "-lease", f.lease.String(), "-base-url", f.url)
	p.cmd.Env = append(os.Environ(), "KLARNA_API_KEY="+f.klarna.APIKey, "KLARNA_USERNAME=", "KLARNA_PASSWORD=", "KLARNA_BASE_URL="+f.klarna.URL)
	p.cmd.Stdout, p.cmd.Stderr = io.Discard, p.log
	if err := p.cmd.Start(); err != nil {
		f.t.Fatal(err)
	}
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(5 * time.Millisecond) {
		if conn, err := net.Dial("tcp", p.addr); err == nil {
			_ = conn.Close()
			p.alive.Store(true)
			return
		}
		if time.Now().After(deadline) {
			f.t.Fatalf("the shop does not start:\n%s", p.log)
		}
	}
}

// kill ends a process without a warning.
func (f *fleet) kill(p *process) {
	if p.alive.Swap(false) {
		_ = p.cmd.Process.Signal(syscall.SIGKILL)
		_ = p.cmd.Wait()
		f.mu.Lock()
		f.kills = append(f.kills, time.Now())
		f.mu.Unlock()
	}
}

// balance is the load balancer. A browser stays at its process while that lives, and its callback goes to another one.
func (f *fleet) balance(w http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	at := 0
	if cookie, err := r.Cookie(shopperCookie); err == nil {
		at = int(cookie.Value[0]) + int(cookie.Value[1])
	} else if process, ok := f.browsers[r.URL.Query().Get("klarna_ref")]; ok {
		at = process + 1 + f.random.IntN(max(len(f.processes)-1, 1))
		if at%len(f.processes) != process%len(f.processes) {
			f.apart++
		}
	}
	for range f.processes {
		if f.processes[at%len(f.processes)].alive.Load() {
			break
		}
		at++
	}
	p := f.processes[at%len(f.processes)]
	f.mu.Unlock()
	out := r.Clone(r.Context())
	out.URL.Scheme, out.URL.Host, out.RequestURI = "http", p.addr, ""
	resp, err := balancerTransport.RoundTrip(out)
	if err != nil {
		panic(http.ErrAbortHandler) // the process was killed: the browser's connection breaks off
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	for name, values := range resp.Header {
		w.Header()[name] = values
	}
	w.WriteHeader(resp.StatusCode)
	_, _ = w.Write(body)
}

// balancerTransport never sends a request twice.
var balancerTransport = &http.Transport{DisableKeepAlives: true}

// remember notes at which process the browser of a checkout is.
func (f *fleet) remember(checkoutID, cookie string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.browsers[checkoutID] = int(cookie[0]) + int(cookie[1])
}

// customer is a shopper who buys something, whatever happens to the shop.
type customer struct {
	fleet  *fleet
	random *rand.Rand
	client *http.Client

	sessions []string // at Klarna, that this shopper approved
	told     []string // what the pages after an approval were
	failed   string   // a page that told that nothing was ordered, or why the shopper gave up
	thanked  bool
	left     bool // closed the browser after the approval
}

func (f *fleet) newCustomer(seed uint64) *customer {
	jar, err := cookiejar.New(nil)
	if err != nil {
		panic(err) // it never fails
	}
	return &customer{fleet: f, random: rand.New(rand.NewPCG(seed, 1)), client: &http.Client{
		Jar: jar, Timeout: time.Minute, Transport: &http.Transport{DisableKeepAlives: true},
	}}
}

var errGone = errors.New("the shop does not respond")

// page loads or posts a page, and follows redirects.
func (c *customer) page(ctx context.Context, path string, form url.Values) (at, body string, err error) {
	method, content := http.MethodGet, io.Reader(nil)
	if form != nil {
		method, content = http.MethodPost, strings.NewReader(form.Encode())
	}
	req, err := http.NewRequestWithContext(ctx, method, c.fleet.url+path, content)
	if err != nil {
		return "", "", err
	}
	if form != nil {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	resp, err := c.client.Do(req)
	if err != nil {
		return "", "", errGone
	}
	defer func() { _ = resp.Body.Close() }()
	page, err := io.ReadAll(resp.Body)
	if err != nil {
		return "", "", errGone
	}
	return resp.Request.URL.Path, string(page), nil
}

var (
	csrfPattern       = regexp.MustCompile(`name="csrf" value="([^"]+)"`)
	lastOrderPattern  = regexp.MustCompile(`id="last-order" href="([^"]+)"`)
	authorizedPattern = regexp.MustCompile(`action="(/checkout/([^"/]+)/authorized)"`)
)

// buy goes through a purchase, and through it again where the shop died, as a shopper does: by a reload, or by the browser's question
// whether to send the form once more.
func (c *customer) buy(ctx context.Context) {
	pause := func() bool {
		select {
		case <-time.After(time.Duration(30+c.random.IntN(60)) * time.Millisecond):
			return true
		case <-ctx.Done():
			return false
		}
	}
	for ; ; pause() {
		if ctx.Err() != nil {
			return
		}
		at, body, err := c.page(ctx, "/checkout", nil)
		if err != nil {
			continue
		}
		csrf, action := csrfPattern.FindStringSubmatch(body), authorizedPattern.FindStringSubmatch(body)
		if at != "/checkout" || action == nil {
			if len(c.sessions) == 0 { // such as while Klarna is not reached
				continue
			}
			if c.end(ctx, at, body, pause) {
				return
			}
			continue
		}
		record, err := c.fleet.store.checkout(ctx, action[2])
		if err != nil {
			continue
		}
		base, _ := url.Parse(c.fleet.url)
		for _, cookie := range c.client.Jar.Cookies(base) {
			c.fleet.remember(record.id, cookie.Value)
		}
		token, err := c.fleet.klarna.AuthorizeWith(record.sessionID, klarnatest.AuthorizeData{BillingAddress: klarna.Address{
			GivenName: "Example", FamilyName: "Shopper", Email: "shopper@shop.example",
			StreetAddress: "Example Street 1", PostalCode: "10115", City: "Berlin", Country: "DE",
		}})
		if err != nil {
			continue // it was ordered meanwhile, by an earlier approval
		}
		if !slices.Contains(c.sessions, record.sessionID) {
			c.sessions = append(c.sessions, record.sessionID)
		}
		c.told = append(c.told, "approved")
		if c.random.IntN(10) == 0 {
			c.left = true // and the callback is what is left
			return
		}
		form := url.Values{"csrf": {html.UnescapeString(csrf[1])}, "authorization_token": {token}}
		for {
			if at, body, err = c.page(ctx, action[1], form); err != nil {
				c.told = append(c.told, "no response")
			}
			if err == nil || c.random.IntN(2) == 0 || !pause() {
				break
			}
		}
		if err == nil && c.end(ctx, at, body, pause) {
			return
		}
	}
}

// end follows the pages after an approval. It reports false if the shopper has to approve once more.
func (c *customer) end(ctx context.Context, at, body string, pause func() bool) bool {
	for {
		title := regexp.MustCompile(`<h1>([^<]*)`).FindStringSubmatch(body)
		if title == nil {
			title = []string{"", "no title"}
		}
		if told := at + " " + title[1]; len(c.told) == 0 || c.told[len(c.told)-1] != told {
			c.told = append(c.told, told)
		}
		next := at
		switch last := lastOrderPattern.FindStringSubmatch(body); {
		case last != nil: // the cart is empty
			next = last[1]
		case strings.Contains(body, "Nothing was ordered") || strings.Contains(body, "you pay nothing"):
			c.failed = at + ": " + title[1]
			return true
		case strings.Contains(body, thanks):
			c.thanked = true
			return true
		case !strings.Contains(at, "/checking"):
			return false
		}
		for {
			if !pause() {
				return true
			}
			var err error
			if at, body, err = c.page(ctx, next, nil); err == nil {
				break
			}
		}
	}
}

// figures are what a storm came to.
type figures struct {
	customers, orders, withID, callbackOnly, turnedAway, kills int
	open                                                       []time.Duration
}

func (n figures) String() string {
	slices.Sort(n.open)
	at := func(part float64) time.Duration {
		if len(n.open) == 0 {
			return 0
		}
		return n.open[int(part*float64(len(n.open)-1))].Round(time.Millisecond)
	}
	return fmt.Sprintf("%d shoppers, %d kills; %d orders at Klarna, each once in the shop's database, %d with their id; %d of them by the callback alone; "+
		"%d shoppers were asked to approve once more, and did not; an order was open for %v (median), %v (99 %%), %v at most",
		n.customers, n.kills, n.orders, n.withID, n.callbackOnly, n.turnedAway, at(0.5), at(0.99), at(1))
}

// check compares what Klarna has with what the shop has, and with what the shoppers were told.
func (f *fleet) check(customers []*customer, restart time.Duration) figures {
	f.t.Helper()
	t, ctx := f.t, f.t.Context()
	n := figures{customers: len(customers), kills: len(f.kills)}

	numbers := map[string][]string{} // what was ordered, by the session
	rows, err := f.store.db.QueryContext(ctx, `SELECT c.session_id, o.number FROM orders o JOIN checkouts c ON c.number = o.number WHERE o.state = 'placed'`)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var session, number string
		if err := rows.Scan(&session, &number); err != nil {
			t.Fatal(err)
		}
		numbers[session] = append(numbers[session], number)
	}

	// Every order of the fake Klarna is one of a session that a shopper approved, and is in the database once.
	for i, c := range customers {
		bought := false
		for _, session := range c.sessions {
			ids := f.klarna.OrderIDs(session)
			if len(ids) > 1 {
				t.Errorf("%d orders were placed for one session", len(ids))
			}
			for _, id := range ids {
				n.orders++
				if bought {
					t.Errorf("shopper %d paid twice", i)
				}
				bought = true
				if len(numbers[session]) != 1 {
					t.Errorf("an order is in the database %d times", len(numbers[session]))
					continue
				}
				number := numbers[session][0]
				o, err := f.store.order(ctx, number)
				if err != nil {
					t.Fatal(err)
				}
				if at := f.klarna.Order(id); at == nil || at.OrderAmount != o.amount || at.MerchantReference1 != number {
					t.Errorf("order %s differs from Klarna's", number)
				}
				if o.orderID == id {
					n.withID++
				} else if o.orderID != "" {
					t.Errorf("order %s has the id of another one", number)
				}
			}
		}
		switch {
		case bought && c.failed != "":
			t.Errorf("shopper %d has an order, and was told that it failed: %s; the pages were %q", i, c.failed, c.told)
		case !bought && c.thanked:
			t.Errorf("shopper %d has no order, and was thanked", i)
		case !bought && !c.left && c.failed == "":
			t.Errorf("shopper %d has no order, and was not told why; the pages were %q", i, c.told)
		case !bought && !c.left:
			n.turnedAway++
		case bought && c.left:
			n.callbackOnly++
		}
	}
	if created := f.klarna.Created().Orders; created != n.orders {
		t.Errorf("Klarna has %d orders, and %d were found", created, n.orders)
	}
	var stored int
	if err := f.store.db.QueryRowContext(ctx, `SELECT COUNT(*) FROM orders`).Scan(&stored); err != nil || stored != n.orders {
		t.Errorf("the database has %d orders, and Klarna %d: %v", stored, n.orders, err)
	}
	if n.orders == 0 || 10*n.turnedAway > n.customers {
		t.Errorf("%d of %d shoppers were turned away", n.turnedAway, n.customers)
	}
	if 100*n.withID < 99*n.orders {
		t.Errorf("%d of %d orders have their id, want 99 %%", n.withID, n.orders)
	}

	// Nothing is open for longer than can be explained: by processes that died with the lease, and by the back-off after failures.
	stats, err := f.book.Stats(ctx)
	if err != nil || stats.Open+stats.Unresolved != 0 {
		t.Errorf("the records are %+v: %v", stats, err)
	}
	records, err := f.store.db.QueryContext(ctx, `SELECT reference, written_at, finished_at, calls FROM klarna_placements`)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = records.Close() }()
	for records.Next() {
		var reference string
		var written, finished, calls int64
		if err := records.Scan(&reference, &written, &finished, &calls); err != nil {
			t.Fatal(err)
		}
		from, to := time.UnixMilli(written), time.UnixMilli(finished)
		deaths := 0
		for _, kill := range f.kills {
			if kill.After(from.Add(-time.Second)) && kill.Before(to) {
				deaths++
			}
		}
		backOff := time.Duration(0)
		for i := range min(calls, 6) {
			backOff += time.Second << i
		}
		// Run looks once a second. How long a restart takes tells how busy the machine is.
		explained := time.Duration(deaths+1)*(f.lease+restart+time.Second) + backOff + 3*time.Second + 5*restart
		if n.open = append(n.open, to.Sub(from)); to.Sub(from) > explained {
			t.Errorf("%s was open for %v; %d deaths and %d calls explain %v", reference, to.Sub(from), deaths, calls, explained)
		}
	}
	for i, p := range f.processes {
		if text := p.log.String(); strings.Contains(text, "panic") || bytes.Contains([]byte(text), []byte("DATA RACE")) {
			t.Errorf("process %d:\n%s", i, text)
		}
	}
	return n
}

// settled waits until no order is open, and none can come: the callback of a shopper who left may still be under way.
func (f *fleet) settled(limit time.Duration) {
	f.t.Helper()
	ctx, cancel := context.WithTimeout(f.t.Context(), limit)
	defer cancel()
	if err := f.klarna.WaitForCallbacks(ctx); err != nil {
		f.t.Fatal(err)
	}
	for deadline := time.Now().Add(limit); ; time.Sleep(50 * time.Millisecond) {
		var checkingNow int
		err := f.store.db.QueryRowContext(f.t.Context(), `SELECT COUNT(*) FROM orders WHERE state = 'checking'`).Scan(&checkingNow)
		stats, statsErr := f.book.Stats(f.t.Context())
		if err == nil && statsErr == nil && checkingNow == 0 && stats.Open == 0 {
			return
		}
		if time.Now().After(deadline) {
			f.t.Fatalf("%d orders are still being checked, the records are %+v: %v, %v", checkingNow, stats, err, statsErr)
		}
	}
}
