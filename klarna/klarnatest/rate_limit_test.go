package klarnatest_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"testing"
	"testing/synctest"
	"time"

	"github.com/klarna-go/klarna-payments/klarna"
	"github.com/klarna-go/klarna-payments/klarna/klarnatest"
	"github.com/stretchr/testify/require"
)

func TestRateLimit(t *testing.T) {
	ctx := context.Background()
	s := newShop(t)
	client := s.checkedOnce("payments")
	id := s.open(cart())
	s.server.SetRateLimit(2, 3)

	var response klarna.Response
	create := func() error {
		_, err := client.CreateSession(ctx, cart(), klarna.WithResponse(&response))
		return err
	}
	read := func() error {
		_, err := client.ReadSession(ctx, id, klarna.WithResponse(&response))
		return err
	}
	requireHeaders := func(limit, remaining string) {
		t.Helper()
		require.Equal(t, limit, response.Header.Get("X-Ratelimit-Limit"))
		require.Equal(t, remaining, response.Header.Get("X-Ratelimit-Remaining"))
		require.Equal(t, "1", response.Header.Get("X-Ratelimit-Reset"))
	}

	for range 2 { // the second time after the reset
		for _, remaining := range []string{"1", "0"} {
			require.NoError(t, create())
			requireHeaders("2, 2;w=1", remaining)
		}
		err := create()
		requireRejected(t, err, rejection{429, "TOO_MANY_REQUESTS", ""})
		require.ErrorIs(t, err, klarna.ErrRateLimited)
		requireHeaders("2, 2;w=1", "0")

		for _, remaining := range []string{"2", "1"} { // a count of their own
			require.NoError(t, read())
			requireHeaders("3, 3;w=1", remaining)
		}
		require.Equal(t, 401, s.send("GET", sessionsPath+"/x", "", "Authorization", "").status, "a stranger does not count")
		requireRejected(t, client.CancelAuthorization(ctx, "unknown"), invalidToken) // a rejected call does
		requireRejected(t, read(), rejection{429, "TOO_MANY_REQUESTS", ""})
		s.server.Advance(time.Second)
	}

	s.server.SetRateLimit(0, 0)
	for range 5 {
		require.NoError(t, create())
		requireHeaders("5, 5;w=1", "4")
	}
}

func TestACallThatIsOverTheLimitIsNotHandled(t *testing.T) {
	s := newShop(t)
	id, token := s.openAndAuthorize(cart())
	s.server.SetRateLimit(0, 1)
	requireRejected(t, orderIt(s, "", "unknown"), invalidToken)
	_, err := s.checkedOnce("payments").CreateOrder(context.Background(), token, orderOf(cart()))
	require.ErrorIs(t, err, klarna.ErrRateLimited)
	s.server.SetRateLimit(0, 0)
	require.Equal(t, klarna.SessionStatusIncomplete, s.read(id).Status)
}

func TestTheClientWaitsForTheReset(t *testing.T) {
	t.Parallel()
	server := klarnatest.NewServer() // outside of the bubble, since it listens
	t.Cleanup(server.Close)
	synctest.Test(t, func(t *testing.T) {
		client := server.Client(klarna.WithHTTPClient(&http.Client{Transport: roundTripper(func(req *http.Request) (*http.Response, error) {
			recorder := httptest.NewRecorder()
			server.ServeHTTP(recorder, req)
			return recorder.Result(), nil
		})}))
		server.SetRateLimit(1, 0)
		began := time.Now()
		for attempts := range 2 {
			var response klarna.Response
			_, err := client.CreateSession(t.Context(), cart(), klarna.WithResponse(&response))
			require.NoError(t, err)
			require.Equal(t, 1+attempts, response.Attempts)
		}
		require.GreaterOrEqual(t, time.Since(began), time.Second)
	})
}

func TestWrongRateLimitPanics(t *testing.T) {
	s := newShop(t)
	require.PanicsWithValue(t, "klarnatest: SetRateLimit: a limit is not negative", func() { s.server.SetRateLimit(-1, 0) })
}
