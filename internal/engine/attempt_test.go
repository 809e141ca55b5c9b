package engine_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/klarna-go/klarna-payments/internal/engine"
	"github.com/stretchr/testify/require"
)

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// through returns an engine with another transport, and one attempt.
func through(t *testing.T, transport http.RoundTripper, change func(*engine.Config)) *engine.Engine {
	t.Helper()
	return (&network{}).engine(t, func(c *engine.Config) {
		c.HTTPClient, c.Retry.MaxAttempts = &http.Client{Transport: transport}, 1
		if change != nil {
			change(c)
		}
	})
}

func failureOf(t *testing.T, e *engine.Engine, name string) *engine.Failure {
	t.Helper()
	op := find(name)
	_, err := e.Do(t.Context(), engine.Call{Operation: op, Request: request(t, op)})
	var f *engine.Failure
	require.ErrorAs(t, err, &f)
	return f
}

// What was read of the body decides, whatever the transport says.
func TestUnreadBodyProvesThatNothingWasSent(t *testing.T) {
	t.Parallel()
	dial := &net.OpError{Op: "dial", Err: errors.New("connection refused")}
	for _, reads := range []bool{false, true} {
		e := through(t, roundTripper(func(r *http.Request) (*http.Response, error) {
			if reads {
				_, _ = io.ReadFull(r.Body, make([]byte, 1))
			}
			return nil, dial
		}), nil)
		f := failureOf(t, e, "Pack")
		require.Equal(t, !reads, f.Class == engine.NotSent)
		require.Equal(t, !reads, f.NothingSent)
		require.Equal(t, reads, f.OutcomeUnknown)
		require.ErrorIs(t, f.Cause, dial)
	}
	// Nothing can be read any more once that was concluded.
	var body io.Reader
	failureOf(t, through(t, roundTripper(func(r *http.Request) (*http.Response, error) {
		body = r.Body
		return nil, dial
	}), nil), "Pack")
	n, err := body.Read(make([]byte, 1))
	require.Zero(t, n)
	require.Error(t, err)
	// Without a body, a transport of unknown making proves nothing.
	f := failureOf(t, through(t, roundTripper(func(*http.Request) (*http.Response, error) { return nil, dial }), nil), "Weigh")
	require.Equal(t, engine.Ambiguous, f.Class)
}

// peer is a server that reads one request on each connection and writes a text.
func peer(t *testing.T, text string, keepOpen bool) *url.URL {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { _ = listener.Close() })
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go func() {
				defer func() { _ = conn.Close() }()
				r, err := http.ReadRequest(bufio.NewReader(conn))
				if err != nil {
					return
				}
				_, _ = io.Copy(io.Discard, r.Body)
				_, _ = io.WriteString(conn, text)
				if keepOpen {
					_, _ = io.Copy(io.Discard, conn)
				}
			}()
		}
	}()
	return &url.URL{Scheme: "http", Host: listener.Addr().String()}
}

