// Package wiretest provides peers that break the rules of HTTP on purpose, for tests of what a client does about it.
//
//   - [NewHTTP2] starts a peer that speaks HTTP/2 over TLS. A function decides about each request: respond, reset the
//     stream, announce the end of the connection, close it, or stop responding.
//   - [NewHTTP1] starts a peer that writes bytes of the test's choice.
//   - [NewProxy] starts a TCP proxy that cuts, stalls and truncates connections.
//   - [Script] is a transport without a network, which responds to each attempt as a line of it states.
//
// Both peers record every copy of a request that reaches them. [Transport] returns a transport that trusts the peers'
// certificate, which is generated in memory.
package wiretest

import (
	"net/http"
	"sync"
)

// Request is one copy of a request, as a peer received it.
type Request struct {
	Method, Path string
	Header       http.Header
	Body         string // what was received of it
	Whole        bool   // the body was received to its end
	Connection   int    // counts from 1 in the order in which the connections were accepted
	Stream       uint32 // of HTTP/2
}

// recorder collects what peers received.
type recorder struct {
	mu          sync.Mutex
	requests    []*Request
	connections int
}

// Requests returns the copies received so far, in the order of their headers.
func (r *recorder) Requests() []Request {
	r.mu.Lock()
	defer r.mu.Unlock()
	copies := make([]Request, len(r.requests))
	for i, request := range r.requests {
		copies[i] = *request
	}
	return copies
}

// Copies returns how many copies of requests of a method were received so far. An empty method counts all.
func (r *recorder) Copies(method string) int {
	count := 0
	for _, request := range r.Requests() {
		if method == "" || request.Method == method {
			count++
		}
	}
	return count
}

// Connections returns how many connections were accepted so far.
func (r *recorder) Connections() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.connections
}

func (r *recorder) connected() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.connections++
	return r.connections
}

func (r *recorder) received(request *Request) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.requests = append(r.requests, request)
}

// add appends a part of a body to a request.
func (r *recorder) add(request *Request, part []byte, end bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	request.Body += string(part)
	request.Whole = request.Whole || end
}
