// Package storm is a bad network in front of a fake server, for tests of what a client makes of it: it resets, stalls and
// loses responses, and ends the process that makes a call.
//
// A [Network] decides by its seed, the name of the call and the number of the copy what happens to a request, so that a storm
// is the same in each run.
package storm

import (
	"context"
	"fmt"
	"hash/fnv"
	"maps"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/klarna-go/klarna-payments/internal/wiretest"
)

// Network is a bad network. Set its exported fields before the first request; its Handle is for [wiretest.NewHTTP2].
type Network struct {
	Seed   uint64
	Events []Event

	// Call names the call that a request belongs to, in the same way in each run.
	Call func(wiretest.Request) string

	// Serve has the fake server handle a request. A nil response means that it is not handled, and gets none. [Serve] makes one
	// of a handler.
	Serve func(*wiretest.Stream, wiretest.Request) *httptest.ResponseRecorder

	mu        sync.Mutex
	copies    map[string]int // by call, as they arrived
	happened  map[string]int // by event
	processes map[string]context.CancelFunc
}

// Handle lets one event happen to a request, or none.
func (n *Network) Handle(s *wiretest.Stream) {
	request := s.Read()
	if !request.Whole {
		return
	}
	event := n.next(n.Call(request))
	if event != nil && !event.Handled {
		event.Happens(n, s, nil)
		return
	}
	response := n.Serve(s, request)
	switch {
	case response == nil:
	case event != nil:
		event.Happens(n, s, response)
	default:
		header := response.Header()
		header.Del("Content-Length") // the peer sets its own
		s.Respond(response.Code, header, response.Body.String())
	}
}

// next counts one copy of a call, and picks what happens to it.
func (n *Network) next(call string) *Event {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.copies == nil {
		n.copies, n.happened = map[string]int{}, map[string]int{}
	}
	n.copies[call]++
	hash := fnv.New64a()
	_, _ = fmt.Fprint(hash, call, n.copies[call])
	at := rand.New(rand.NewPCG(n.Seed, hash.Sum64())).IntN(1000)
	for i := range n.Events {
		if at -= n.Events[i].Weight; at < 0 {
			n.happened[n.Events[i].Name]++
			return &n.Events[i]
		}
	}
	return nil
}

// Copies returns how many copies of a call arrived.
func (n *Network) Copies(call string) int {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.copies[call]
}

// Process returns the context of a process that makes a call. [Die] ends it.
func (n *Network) Process(ctx context.Context, call string) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(ctx)
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.processes == nil {
		n.processes = map[string]context.CancelFunc{}
	}
	n.processes[call] = cancel
	return ctx, cancel
}

// Log logs a test's own figures, and how often each event happened. It fails the test if none did, or if one did not that was to be
// expected ten times.
func (n *Network) Log(t *testing.T, figures map[string]int) {
	t.Helper()
	n.mu.Lock()
	defer n.mu.Unlock()
	if len(n.happened) == 0 {
		t.Error("nothing happened in the storm")
	}
	copies := 0
	for _, n := range n.copies {
		copies += n
	}
	for _, event := range n.Events {
		if n.happened[event.Name] == 0 && copies*event.Weight >= 10*1000 {
			t.Errorf("of %d requests, none was hit by: %s", copies, event.Name)
		}
	}
	for _, group := range []map[string]int{figures, n.happened} {
		for _, name := range slices.Sorted(maps.Keys(group)) {
			t.Logf("%6d  %s", group[name], name)
		}
	}
}

// Serve returns what [Network.Serve] has to be for a handler.
func Serve(handler http.Handler) func(*wiretest.Stream, wiretest.Request) *httptest.ResponseRecorder {
	return func(_ *wiretest.Stream, request wiretest.Request) *httptest.ResponseRecorder {
		response := httptest.NewRecorder()
		forwarded := httptest.NewRequest(request.Method, "http://127.0.0.1"+request.Path, strings.NewReader(request.Body))
		forwarded.Header = request.Header
		handler.ServeHTTP(response, forwarded)
		return response
	}
}

// ByKey names a call by its idempotency key.
func ByKey(request wiretest.Request) string { return request.Header.Get("Klarna-Idempotency-Key") }

// Size returns how large a storm or a crowd is: small, unless KLARNA_TEST_FULL is set.
func Size(small, full int) int {
	if os.Getenv("KLARNA_TEST_FULL") != "" {
		return full
	}
	return small
}

// Each calls do for 0 to count-1, so many at a time, and returns when all have returned.
func Each(count, parallel int, do func(i int)) {
	var group sync.WaitGroup
	slots := make(chan struct{}, parallel)
	for i := range count {
		slots <- struct{}{}
		group.Go(func() {
			defer func() { <-slots }()
			do(i)
		})
	}
	group.Wait()
}
