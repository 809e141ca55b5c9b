package klarna_test

import (
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/klarna-go/klarna-payments/internal/contract"
	"github.com/klarna-go/klarna-payments/internal/wiretest"
	"github.com/klarna-go/klarna-payments/klarna"
	"github.com/klarna-go/klarna-payments/klarna/klarnatest"
	"github.com/stretchr/testify/require"
)

// mishap is what goes wrong with one attempt on its way to the fake server or back.
type mishap int

const (
	none mishap = iota
	noConnection
	resetBefore // lost on the way there
	resetAfter  // handled, and the response lost
	unavailable // 503, not handled
	failedAfter // 503, although it was handled
	cutResponse // handled, and half of the response arrives
	pageInstead // handled, and a gateway shows a page
	limited     // 429
	mishaps
)

// unreliable is a network between a client and the fake server.
type unreliable struct {
	base http.RoundTripper
	next func(*http.Request) mishap
}

func (u unreliable) RoundTrip(r *http.Request) (*http.Response, error) {
	what := u.next(r)
	switch what {
	case noConnection:
		return nil, wiretest.ErrDial
	case resetBefore:
		return nil, wiretest.ErrReset
	case unavailable, limited:
		status := map[mishap]int{unavailable: 503, limited: 429}[what]
		return &http.Response{StatusCode: status, Header: http.Header{}, Body: http.NoBody, Request: r}, nil
	}
	resp, err := u.base.RoundTrip(r)
	if err != nil || what == none {
		return resp, err
	}
	body, err := io.ReadAll(resp.Body)
	_ = resp.Body.Close()
	if err != nil {
		return nil, err
	}
	switch what {
	case resetAfter:
		return nil, wiretest.ErrReset
	case failedAfter:
		resp.StatusCode, body = 503, nil
	case cutResponse:
		body = body[:len(body)/2]
	case pageInstead:
		resp.StatusCode, body = 200, []byte("<html>")
	}
	resp.ContentLength, resp.Body = int64(len(body)), io.NopCloser(strings.NewReader(string(body)))
	return resp, nil
}

// checkout is what a shop does, with a network of its own.
type checkout struct {
	sessionID string
	order     *klarna.Order
	err       error
}

func buy(t *testing.T, server *klarnatest.Server, next func(*http.Request) mishap) checkout {
	t.Helper()
	checked := &contract.RoundTripper{T: t, Strict: true}
	client := server.Client(klarna.WithHTTPClient(&http.Client{Transport: unreliable{checked, next}}), quickRetries)
	session, err := server.Client().CreateSession(t.Context(), sessionCreate())
	require.NoError(t, err)
	token, err := server.Authorize(session.SessionID)
	require.NoError(t, err)
	order, err := client.CreateOrder(t.Context(), token, orderRequest())
	return checkout{session.SessionID, order, err}
}

func TestResponseLostOnEachAttemptInTurnStillPlacesOneOrder(t *testing.T) {
	t.Parallel()
	server := klarnatest.NewServer()
	t.Cleanup(server.Close)
	for _, lost := range []mishap{resetAfter, failedAfter, cutResponse, pageInstead} {
		for turn := 1; turn <= 3; turn++ {
			attempt := 0
			c := buy(t, server, func(*http.Request) mishap {
				attempt++
				if attempt == turn {
					return lost
				}
				if attempt < turn {
					return unavailable
				}
				return none
			})
			placed, err := server.Client().OrderPlaced(t.Context(), c.sessionID)
			require.NoError(t, err)
			require.True(t, placed)
			if turn < 3 {
				require.NoError(t, c.err)
				require.NotEmpty(t, c.order.OrderID)
			} else {
				require.ErrorIs(t, c.err, klarna.ErrOutcomeUnknown)
			}
		}
	}
}

// A thousand checkouts on a bad network: no order is placed twice, and none that exists is told as a plain failure.
func TestThousandCheckoutsWithFaultsLoseNoOrder(t *testing.T) {
	t.Parallel()
	const checkouts, parallel = 1000, 100
	server := klarnatest.NewServer()
	t.Cleanup(server.Close)
	results := make([]checkout, checkouts)
	var group sync.WaitGroup
	slots := make(chan struct{}, parallel)
	for i := range results {
		slots <- struct{}{}
		group.Go(func() {
			defer func() { <-slots }()
			random := rand.New(rand.NewPCG(2026, uint64(i)))
			results[i] = buy(t, server, func(*http.Request) mishap {
				if random.IntN(3) == 0 {
					return none
				}
				return mishap(random.IntN(int(mishaps)))
			})
		})
	}
	group.Wait()

	count := map[string]int{}
	orders := map[string]bool{}
	for _, c := range results {
		session, err := server.Client().ReadSession(t.Context(), c.sessionID)
		require.NoError(t, err)
		exists := session.Status == klarna.SessionStatusComplete
		switch {
		case c.err == nil:
			count["placed"]++
			require.True(t, exists)
			require.False(t, orders[c.order.OrderID], "an order id came twice")
			orders[c.order.OrderID] = true
		case errors.Is(c.err, klarna.ErrOrderAlreadyPlaced):
			count["already placed"]++
			require.True(t, exists)
		case errors.Is(c.err, klarna.ErrOutcomeUnknown):
			count[fmt.Sprintf("unknown, and placed: %v", exists)]++
		default:
			count["failed"]++
			require.False(t, exists, "an order exists, and the caller was told: %v", c.err)
		}
	}
	t.Log(count)
	for _, outcome := range []string{"placed", "unknown, and placed: true", "unknown, and placed: false", "failed"} {
		require.Positive(t, count[outcome], outcome)
	}
}
