package ordermanagement_test

import (
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/net/http2"

	"github.com/klarna-go/klarna-payments/internal/wiretest"
	"github.com/klarna-go/klarna-payments/klarna"
	"github.com/klarna-go/klarna-payments/klarna/ordermanagement"
)

// Each copy on the wire is an attempt, and has the call's key, with a body or without.
func TestEveryCopyOnTheWireHasTheKey(t *testing.T) {
	t.Parallel()
	for name, end := range map[string]func(*wiretest.Stream){
		"reset":      func(s *wiretest.Stream) { s.Reset(http2.ErrCodeInternal) },
		"goodbye":    func(s *wiretest.Stream) { s.GoAway(s.ID(), http2.ErrCodeNo, ""); s.CloseConnection() },
		"lost":       func(s *wiretest.Stream) { s.CloseConnection() },
		"half a 500": func(s *wiretest.Stream) { s.Start(500, nil, 100); s.Part("{", false); s.Reset(http2.ErrCodeCancel) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, op := range changing(t) {
				peer := wiretest.NewHTTP2(t, func(s *wiretest.Stream) { s.Read(); end(s) })
				err := op.Call(t, tested.Peer(t, peer.URL), klarna.WithIdempotencyKey("k-1"))
				require.ErrorIs(t, err, klarna.ErrOutcomeUnknown, op.Name)
				var e *klarna.Error
				require.ErrorAs(t, err, &e)
				require.Equal(t, 3, e.Attempts, op.Name)
				require.Equal(t, 3, peer.Copies(""), op.Name)
				for _, request := range peer.Requests() {
					require.Equal(t, "k-1", request.Header.Get("Klarna-Idempotency-Key"), op.Name)
				}
				peer.Close()
			}
		})
	}
}

// bank carries out what bears a key once, as Klarna does, and breaks five of 16 requests or responses.
type bank struct {
	mu       sync.Mutex
	random   *rand.Rand
	ids      map[string]string // by key
	amounts  map[string]int64  // by id
	requests int
}

func (b *bank) handle(s *wiretest.Stream) {
	request := s.Read()
	b.mu.Lock()
	defer b.mu.Unlock()
	b.requests++
	fault := b.random.IntN(16)
	if fault == 0 {
		s.Reset(http2.ErrCodeRefusedStream) // not processed
		return
	}
	if fault == 1 {
		s.Respond(503, nil, "<html>")
		return
	}
	key := request.Header.Get("Klarna-Idempotency-Key")
	id, known := b.ids[key]
	if !known {
		var body struct {
			Captured int64 `json:"captured_amount"`
			Refunded int64 `json:"refunded_amount"`
		}
		if !request.Whole || json.Unmarshal([]byte(request.Body), &body) != nil {
			s.Respond(400, nil, "{}")
			return
		}
		id = fmt.Sprintf("%x", sha256.Sum256([]byte(key)))
		b.ids[key], b.amounts[id] = id, body.Captured-body.Refunded
	}
	switch fault {
	case 2:
		s.Reset(http2.ErrCodeInternal)
	case 3:
		s.CloseConnection()
	case 4:
		s.Respond(500, nil, `{"error_code":"INTERNAL_SERVER_ERROR"}`)
	default:
		s.Respond(201, http.Header{"Capture-Id": {id}, "Refund-Id": {id}}, "")
	}
}

// What was asked for is carried out once each, whatever the network does, and a program that starts anew with the same keys
// gets the ids that it missed.
func TestNothingIsCarriedOutTwiceOverAFaultyNetwork(t *testing.T) {
	t.Parallel()
	b := &bank{random: rand.New(rand.NewPCG(14, 2026)), ids: map[string]string{}, amounts: map[string]int64{}} //nolint:gosec // a seed makes it repeatable
	peer := wiretest.NewHTTP2(t, b.handle)
	const calls = 200
	inOneCall, asked := 0, map[string]int64{} // by id
	client := tested.Peer(t, peer.URL)
	for i := range calls {
		key, amount := fmt.Sprint("shipment-", i), int64(i+1)
		for try := 1; ; try++ {
			var id string
			var err error
			if i%2 == 0 {
				id, err = client.CaptureOrder(t.Context(), orderID, ordermanagement.CaptureRequest{CapturedAmount: amount}, klarna.WithIdempotencyKey(key))
			} else {
				amount = -int64(i + 1)
				id, err = client.RefundOrder(t.Context(), orderID, ordermanagement.RefundRequest{RefundedAmount: -amount}, klarna.WithIdempotencyKey(key))
			}
			if err == nil {
				require.NotContains(t, asked, id)
				asked[id] = amount
				if try == 1 {
					inOneCall++
				}
				break
			}
			require.True(t, errors.Is(err, klarna.ErrOutcomeUnknown) || errors.Is(err, klarna.ErrNotSent), "%v", err)
			client = tested.Peer(t, peer.URL) // the program starts anew
		}
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	require.Equal(t, asked, b.amounts)
	require.Greater(t, b.requests, calls*5/4, "the network is faulty")
	require.GreaterOrEqual(t, inOneCall, calls*95/100)
}
