package klarnatest_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/klarna-go/klarna-payments/klarna/klarnatest"
	"github.com/stretchr/testify/require"
)

// 64 clients buy, control and send what is odd, all at once, and again and again. What is stored stays within its bounds.
func TestManyClientsAtOnce(t *testing.T) {
	t.Parallel()
	const clients, capacity, maxBytes = 64, 50, 1 << 20
	const rounds = 3
	s := newLenientShop(t, klarnatest.WithCapacity(capacity, maxBytes))
	transport := &http.Transport{MaxIdleConnsPerHost: clients}
	t.Cleanup(transport.CloseIdleConnections)
	client := &http.Client{Transport: transport}
	var failed atomic.Value
	send := func(method, path, body string) (status int, response string) {
		req, err := http.NewRequest(method, s.server.URL+path, strings.NewReader(body))
		if err == nil {
			req.Header.Set("Authorization", "Basic "+s.server.APIKey)
			req.Header.Set("Content-Type", "application/json")
			var resp *http.Response
			if resp, err = client.Do(req); err == nil {
				defer resp.Body.Close()
				var raw []byte
				if raw, err = io.ReadAll(resp.Body); err == nil {
					return resp.StatusCode, string(raw)
				}
			}
		}
		failed.Store(err)
		return 0, ""
	}
	odd := membersOf(t, cart())
	odd["order_amount"], odd["unknown"], odd["merchant_data"] = "12400", 1, strings.Repeat("x", 5000)
	body := encode(t, odd)
	work := func() {
		for range rounds {
			status, created := send("POST", "//payments/v1/sessions/", body)
			if status != 200 {
				failed.Store(fmt.Errorf("a session: %d %s", status, created))
				return
			}
			id := fieldOf(created, "session_id")
			// The session may be forgotten at any time: there are more clients than there is room for.
			if _, approved := send("POST", "/_sandbox/sessions/"+id+"/authorize", ""); strings.Contains(approved, "authorization_token") {
				send("POST", "/payments/v1/authorizations/"+fieldOf(approved, "authorization_token")+"/order", body)
			}
			send("POST", "/_sandbox/clock", `{"advance":"1ms"}`)
			send("GET", "/_sandbox/created", "")
		}
		send("GET", "/_sandbox/sessions", "")
		send("GET", "/_sandbox/captures", "")
	}
	heap := func() uint64 {
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	all := func() {
		var wg sync.WaitGroup
		for range clients {
			wg.Go(work)
		}
		wg.Wait()
	}
	all()
	require.Nil(t, failed.Load())
	require.Equal(t, clients*rounds, s.server.Created().Sessions)
	require.LessOrEqual(t, len(s.server.Sessions()), capacity)
	require.LessOrEqual(t, len(s.server.Orders()), capacity)
	require.NotZero(t, s.server.Created().Orders)

	s.server.Reset()
	before := heap()
	all()
	require.Nil(t, failed.Load())
	logged := 0
	for _, r := range s.server.Requests() {
		logged += len(r.Body) + 600*len(r.Warnings)
	}
	// What may be stored, twice over, what is logged, and what other tests take meanwhile.
	require.Less(t, heap(), before+2*maxBytes+uint64(2*logged)+64<<20)
}

func fieldOf(body, name string) string {
	_, rest, _ := strings.Cut(body, `"`+name+`":"`)
	value, _, _ := strings.Cut(rest, `"`)
	return value
}

// While hostile bodies of 1 MB wait for their turns to be validated, or are validated, other requests go on.
func TestHostileBodiesDoNotStopOthers(t *testing.T) {
	t.Parallel()
	const line = `{"name":1,"quantity":"x","unit_price":{},"total_amount":[],"reference":{},"tax_rate":-1,"type":{},"u":"%s"},`
	const unknown = `{"name":"x","quantity":1,"unit_price":1,"total_amount":1%s},`
	var members strings.Builder
	for i := range 90 {
		fmt.Fprintf(&members, `,"u%02d":[[]]`, i)
	}
	const head = `{"purchase_country":"DE","purchase_currency":"EUR","order_amount":999,"order_lines":[`
	for name, row := range map[string]struct {
		line   string
		status int
	}{
		"wrong values":    {fmt.Sprintf(line, strings.Repeat("x", 900)), 400},
		"unknown members": {fmt.Sprintf(unknown, members.String()), 200},
	} {
		t.Run(name, func(t *testing.T) {
			s := newLenientShop(t)
			hostile := []byte(head + strings.TrimSuffix(strings.Repeat(row.line, 999), ",") + "]}")
			require.Greater(t, len(hostile), 900_000)
			require.Less(t, len(hostile), 1<<20)

			const attackers = 3
			over := make(chan int, attackers)
			attack := func() {
				req, err := http.NewRequest("POST", s.server.URL+sessionsPath, bytes.NewReader(hostile))
				if err == nil {
					req.Header.Set("Authorization", "Basic "+s.server.APIKey)
					req.Header.Set("Content-Type", "application/json")
					var resp *http.Response
					if resp, err = http.DefaultClient.Do(req); err == nil {
						_ = resp.Body.Close()
						over <- resp.StatusCode
						return
					}
				}
				over <- 0
			}
			release := s.server.HoldLarge() // as if one were under way that takes for ever
			for range attackers {
				go attack()
			}
			require.Eventually(t, func() bool { return s.server.LargeWaiting() == attackers }, time.Minute, time.Millisecond)
			stuck := time.AfterFunc(30*time.Second, release)
			for range 10 {
				require.Equal(t, 200, s.send("POST", sessionsPath, encode(t, cart())).status)
			}
			require.Empty(t, over)
			require.True(t, stuck.Stop(), "ordinary requests wait for large bodies")
			release()
			for range attackers {
				require.Equal(t, 200, s.send("POST", sessionsPath, encode(t, cart())).status)
				require.Equal(t, row.status, <-over)
			}
			require.Zero(t, s.server.LargeWaiting())
		})
	}
}

// Who does not wait for the turn has no part in it.
func TestWhoGivesUpWaitingIsNotValidated(t *testing.T) {
	t.Parallel()
	s := newLenientShop(t)
	release := s.server.HoldLarge()
	ctx, cancel := context.WithCancel(t.Context())
	gone := make(chan struct{})
	go func() {
		defer close(gone)
		req, err := http.NewRequestWithContext(ctx, "POST", s.server.URL+sessionsPath, strings.NewReader(encode(t, cart())+strings.Repeat(" ", 100_000)))
		if err == nil {
			req.Header.Set("Authorization", "Basic "+s.server.APIKey)
			req.Header.Set("Content-Type", "application/json")
			if resp, err := http.DefaultClient.Do(req); err == nil {
				_ = resp.Body.Close()
			}
		}
	}()
	require.Eventually(t, func() bool { return s.server.LargeWaiting() == 1 }, time.Minute, time.Millisecond)
	cancel()
	<-gone
	require.Eventually(t, func() bool { return s.server.LargeWaiting() == 0 }, time.Minute, time.Millisecond)
	release()
	require.Zero(t, s.server.Created().Sessions)
}
