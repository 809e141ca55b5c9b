package main

import (
	"path/filepath"
	"sync"
	"testing"

	"github.com/klarna-go/klarna-payments/internal/pgtest"
	"github.com/klarna-go/klarna-payments/klarna/klarnatest"
)

// onBothDatabases runs a test on SQLite and on PostgreSQL, with the name of an empty database.
func onBothDatabases(t *testing.T, test func(t *testing.T, database string)) {
	t.Run("SQLite", func(t *testing.T) { test(t, filepath.Join(t.TempDir(), "shop.sqlite")) })
	t.Run("PostgreSQL", func(t *testing.T) { test(t, pgtest.Database(t)) })
}

// atTwoProcesses runs a test on both databases, with two processes of the shop that share it.
func atTwoProcesses(t *testing.T, test func(t *testing.T, one, other *world), opts ...klarnatest.Option) {
	onBothDatabases(t, func(t *testing.T, database string) {
		server := klarnatest.NewServer(opts...)
		test(t, newWorldOn(t, server, database), newWorldOn(t, server, database))
	})
}

// at is the same browser at another process of the shop, which a load balancer has chosen.
func (b *browser) at(w *world) *browser { return &browser{w, b.client} }

// at is the same purchase at another process.
func (p *purchase) at(w *world) *purchase {
	return &purchase{p.browser.at(w), p.csrf, p.authorizedPath, p.refusedPath}
}

// together does the same at several places at once.
func together(dos ...func()) { atOnce(len(dos), func(i int) { dos[i]() }) }

// atOnce does something so many times at once.
func atOnce(times int, do func(i int)) {
	var all sync.WaitGroup
	start := make(chan struct{})
	for i := range times {
		all.Go(func() { <-start; do(i) })
	}
	close(start)
	all.Wait()
}
