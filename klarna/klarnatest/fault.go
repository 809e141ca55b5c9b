package klarnatest

import (
	"fmt"
	"io"
	"net/http"
	"strconv"
	"time"
)

// Fault is something that goes wrong with one request. The functions that return one document what; [Server.Fail] makes it
// happen. The request is lost, as if it had never been handled, unless the function documents otherwise or Handled is called.
type Fault struct {
	name    string
	handled bool          // the request is handled before anything goes wrong
	delay   time.Duration // before it goes wrong, and after it was handled
	send    func(*faultedRequest)
}

// Status responds with a status and a body as Klarna's errors have. It panics unless the status is from 200 to 599, as
// do EmptyStatus and HTMLStatus.
//
//	server.Fail(klarna.OperationCreateOrder, klarnatest.Status(500, "INTERNAL_SERVER_ERROR", "Internal error"))
func Status(status int, code string, messages ...string) Fault {
	return newStatus("status", status, func(e *faultedRequest) {
		e.respond(e.server.render(*e.request, nil, newFailure(status, code, messages...)))
	})
}

// EmptyStatus responds with a status and no body.
func EmptyStatus(status int) Fault {
	return newStatus("empty status", status, func(e *faultedRequest) {
		rendered := e.server.render(*e.request, nil, nil)
		rendered.status = status
		e.respond(rendered)
	})
}

// HTMLStatus responds with a status and a page of HTML, and without Klarna's headers, as a proxy on the way does. With status
// 200 it looks like success to a caller who does not look at the body.
func HTMLStatus(status int) Fault {
	return newStatus("HTML page with status", status, func(e *faultedRequest) {
		title := strconv.Itoa(status) + " " + http.StatusText(status)
		e.respond(response{status, http.Header{"Content-Type": {"text/html; charset=utf-8"}},
			[]byte("<!DOCTYPE html><html><head><title>" + title + "</title></head><body><h1>" + title + "</h1></body></html>\n")})
	})
}

// TooManyRequests responds with 429 and reports that the limit is reset after so many seconds. [Server.SetRateLimit] sets a
// limit that callers run into by themselves.
func TooManyRequests(resetSeconds int) Fault {
	return Fault{name: fmt.Sprintf("too many requests for %d s", resetSeconds), send: func(e *faultedRequest) {
		rendered := e.server.render(*e.request, nil, tooManyRequests)
		setRateLimit(rendered.header, quotaOf(e.request.Operation), 0, resetSeconds)
		e.respond(rendered)
	}}
}

// Delay handles the request at once, and responds late. A caller who stops waiting meanwhile has an order all the same. The time
// is real time: [Server.Advance] does not shorten it.
func Delay(d time.Duration) Fault {
	return Fault{name: "delay of " + d.String(), delay: d, handled: true, send: func(e *faultedRequest) { e.respond(e.response) }}
}

// ResetBefore resets the connection before the request is handled: no order was placed.
//
// net/http resends a GET by itself when that happens on a connection that has served before.
func ResetBefore() Fault {
	return Fault{name: "reset before it was handled", send: (*faultedRequest).reset}
}

// ResetAfter handles the request and resets the connection: the order was placed, and the response is lost.
func ResetAfter() Fault {
	return Fault{name: "reset after it was handled", handled: true, send: (*faultedRequest).reset}
}

// Truncate handles the request, and cuts the connection in the middle of the response.
func Truncate() Fault {
	return Fault{name: "truncated response", handled: true, send: (*faultedRequest).truncate}
}

// Drip handles the request, and sends the body of the response byte by byte with a pause before each.
func Drip(pause time.Duration) Fault {
	return Fault{name: "slow drip of " + pause.String(), handled: true, send: func(e *faultedRequest) { e.drip(pause) }}
}

// Endless handles the request, and responds with a body that never ends.
func Endless() Fault {
	return Fault{name: "endless body", handled: true, send: (*faultedRequest).endless}
}

// After returns the fault, delayed by d.
func (f Fault) After(d time.Duration) Fault {
	f.name, f.delay = f.name+" after "+d.String(), f.delay+d
	return f
}

// Handled returns the fault, with the request handled before it: klarnatest.Status(503, "…").Handled() places the order
// and reports that the service is unavailable.
func (f Fault) Handled() Fault {
	if !f.handled {
		f.name, f.handled = f.name+", handled", true
	}
	return f
}

// String describes what goes wrong.
func (f Fault) String() string {
	if f.send == nil {
		return "no fault"
	}
	return f.name
}

// Format prints String, for every verb.
func (f Fault) Format(s fmt.State, _ rune) { _, _ = io.WriteString(s, f.String()) }

func newStatus(name string, status int, send func(*faultedRequest)) Fault {
	if status < 200 || status > 599 {
		panic(fmt.Sprintf("klarnatest: %d is not the status of a response", status))
	}
	return Fault{name: name + " " + strconv.Itoa(status), send: send}
}
