package klarnatest

import (
	"fmt"
	"io"
	"net/http"
	"strconv"
	"time"
)

// Fault is something that goes wrong with one request. The functions that return one say what; [Server.Fail] makes it
// happen. The request is lost, as if it had never been handled, unless the function says otherwise or Handled is called.
type Fault struct {
	name    string
	handled bool          // the request is handled before anything goes wrong
	delay   time.Duration // before it goes wrong, and after it was handled
	send    func(*exchange)
}

// Status answers with a status and a body as Klarna's errors have. It panics unless the status is from 200 to 599, as
// do EmptyStatus and HTMLStatus.
//
//	server.Fail(klarna.OperationCreateOrder, klarnatest.Status(500, "INTERNAL_SERVER_ERROR", "Internal error"))
func Status(status int, code string, messages ...string) Fault {
	return newStatus("status", status, func(e *exchange) {
		e.answer(e.server.render(*e.request, nil, refuse(status, code, messages...)))
	})
}

// EmptyStatus answers with a status and no body.
func EmptyStatus(status int) Fault {
	return newStatus("empty status", status, func(e *exchange) {
		answer := e.server.render(*e.request, nil, nil)
		answer.status = status
		answer.header.Del("Content-Type")
		e.answer(answer)
	})
}

// HTMLStatus answers with a status and a page of HTML, and without Klarna's headers, as a gateway on the way does. With
// status 200 it looks like success to who does not look at the body.
func HTMLStatus(status int) Fault {
	return newStatus("HTML page with status", status, func(e *exchange) {
		title := strconv.Itoa(status) + " " + http.StatusText(status)
		e.answer(response{status, http.Header{"Content-Type": {"text/html; charset=utf-8"}},
			[]byte("<!DOCTYPE html><html><head><title>" + title + "</title></head><body><h1>" + title + "</h1></body></html>\n")})
	})
}

// TooManyRequests answers with 429 and says that the limit is reset after so many seconds. [Server.SetRateLimit] sets a
// limit that callers run into by themselves.
func TooManyRequests(resetSeconds int) Fault {
	return Fault{name: fmt.Sprintf("too many requests for %d s", resetSeconds), send: func(e *exchange) {
		answer := e.server.render(*e.request, nil, tooManyRequests)
		setRateLimit(answer.header, quotaOf(e.request.Operation), 0, resetSeconds)
		e.answer(answer)
	}}
}

// Delay handles the request at once, and answers late. A caller who gives up meanwhile has an order all the same. The time
// is real time: [Server.Advance] does not shorten it.
func Delay(d time.Duration) Fault {
	return Fault{name: "delay of " + d.String(), delay: d, handled: true, send: func(e *exchange) { e.answer(e.response) }}
}

// ResetBefore resets the connection before the request is handled: no order was placed.
//
// net/http sends a GET again by itself when that happens on a connection that it had kept.
func ResetBefore() Fault {
	return Fault{name: "reset before it was handled", send: (*exchange).reset}
}

// ResetAfter handles the request and resets the connection: the order was placed, and the answer is lost.
func ResetAfter() Fault {
	return Fault{name: "reset after it was handled", handled: true, send: (*exchange).reset}
}

// Truncate handles the request, and cuts the connection in the middle of the answer.
func Truncate() Fault {
	return Fault{name: "truncated answer", handled: true, send: (*exchange).truncate}
}

// Drip handles the request, and sends the body of the answer byte by byte with a pause before each.
func Drip(pause time.Duration) Fault {
	return Fault{name: "slow drip of " + pause.String(), handled: true, send: func(e *exchange) { e.drip(pause) }}
}

// Endless handles the request, and answers with a body that never ends.
func Endless() Fault { return Fault{name: "endless body", handled: true, send: (*exchange).endless} }

// After is the same fault, later by d.
func (f Fault) After(d time.Duration) Fault {
	f.name, f.delay = f.name+" after "+d.String(), f.delay+d
	return f
}

// Handled is the same fault, with the request handled before it: klarnatest.Status(503, "…").Handled() places the order
// and says that the service is unavailable.
func (f Fault) Handled() Fault {
	if !f.handled {
		f.name, f.handled = f.name+", handled", true
	}
	return f
}

// String says what goes wrong.
func (f Fault) String() string {
	if f.send == nil {
		return "no fault"
	}
	return f.name
}

// Format is String, for every verb.
func (f Fault) Format(s fmt.State, _ rune) { _, _ = io.WriteString(s, f.String()) }

func newStatus(name string, status int, send func(*exchange)) Fault {
	if status < 200 || status > 599 {
		panic(fmt.Sprintf("klarnatest: %d is not the status of an answer", status))
	}
	return Fault{name: name + " " + strconv.Itoa(status), send: send}
}
