package klarnatest

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// A name such as localhost may mean another machine, and so the address is looked at when it is known.
func TestTheCallbackClientReachesNoOtherMachine(t *testing.T) {
	for _, url := range []string{"http://192.0.2.1/", "http://[2001:db8::1]/", "https://192.0.2.1/"} {
		resp, err := newCallbackClient(CallbackPolicy{}.withDefaults()).Get(url)
		require.ErrorIs(t, err, errNotAllowed)
		require.Nil(t, resp)
	}
}
