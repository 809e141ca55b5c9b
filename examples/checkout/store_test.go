package main

import (
	"testing"
	"time"
)

func TestAnOrderOutlivesItsShopper(t *testing.T) {
	w := newWorld(t)
	first, second := w.newBrowser().checkout(), w.newBrowser().checkout()
	first.bring(first.approve())
	second.bring(second.approve())
	w.newBrowser().checkout()

	st := w.shop.store
	st.mu.Lock()
	for _, sh := range st.shoppers {
		sh.mu.Lock()
		sh.seen = time.Now().Add(-rememberFor)
		sh.mu.Unlock()
	}
	st.forget()
	shoppers, checkouts := len(st.shoppers), len(st.checkouts)
	st.mu.Unlock()
	if shoppers != 0 || checkouts != 2 {
		t.Errorf("%d shoppers and %d checkouts are left", shoppers, checkouts)
	}
	if got := st.ordered(); len(got) != 2 || got[1].snapshot().Ordered.After(got[0].snapshot().Ordered) {
		t.Errorf("%d orders, or not the newest first", len(got))
	}
}
