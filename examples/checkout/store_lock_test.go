package main

import (
	"database/sql"
	"errors"
	"testing"

	"github.com/klarna-go/klarna-payments/internal/pgtest"
	"github.com/klarna-go/klarna-payments/klarna/klarnatest"
)

// An order of a checkout and a change of its cart begin at once: neither waits for what the other one has.
func TestACartChangeLocksTheCheckoutFirst(t *testing.T) {
	w := newWorldOn(t, klarnatest.NewServer(), pgtest.Database(t))
	p := w.newBrowser().checkout()
	c := p.record()
	sh, err := w.shop.store.shopper(t.Context(), c.shopperID)
	if err != nil {
		t.Fatal(err)
	}
	order, err := w.shop.store.db.BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = order.Rollback() }()
	for _, statement := range []string{`SET LOCAL lock_timeout = '300ms'`, `UPDATE checkouts SET attempt = attempt`} {
		if _, err := order.Exec(statement); err != nil {
			t.Fatal(err)
		}
	}
	saved := make(chan error, 1)
	go func() { saved <- w.shop.store.saveCart(t.Context(), sh, c) }()
	eventually(t, "the cart change waits for the order", func() bool {
		var waiting int
		err := w.shop.store.db.QueryRow(`SELECT COUNT(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`).Scan(&waiting)
		return err == nil && waiting > 0
	})
	if _, err := order.Exec(`UPDATE shoppers SET version = version + 1`); err != nil {
		t.Error("the order waits for the cart change, which waits for the order: ", err)
	}
	_ = order.Commit()
	if err := <-saved; !errors.Is(err, errChanged) {
		t.Errorf("the cart change fails with %v, want errChanged", err)
	}
}

// Each of two transactions waits for what the other one has. PostgreSQL ends one of them, and it runs again.
func TestATransactionThatGaveWayRunsAgain(t *testing.T) {
	st, err := openStore(t.Context(), pgtest.Database(t))
	if err != nil {
		t.Fatal(err)
	}
	defer st.close()
	if _, err := st.db.Exec(`CREATE TABLE pair (id TEXT PRIMARY KEY, n INT); INSERT INTO pair VALUES ('a', 0), ('b', 0)`); err != nil {
		t.Fatal(err)
	}
	met := map[string]chan struct{}{"a": make(chan struct{}), "b": make(chan struct{})}
	runs := map[string]*int{"a": new(int), "b": new(int)}
	both := func(first, second string) func() {
		return func() {
			if err := st.inTx(t.Context(), func(tx *sql.Tx) error {
				*runs[first]++
				if _, err := tx.Exec(`UPDATE pair SET n = n + 1 WHERE id = $1`, first); err != nil {
					return err
				}
				if *runs[first] == 1 {
					close(met[first])
					<-met[second]
				}
				_, err := tx.Exec(`UPDATE pair SET n = n + 1 WHERE id = $1`, second)
				return err
			}); err != nil {
				t.Error(err)
			}
		}
	}
	together(both("a", "b"), both("b", "a"))
	var least, most int
	if err := st.db.QueryRow(`SELECT MIN(n), MAX(n) FROM pair`).Scan(&least, &most); err != nil || least != 2 || most != 2 || *runs["a"]+*runs["b"] != 3 {
		t.Errorf("the rows are %d and %d after %d and %d runs: %v", least, most, *runs["a"], *runs["b"], err)
	}
}
