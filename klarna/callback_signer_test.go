package klarna

import (
	"bufio"
	"bytes"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func key(b byte) []byte { return bytes.Repeat([]byte{b}, 32) }

func newSigner(t *testing.T, keys ...[]byte) *CallbackSigner {
	t.Helper()
	signer, err := NewCallbackSigner(keys[0], keys[1:]...)
	require.NoError(t, err)
	return signer
}

const callbackURL = "https://shop.example/klarna/authorized"

func verify(s *CallbackSigner, target string) (string, error) {
	return s.Verify(httptest.NewRequest(http.MethodPost, target, nil))
}

func TestSignedURLVerifiesAndCarriesTheReference(t *testing.T) {
	t.Parallel()
	signer := newSigner(t, key(1))
	for _, reference := range []string{"cart-4711", "a&b=c?d#e f/ü\n%", strings.Repeat("x", 255)} {
		for _, target := range []string{callbackURL, callbackURL + "?order={order.id}", callbackURL + "?a=b&c"} {
			signed, err := signer.Sign(target, reference, time.Hour)
			require.NoError(t, err)
			require.True(t, strings.HasPrefix(signed, target), "what Klarna puts ids in for stays as it is")
			got, err := verify(signer, signed)
			require.NoError(t, err)
			require.Equal(t, reference, got)
		}
	}
}

func TestChangedURLDoesNotVerify(t *testing.T) {
	t.Parallel()
	signer := newSigner(t, key(1))
	signed, err := signer.Sign(callbackURL, "cart-1", time.Hour)
	require.NoError(t, err)
	parsed, err := url.Parse(signed)
	require.NoError(t, err)
	query := parsed.Query()
	later := fmt.Sprint(time.Now().Add(24 * time.Hour).Unix())
	for name, change := range map[string]func(url.Values){
		"reference":        func(q url.Values) { q.Set("klarna_ref", "cart-2") },
		"expiry":           func(q url.Values) { q.Set("klarna_exp", later) },
		"signature":        func(q url.Values) { q.Set("klarna_sig", strings.ToUpper(q.Get("klarna_sig"))) },
		"no signature":     func(q url.Values) { q.Del("klarna_sig") },
		"empty signature":  func(q url.Values) { q.Set("klarna_sig", "") },
		"no reference":     func(q url.Values) { q.Del("klarna_ref") },
		"no expiry":        func(q url.Values) { q.Del("klarna_exp") },
		"second reference": func(q url.Values) { q.Add("klarna_ref", "cart-2") },
		"second signature": func(q url.Values) { q.Add("klarna_sig", q.Get("klarna_sig")) },
		"line moved in expiry": func(q url.Values) {
			q.Set("klarna_ref", "1")
			q.Set("klarna_exp", query.Get("klarna_exp")+"\ncart-")
		},
	} {
		changed, err := url.ParseQuery(parsed.RawQuery)
		require.NoError(t, err)
		change(changed)
		_, err = verify(signer, callbackURL+"?"+changed.Encode())
		require.ErrorIs(t, err, ErrInvalidSignature, name)
	}
	_, err = verify(newSigner(t, key(2)), signed)
	require.ErrorIs(t, err, ErrInvalidSignature, "another key")
	_, err = verify(signer, callbackURL)
	require.ErrorIs(t, err, ErrInvalidSignature)
	_, err = verify(signer, "https://shop.example/klarna/fraud?"+parsed.RawQuery)
	require.ErrorIs(t, err, ErrInvalidSignature, "another path")
	_, err = verify(signer, signed+"&order=o-1")
	require.NoError(t, err, "what Klarna or the shop adds")
	_, err = verify(&CallbackSigner{}, signed)
	require.ErrorIs(t, err, ErrInvalidSignature)
	_, err = (&CallbackSigner{}).Sign(callbackURL, "r", time.Hour)
	require.ErrorContains(t, err, "not made by NewCallbackSigner")
}

func TestSignedURLExpires(t *testing.T) {
	t.Parallel()
	signer := newSigner(t, key(1))
	start := time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)
	signer.secret.now = func() time.Time { return start }
	signed, err := signer.Sign(callbackURL, "cart-1", time.Hour)
	require.NoError(t, err)
	for after, valid := range map[time.Duration]bool{0: true, time.Hour - time.Second: true, time.Hour: false, 48 * time.Hour: false} {
		signer.secret.now = func() time.Time { return start.Add(after) }
		_, err := verify(signer, signed)
		require.Equal(t, valid, err == nil, after)
	}
}

