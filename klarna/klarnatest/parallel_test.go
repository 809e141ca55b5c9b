package klarnatest_test

import (
	"context"
	"fmt"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/klarna-go/klarna-payments/klarna"
	"github.com/klarna-go/klarna-payments/klarna/klarnatest"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
)

// Sixty shoppers, at most thirty at a time, each with a cart of its own. Each order is placed twice at once, as by
// the browser and the callback.
func TestParallelShoppers(t *testing.T) {
	const shoppers, atOnce = 60, 30
	before := goleak.IgnoreCurrent()
	shopServer := newReceiver(t, 500, 200)
	server := klarnatest.NewServer()
	server.SetCallbacks(klarnatest.CallbackPolicy{Twice: true, Wait: 5 * time.Millisecond, Timeout: patience})
	client := server.Client()

	var mu sync.Mutex
	orders := map[string]bool{}
	turn := make(chan struct{}, atOnce)
	var group sync.WaitGroup
	for i := range shoppers {
		group.Go(func() {
			turn <- struct{}{}
			defer func() { <-turn }()
			id, err := shopFor(server, client, int64(i+1), shopServer.URL)
			if err != nil {
				t.Errorf("shopper %d: %v", i, err)
				return
			}
			mu.Lock()
			defer mu.Unlock()
			orders[id] = true
		})
	}
	group.Wait()
	require.Len(t, orders, shoppers, "every shopper has an order of its own")
	require.Len(t, server.Requests(), 6*shoppers)
	for _, r := range server.Requests() {
		require.Less(t, r.StatusCode, 300, r)
	}

	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	require.NoError(t, server.WaitForCallbacks(ctx))
	require.Equal(t, 2*shoppers+1, shopServer.calls(), "every shopper was called back twice, and one failure was retried")
	server.Close()
	shopServer.Close()
	goleak.VerifyNone(t, before)
}

// Close in the middle of it all: faults that wait, callbacks that wait, callers that wait.
func TestCloseLeavesNothingBehind(t *testing.T) {
	before := goleak.IgnoreCurrent()
	server := klarnatest.NewServer()
	server.SetCallbacks(klarnatest.CallbackPolicy{Delay: time.Hour})
	client := server.Client(klarna.WithRetry(klarna.NoRetry()))
	id, err := client.CreateSession(context.Background(), cartCalling("http://127.0.0.1:9/"))
	require.NoError(t, err)
	_, err = server.Authorize(id.SessionID)
	require.NoError(t, err)

	const callers = 8
	var group sync.WaitGroup
	for range callers / 4 {
		server.Fail(klarna.OperationReadSession, klarnatest.Delay(time.Hour), klarnatest.Drip(time.Hour), klarnatest.Endless(), klarnatest.Status(500, "X").After(time.Hour))
	}
	for range callers {
		group.Go(func() {
			if _, err := client.ReadSession(context.Background(), id.SessionID); err == nil {
				t.Error("a call went well that could not")
			}
		})
	}
	for len(server.PendingFaults()) > 0 {
		time.Sleep(time.Millisecond)
	}
	server.Close()
	group.Wait()
	goleak.VerifyNone(t, before)
}

// shopFor is one purchase of so many pairs.
func shopFor(server *klarnatest.Server, client *klarna.Client, pairs int64, callback string) (orderID string, err error) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	session, err := client.CreateSession(ctx, cartCalling(callback))
	if err != nil {
		return "", err
	}
	c := cart()
	c.OrderLines = []klarna.OrderLine{{Name: "Running shoe", Quantity: pairs, UnitPrice: 11900, TotalAmount: 11900 * pairs}}
	c.OrderAmount, c.OrderTaxAmount = 11900*pairs, 0
	if err := client.UpdateSession(ctx, session.SessionID, klarna.SessionUpdate{
		OrderAmount: &c.OrderAmount, OrderTaxAmount: &c.OrderTaxAmount, OrderLines: c.OrderLines,
	}); err != nil {
		return "", err
	}
	token, err := server.AuthorizeWith(session.SessionID, klarnatest.AuthorizeData{BillingAddress: home()})
	if err != nil {
		return "", err
	}
	c.BillingAddress = home()

	var placed [2]*klarna.Order
	var failed [2]error
	var group sync.WaitGroup
	for i := range placed {
		group.Go(func() { placed[i], failed[i] = client.CreateOrder(ctx, token, orderOf(c)) })
	}
	group.Wait()
	for _, err := range failed {
		if err != nil {
			return "", err
		}
	}
	if *placed[0] != *placed[1] {
		return "", fmt.Errorf("one token gave two orders: %v and %v", placed[0].OrderID, placed[1].OrderID)
	}
	for range 2 { // two reads make six calls
		read, err := client.ReadSession(ctx, session.SessionID)
		if err != nil {
			return "", err
		}
		if read.Status != klarna.SessionStatusComplete || read.OrderAmount != 11900*pairs || read.BillingAddress != home() {
			return "", fmt.Errorf("the session is %s with %d", read.Status, read.OrderAmount)
		}
	}
	return placed[0].OrderID, nil
}

// One token, a hundred calls at once with two different bodies: one of the bodies wins, and all its callers get the order.
func TestOneTokenMakesOneOrder(t *testing.T) {
	s := newShop(t)
	_, token := s.openAndAuthorize(cart())
	client := s.server.Client()

	var mu sync.Mutex
	orders := map[string]int{}
	var group sync.WaitGroup
	for i := range 100 {
		group.Go(func() {
			order := orderOf(cart())
			order.MerchantReference1 = fmt.Sprint("ON", i%2)
			placed, err := client.CreateOrder(context.Background(), token, order)
			mu.Lock()
			defer mu.Unlock()
			if err != nil {
				var rejected *klarna.Error
				require.ErrorAs(t, err, &rejected)
				require.Equal(t, http.StatusConflict, rejected.StatusCode)
				return
			}
			orders[placed.OrderID]++
		})
	}
	group.Wait()
	require.Len(t, orders, 1)
	for _, callers := range orders {
		require.Equal(t, 50, callers)
	}
}

// Authorize, Advance, Requests and calls may all run at once.
func TestEverythingAtOnce(t *testing.T) {
	s := newShop(t)
	id := s.open(cart())
	client := s.server.Client()
	var group sync.WaitGroup
	for range 20 {
		group.Go(func() {
			token, err := s.server.Authorize(id)
			if err == nil {
				_ = client.CancelAuthorization(context.Background(), token) // a newer one may have made it void
			}
		})
		group.Go(func() { _, _ = client.ReadSession(context.Background(), id) })
		group.Go(func() { _ = client.UpdateSession(context.Background(), id, klarna.SessionUpdate{Locale: "en-DE"}) })
		group.Go(func() { s.server.Advance(time.Second) })
		group.Go(func() { _ = fmt.Sprint(s.server.Requests(), s.server) })
	}
	group.Wait()
	require.Equal(t, "en-DE", s.read(id).Locale)
}