func TestResponsesOfEveryMaking(t *testing.T) {
	t.Parallel()
	ok := `{"number":"p-1"}`
	for name, test := range map[string]struct {
		operation, text string
		keepOpen        bool
		says            string // "" for a success
		class           engine.Class
	}{
		"whole":                      {"Pack", fmt.Sprintf("HTTP/1.1 201 Created\r\nContent-Length: %d\r\n\r\n%s", len(ok), ok), true, "", 0},
		"whole, longer announced":    {"Pack", "HTTP/1.1 201 Created\r\nContent-Length: 99\r\n\r\n" + ok, false, "", 0},
		"whole, stalled":             {"Pack", "HTTP/1.1 201 Created\r\nContent-Length: 99\r\n\r\n" + ok, true, "", 0},
		"a read, longer announced":   {"Weigh", "HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n" + ok, false, "the response broke off: unexpected EOF", engine.Ambiguous},
		"half":                       {"Pack", "HTTP/1.1 201 Created\r\nContent-Length: 99\r\n\r\n" + `{"number":"p`, false, "the response broke off", engine.Ambiguous},
		"a number for an id":         {"Pack", "HTTP/1.1 201 Created\r\nContent-Length: 15\r\n\r\n" + `{"number": 17 }`, true, "", 0},
		"a list for an id":           {"Pack", "HTTP/1.1 201 Created\r\nContent-Length: 15\r\n\r\n" + `{"number":[17]}`, true, "response has no number", engine.Ambiguous},
		"an id of a read, a number":  {"Weigh", "HTTP/1.1 200 OK\r\nContent-Length: 15\r\n\r\n" + `{"number": 17 }`, true, "member number has the wrong type", engine.Ambiguous},
		"a list":                     {"Weigh", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n[]", true, "not a JSON object", engine.Ambiguous},
		"nothing":                    {"Weigh", "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", true, "no response body", engine.Ambiguous},
		"an empty object":            {"Weigh", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}", true, "no known member", engine.Ambiguous},
		"HTML":                       {"Weigh", "HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\nContent-Length: 6\r\n\r\n<html>", true, "response is not JSON (6 bytes, text/html)", engine.Ambiguous},
		"HTML where nothing belongs": {"Label", "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\n<html>", true, "but there is one (6 bytes)", engine.Ambiguous},
		"an error object":            {"Label", "HTTP/1.1 200 OK\r\nContent-Length: 17\r\n\r\n" + `{"Status":"full"}`, true, "there is an error object", engine.Ambiguous},
		"an object":                  {"Label", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}", true, "", 0},
		"another protocol":           {"Pack", "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n", true, "101 Switching Protocols", engine.Ambiguous},
		"a redirect":                 {"Weigh", "HTTP/1.1 302 Found\r\nLocation: https://elsewhere.example/\r\nContent-Length: 0\r\n\r\n", true, "302 Found", engine.Ambiguous},
		"a rejection":                {"Pack", "HTTP/1.1 409 Conflict\r\nContent-Length: 2\r\n\r\n{}", true, "409 Conflict: response is not an error object (2 bytes)", engine.Rejected},
		"half a rejection":           {"Pack", "HTTP/1.1 409 Conflict\r\nContent-Length: 9\r\n\r\n{}", false, "409 Conflict", engine.Ambiguous},
		"half a rejection of a read": {"Weigh", "HTTP/1.1 404 Not Found\r\nContent-Length: 9\r\n\r\n{}", false, "404 Not Found", engine.Rejected},
		"too long a rejection":       {"Pack", "HTTP/1.1 409 Conflict\r\nContent-Length: 70000\r\n\r\n" + strings.Repeat(" ", 70000), true, "more than 65536 bytes", engine.Ambiguous},
		"too long a success":         {"Pack", "HTTP/1.1 201 Created\r\nContent-Length: 9000000\r\n\r\n" + strings.Repeat(" ", 9000000), true, "longer than 8 MiB", engine.Ambiguous},
		"silence":                    {"Pack", "", true, "no whole response within", engine.Ambiguous},
		"not HTTP":                   {"Pack", "220 mail.example ESMTP jane@example.com\r\n\r\n", false, "the response is not HTTP", engine.Ambiguous},
		"a header that is quoted":    {"Pack", "HTTP/1.1 200 OK\r\nTransfer-Encoding: jane@example.com\r\n\r\n", false, `"…"`, engine.Ambiguous},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			transport := &http.Transport{}
			t.Cleanup(transport.CloseIdleConnections)
			client := &http.Client{Transport: transport, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
			e := through(t, nil, func(c *engine.Config) {
				c.HTTPClient, c.Base, c.Timeout = client, peer(t, test.text, test.keepOpen), time.Second
			})
			op := find(test.operation)
			_, err := e.Do(t.Context(), engine.Call{Operation: op, Request: request(t, op)})
			if test.says == "" {
				require.NoError(t, err)
				return
			}
			require.ErrorContains(t, err, test.says)
			require.NotContains(t, err.Error(), "jane")
			var f *engine.Failure
			require.ErrorAs(t, err, &f)
			require.Equal(t, test.class, f.Class)
			require.Equal(t, op.Commits && test.class == engine.Ambiguous, f.OutcomeUnknown)
		})
	}
}

