package klarna_test

import (
	"io"
	"log"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// BenchmarkRatio runs both sides in turns, a few milliseconds each, and reports the median of the ratios of neighbours.
// What else the machine is doing then falls on both sides, so that a few percent can be told even on a shared one.
func BenchmarkRatio(b *testing.B) {
	for name, test := range pairs(b) {
		b.Run(name, func(b *testing.B) {
			const turns, calls = 200, 100
			sides := [2]caller{test.hand, test.ours}
			turn := func(c caller) time.Duration {
				start := time.Now()
				for range calls {
					if err := test.call(c); err != nil {
						b.Fatal(err)
					}
				}
				return time.Since(start)
			}
			for b.Loop() {
				ratios := make([]float64, 0, turns)
				for i := range turns {
					var took [2]time.Duration
					first := i % 2 // who goes first changes
					took[first] = turn(sides[first])
					took[1-first] = turn(sides[1-first])
					ratios = append(ratios, float64(took[1])/float64(took[0]))
				}
				slices.Sort(ratios)
				b.ReportMetric(ratios[turns/2], "ours/hand")
			}
		})
	}
}

// BenchmarkRatioTLS does the same for 64 callers over TLS and a server that takes 5 ms: how many calls a second this
// library makes, against a tuned transport and against net/http's default one, and the connections of 10,000 calls.
func BenchmarkRatioTLS(b *testing.B) {
	const callers, turns, calls = 64, 11, 960
	session := cart(3)
	turn := func(c caller) float64 {
		start := time.Now()
		var left atomic.Int64
		left.Store(calls)
		var group sync.WaitGroup
		for range callers {
			group.Go(func() {
				for left.Add(-1) >= 0 {
					if _, err := c.CreateSession(b.Context(), session); err != nil {
						b.Error(err)
					}
				}
			})
		}
		group.Wait()
		return calls / time.Since(start).Seconds()
	}
	names := []string{"by=hand", "by=ours", "by=default"}
	for b.Loop() {
		// A server for each, so that connections can be told apart.
		servers, sides := map[string]*far{}, map[string]caller{}
		for _, name := range names {
			servers[name] = newFar(b, 200, createdResponse(), 5*time.Millisecond, true, false)
			servers[name].Config.ErrorLog = log.New(io.Discard, "", 0) // net/http hangs up on connections that it does not need
			sides[name] = servers[name].sides(b)[name]
		}
		var toHand, toDefault []float64
		for range turns {
			perSecond := map[string]float64{}
			for _, name := range names {
				perSecond[name] = turn(sides[name])
			}
			toHand = append(toHand, perSecond["by=ours"]/perSecond["by=hand"])
			toDefault = append(toDefault, perSecond["by=ours"]/perSecond["by=default"])
		}
		slices.Sort(toHand)
		slices.Sort(toDefault)
		b.ReportMetric(toHand[turns/2], "calls/s:ours/hand")
		b.ReportMetric(toDefault[turns/2], "calls/s:ours/default")
		for _, name := range names {
			b.ReportMetric(float64(servers[name].connections.Load())/turns/calls*10_000, "conns/10k:"+name)
		}
	}
}
