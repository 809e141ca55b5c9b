package main

import (
	"context"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/klarna-go/klarna-payments/internal/pgtest"
	"github.com/klarna-go/klarna-payments/klarna"
	"github.com/klarna-go/klarna-payments/klarna/klarnatest"
)

// Four processes share one PostgreSQL. Browser and callback arrive at different ones at the same time, and one process is killed
// half-way, and not started again.
func TestSeveralServersPlaceEachOrderOnce(t *testing.T) {
	if testing.Short() {
		t.Skip("it takes half a minute")
	}
	shoppers, atOnce := 100, 40
	if full() {
		shoppers = 400
	}
	const seed = 4
	random := rand.New(rand.NewPCG(seed, 0))
	f := newFleet(t, buildShop(t), pgtest.Database(t), 4, 500*time.Millisecond)
	f.klarna.SetCallbacks(klarnatest.CallbackPolicy{Wait: 200 * time.Millisecond}) // at the same time as the browser
	for range shoppers / 4 {
		f.klarna.Fail(klarna.OperationCreateOrder, networkFaults[random.IntN(len(networkFaults))])
	}
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	defer cancel()

	var customers []*customer
	for range shoppers {
		customers = append(customers, f.newCustomer(random.Uint64()))
	}
	began := time.Now()
	var shopping sync.WaitGroup
	slots := make(chan struct{}, atOnce)
	shopping.Go(func() { // they come one after the other, up to 40 at once
		for _, c := range customers {
			slots <- struct{}{}
			shopping.Go(func() {
				c.buy(ctx)
				<-slots
			})
		}
	})

	for f.klarna.Created().Orders < shoppers/2 && ctx.Err() == nil {
		time.Sleep(time.Millisecond)
	}
	// Its orders are under way, and Klarna takes its time to respond.
	for range atOnce {
		f.klarna.Fail(klarna.OperationCreateOrder, klarnatest.Delay(300*time.Millisecond))
	}
	time.Sleep(150 * time.Millisecond)
	f.kill(f.processes[0])
	stats, err := f.book.Stats(ctx)
	if err != nil || stats.Open == 0 {
		t.Errorf("no order was under way: %+v, %v", stats, err)
	}

	shopping.Wait()
	f.settled(time.Minute)
	took := time.Since(began)
	t.Logf("seed %d, %d processes in %v: %v; %d orders were under way when the process died; %d callbacks arrived at another process than the browser",
		seed, len(f.processes), took.Round(100*time.Millisecond), f.check(customers, 0), stats.Open, f.apart)
	if f.apart < shoppers/2 {
		t.Errorf("only %d callbacks arrived at another process than the browser", f.apart)
	}
}