func TestConnectionThatCannotBeHadIsNotSent(t *testing.T) {
	t.Parallel()
	closed, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	require.NoError(t, closed.Close())
	for _, name := range []string{"Pack", "Weigh"} {
		e := through(t, &http.Transport{}, func(c *engine.Config) { c.Base = &url.URL{Scheme: "http", Host: closed.Addr().String()} })
		require.Equal(t, engine.NotSent, failureOf(t, e, name).Class, name)

		never := &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			<-ctx.Done()
			return nil, ctx.Err()
		}}
		f := failureOf(t, through(t, never, func(c *engine.Config) { c.Timeout = 20 * time.Millisecond }), name)
		require.Equal(t, engine.NotSent, f.Class, name)
		require.ErrorContains(t, f, "no connection within 20ms")
		require.ErrorIs(t, f.Cause, context.DeadlineExceeded)
	}
}

// pool counts the generations that were given up.
type pool struct {
	http.RoundTripper
	renewed []int64
}

func (p *pool) Generation() int64 { return 7 }

func (p *pool) Renew(generation int64) { p.renewed = append(p.renewed, generation) }

func TestTimeoutOnAReusedConnectionGivesUpItsGeneration(t *testing.T) {
	t.Parallel()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { _ = listener.Close() })
	go func() { // one response on each connection, and then silence
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go func() {
				if _, err := http.ReadRequest(bufio.NewReader(conn)); err == nil {
					_, _ = io.WriteString(conn, "HTTP/1.1 200 OK\r\nContent-Length: 16\r\n\r\n"+`{"number":"p-1"}`)
				}
			}()
		}
	}()
	transport := &http.Transport{}
	t.Cleanup(transport.CloseIdleConnections)
	p := &pool{RoundTripper: transport}
	e := through(t, p, func(c *engine.Config) {
		c.Base, c.Timeout = &url.URL{Scheme: "http", Host: listener.Addr().String()}, 100*time.Millisecond
	})
	op := find("Weigh")
	for err == nil { // until the connection of an earlier request was idle in time to be used again
		require.Empty(t, p.renewed)
		_, err = e.Do(t.Context(), engine.Call{Operation: op, Request: request(t, op)})
	}
	require.ErrorContains(t, err, "no whole response within 100ms")
	require.Equal(t, []int64{7}, p.renewed)
}

// net/http tells by its text alone that the peer did not process a request. Texts that only look alike prove nothing.
func TestTextsThatProveThatNothingWasProcessed(t *testing.T) {
	t.Parallel()
	retry := func(cause string) string {
		return "http2: Transport: cannot retry err [" + cause + "] after Request.Body was written; define Request.GetBody to avoid this error"
	}
	for text, want := range map[string]engine.Class{
		retry("stream error: stream ID 7; REFUSED_STREAM; received from peer"):                   engine.NotSent,
		retry("http2: Transport received Server's graceful shutdown GOAWAY"):                     engine.NotSent,
		"http2: Transport received GOAWAY from server ErrCode:ENHANCE_YOUR_CALM":                 engine.NotSent,
		retry("stream error: stream ID 7; PROTOCOL_ERROR; received from peer"):                   engine.Ambiguous,
		retry("stream error: stream ID x; REFUSED_STREAM; received from peer"):                   engine.Ambiguous,
		"stream error: stream ID 7; REFUSED_STREAM; received from peer":                          engine.Ambiguous,
		retry("stream error: stream ID 7; REFUSED_STREAM; received from peer") + ", or so":       engine.Ambiguous,
		"so says the peer: http2: Transport received GOAWAY from server ErrCode:NO_ERROR":        engine.Ambiguous,
		"http2: Transport received GOAWAY from server ErrCode:NO_ERROR, as the peer's text says": engine.Ambiguous,
	} {
		e := through(t, roundTripper(func(r *http.Request) (*http.Response, error) {
			_, _ = io.Copy(io.Discard, r.Body)
			return nil, errors.New(text)
		}), nil)
		require.Equal(t, want, failureOf(t, e, "Pack").Class, text)
	}
}

