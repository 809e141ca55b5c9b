package klarnatest_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/klarna-go/klarna-payments/klarna"
	"github.com/klarna-go/klarna-payments/klarna/klarnatest"
	"github.com/stretchr/testify/require"
)

// receiver is the shop's server: it responds to each callback with the next status, and with the last one from then on.
type receiver struct {
	*httptest.Server
	statuses []int

	mu     sync.Mutex
	times  []time.Time
	bodies []string
	paths  []string
	header http.Header
}

func newReceiver(t testing.TB, statuses ...int) *receiver {
	r := &receiver{statuses: statuses}
	r.Server = httptest.NewServer(http.HandlerFunc(r.serve))
	t.Cleanup(r.Close)
	return r
}

func (r *receiver) serve(w http.ResponseWriter, req *http.Request) {
	body, _ := io.ReadAll(req.Body)
	r.mu.Lock()
	defer r.mu.Unlock()
	status := r.statuses[min(len(r.times), len(r.statuses)-1)]
	r.times = append(r.times, time.Now())
	r.bodies = append(r.bodies, req.Method+" "+string(body))
	r.paths = append(r.paths, req.URL.RequestURI())
	r.header = req.Header
	if status == 302 {
		w.Header().Set("Location", r.URL+"/elsewhere")
	}
	w.WriteHeader(status)
}

func (r *receiver) calls() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.times)
}

func cartCalling(url string) klarna.SessionCreate {
	c := cart()
	c.MerchantURLs.Authorization = url
	return c
}

func (s *shop) waitForCallbacks() {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	require.NoError(s.t, s.server.WaitForCallbacks(ctx))
}

func TestAnAuthorizationCallsTheShop(t *testing.T) {
	shopServer := newReceiver(t, 204)
	s := newShop(t)
	id, token := s.openAndAuthorize(cartCalling(shopServer.URL + "/authorized?secret={session.id}"))
	s.waitForCallbacks()

	require.Equal(t, []string{`POST {"authorization_token":"` + token + `","session_id":"` + id + `"}`}, shopServer.bodies)
	require.Equal(t, []string{"/authorized?secret={session.id}"}, shopServer.paths, "there are no placeholders in this URL")
	require.Equal(t, "application/json", shopServer.header.Get("Content-Type"))
	require.Empty(t, shopServer.header.Get("Authorization"))
	require.NoError(t, contractOf(t, "payments").Body("authorization_callback", []byte(strings.TrimPrefix(shopServer.bodies[0], "POST "))))

	got := s.server.Callbacks()
	require.Len(t, got, 1)
	require.Equal(t, klarnatest.CallbackAuthorization, got[0].Kind)
	require.Equal(t, 1, got[0].Try)
	require.Equal(t, 204, got[0].StatusCode)
	require.NoError(t, got[0].Err)
}

func TestEachAuthorizationHasACallbackOfItsOwn(t *testing.T) {
	shopServer := newReceiver(t, 200)
	s := newShop(t)
	id, first := s.openAndAuthorize(cartCalling(shopServer.URL))
	s.waitForCallbacks()
	second := s.authorize(id)
	s.waitForCallbacks()
	require.Contains(t, shopServer.bodies[0], first)
	require.Contains(t, shopServer.bodies[1], second)
}

