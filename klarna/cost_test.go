package klarna_test

import (
	"encoding/json"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/klarna-go/klarna-payments/klarna"
	"github.com/stretchr/testify/require"
)

// Counts are tests; times are benchmarks.

// cost is the allocations and bytes of one call, on the average of many.
func cost(t *testing.T, call func() error) (allocations, size float64) {
	t.Helper()
	const runs = 300
	for range 20 { // pools fill, caches warm up
		require.NoError(t, call())
	}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	for range runs {
		if err := call(); err != nil {
			t.Fatal(err)
		}
	}
	runtime.ReadMemStats(&after)
	return float64(after.Mallocs-before.Mallocs) / runs, float64(after.TotalAlloc-before.TotalAlloc) / runs
}

func TestCallCostsAtMostEightAllocationsMoreThanByHand(t *testing.T) {
	if raceDetector {
		t.Skip("the race detector makes sync.Pool forget at random; make cover runs this without it")
	}
	for name, test := range pairs(t) {
		handAllocations, handBytes := cost(t, func() error { return test.call(test.hand) })
		allocations, size := cost(t, func() error { return test.call(test.ours) })
		t.Logf("%s: %.1f allocations and %.0f bytes, hand-written %.1f and %.0f", name, allocations, size, handAllocations, handBytes)
		require.LessOrEqual(t, allocations, handAllocations+8.5, name)
		require.LessOrEqual(t, size, handBytes+1536, name)
	}
}

func TestThousandLinesCostAtMostElevenTimesAHundred(t *testing.T) {
	if raceDetector {
		t.Skip("the race detector makes sync.Pool forget at random; make cover runs this without it")
	}
	client := ours(t, stubBase, newStub(200, createdResponse()))
	of := func(lines int) float64 {
		session := cart(lines)
		for i := range session.OrderLines { // a body has 1 MB at most
			session.OrderLines[i].MerchantData = ""
		}
		_, size := cost(t, func() error {
			_, err := client.CreateSession(t.Context(), session)
			return err
		})
		return size
	}
	require.LessOrEqual(t, of(1000), 11*of(100))
}

func TestLargestResponseTakesLessThanFourTimesItsSize(t *testing.T) {
	design := strings.Repeat("x", 8<<20-100)
	body, err := json.Marshal(klarna.SessionRead{Design: design})
	require.NoError(t, err)
	client := ours(t, stubBase, newStub(200, body))
	runtime.GC()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	_, err = client.ReadSession(t.Context(), sessionID)
	runtime.ReadMemStats(&after)
	require.NoError(t, err)
	// All that was ever allocated is more than what was held at once.
	require.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(4*len(body)))
}

// net/http dials when it finds no idle connection, even if another comes free meanwhile, so that callers who start at the
// same moment would open up to twice as many as they are. The transport's bound stops that.
func TestSixtyFourCallersOverTLSTakeAHundredConnectionsAtMost(t *testing.T) {
	const most = 100
	calls := 10_000
	if raceDetector {
		calls = 2_000 // the detector slows it down; make cover runs all of them without it
	}
	require.LessOrEqual(t, connectionsOf(t, 64, calls), int64(most), "of %d calls", calls)
}

// More callers than connections wait their turn.
func TestMoreCallersThanConnectionsAllGetThrough(t *testing.T) {
	require.LessOrEqual(t, connectionsOf(t, 300, 1_500), int64(100))
}

// connectionsOf is how many connections the default transport opens for so many calls of so many callers.
func connectionsOf(t *testing.T, callers, calls int) int64 {
	t.Helper()
	server := newFar(t, 200, createdResponse(), 5*time.Millisecond, true, false)
	client := ours(t, server.URL, server.trusting(t, klarna.DefaultTransport()))
	session := sessionCreate()
	var left atomic.Int64
	left.Store(int64(calls))
	var group sync.WaitGroup
	for range callers {
		group.Go(func() {
			for left.Add(-1) >= 0 {
				if _, err := client.CreateSession(t.Context(), session); err != nil {
					t.Error(err)
				}
			}
		})
	}
	group.Wait()
	return server.connections.Load()
}