func TestBodyThatCanBeReadOnceIsKeptForAllAttempts(t *testing.T) {
	t.Parallel()
	op := find("Ship")
	n := &network{steps: []step{{status: 503}, success(op)}}
	req := request(t, op)
	req.GetBody = nil
	_, err := n.engine(t, nil).Do(t.Context(), engine.Call{Operation: op, Request: req})
	require.NoError(t, err)
	require.Len(t, n.seen, 2)

	// One that blocks obeys the deadline.
	req = request(t, op)
	reader, writer := io.Pipe()
	t.Cleanup(func() { _ = writer.Close() })
	req.Body, req.GetBody = reader, nil
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	_, err = n.engine(t, nil).Do(ctx, engine.Call{Operation: op, Request: req})
	require.ErrorIs(t, err, context.DeadlineExceeded)
	require.Len(t, n.seen, 2)
}

func TestWaitForARetryEndsWithTheContext(t *testing.T) {
	t.Parallel()
	op := find("Weigh")
	n := &network{steps: []step{{status: 503, header: http.Header{"Retry-After": {"60"}}}}}
	patient := func(c *engine.Config) { c.Retry = engine.RetryPolicy{MaxDelay: time.Hour} }
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute/2)
	defer cancel()
	_, err := n.engine(t, patient).Do(ctx, engine.Call{Operation: op, Request: request(t, op)})
	require.ErrorContains(t, err, "not retried: waiting 1m0s would pass the deadline")

	for name, when := range map[string]func(func()){
		"before the response": func(cancel func()) { cancel() },
		"while waiting":       func(cancel func()) { time.AfterFunc(20*time.Millisecond, cancel) },
	} {
		ctx, cancel := context.WithCancel(t.Context())
		n := &network{steps: n.steps}
		_, err = n.engine(t, func(c *engine.Config) {
			patient(c)
			c.HTTPClient = &http.Client{Transport: roundTripper(func(r *http.Request) (*http.Response, error) {
				when(cancel)
				return n.RoundTrip(r)
			})}
		}).Do(ctx, engine.Call{Operation: op, Request: request(t, op)})
		require.ErrorContains(t, err, "not retried: the context ended while waiting", name)
		var f *engine.Failure
		require.ErrorAs(t, err, &f, name)
		require.ErrorIs(t, f.StopCause, context.Canceled, name)
		_, err = n.engine(t, nil).Do(ctx, engine.Call{Operation: op, Request: request(t, op)})
		require.ErrorContains(t, err, "nothing was sent: context canceled", name)
		require.Len(t, n.seen, 1, name)
	}
}

func TestTextsOfTheNetworkBecomeOneCleanLine(t *testing.T) {
	t.Parallel()
	n := &network{steps: []step{{status: 400, body: `{"Status":"a\u0000b` + strings.Repeat("é", 200) + `","Message":"jane@example.com\r\nlevel=ERROR SHELF-0123456789","Trace":"t\u2028"}`}}}
	f := failureOf(t, n.engine(t, nil), "Weigh")
	require.NotContains(t, f.Error(), "\n")
	require.Contains(t, f.Error(), "{e-mail} level=ERROR {shelf}")
	require.Equal(t, "t ", f.CorrelationID)
	require.Less(t, len(f.Code), 130)
	joined := errors.Join(errors.New("one"), context.DeadlineExceeded)
	f = failureOf(t, through(t, roundTripper(func(*http.Request) (*http.Response, error) { return nil, joined }), nil), "Weigh")
	require.EqualError(t, f, "one context deadline exceeded")
	require.ErrorIs(t, f.Cause, context.DeadlineExceeded)
}