func TestCallbackTries(t *testing.T) {
	const unit = 20 * time.Millisecond
	for _, row := range []struct {
		name     string
		statuses []int
		policy   klarnatest.CallbackPolicy
		want     []int // what the record has
	}{
		{"any 2xx ends it", []int{299}, klarnatest.CallbackPolicy{}, []int{299}},
		{"a failure is retried", []int{500, 200}, klarnatest.CallbackPolicy{}, []int{500, 200}},
		{"three tries are all", []int{404}, klarnatest.CallbackPolicy{}, []int{404, 404, 404}},
		{"the last try may succeed", []int{503, 401, 202}, klarnatest.CallbackPolicy{}, []int{503, 401, 202}},
		{"a redirect is no 2xx, and is not followed", []int{302}, klarnatest.CallbackPolicy{}, []int{302, 302, 302}},
		{"twice", []int{200}, klarnatest.CallbackPolicy{Twice: true}, []int{200, 200}},
		{"twice, with a failure in between", []int{200, 500, 200}, klarnatest.CallbackPolicy{Twice: true}, []int{200, 500, 200}},
		{"never", []int{200}, klarnatest.CallbackPolicy{Never: true}, []int{0}},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			shopServer := newReceiver(t, row.statuses...)
			s := newShop(t)
			row.policy.Wait = unit
			s.server.SetCallbacks(row.policy)
			_, token := s.openAndAuthorize(cartCalling(shopServer.URL))
			s.waitForCallbacks()

			var got []int
			for _, c := range s.server.Callbacks() {
				got = append(got, c.StatusCode)
			}
			require.Equal(t, row.want, got)
			for _, path := range shopServer.paths {
				require.Equal(t, "/", path)
			}
			for _, body := range shopServer.bodies {
				require.Contains(t, body, token)
			}
			if times := shopServer.times; len(times) == 3 && !row.policy.Twice {
				require.GreaterOrEqual(t, times[1].Sub(times[0]), unit)
				require.GreaterOrEqual(t, times[2].Sub(times[1]), 2*unit, "the waits grow")
			}
		})
	}
}

func TestALateCallback(t *testing.T) {
	t.Parallel()
	const delay = time.Second
	shopServer := newReceiver(t, 200)
	s := newShop(t)
	id := s.open(cartCalling(shopServer.URL))
	s.server.SetCallbacks(klarnatest.CallbackPolicy{Delay: delay})
	began := time.Now()
	s.authorize(id)
	require.Zero(t, shopServer.calls(), "the browser does not wait for it")
	s.waitForCallbacks()
	require.GreaterOrEqual(t, shopServer.times[0].Sub(began), delay)
}

func TestACallbackThatIsFirst(t *testing.T) {
	shopServer := newReceiver(t, 500, 200)
	s := newShop(t)
	s.server.SetCallbacks(klarnatest.CallbackPolicy{First: true, Wait: time.Millisecond})
	s.openAndAuthorize(cartCalling(shopServer.URL))
	require.Equal(t, 2, shopServer.calls(), "the browser gets its token after the callback")
}

func TestACallbackThatPlacesTheOrder(t *testing.T) {
	s := newShop(t)
	shopServer := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		var callback klarna.AuthorizationCallback
		err := json.NewDecoder(r.Body).Decode(&callback)
		if err == nil {
			_, err = s.CreateOrder(r.Context(), callback.AuthorizationToken, orderOf(cart()))
		}
		if err != nil {
			t.Error(err)
		}
	}))
	defer shopServer.Close()
	s.server.SetCallbacks(klarnatest.CallbackPolicy{First: true})
	_, token := s.openAndAuthorize(cartCalling(shopServer.URL))
	other := orderOf(cart())
	other.MerchantReference1 = "by the browser"
	_, err := s.CreateOrder(context.Background(), token, other)
	require.ErrorIs(t, err, klarna.ErrOrderAlreadyPlaced)
}

