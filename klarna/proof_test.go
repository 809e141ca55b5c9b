package klarna_test

import (
	"fmt"
	"sync/atomic"
	"testing"

	"github.com/klarna-go/klarna-payments/internal/wiretest"
	"github.com/klarna-go/klarna-payments/klarna"
	"github.com/stretchr/testify/require"
)

// After an ambiguous attempt a rejection counts only if it proves that the attempt had no effect: every attempt had the same
// fault. What Klarna decides about the shopper or the shop may be decided after the order was placed.
func TestRejectionAfterAmbiguousAttempt(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		status        int
		code, message string
		proves        bool
	}{
		{400, "BAD_VALUE", "Bad value: order_amount", true},
		{409, "BAD_VALUE", "Not matching fields: [order_amount]", true},
		{400, "BAD_REQUEST", "Malformed", false},
		{400, "", "", false},
		{401, "UNAUTHORIZED", "", false},
		{403, "REJECTED", "Purchase rejected", false},
		{403, "MERCHANT_INACTIVE", "Merchant is inactive", false},
		{403, "INVALID_OPERATION", "Operation not allowed", false},
		{404, "NOT_FOUND", "Invalid authorization token", false},
		{409, "BAD_VALUE", "Something else", false},
		{409, "CONFLICT", "", false},
		{413, "", "", false},
		{422, "BAD_VALUE", "Bad value: order_amount", false},
	} {
		for name, ambiguous := range map[string]func(*wiretest.Exchange){
			"no response": (*wiretest.Exchange).CloseConnection,
			"503":         func(e *wiretest.Exchange) { e.Write(http1Response(503, 0, "")) },
		} {
			t.Run(fmt.Sprintf("%s/%d %s %s", name, test.status, test.code, test.message), func(t *testing.T) {
				t.Parallel()
				var requests atomic.Int32
				peer := wiretest.NewHTTP1(t, func(e *wiretest.Exchange) {
					if requests.Add(1) == 1 {
						ambiguous(e)
						return
					}
					body := fmt.Sprintf(`{"error_code":%q,"error_messages":[%q]}`, test.code, test.message)
					e.Write(http1Response(test.status, len(body), body))
				})
				_, err := wireClient(t, peer.URL).CreateOrder(t.Context(), wireToken, wireOrder())
				require.Equal(t, 2, attemptsOf(t, err))
				require.Equal(t, test.proves, !isUnknownOrPlaced(err), "%v", err)
			})
		}
	}
}

// The proof counts for all attempts before it, in whatever order they ended.
func TestProofCountsForEveryEarlierAttempt(t *testing.T) {
	t.Parallel()
	var requests atomic.Int32
	peer := wiretest.NewHTTP1(t, func(e *wiretest.Exchange) {
		switch requests.Add(1) {
		case 1:
			e.CloseConnection()
		case 2:
			e.Write(http1Response(429, 0, ""))
		default:
			body := `{"error_code":"BAD_VALUE","error_messages":["Bad value: order_amount"]}`
			e.Write(http1Response(400, len(body), body))
		}
	})
	_, err := wireClient(t, peer.URL).CreateOrder(t.Context(), wireToken, wireOrder())
	require.ErrorIs(t, err, klarna.ErrInvalidRequest)
	require.NotErrorIs(t, err, klarna.ErrOutcomeUnknown)
	require.Equal(t, 3, attemptsOf(t, err))
}
