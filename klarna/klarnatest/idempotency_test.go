package klarnatest_test

import (
	"context"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/klarna-go/klarna-payments/klarna"
	"github.com/klarna-go/klarna-payments/klarna/klarnatest"
	"github.com/klarna-go/klarna-payments/klarna/ordermanagement"
	"github.com/stretchr/testify/require"
)

// captureWith sends a capture with an idempotency key.
func (s *shop) captureWith(orderID, key, body string) response {
	s.t.Helper()
	return s.management("POST", ordersPath+orderID+"/captures", body, "Klarna-Idempotency-Key", key)
}

func TestARepeatedKeyGetsTheSameResponse(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	id, other := s.place(), s.place()
	first := s.captureWith(id, "a", `{"captured_amount":1000}`)
	require.Equal(t, 201, first.status)
	for name, again := range map[string]response{
		"the same":          s.captureWith(id, "a", `{"captured_amount":1000}`),
		"another body":      s.captureWith(id, "a", `{"captured_amount":2000}`),
		"an invalid body":   s.captureWith(id, "a", `{}`),
		"another operation": s.management("POST", ordersPath+id+"/captures", `{"captured_amount":1}`, "Klarna-Idempotency-Key", "a"),
	} {
		require.Equal(t, 201, again.status, name)
		require.Equal(t, first.header.Get("Location"), again.header.Get("Location"), name)
		require.Equal(t, first.header.Get("Capture-Id"), again.header.Get("Capture-Id"), name)
		require.NotEqual(t, first.header.Get("Klarna-Correlation-Id"), again.header.Get("Klarna-Correlation-Id"), name)
	}
	require.EqualValues(t, 1000, s.server.Order(id).CapturedAmount)

	// The key alone counts: for another order it is the same.
	require.Equal(t, first.header.Get("Location"), s.captureWith(other, "a", `{"captured_amount":1000}`).header.Get("Location"))
	require.Zero(t, s.server.Order(other).CapturedAmount)

	// With other keys, or none, it is another capture.
	require.Equal(t, 201, s.captureWith(id, "b", `{"captured_amount":1000}`).status)
	require.Equal(t, 201, s.captureWith(id, "", `{"captured_amount":1000}`).status)
	require.Equal(t, 201, s.captureWith(id, "", `{"captured_amount":1000}`).status)
	require.EqualValues(t, 4000, s.server.Order(id).CapturedAmount)
	require.Equal(t, 4, s.server.Created().Captures)
}

func TestAKeyIsKeptFor24Hours(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	id := s.place()
	s.captureWith(id, "a", `{"captured_amount":1}`)
	s.server.Advance(24*time.Hour - time.Minute)
	s.captureWith(id, "a", `{"captured_amount":1}`)
	require.EqualValues(t, 1, s.server.Order(id).CapturedAmount)
	s.server.Advance(time.Minute)
	s.captureWith(id, "a", `{"captured_amount":1}`)
	require.EqualValues(t, 2, s.server.Order(id).CapturedAmount)
}

// What the order's state rejected is rejected again, also when it would be accepted by now. What never got there is not kept.
func TestRejectionsAndKeys(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	id := s.place()
	require.Equal(t, 422, s.captureWith(id, "a", `{}`).status)
	require.Equal(t, 400, s.captureWith(id, "a", `[]`).status)
	require.Equal(t, 401, s.management("POST", ordersPath+id+"/captures", `{"captured_amount":1}`, "Klarna-Idempotency-Key", "a", "Authorization", "").status)
	require.Equal(t, 403, s.captureWith(id, "a", `{"captured_amount":20000}`).status)
	require.Equal(t, 403, s.captureWith(id, "a", `{"captured_amount":1}`).status)
	require.Equal(t, 204, s.management("PATCH", ordersPath+id+"/authorization", `{"order_amount":20000}`).status)
	again := s.captureWith(id, "a", `{"captured_amount":20000}`)
	requireResponse(t, again, rejection{403, "CAPTURE_NOT_ALLOWED", "Captured amount is higher than the remaining authorized amount. Capture not possible."})
	require.Equal(t, 201, s.captureWith(id, "b", `{"captured_amount":20000}`).status)

	read := s.management("GET", ordersPath+id, "", "Klarna-Idempotency-Key", "c")
	require.Contains(t, read.body, `"captured_amount":20000`)
	require.Contains(t, s.management("GET", ordersPath+id+"/captures", "", "Klarna-Idempotency-Key", "c").body, `[{`, "reads have no keys")
}

// A hundred requests at once with ten keys capture ten times.
func TestRequestsAtOnceWithTheSameKey(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	id := s.place()
	orders := s.orders()
	var mu sync.Mutex
	ids := map[string]bool{}
	var group sync.WaitGroup
	for i := range 100 {
		group.Go(func() {
			captureID, err := orders.CaptureOrder(context.Background(), id, ordermanagement.CaptureRequest{CapturedAmount: 3},
				klarna.WithIdempotencyKey("key-"+string(rune('0'+i%10))))
			if err != nil {
				t.Error(err)
			}
			mu.Lock()
			defer mu.Unlock()
			ids[captureID] = true
		})
	}
	group.Wait()
	require.Len(t, ids, 10)
	require.EqualValues(t, 30, s.server.Order(id).CapturedAmount)
}

func TestKeyConflicts(t *testing.T) {
	t.Parallel()
	const held = 3 * time.Second
	for _, row := range []struct {
		name string
		opts []klarnatest.Option
		want int
	}{
		{"on demand", []klarnatest.Option{klarnatest.WithKeyConflicts()}, 409},
		{"by default", nil, 201},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			s := newShop(t, row.opts...)
			id := s.place()
			s.server.Fail(ordermanagement.OperationCaptureOrder, klarnatest.Delay(held))
			began := time.Now()
			ctx, cancel := context.WithTimeout(context.Background(), held/3)
			defer cancel()
			_, err := ordermanagement.New(once(t, s.server, patience)).CaptureOrder(ctx, id, ordermanagement.CaptureRequest{CapturedAmount: 1}, klarna.WithIdempotencyKey("a"))
			require.ErrorIs(t, err, klarna.ErrOutcomeUnknown)

			got := s.captureWith(id, "a", `{"captured_amount":1}`)
			if time.Since(began) < held { // unless the machine was too slow
				require.Equal(t, row.want, got.status)
			}
			if row.want == 409 && got.status == 409 {
				requireResponse(t, got, rejection{409, "CONFLICT", ""})
			}
			require.Equal(t, 201, s.captureWith(id, "b", `{"captured_amount":1}`).status, "another key")
			require.Eventually(t, func() bool { return s.captureWith(id, "a", `{"captured_amount":1}`).status == 201 }, patience, 20*time.Millisecond)
			require.EqualValues(t, 2, s.server.Order(id).CapturedAmount)
		})
	}
}

// Keys take their part of the capacity, and the oldest are forgotten.
func TestTheOldestKeysAreForgotten(t *testing.T) {
	t.Parallel()
	s := newShop(t, klarnatest.WithCapacity(1, 1<<20))
	id := s.place()
	s.captureWith(id, "first", `{"captured_amount":1}`)
	for i := range 9 {
		s.captureWith(id, strings.Repeat("x", i+1), `{"captured_amount":1}`)
	}
	s.captureWith(id, "first", `{"captured_amount":1}`)
	require.EqualValues(t, 10, s.server.Order(id).CapturedAmount)
	s.captureWith(id, "one more", `{"captured_amount":1}`)
	s.captureWith(id, "first", `{"captured_amount":1}`)
	require.EqualValues(t, 12, s.server.Order(id).CapturedAmount)
}
