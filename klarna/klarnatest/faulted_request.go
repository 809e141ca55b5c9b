package klarnatest

import (
	"bytes"
	"context"
	"net"
	"net/http"
	"strconv"
	"time"
)

// response is what a request is responded to with, before it is sent.
type response struct {
	status int
	header http.Header
	body   []byte
}

// send writes a response as it should be.
func (a response) send(w http.ResponseWriter) {
	a.sendHeader(w)
	_, _ = w.Write(a.body) // it fails only when the caller has gone
}

func (a response) sendHeader(w http.ResponseWriter) {
	for name, values := range a.header {
		w.Header()[name] = values
	}
	if len(a.body) > 0 {
		w.Header().Set("Content-Length", strconv.Itoa(len(a.body)))
	}
	w.WriteHeader(a.status)
}

// faultedRequest is one request that meets a fault.
type faultedRequest struct {
	server   *Server
	w        http.ResponseWriter
	ctx      context.Context
	request  *Request
	response response // what the request would be responded to with, when it was handled
}

// meet lets a fault happen to a request, which handle does if it gets that far.
func (s *Server) meet(fault Fault, w http.ResponseWriter, r *http.Request, request *Request, handle func() response) {
	e := &faultedRequest{server: s, w: w, ctx: r.Context(), request: request}
	request.Fault = fault.String()
	if fault.handled {
		e.response = handle()
	}
	if !s.wait(e.ctx, fault.delay) {
		e.reset()
	}
	fault.send(e)
}

// wait reports whether the time passed. It ends early when the caller has gone or the server closes.
func (s *Server) wait(ctx context.Context, d time.Duration) bool {
	if d <= 0 {
		return true
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
	case <-s.closing.Done():
	}
	return false
}

// begin puts the request into the log: before the first byte of its response, so that the caller finds it there.
func (e *faultedRequest) begin(status int) {
	e.request.StatusCode = status
	e.server.record(*e.request)
}

func (e *faultedRequest) respond(a response) {
	e.begin(a.status)
	a.send(e.w)
}

// reset cuts the connection without a response. It does not return.
func (e *faultedRequest) reset() {
	e.begin(0)
	if conn := e.hijack(); conn != nil {
		if tcp, ok := conn.(*net.TCPConn); ok {
			_ = tcp.SetLinger(0) // a reset, and not an orderly end
		}
		_ = conn.Close()
	}
	panic(http.ErrAbortHandler)
}

// truncate sends one half of the body, or of the header where there is no body. It does not return.
func (e *faultedRequest) truncate() {
	e.begin(e.response.status)
	if body := e.response.body; len(body) > 0 {
		e.response.sendHeader(e.w)
		_, _ = e.w.Write(body[:len(body)/2])
		_ = http.NewResponseController(e.w).Flush()
	} else if conn := e.hijack(); conn != nil {
		_, _ = conn.Write([]byte("HTTP/1.1 " + strconv.Itoa(e.response.status) + " " + http.StatusText(e.response.status) + "\r\nContent-Type: application/json\r\n"))
		_ = conn.Close()
	}
	panic(http.ErrAbortHandler)
}

// hijack takes the connection over; nil where that cannot be done, such as in HTTP/2.
func (e *faultedRequest) hijack() net.Conn {
	conn, _, err := http.NewResponseController(e.w).Hijack()
	if err != nil {
		return nil
	}
	return conn
}

func (e *faultedRequest) drip(pause time.Duration) {
	e.begin(e.response.status)
	if len(e.response.body) == 0 && !e.server.wait(e.ctx, pause) { // one pause for the status alone
		panic(http.ErrAbortHandler)
	}
	e.response.sendHeader(e.w)
	flush := http.NewResponseController(e.w).Flush
	_ = flush()
	for i := range e.response.body {
		if !e.server.wait(e.ctx, pause) {
			panic(http.ErrAbortHandler)
		}
		if _, err := e.w.Write(e.response.body[i : i+1]); err != nil {
			panic(http.ErrAbortHandler)
		}
		_ = flush()
	}
}

// endless sends the response and then blanks, until the caller has had enough or the server closes. It does not return.
func (e *faultedRequest) endless() {
	if e.response.status == http.StatusNoContent {
		e.response.status = http.StatusOK // a 204 cannot have a body
	}
	e.begin(e.response.status)
	controller := http.NewResponseController(e.w)
	// A caller who stops reading would hold the write, and so Close, up.
	stop := context.AfterFunc(e.server.closing, func() { _ = controller.SetWriteDeadline(time.Now()) })
	defer stop()

	first := e.response.body
	e.response.body = nil // there is no telling its length
	e.response.sendHeader(e.w)
	_, err := e.w.Write(first)
	for blanks := bytes.Repeat([]byte(" "), 32<<10); err == nil && e.ctx.Err() == nil && e.server.closing.Err() == nil; {
		_, err = e.w.Write(blanks)
	}
	panic(http.ErrAbortHandler)
}
