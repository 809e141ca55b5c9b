package main

import (
	"html"
	"net/http"
	"net/url"
	"path"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/klarna-go/klarna-payments/klarna"
	"github.com/klarna-go/klarna-payments/klarna/ordermanagement"
)

// withPassword sends the back office's password.
type withPassword string

func (password withPassword) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	r.SetBasicAuth("office", string(password))
	return http.DefaultTransport.RoundTrip(r)
}

// staff is a browser in the back office, at the page of one order.
type staff struct {
	*browser
	number, orderID string
}

// newStaff has a shopper order two mugs and a cookbook, for €57.90 with shipping.
func (w *world) newStaff() *staff {
	w.t.Helper()
	p := w.newBrowser().checkout()
	p.bring(p.approve())
	o := p.order()
	if o.orderID == "" {
		w.t.Fatal("nothing was ordered")
	}
	return &staff{w.officeBrowser(), o.number, o.orderID}
}

func (s *staff) page() response { return s.get(officePath(s.number)) }

// order is how the order stands at Klarna.
func (s *staff) order() *ordermanagement.Order {
	s.t.Helper()
	order, err := s.shop.office.orders.ReadOrder(s.t.Context(), s.orderID)
	if err != nil {
		s.t.Fatal(err)
	}
	return order
}

var (
	formPattern  = regexp.MustCompile(`(?s)<form method="post" action="([^"]+)"[^>]*>(.*?)</form>`)
	inputPattern = regexp.MustCompile(`<input[^>]* name="([^"]+)"[^>]*>`)
	valuePattern = regexp.MustCompile(` value="([^"]*)"`)
	linePattern  = regexp.MustCompile(` data-line="([^"]*)"`)
)

// filled is a form of a page as it is shown, to be changed and posted.
type filled struct {
	path   string
	fields url.Values
	lines  map[string]string // the field of a line, by its reference
}

// forms returns the forms of a kind on a page.
func forms(page response, kind string) (found []filled) {
	for _, form := range formPattern.FindAllStringSubmatch(page.body, -1) {
		if !strings.HasSuffix(form[1], "/"+kind) {
			continue
		}
		f := filled{html.UnescapeString(form[1]), url.Values{}, map[string]string{}}
		for _, input := range inputPattern.FindAllStringSubmatch(form[2], -1) {
			f.fields.Set(input[1], "")
			if value := valuePattern.FindStringSubmatch(input[0]); value != nil {
				f.fields.Set(input[1], html.UnescapeString(value[1]))
			}
			if line := linePattern.FindStringSubmatch(input[0]); line != nil {
				f.lines[line[1]] = input[1]
			}
		}
		found = append(found, f)
	}
	return found
}

// form returns the first form of a kind on the order's page.
func (s *staff) form(kind string) filled {
	s.t.Helper()
	page := s.page()
	found := forms(page, kind)
	if len(found) == 0 {
		s.t.Fatalf("there is no form to %s:\n%s", kind, page.body)
	}
	return found[0]
}

// with sets the quantities of lines, and all others to 0. A field that is no line is set as it is.
func (f filled) with(values map[string]string) filled {
	for _, field := range f.lines {
		f.fields.Set(field, "0")
	}
	for name, value := range values {
		if field, ok := f.lines[name]; ok {
			name = field
		}
		f.fields.Set(name, value)
	}
	return f
}

func (s *staff) send(f filled) response {
	s.t.Helper()
	return s.post(f.path, f.fields)
}

// keys are the idempotency keys of all requests of the office, by the end of their paths.
type keys struct {
	mu   sync.Mutex
	sent map[string][]string
}

// quickly retries without long pauses.
var quickly = klarna.WithRetry(klarna.RetryPolicy{MaxAttempts: 3, BaseDelay: time.Millisecond, MaxDelay: 2 * time.Millisecond})

// recordKeys has the office send its requests by way of what it returns.
func (w *world) recordKeys() *keys {
	k := &keys{sent: map[string][]string{}}
	w.shop.office.orders = ordermanagement.New(w.klarna.Client(quickly, klarna.WithHTTPClient(&http.Client{Transport: k})))
	return k
}

func (k *keys) RoundTrip(r *http.Request) (*http.Response, error) {
	k.mu.Lock()
	end := path.Base(r.URL.Path)
	k.sent[end] = append(k.sent[end], r.Header.Get("Klarna-Idempotency-Key"))
	k.mu.Unlock()
	return http.DefaultTransport.RoundTrip(r)
}

// of returns the keys of the requests to a path with this end.
func (k *keys) of(end string) []string {
	k.mu.Lock()
	defer k.mu.Unlock()
	return slices.Clone(k.sent[end])
}

// wantText checks what a page shows.
func wantText(t *testing.T, got response, status int, texts ...string) {
	t.Helper()
	for _, text := range texts {
		if got.status != status || !strings.Contains(html.UnescapeString(got.body), text) {
			t.Fatalf("got %d at %s, want %d with %q:\n%s", got.status, got.path, status, text, got.body)
		}
	}
}
