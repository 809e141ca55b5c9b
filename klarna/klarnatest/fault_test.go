package klarnatest_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/klarna-go/klarna-payments/klarna"
	"github.com/klarna-go/klarna-payments/klarna/klarnatest"
	"github.com/stretchr/testify/require"
)

// once is a client of a single, short attempt over connections of its own. Its responses are not checked
// against the contract, which most faults break.
func once(t testing.TB, server *klarnatest.Server, timeout time.Duration) *klarna.Client {
	transport := &http.Transport{}
	t.Cleanup(transport.CloseIdleConnections)
	return server.Client(klarna.WithHTTPClient(&http.Client{Transport: transport}), klarna.WithRetry(klarna.NoRetry()), klarna.WithTimeout(timeout))
}

const patience = 10 * time.Second

func TestFaultsAsTheClientSeesThem(t *testing.T) {
	status := func(want int) func(*testing.T, error) {
		return func(t *testing.T, err error) {
			var failed *klarna.Error
			require.ErrorAs(t, err, &failed)
			require.Equal(t, want, failed.StatusCode)
		}
	}
	is := func(want ...error) func(*testing.T, error) {
		return func(t *testing.T, err error) {
			for _, w := range want {
				require.ErrorIs(t, err, w)
			}
		}
	}
	isReset := func(t *testing.T, err error) {
		require.ErrorIs(t, err, klarna.ErrOutcomeUnknown)
		require.True(t, errors.Is(err, syscall.ECONNRESET) || errors.Is(err, io.EOF), err)
	}
	for _, row := range []struct {
		fault  klarnatest.Fault
		check  func(*testing.T, error)
		placed bool // the order exists
		log    int  // the status in the log
	}{
		{klarnatest.Status(500, "INTERNAL_SERVER_ERROR", "Internal error"), func(t *testing.T, err error) {
			requireRejected(t, err, rejection{500, "INTERNAL_SERVER_ERROR", "Internal error"})
			require.ErrorIs(t, err, klarna.ErrServer)
		}, false, 500},
		{klarnatest.Status(403, "MERCHANT_INACTIVE"), func(t *testing.T, err error) {
			requireRejected(t, err, rejection{403, "MERCHANT_INACTIVE", ""})
		}, false, 403},
		{klarnatest.Status(503, "SERVICE_UNAVAILABLE").Handled(), is(klarna.ErrServer, klarna.ErrOutcomeUnknown), true, 503},
		{klarnatest.EmptyStatus(502), func(t *testing.T, err error) {
			var failed *klarna.Error
			require.ErrorAs(t, err, &failed)
			require.Equal(t, 502, failed.StatusCode)
			require.Empty(t, failed.Body)
			require.Empty(t, failed.Header.Get("Content-Type"))
			require.Regexp(t, uuid, failed.CorrelationID)
		}, false, 502},
		{klarnatest.EmptyStatus(200), is(klarna.ErrUnexpectedResponse), false, 200},
		{klarnatest.HTMLStatus(504), func(t *testing.T, err error) {
			status(504)(t, err)
			var failed *klarna.Error
			require.ErrorAs(t, err, &failed)
			require.Contains(t, string(failed.Body), "<h1>504 Gateway Timeout</h1>")
			require.Contains(t, failed.Header.Get("Content-Type"), "text/html")
			require.Empty(t, failed.CorrelationID)
		}, false, 504},
		{klarnatest.HTMLStatus(200), is(klarna.ErrUnexpectedResponse, klarna.ErrOutcomeUnknown), false, 200},
		{klarnatest.TooManyRequests(7), func(t *testing.T, err error) {
			requireRejected(t, err, rejection{429, "TOO_MANY_REQUESTS", ""})
			require.ErrorIs(t, err, klarna.ErrRateLimited)
			var failed *klarna.Error
			require.ErrorAs(t, err, &failed)
			require.Equal(t, 7*time.Second, failed.RetryAfter)
			require.Equal(t, "0", failed.Header.Get("X-Ratelimit-Remaining"))
		}, false, 429},
		{klarnatest.Delay(time.Minute), is(context.DeadlineExceeded, klarna.ErrOutcomeUnknown), true, 0},
		{klarnatest.Status(500, "X").After(time.Minute), is(context.DeadlineExceeded, klarna.ErrOutcomeUnknown), false, 0},
		{klarnatest.Delay(time.Millisecond), func(t *testing.T, err error) { require.NoError(t, err) }, true, 200},
		{klarnatest.ResetBefore(), isReset, false, 0},
		{klarnatest.ResetAfter(), isReset, true, 0},
		{klarnatest.Truncate(), is(io.ErrUnexpectedEOF, klarna.ErrOutcomeUnknown), true, 200},
		{klarnatest.Drip(time.Minute), is(context.DeadlineExceeded, klarna.ErrOutcomeUnknown), true, 200},
		{klarnatest.Drip(time.Microsecond), func(t *testing.T, err error) { require.NoError(t, err) }, true, 200},
		{klarnatest.Endless(), is(klarna.ErrResponseTooLarge, klarna.ErrOutcomeUnknown), true, 200},
	} {
		t.Run(row.fault.String(), func(t *testing.T) {
			t.Parallel()
			s := newShop(t)
			id, token := s.openAndAuthorize(cart())
			s.server.Fail(klarna.OperationCreateOrder, row.fault)
			timeout := patience
			if strings.Contains(row.fault.String(), time.Minute.String()) {
				timeout = time.Second
			}
			order, err := once(t, s.server, timeout).CreateOrder(context.Background(), token, orderOf(cart()))
			row.check(t, err)
			require.Equal(t, err == nil, order != nil)
			require.Empty(t, s.server.PendingFaults())

			placed, err := s.OrderPlaced(context.Background(), id)
			require.NoError(t, err)
			require.Equal(t, row.placed, placed)
			request := requestOf(s.server, klarna.OperationCreateOrder)
			require.Equal(t, row.log, request.StatusCode)
			require.Equal(t, row.fault.String(), request.Fault)
			require.JSONEq(t, encode(t, orderOf(cart())), string(request.Body))
		})
	}
}

