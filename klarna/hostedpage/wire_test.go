package hostedpage_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/net/http2"

	"github.com/klarna-go/klarna-payments/internal/wiretest"
	"github.com/klarna-go/klarna-payments/klarna"
	"github.com/klarna-go/klarna-payments/klarna/hostedpage"
)

// Of a page and of a message there is one copy on the wire, unless the server guarantees that it did not process one.
func TestOnlyWhatWasNotProcessedIsOnTheWireTwice(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		end    func(*wiretest.Stream)
		copies int
		want   error
	}{
		"reset":         {func(s *wiretest.Stream) { s.Reset(http2.ErrCodeInternal) }, 1, klarna.ErrNoResponse},
		"lost":          {func(s *wiretest.Stream) { s.CloseConnection() }, 1, klarna.ErrNoResponse},
		"half a 201":    {func(s *wiretest.Stream) { s.Start(201, nil, 100); s.Part("{", false); s.Reset(http2.ErrCodeCancel) }, 1, klarna.ErrUnexpectedResponse},
		"unavailable":   {func(s *wiretest.Stream) { s.Respond(503, nil, "") }, 1, klarna.ErrServer},
		"not processed": {func(s *wiretest.Stream) { s.Reset(http2.ErrCodeRefusedStream) }, 3, klarna.ErrNotSent},
		"over limit":    {func(s *wiretest.Stream) { s.Respond(429, nil, "") }, 3, klarna.ErrRateLimited},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, op := range operations(t) {
				if op.Name != hostedpage.OperationCreateSession && op.Name != hostedpage.OperationDistributeSession {
					continue
				}
				if name == "half a 201" && op.Name != hostedpage.OperationCreateSession {
					continue // of a distribution, the status is all that counts
				}
				peer := wiretest.NewHTTP2(t, func(s *wiretest.Stream) { s.Read(); test.end(s) })
				err := op.Call(t, tested.Peer(t, peer.URL))
				require.ErrorIs(t, err, test.want, op.Name)
				require.NotErrorIs(t, err, klarna.ErrOutcomeUnknown, op.Name)
				require.Equal(t, test.copies, peer.Copies(""), op.Name)
				peer.Close()
			}
		})
	}
}

func TestCallEndsWithItsDeadline(t *testing.T) {
	t.Parallel()
	peer := wiretest.NewHTTP2(t, func(s *wiretest.Stream) { s.Read() }) // and no response
	pages := tested.Peer(t, peer.URL)
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	began := time.Now()
	_, err := pages.CreateSession(ctx, hostedpage.SessionRequest{PaymentSessionURL: sessionURL})
	require.ErrorIs(t, err, klarna.ErrNoResponse)
	require.ErrorIs(t, err, context.DeadlineExceeded)
	require.Less(t, time.Since(began), 4*time.Second)
	require.Equal(t, 1, peer.Copies(""))
	var e *klarna.Error
	require.True(t, errors.As(err, &e))
	require.Equal(t, 1, e.Attempts)
}
