package engine_test

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/require"

	"github.com/klarna-go/klarna-payments/internal/engine"
)

func callbackRequest(method, contentType, body string) *http.Request {
	r := httptest.NewRequest(method, "/hook", strings.NewReader(body))
	if contentType != "" {
		r.Header.Set("Content-Type", contentType)
	}
	return r
}

// A member of another type costs nothing but itself: the rest of a callback is still worth acting on.
func TestCallbackIsDecoded(t *testing.T) {
	t.Parallel()
	for _, contentType := range []string{"", "application/json", "application/json; charset=utf-8", "application/vnd.klarna+json"} {
		var callback struct {
			EventID string `json:"event_id"`
			Count   int    `json:"count"`
		}
		err := engine.ReadCallback(callbackRequest(http.MethodPost, contentType, `{"count":"two","event_id":"e-1"}`), "callback", &callback)
		require.NoError(t, err, contentType)
		require.Equal(t, "e-1", callback.EventID)
		require.Zero(t, callback.Count)
	}
}

func TestCallbackThatCannotBeReadIsNotQuoted(t *testing.T) {
	t.Parallel()
	const secret = "klarna-token-9f3b"
	broken := callbackRequest(http.MethodPost, "", "")
	broken.Body = io.NopCloser(iotest.ErrReader(errors.New("connection reset")))
	for want, r := range map[string]*http.Request{
		"there is no request":                       nil,
		"the method must be POST":                   callbackRequest(http.MethodPut, "", secret),
		"the content type must be application/json": callbackRequest(http.MethodPost, "text/html; "+secret, secret),
		"the body cannot be read: connection reset": broken,
		"the body is longer than 65536 bytes":       callbackRequest(http.MethodPost, "", `"`+secret+strings.Repeat("x", 64<<10)+`"`),
		"the body is empty":                         callbackRequest(http.MethodPost, "", ""),
		"the body is not JSON":                      callbackRequest(http.MethodPost, "", secret),
	} {
		err := engine.ReadCallback(r, "status callback", new(struct{}))
		require.ErrorContains(t, err, "klarna: status callback: "+want)
		require.NotContains(t, err.Error(), secret)
	}
}
