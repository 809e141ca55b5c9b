package hostedpage_test

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/klarna-go/klarna-payments/internal/wiretest"
	"github.com/klarna-go/klarna-payments/klarna"
	"github.com/klarna-go/klarna-payments/klarna/hostedpage"
)

func post(body io.Reader) *http.Request { return httptest.NewRequest(http.MethodPost, "/hook", body) }

func TestStatusCallbackIsRead(t *testing.T) {
	t.Parallel()
	callback, err := hostedpage.ParseStatusCallback(post(strings.NewReader(example(t, "hpp_status_callback.json"))))
	require.NoError(t, err)
	require.Equal(t, "b7d2f4a8-0c91-4e35-8f6d-a51e9c3b7024", callback.EventID)
	require.Equal(t, decoded[hostedpage.Session](t, "hpp_read_session_response.placed.json"), callback.Session)

	callback, err = hostedpage.ParseStatusCallback(post(strings.NewReader(
		`{"event_id":"e-1","session":{"session_id":"p-1","status":"OF_THE_FUTURE","klarna_reference":7,"updated_at":"","new":[1]},"new":{}}`)))
	require.NoError(t, err)
	require.Equal(t, "OF_THE_FUTURE", callback.Session.Status)
}

func TestInvalidStatusCallbackIsRejectedWithoutQuotingIt(t *testing.T) {
	t.Parallel()
	for want, request := range map[string]*http.Request{
		"there is no request":                             nil,
		"the method must be POST":                         httptest.NewRequest(http.MethodGet, "/hook", strings.NewReader("{}")),
		"the body is empty":                               post(http.NoBody),
		"the body is not JSON":                            post(strings.NewReader("status=" + secret)),
		"the body is longer than 65536 bytes":             post(strings.NewReader(`{"event_id":"` + strings.Repeat("x", 64<<10) + `"}`)),
		"the body cannot be read: unexpected EOF":         post(iotest.ErrReader(io.ErrUnexpectedEOF)),
		"event_id is empty":                               post(strings.NewReader(`{"session":{"session_id":"` + secret + `","status":"COMPLETED"}}`)),
		"event_id contains a control character":           post(strings.NewReader(`{"event_id":"` + secret + `\n"}`)),
		"session.session_id is empty":                     post(strings.NewReader(`{"event_id":"` + secret + `"}`)),
		"session.session_id is a dot segment":             post(strings.NewReader(`{"event_id":"e","session":{"session_id":".."}}`)),
		"session.status is empty":                         post(strings.NewReader(`{"event_id":"e","session":{"session_id":"` + secret + `","status":7}}`)),
		"session.session_id contains a control character": post(strings.NewReader(`{"event_id":"e","session":{"session_id":"` + secret + `\u0000"}}`)),
	} {
		callback, err := hostedpage.ParseStatusCallback(request)
		require.Zero(t, callback)
		require.ErrorContains(t, err, "klarna: status callback: "+want)
		require.NotContains(t, err.Error(), secret)
	}
}

func TestFinalStatuses(t *testing.T) {
	t.Parallel()
	for status, final := range map[hostedpage.SessionStatus]bool{
		hostedpage.SessionStatusWaiting: false, hostedpage.SessionStatusInProgress: false, hostedpage.SessionStatusBack: false,
		hostedpage.SessionStatusFailed: false, hostedpage.SessionStatusError: false, hostedpage.SessionStatusManualIDCheck: false,
		hostedpage.SessionStatusTimeout: false, "": false, "OF_THE_FUTURE": false, "completed": false,
		hostedpage.SessionStatusCompleted: true, hostedpage.SessionStatusCancelled: true, hostedpage.SessionStatusDisabled: true,
	} {
		require.Equal(t, final, hostedpage.IsFinal(status), status)
	}
}

// The signer leaves the placeholders for Klarna, and verifies the URL that comes of them.
func TestSignedStatusURLVerifiesWithItsPlaceholdersReplaced(t *testing.T) {
	t.Parallel()
	signer, err := klarna.NewCallbackSigner(bytes.Repeat([]byte("k"), 32))
	require.NoError(t, err)
	signed, err := signer.Sign("https://shop.example/hook?sid={{session_id}}", "cart-5521", 48*time.Hour)
	require.NoError(t, err)
	require.Contains(t, signed, "{{session_id}}")
	s := &wiretest.Script{Lines: []wiretest.Line{operations(t)[0].Success}}
	_, err = tested.Client(t, s).CreateSession(t.Context(), hostedpage.SessionRequest{PaymentSessionURL: sessionURL, MerchantURLs: hostedpage.MerchantURLs{StatusUpdate: signed}})
	require.NoError(t, err)
	require.Contains(t, s.Sent()[0], signed)
	request := post(strings.NewReader(example(t, "hpp_status_callback.json")))
	request.URL, err = request.URL.Parse(strings.ReplaceAll(signed, "{{session_id}}", pageID))
	require.NoError(t, err)
	reference, err := signer.Verify(request)
	require.NoError(t, err)
	require.Equal(t, "cart-5521", reference)
}

func FuzzStatusCallback(f *testing.F) {
	f.Add("application/json", []byte(`{"event_id":"e","session":{"session_id":"p","status":"COMPLETED"}}`))
	f.Add("", []byte(`{"event_id":7,"session":[]}`))
	f.Fuzz(func(t *testing.T, contentType string, body []byte) {
		r := post(bytes.NewReader(body))
		r.Header["Content-Type"] = []string{contentType}
		callback, err := hostedpage.ParseStatusCallback(r)
		require.Equal(t, err == nil, callback.EventID != "" && callback.Session.SessionID != "" && callback.Session.Status != "")
	})
}
