package klarnatest

import (
	"context"
	"strconv"
	"testing"
	"time"

	"github.com/klarna-go/klarna-payments/klarna"
	"github.com/klarna-go/klarna-payments/klarna/klarnatest/internal/orderstate"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func TestWhatHasExpiredIsForgotten(t *testing.T) {
	s := NewServer()
	defer s.Close()
	client := s.Client()
	lines := []klarna.OrderLine{{Name: "Sock", Quantity: 1, UnitPrice: 500, TotalAmount: 500}}
	open := func() string {
		session, err := client.CreateSession(context.Background(), klarna.SessionCreate{
			PurchaseCountry: "DE", PurchaseCurrency: "EUR", OrderAmount: 500, OrderLines: lines,
		})
		require.NoError(t, err)
		return session.SessionID
	}
	remembered := func() [3]int {
		s.mu.Lock()
		defer s.mu.Unlock()
		return [3]int{len(s.sessions), len(s.authorizations), len(s.orders)}
	}

	for range 3 {
		token, err := s.Authorize(open())
		require.NoError(t, err)
		_, err = client.CreateOrder(context.Background(), token, klarna.CreateOrderRequest{
			PurchaseCountry: "DE", PurchaseCurrency: "EUR", OrderAmount: 500, OrderLines: lines,
		})
		require.NoError(t, err)
	}
	require.Equal(t, [3]int{3, 3, 3}, remembered())
	for _, step := range []struct {
		wait time.Duration
		want [3]int // with the session that is opened to see it
	}{
		{47 * time.Hour, [3]int{4, 3, 3}},
		{time.Hour, [3]int{2, 0, 3}}, // the first three are gone, with their authorizations
		{24 * time.Hour, [3]int{3, 0, 3}},
		{23 * time.Hour, [3]int{3, 0, 3}},
		{48 * time.Hour, [3]int{1, 0, 3}},
		{3*365*24*time.Hour - 144*time.Hour, [3]int{1, 0, 3}},
		{time.Hour, [3]int{2, 0, 0}}, // an order can be read for three years
		{48 * time.Hour, [3]int{1, 0, 0}},
	} {
		s.Advance(step.wait)
		open()
		require.Equal(t, step.want, remembered(), step.wait)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	require.Equal(t, s.oldestSessions[0].counted, s.bytes, "what is forgotten is not counted")
}

// A token lives its 60 minutes even if its session expires meanwhile.
func TestASessionIsKeptForItsAuthorization(t *testing.T) {
	st := newStore(10, 1<<20)
	begin := time.Now()
	x := &session{id: "1", began: begin, expires: begin.Add(sessionLifetime)}
	st.addSession(x, begin)
	st.addAuthorization(&authorization{token: "t", session: x, expires: x.expires.Add(30 * time.Minute)})
	st.forget(x.expires)
	require.Len(t, st.authorizations, 1)
	st.forget(x.expires.Add(30 * time.Minute))
	require.Empty(t, st.authorizations)
	require.Empty(t, st.sessions)
	require.Zero(t, st.bytes)
}

// Whatever is stored, in whatever order: neither number nor bytes exceed the capacity, the newest are left, and nothing is
// counted that is not there.
func TestTheStoreStaysWithinItsCapacity(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		st := newStore(rapid.IntRange(1, 8).Draw(t, "sessions"), rapid.IntRange(1, 40_000).Draw(t, "bytes"))
		now := time.Now()
		var all []*session
		for i := range rapid.IntRange(1, 60).Draw(t, "steps") {
			now = now.Add(time.Second)
			body := members{"merchant_data": make([]byte, rapid.IntRange(0, 5000).Draw(t, "size"))}
			if len(all) == 0 || rapid.Bool().Draw(t, "new session") {
				x := &session{id: strconv.Itoa(i), members: body, began: now, expires: now.Add(sessionLifetime)}
				all = append(all, x)
				st.addSession(x, now)
			}
			x := st.sessions[rapid.SampledFrom(all).Draw(t, "session").id]
			switch step := rapid.IntRange(0, 5).Draw(t, "step"); {
			case step == 3 && len(st.oldestOrders) > 0:
				o := rapid.SampledFrom(st.oldestOrders).Draw(t, "order")
				_ = o.state.AddCapture(now, "c", orderstate.CaptureRequest{Amount: 1, Description: string(body["merchant_data"])})
				st.resizeOrder(o)
			case step >= 4:
				k := &usedKey{key: strconv.Itoa(i) + string(body["merchant_data"]), used: now}
				st.addKey(k)
				if step == 5 {
					st.dropKey(k)
				}
			case x == nil || step == 3:
			case step == 0:
				x.members = body
				st.resize(x)
			case step == 1:
				st.addAuthorization(&authorization{token: strconv.Itoa(i), session: x, expires: now.Add(time.Hour), members: x.members})
			default:
				st.addOrder(&placedOrder{
					id: strconv.Itoa(i), placed: now, notification: string(body["merchant_data"]),
					state: orderstate.New(now, orderstate.Placed{Amount: 10}),
				})
			}

			size, tokens := 0, 0
			for i, x := range st.oldestSessions {
				size, tokens = size+x.size(), tokens+len(x.authorizations)
				if st.sessions[x.id] != x || x != all[len(all)-len(st.oldestSessions)+i] {
					t.Fatal("the sessions that are left are not the newest ones")
				}
			}
			for _, o := range st.oldestOrders {
				size += o.size()
			}
			for _, k := range st.oldestKeys {
				size += k.size()
			}
			if len(st.oldestKeys) > maxKeysPerSession*st.maxSessions || len(st.keys) > len(st.oldestKeys) {
				t.Fatalf("%d keys of %d that were used", len(st.keys), len(st.oldestKeys))
			}
			if len(st.sessions) != len(st.oldestSessions) || len(st.orders) != len(st.oldestOrders) || len(st.authorizations) != tokens {
				t.Fatal("there is something left of what was forgotten")
			}
			if st.bytes != size || size > st.maxBytes || len(st.sessions) > st.maxSessions || len(st.orders) > st.maxSessions {
				t.Fatalf("%d sessions, %d orders, %d bytes, counted as %d", len(st.sessions), len(st.orders), size, st.bytes)
			}
		}
	})
}

// A key whose first request was not carried out can be used again, and is then as old as its second use.
func TestAKeyThatIsUsedAgainIsKept(t *testing.T) {
	st := newStore(10, 1<<20)
	begin := time.Now()
	first, second := &usedKey{key: "k", used: begin}, &usedKey{key: "k", used: begin.Add(time.Hour)}
	st.addKey(first)
	st.dropKey(first)
	require.Empty(t, st.keys)
	st.addKey(second)
	st.forget(begin.Add(keyLifetime))
	require.Same(t, second, st.keys["k"])
	st.forget(begin.Add(keyLifetime + time.Hour))
	require.Empty(t, st.keys)
	require.Zero(t, st.bytes)
}
