package main

import (
	"context"
	"math/rand/v2"
	"os"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/klarna-go/klarna-payments/klarna"
	"github.com/klarna-go/klarna-payments/klarna/klarnatest"
)

// full reports whether the storms run with all their rounds, as in CI.
func full() bool { return os.Getenv("KLARNA_TEST_FULL") != "" }

// networkFaults are what happens to some of the calls to Klarna.
var networkFaults = []klarnatest.Fault{
	klarnatest.ResetAfter(), klarnatest.ResetAfter(), klarnatest.ResetBefore(), klarnatest.Truncate(),
	klarnatest.EmptyStatus(503), klarnatest.Delay(30 * time.Millisecond), klarnatest.Delay(100 * time.Millisecond),
}

// The shop is killed at a random moment of the purchases, again and again, while responses get lost.
func TestNoOrderIsLostOrPlacedTwiceWhenTheShopIsKilled(t *testing.T) {
	if testing.Short() {
		t.Skip("it takes a minute")
	}
	rounds, perRound := 20, 4
	if full() {
		rounds = 200
	}
	program := buildShop(t)
	onBothDatabases(t, func(t *testing.T, database string) {
		const seed = 16
		random := rand.New(rand.NewPCG(seed, 0))
		f := newFleet(t, program, database, 1, 200*time.Millisecond)
		shop := f.processes[0]
		ctx, cancel := context.WithTimeout(t.Context(), time.Duration(rounds)*3*time.Second+time.Minute)
		defer cancel()

		var customers []*customer
		var shopping sync.WaitGroup
		var under atomic.Int64 // how many are shopping
		began, restart := time.Now(), time.Duration(0)
		for range rounds {
			f.klarna.SetCallbacks(klarnatest.CallbackPolicy{
				Wait: 200 * time.Millisecond, First: random.IntN(4) == 0, Twice: random.IntN(4) == 0,
				Delay: time.Duration(random.IntN(3)*20) * time.Millisecond,
			})
			for range random.IntN(2 * perRound) {
				op := []klarna.Operation{klarna.OperationCreateOrder, klarna.OperationCreateOrder, klarna.OperationReadSession}[random.IntN(3)]
				f.klarna.Fail(op, networkFaults[random.IntN(len(networkFaults))])
			}
			for range perRound {
				c := f.newCustomer(random.Uint64())
				customers = append(customers, c)
				under.Add(1)
				shopping.Go(func() {
					defer under.Add(-1)
					c.buy(ctx)
				})
			}
			time.Sleep(time.Duration(random.IntN(250)) * time.Millisecond)
			f.kill(shop)
			dead := time.Now()
			f.start(shop)
			restart = max(restart, time.Since(dead))
			// Some wait for a back-off, and their process is killed once more. The others come to an end before the next round.
			for limit := time.Now().Add(10 * time.Second); time.Now().Before(limit); time.Sleep(20 * time.Millisecond) {
				if stats, err := f.book.Stats(ctx); err == nil && int(under.Load()) <= 3*perRound && stats.Open <= 3*perRound {
					break
				}
			}
		}
		shopping.Wait()
		f.settled(time.Minute)
		took := time.Since(began)
		t.Logf("seed %d, %d rounds in %v: %v", seed, rounds, took.Round(100*time.Millisecond), f.check(customers, restart))
	})
}