func TestCallbacksStayOnThisMachine(t *testing.T) {
	_, port, err := net.SplitHostPort(strings.TrimPrefix(newReceiver(t, 200).URL, "http://"))
	require.NoError(t, err)
	secure := httptest.NewTLSServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	defer secure.Close()
	for _, row := range []struct {
		name, url string
		called    bool
	}{
		{"127.0.0.1", "http://127.0.0.1:" + port, true},
		{"an address with a dot behind it", "http://127.0.0.1.:" + port, false},
		{"localhost", "http://LOCALHOST:" + port, true},
		{"https with a certificate of one's own", secure.URL, true},
		{"a shop's host", "https://shop.example/authorized", false},
		{"a host that looks like localhost", "http://localhost.shop.example:" + port, false},
		{"a user that looks like a host", "http://127.0.0.1@shop.example/", false},
		{"an address of the network", "http://192.0.2.1/", false},
		{"all addresses", "http://0.0.0.0:" + port, false},
		{"a private address", "http://10.0.0.1/", false},
		{"another scheme", "ftp://127.0.0.1:" + port, false},
		{"no URL", "http://127.0.0.1:port/", false},
		{"no host", "/authorized", false},
	} {
		t.Run(row.name, func(t *testing.T) {
			s := newLenientShop(t) // to which a URL without a host is a warning
			s.openAndAuthorize(cartCalling(row.url))
			s.waitForCallbacks()
			got := s.server.Callbacks()
			require.Len(t, got, 1)
			require.Equal(t, row.url, got[0].URL)
			if row.called {
				require.NoError(t, got[0].Err)
				require.Equal(t, 200, got[0].StatusCode)
				return
			}
			require.Equal(t, "the URL is not on this machine", got[0].Skipped)
			require.Zero(t, got[0].Try)
		})
	}
	t.Run("none is asked for", func(t *testing.T) {
		s := newShop(t)
		s.openAndAuthorize(cart())
		s.waitForCallbacks()
		require.Empty(t, s.server.Callbacks())
	})
}

func TestAShopThatCannotBeReached(t *testing.T) {
	const secret = "the-secret-of-the-session"
	shopServer := newReceiver(t, 200)
	shopServer.Close()
	var log bytes.Buffer
	server := klarnatest.NewServer(klarnatest.WithLogger(slog.New(slog.NewJSONHandler(&log, nil))))
	defer server.Close()
	s := &shop{Client: server.Client(), t: t, server: server}
	server.SetCallbacks(klarnatest.CallbackPolicy{Wait: time.Millisecond})
	s.openAndAuthorize(cartCalling(shopServer.URL + "/" + secret))
	s.openAndAuthorize(cartCalling("https://shop.example/" + secret))
	s.waitForCallbacks()

	got := server.Callbacks()
	require.Len(t, got, 4)
	var rejected *net.OpError
	failed := 0
	for _, c := range got {
		if c.Skipped == "" {
			require.ErrorAs(t, c.Err, &rejected)
			require.Zero(t, c.StatusCode)
			failed++
		}
	}
	require.Equal(t, 3, failed)
	printed := fmt.Sprintf("%v %+v %#v %s %d", got, got[0], got[0], got, got) + fmt.Sprint(slog.AnyValue(got[1]).Resolve())
	require.Contains(t, printed, "authorization callback, try 1: dial tcp")
	require.Contains(t, log.String(), `"kind":"authorization","skipped":"the URL is not on this machine"`)
	require.Contains(t, log.String(), `"try":3`)
	require.NotContains(t, printed+log.String(), secret)
}

func TestAShopThatDoesNotRespond(t *testing.T) {
	t.Parallel()
	release := make(chan struct{})
	shopServer := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		<-release
	}))
	defer shopServer.Close()
	defer close(release)
	s := newShop(t)
	const timeout = time.Second
	s.server.SetCallbacks(klarnatest.CallbackPolicy{Timeout: timeout, Wait: time.Hour})
	s.openAndAuthorize(cartCalling(shopServer.URL))

	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Millisecond)
	defer cancel()
	err := s.server.WaitForCallbacks(ctx)
	require.ErrorIs(t, err, context.DeadlineExceeded)
	require.ErrorContains(t, err, "klarnatest: WaitForCallbacks: ")

	for len(s.server.Callbacks()) == 0 {
		time.Sleep(time.Millisecond)
	}
	first := s.server.Callbacks()[0]
	require.Error(t, first.Err)
	require.GreaterOrEqual(t, time.Since(first.Time), timeout)
	s.server.Close() // ends what is waiting for the next try
}