// An escaped slash is not a slash: /cart%2Fadmin is one segment, and must not verify as two.
func TestSignatureIsOfTheEscapedPath(t *testing.T) {
	t.Parallel()
	signer := newSigner(t, key(1))
	for _, test := range []struct {
		signed, requested string
		valid             bool
	}{
		{"/cart%2Fadmin", "/cart%2Fadmin", true},
		{"/cart%2Fadmin", "/cart/admin", false},
		{"/cart/admin", "/cart%2Fadmin", false},
		{"/cart%252Fadmin", "/cart%2Fadmin", false},
		{"/cart%3Fadmin", "/cart?admin", false},
		{"/cart%2Fadmin", "/cart%2fadmin", true}, // the same, written in another way
		{"/%63art", "/cart", true},
		{"/käse", "/k%C3%A4se", true},
		{"/a+b", "/a%2Bb", true},
		{"/a", "/a/", false},
		{"//a", "/a", false},
	} {
		signed, err := signer.Sign("https://shop.example"+test.signed, "cart-1", time.Hour)
		require.NoError(t, err)
		_, query, _ := strings.Cut(signed, "?")
		separator := "?"
		if strings.Contains(test.requested, "?") {
			separator = "&"
		}
		_, err = verify(signer, "https://shop.example"+test.requested+separator+query)
		require.Equal(t, test.valid, err == nil, "%s requested as %s", test.signed, test.requested)
	}
}

// Whatever Sign accepts verifies when it is requested: as it is written, and as net/http's client writes it.
func TestWhatSignAcceptsVerifies(t *testing.T) {
	t.Parallel()
	signer := newSigner(t, key(1))
	part := rapid.OneOf(
		rapid.SampledFrom([]string{
			"", "/", "//", "a", "authorized", "%2F", "%2f", "%41", "%00", "%zz", ".", "..", "%2e", "{order.id}", "{", "}", "?", "&", "=", "#",
			";", "+", " ", "%20", "*", "ü", "\xff", "@", ":", "klarna_ref=1", "klarna%5Fsig=1", "a=b", "%7Border.id%7D", "\\", "|", "^", "\"", "\n",
		}),
		rapid.String(),
	)
	accepted := 0
	rapid.Check(t, func(t *rapid.T) {
		target := rapid.SampledFrom([]string{"https://shop.example", "http://user:pw@127.0.0.1:8080", "https://[::1]", "https://shop.example/klarna"}).Draw(t, "origin")
		target += strings.Join(rapid.SliceOfN(part, 0, 6).Draw(t, "rest"), "")
		reference := rapid.StringN(1, 60, 255).Draw(t, "reference")
		validFor := time.Duration(rapid.Int64Range(int64(time.Minute), int64(48*time.Hour)).Draw(t, "validity"))
		signed, err := signer.Sign(target, reference, validFor)
		if err != nil {
			return
		}
		accepted++
		parsed, err := url.Parse(signed)
		if err != nil {
			t.Fatalf("%q cannot be requested: %v", signed, err)
		}
		authority, _, _ := strings.Cut(strings.SplitN(signed, "//", 2)[1], "/")
		written := strings.SplitN(signed, authority, 2)[1]
		for _, requestTarget := range []string{written, parsed.RequestURI()} {
			request, err := http.ReadRequest(bufio.NewReader(strings.NewReader("POST " + requestTarget + " HTTP/1.1\r\nHost: shop.example\r\n\r\n")))
			if err != nil {
				t.Fatalf("the server does not understand %q: %v", requestTarget, err)
			}
			if got, err := signer.Verify(request); err != nil || got != reference {
				t.Fatalf("%q, signed for %v, does not verify: %q, %v", requestTarget, validFor, got, err)
			}
		}
	})
	require.Positive(t, accepted)
}

func TestOlderKeyStillVerifiesAndNoLongerSigns(t *testing.T) {
	t.Parallel()
	before, after := newSigner(t, key(1)), newSigner(t, key(2), key(1))
	old, err := before.Sign(callbackURL, "cart-1", time.Hour)
	require.NoError(t, err)
	reference, err := verify(after, old)
	require.NoError(t, err)
	require.Equal(t, "cart-1", reference)

	fresh, err := after.Sign(callbackURL, "cart-1", time.Hour)
	require.NoError(t, err)
	_, err = verify(before, fresh)
	require.ErrorIs(t, err, ErrInvalidSignature)
	_, err = verify(newSigner(t, key(2)), old)
	require.ErrorIs(t, err, ErrInvalidSignature, "once the older key is gone")
}

