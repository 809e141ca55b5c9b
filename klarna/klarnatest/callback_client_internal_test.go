package klarnatest

import (
	"log/slog"
	"testing"

	"github.com/stretchr/testify/require"
)

// A name such as localhost may mean another machine, and so the address is looked at when it is known.
func TestTheCallbackClientReachesNoOtherMachine(t *testing.T) {
	for _, url := range []string{"http://192.0.2.1/", "http://[2001:db8::1]/", "https://192.0.2.1/"} {
		resp, err := newCallbackClient(CallbackPolicy{}.withDefaults(0)).Get(url)
		require.ErrorIs(t, err, errNotAllowed)
		require.Nil(t, resp)
	}
}

func TestCallbacksUnderWayAreBounded(t *testing.T) {
	c := newCallbacks(t.Context(), slog.New(slog.DiscardHandler))
	c.pending = maxPendingCallbacks
	<-c.start(message{kind: CallbackAuthorization, url: "http://127.0.0.1:9/"})
	require.Equal(t, "too many callbacks are under way", c.record[0].Skipped)
	require.Equal(t, maxPendingCallbacks, c.pending)
}