// requestOf waits for the first request of an operation in the log: a caller that gave up is ahead of it.
func requestOf(server *klarnatest.Server, op klarna.Operation) klarnatest.Request {
	for range 500 {
		for _, r := range server.Requests() {
			if r.Operation == op {
				return r
			}
		}
		time.Sleep(10 * time.Millisecond)
	}
	return klarnatest.Request{}
}

// A 204 response has no body to break.
func TestFaultsOfAResponseWithoutABody(t *testing.T) {
	for _, row := range []struct {
		fault  klarnatest.Fault
		client time.Duration
		want   error // nil: it succeeds
	}{
		{klarnatest.Truncate(), patience, io.ErrUnexpectedEOF},
		{klarnatest.Drip(time.Minute), time.Second, context.DeadlineExceeded},
		{klarnatest.Drip(time.Microsecond), patience, nil},
		{klarnatest.Endless(), patience, klarna.ErrResponseTooLarge},
		{klarnatest.ResetAfter(), patience, io.EOF},
		{klarnatest.Delay(time.Millisecond), patience, nil},
		{klarnatest.EmptyStatus(204), patience, nil},
	} {
		t.Run(row.fault.String(), func(t *testing.T) {
			t.Parallel()
			s := newShop(t)
			_, token := s.openAndAuthorize(cart())
			s.server.Fail(klarna.OperationCancelAuthorization, row.fault)
			err := once(t, s.server, row.client).CancelAuthorization(context.Background(), token)
			switch {
			case row.want == nil:
				require.NoError(t, err)
			case errors.Is(row.want, io.EOF):
				require.True(t, errors.Is(err, io.EOF) || errors.Is(err, syscall.ECONNRESET), err)
			default:
				require.ErrorIs(t, err, row.want)
			}
			if row.fault.String() == "empty status 204" {
				s.order(token, orderOf(cart())) // it was not handled
				return
			}
			requireRejected(t, orderIt(s, "", token), invalidToken)
		})
	}
}

func TestFaultsOfAnOperationComeInTheirOrder(t *testing.T) {
	s := newShop(t)
	id := s.open(cart())
	s.server.Fail(klarna.OperationReadSession, klarnatest.Status(500, "ONE"), klarnatest.Status(500, "TWO"))
	s.server.Fail(klarna.OperationReadSession, klarnatest.Status(500, "THREE"))
	require.NoError(t, updateIt(s, id, ""), "other operations go on")

	client := once(t, s.server, patience)
	for _, want := range []string{"ONE", "TWO", "THREE"} {
		_, err := client.ReadSession(context.Background(), id)
		requireRejected(t, err, rejection{500, want, ""})
	}
	_, err := client.ReadSession(context.Background(), id)
	require.NoError(t, err)
}

func TestAFaultMeetsAStrangerToo(t *testing.T) {
	s := newShop(t)
	s.server.Fail(klarna.OperationReadSession, klarnatest.EmptyStatus(503), klarnatest.Delay(0))
	for _, want := range []int{503, 401, 401} { // the last of them without a fault
		require.Equal(t, want, s.send("GET", sessionsPath+"/x", "", "Authorization", "", "X-Unchecked", "1").status)
	}
}

