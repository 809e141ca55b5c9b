package klarnatest

import (
	"maps"
	"slices"
	"sync"

	"github.com/klarna-go/klarna-payments/klarna"
)

// faultQueue is what is still to go wrong.
type faultQueue struct {
	mu     sync.Mutex
	faults map[klarna.Operation][]Fault
}

// Fail lets the next requests of an operation fail, each in one of the ways given, in their order. They come after those of
// earlier calls of Fail. A request with wrong credentials uses up a fault as well. So does each retry of a call: pass as many
// faults as attempts should fail.
//
// It panics if the operation has no route (see [klarna.Operation.Route]), or if a fault is the zero Fault.
func (s *Server) Fail(op klarna.Operation, faults ...Fault) {
	if op.Route() == "" {
		panic("klarnatest: Fail: there is no operation " + string(op))
	}
	for _, fault := range faults {
		if fault.send == nil {
			panic("klarnatest: Fail: a Fault is made by one of the functions that return one")
		}
	}
	if len(faults) == 0 {
		return
	}
	s.faults.mu.Lock()
	defer s.faults.mu.Unlock()
	if s.faults.faults == nil {
		s.faults.faults = map[klarna.Operation][]Fault{}
	}
	s.faults.faults[op] = append(s.faults.faults[op], faults...)
}

// PendingFaults returns the faults that no request has met yet. At the end of a test it should be empty.
func (s *Server) PendingFaults() map[klarna.Operation][]Fault {
	s.faults.mu.Lock()
	defer s.faults.mu.Unlock()
	pending := maps.Clone(s.faults.faults)
	for op := range pending {
		pending[op] = slices.Clone(pending[op])
	}
	return pending
}

func (q *faultQueue) clear() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.faults = nil
}

// next takes the next fault of an operation.
func (q *faultQueue) next(op klarna.Operation) (Fault, bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	faults := q.faults[op]
	switch len(faults) {
	case 0:
		return Fault{}, false
	case 1:
		delete(q.faults, op)
	default:
		q.faults[op] = faults[1:]
	}
	return faults[0], true
}