// With Allow the addresses decide, when they are known: whatever the URL looks like, and wherever it redirects to.
func TestCallbacksGoWhereThePolicyAllows(t *testing.T) {
	elsewhere := newReceiver(t, 200)
	shopServer := httptest.NewServer(http.RedirectHandler(elsewhere.URL, http.StatusTemporaryRedirect))
	defer shopServer.Close()
	port := shopServer.Listener.Addr().(*net.TCPAddr).Port
	var mu sync.Mutex
	asked := map[string]bool{}
	allowed := func(host string, address netip.AddrPort) bool {
		mu.Lock()
		defer mu.Unlock()
		asked[host+" "+address.Addr().String()] = true
		return host == "localhost" && address.Addr().IsLoopback() && int(address.Port()) == port
	}
	for _, row := range []struct {
		name, url string
		status    int
		skipped   string
	}{
		{"an allowed address, and a redirect that is not followed", fmt.Sprintf("http://localhost:%d/", port), 307, ""},
		{"another name for it", fmt.Sprintf("http://127.0.0.1:%d/", port), 0, "the address is not allowed"},
		{"the same in IPv6", fmt.Sprintf("http://[::ffff:127.0.0.1]:%d/", port), 0, "the address is not allowed"},
		{"another port", elsewhere.URL, 0, "the address is not allowed"},
		{"an address of the network", "http://192.0.2.1/", 0, "the address is not allowed"},
	} {
		t.Run(row.name, func(t *testing.T) {
			s := newShop(t)
			s.server.SetCallbacks(klarnatest.CallbackPolicy{Allow: allowed, Wait: time.Millisecond})
			s.openAndAuthorize(cartCalling(row.url))
			s.waitForCallbacks()
			got := s.server.Callbacks()
			require.Equal(t, row.status, got[0].StatusCode)
			require.Equal(t, row.skipped, got[0].Skipped)
			if row.skipped != "" {
				require.Len(t, got, 1, "it is not retried")
			}
		})
	}
	require.Zero(t, elsewhere.calls())
	require.True(t, asked["127.0.0.1 127.0.0.1"], asked)
	require.True(t, asked["::ffff:127.0.0.1 127.0.0.1"], asked)
}

func TestCloseWaitsForTheCallbackThatItCuts(t *testing.T) {
	arrived, release := make(chan struct{}), make(chan struct{})
	shopServer := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		close(arrived)
		<-release
	}))
	defer shopServer.Close()
	defer close(release)
	s := newShop(t)
	s.openAndAuthorize(cartCalling(shopServer.URL))
	<-arrived
	s.server.Close()
	got := s.server.Callbacks()
	require.Len(t, got, 1)
	require.ErrorIs(t, got[0].Err, context.Canceled)
}

func TestNoCallbackAfterClose(t *testing.T) {
	shopServer := newReceiver(t, 200)
	s := newShop(t)
	id := s.open(cartCalling(shopServer.URL))
	s.server.SetCallbacks(klarnatest.CallbackPolicy{Delay: time.Hour})
	s.authorize(id)
	s.server.Close()
	s.waitForCallbacks()
	require.Empty(t, s.server.Callbacks())
	s.authorize(id) // what the server remembers can still be asked for
	require.Equal(t, "the server is closed", s.server.Callbacks()[0].Skipped)
	require.Zero(t, shopServer.calls())
}

func TestWrongCallbackPolicyPanics(t *testing.T) {
	s := newShop(t)
	for _, policy := range []klarnatest.CallbackPolicy{{Delay: -1}, {Wait: -1}, {Timeout: -1}} {
		require.PanicsWithValue(t, "klarnatest: SetCallbacks: a time to wait is not negative", func() { s.server.SetCallbacks(policy) })
	}
}

func TestCallbackTexts(t *testing.T) {
	for want, c := range map[string]klarnatest.Callback{
		"authorization callback, try 2: 503":              {Kind: klarnatest.CallbackAuthorization, Try: 2, StatusCode: 503},
		"notification callback, try 1: no response":       {Kind: klarnatest.CallbackNotification, Try: 1, Err: errors.New("no response")},
		"authorization callback skipped: it is elsewhere": {Kind: klarnatest.CallbackAuthorization, URL: "https://x", Skipped: "it is elsewhere"},
	} {
		require.Equal(t, want, fmt.Sprint(c))
	}
}