func TestMiddlewareLetsOnlySignedCallbacksThrough(t *testing.T) {
	t.Parallel()
	signer := newSigner(t, key(1))
	var seen []string
	handler := signer.Middleware(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		seen = append(seen, CallbackReference(r.Context()))
		w.WriteHeader(http.StatusNoContent)
	}))
	signed, err := signer.Sign(callbackURL, "cart-1", time.Hour)
	require.NoError(t, err)
	for target, want := range map[string]int{signed: 204, callbackURL: 403, signed + "x": 403} {
		recorder := httptest.NewRecorder()
		handler.ServeHTTP(recorder, httptest.NewRequest(http.MethodPost, target, nil))
		require.Equal(t, want, recorder.Code)
	}
	require.Equal(t, []string{"cart-1"}, seen)
	require.Empty(t, CallbackReference(t.Context()))
}

func TestWhatCannotBeSignedIsAnError(t *testing.T) {
	t.Parallel()
	signer := newSigner(t, key(1))
	for wantErr, args := range map[string]struct {
		url, reference string
		validFor       time.Duration
	}{
		"must be a whole http or https URL":         {"/klarna/authorized", "r", time.Hour},
		"must be a whole http or https URL ":        {"mailto:shop@example.com", "r", time.Hour},
		"must be a whole http or https URL  ":       {"https://shop.example/%zz", "r", time.Hour},
		"must be a whole http or https URL   ":      {"https://shop.example/a?b c", "r", time.Hour},
		"must not have a fragment":                  {callbackURL + "#top", "r", time.Hour},
		"must not have a fragment ":                 {callbackURL + "#", "r", time.Hour},
		"must not have a fragment  ":                {callbackURL + "?a=b#", "r", time.Hour},
		"must have a path":                          {"https://shop.example", "r", time.Hour},
		"must have a path ":                         {"https://shop.example?order={order.id}", "r", time.Hour},
		"must not have a placeholder in its path":   {"https://shop.example/{order.id}", "r", time.Hour},
		"must not have a placeholder in its path ":  {"https://shop.example/{session.id}/authorized?a=b", "r", time.Hour},
		"must not have a dot segment in its path":   {"https://shop.example/a/../b", "r", time.Hour},
		"must not have a dot segment in its path ":  {"https://shop.example/a/%2e", "r", time.Hour},
		"is signed already":                         {callbackURL + "?klarna_sig=x", "r", time.Hour},
		"the reference has 0 bytes":                 {callbackURL, "", time.Hour},
		"the reference has 256 bytes":               {callbackURL, strings.Repeat("x", 256), time.Hour},
		"the validity is 0s; it must be at least":   {callbackURL, "r", 0},
		"the validity is 999.999999ms; it must be":  {callbackURL, "r", time.Second - 1},
		"the validity is -1h0m0s; it must be at le": {callbackURL, "r", -time.Hour},
		"the signed URL has 2118 bytes":             {callbackURL + "?" + strings.Repeat("x", 1989), "r", time.Hour},
	} {
		signed, err := signer.Sign(args.url, args.reference, args.validFor)
		require.ErrorContains(t, err, strings.TrimSpace(wantErr), args.url)
		require.Empty(t, signed)
	}
	for _, keys := range [][][]byte{{nil}, {make([]byte, 31)}, {key(1), []byte("short")}} {
		_, err := NewCallbackSigner(keys[0], keys[1:]...)
		require.ErrorContains(t, err, "it must have at least 32")
	}
}

func TestSignerCopiesItsKeysAndShowsNone(t *testing.T) {
	t.Parallel()
	own := []byte("s3cretvalue-s3cretvalue-s3cretvalue")
	signer := newSigner(t, own)
	signed, err := signer.Sign(callbackURL, "r", time.Hour)
	require.NoError(t, err)
	clear(own)
	_, err = verify(signer, signed)
	require.NoError(t, err)
	hidden := fmt.Sprintf("%+v %v %#v", struct{ s CallbackSigner }{*signer}, struct{ s CallbackSigner }{*signer}, struct{ s CallbackSigner }{*signer})
	shown := regexp.MustCompile(`(?i)s3c|115,? 51|0x73, 0x33|733363`) // one byte alone may be a part of an address
	require.NotRegexp(t, shown, hidden)
	for _, value := range []any{signer, *signer} {
		require.Equal(t, "klarna.CallbackSigner{…} klarna.CallbackSigner{…}", fmt.Sprintf("%v %+v", value, value))
		require.NotRegexp(t, shown, fmt.Sprintf("%#v %d %x", value, value, value))
	}
}