func TestTheClientGetsOverFaults(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	id, token := s.openAndAuthorize(cart())
	s.server.Fail(klarna.OperationCreateOrder, klarnatest.ResetAfter(), klarnatest.Status(503, "SERVICE_UNAVAILABLE"))
	client := s.server.Client(klarna.WithRetry(klarna.RetryPolicy{BaseDelay: time.Millisecond}))
	var response klarna.Response
	order, err := client.CreateOrder(context.Background(), token, orderOf(cart()), klarna.WithResponse(&response))
	require.NoError(t, err)
	require.Equal(t, 3, response.Attempts)
	require.NotEmpty(t, order.OrderID)
	require.Empty(t, s.server.PendingFaults())
	require.Equal(t, klarna.SessionStatusComplete, s.read(id).Status)
}

func TestPendingFaultsReturnsWhatNoRequestMet(t *testing.T) {
	s := newShop(t)
	require.Empty(t, s.server.PendingFaults())
	s.server.Fail(klarna.OperationReadSession, klarnatest.Truncate(), klarnatest.Drip(time.Second))
	s.server.Fail(klarna.OperationCreateOrder, klarnatest.ResetBefore().After(time.Second))
	s.server.Fail(klarna.OperationUpdateSession)
	require.Equal(t,
		"map[CreateOrder:[reset before it was handled after 1s] ReadSession:[truncated response slow drip of 1s]]",
		fmt.Sprint(s.server.PendingFaults()))

	pending := s.server.PendingFaults()
	pending[klarna.OperationReadSession][0] = klarnatest.Endless()
	delete(pending, klarna.OperationCreateOrder)
	require.Equal(t, "truncated response", s.server.PendingFaults()[klarna.OperationReadSession][0].String(), "the result is the caller's to change")
	require.Len(t, s.server.PendingFaults()[klarna.OperationCreateOrder], 1)
}

func TestWrongFaultsPanic(t *testing.T) {
	s := newShop(t)
	for _, row := range []struct {
		want string
		do   func()
	}{
		{"klarnatest: Fail: there is no operation Refund", func() { s.server.Fail("Refund", klarnatest.Truncate()) }},
		{"klarnatest: Fail: a Fault is made by one of the functions that return one", func() { s.server.Fail(klarna.OperationReadSession, klarnatest.Fault{}) }},
		{"klarnatest: 100 is not the status of a response", func() { klarnatest.Status(100, "CONTINUE") }},
		{"klarnatest: 600 is not the status of a response", func() { klarnatest.HTMLStatus(600) }},
	} {
		require.PanicsWithValue(t, row.want, row.do)
	}
	require.Empty(t, s.server.PendingFaults())
	require.Equal(t, "no fault", klarnatest.Fault{}.String())
}

// What a fault makes wait does not hold Close up.
func TestCloseEndsFaults(t *testing.T) {
	for _, fault := range []klarnatest.Fault{
		klarnatest.Delay(time.Hour), klarnatest.Drip(time.Hour), klarnatest.ResetBefore().After(time.Hour), klarnatest.Endless(),
	} {
		t.Run(fault.String(), func(t *testing.T) {
			t.Parallel()
			server := klarnatest.NewServer()
			server.SetGrace(time.Hour)
			server.Fail(klarna.OperationReadSession, fault)
			// A caller who sends a request and reads nothing of the response.
			conn, err := net.Dial("tcp", strings.TrimPrefix(server.URL, "http://"))
			require.NoError(t, err)
			defer conn.Close()
			_, err = fmt.Fprintf(conn, "GET %s/x HTTP/1.1\r\nHost: x\r\n\r\n", sessionsPath)
			require.NoError(t, err)
			for len(server.PendingFaults()) > 0 {
				time.Sleep(time.Millisecond)
			}
			began := time.Now()
			server.Close()
			require.Less(t, time.Since(began), patience)
		})
	}
}

func TestCloseCutsAHalfSentRequestOff(t *testing.T) {
	t.Parallel()
	server := klarnatest.NewServer()
	server.SetGrace(50 * time.Millisecond)
	conn, err := net.Dial("tcp", strings.TrimPrefix(server.URL, "http://"))
	require.NoError(t, err)
	defer conn.Close()
	_, err = fmt.Fprintf(conn, "POST %s HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n{", sessionsPath)
	require.NoError(t, err)
	time.Sleep(50 * time.Millisecond) // until the server has begun with it
	began := time.Now()
	server.Close()
	require.Less(t, time.Since(began), patience)
}
