package klarnatest

import (
	"context"
	"sync/atomic"
)

// largeBody is how many bytes a body has that takes its turn. One of 1 MB takes a tenth of a second or more to validate, as
// much as a thousand ordinary ones.
const largeBody = 64 << 10

// turns lets one large body be validated at a time, so that all other requests go on meanwhile.
type turns struct {
	running chan struct{} // of capacity 1
	waiting atomic.Int32
}

// acquire waits for a turn, if a body of this size needs one. The turn ends with release. It reports false when the caller has
// gone meanwhile.
func (t *turns) acquire(ctx context.Context, size int) (release func(), ok bool) {
	if size < largeBody {
		return func() {}, true
	}
	t.waiting.Add(1)
	defer t.waiting.Add(-1)
	select {
	case t.running <- struct{}{}:
		return func() { <-t.running }, true
	case <-ctx.Done():
		return func() {}, false
	}
}
