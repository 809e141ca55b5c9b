package main

import (
	"maps"
	"slices"
	"sync"
	"time"
)

// store remembers shoppers and checkouts, in memory. A shop of your own has a database here: an order must outlive the
// program that placed it.
type store struct {
	mu        sync.Mutex
	shoppers  map[string]*shopper
	checkouts map[string]*checkout // by id
	swept     time.Time
}

// A shopper is remembered for as long as a session of Klarna's lives. The limit keeps who takes no cookies from filling the
// memory.
const (
	rememberFor = 48 * time.Hour
	maxShoppers = 20000
)

func newStore() *store {
	return &store{shoppers: map[string]*shopper{}, checkouts: map[string]*checkout{}}
}

func (st *store) shopper(id string) *shopper {
	st.mu.Lock()
	defer st.mu.Unlock()
	sh := st.shoppers[id]
	if sh != nil {
		sh.mu.Lock()
		sh.seen = time.Now()
		sh.mu.Unlock()
	}
	return sh
}

func (st *store) addShopper(sh *shopper) {
	sh.seen = time.Now()
	st.mu.Lock()
	defer st.mu.Unlock()
	if len(st.shoppers) >= maxShoppers || time.Since(st.swept) > time.Hour {
		st.forget()
	}
	st.shoppers[sh.id] = sh
}

func (st *store) checkout(id string) *checkout {
	st.mu.Lock()
	defer st.mu.Unlock()
	return st.checkouts[id]
}

// ordered returns what was ordered, the newest first. Orders whose outcome is unknown are among them.
func (st *store) ordered() []*checkout {
	st.mu.Lock()
	defer st.mu.Unlock()
	var orders []*checkout
	at := map[*checkout]time.Time{}
	for _, c := range st.checkouts {
		if now := c.snapshot(); !now.Ordered.IsZero() {
			orders, at[c] = append(orders, c), now.Ordered
		}
	}
	slices.SortFunc(orders, func(a, b *checkout) int { return at[b].Compare(at[a]) })
	return orders
}

func (st *store) addCheckout(c *checkout) {
	st.mu.Lock()
	defer st.mu.Unlock()
	st.checkouts[c.id] = c
}

// forget drops who was not seen for long, and when there are too many, whoever has nothing to lose but a cart.
func (st *store) forget() {
	st.swept = time.Now()
	drop := func(keep func(*shopper) bool) {
		maps.DeleteFunc(st.shoppers, func(_ string, sh *shopper) bool {
			sh.mu.Lock()
			defer sh.mu.Unlock()
			return !keep(sh)
		})
	}
	drop(func(sh *shopper) bool { return time.Since(sh.seen) < rememberFor })
	if len(st.shoppers) >= maxShoppers {
		drop(func(sh *shopper) bool { return sh.checkout != nil || len(sh.orders) > 0 })
	}
	maps.DeleteFunc(st.checkouts, func(_ string, c *checkout) bool { // an order is kept longer than its shopper
		return st.shoppers[c.shopper.id] == nil && c.snapshot().Ordered.IsZero()
	})
}
