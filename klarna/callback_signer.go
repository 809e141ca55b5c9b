package klarna

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// ErrInvalidSignature says that a callback's URL was not made by this shop's [CallbackSigner] for this path, was changed
// where it is signed, or is too old.
var ErrInvalidSignature = errors.New("klarna: invalid callback signature")

// CallbackSigner puts a secret into callback URLs, since Klarna signs its callbacks with nothing and asks merchants to do
// this. The URL carries a reference of yours, such as the id of the shopper's cart, an expiry, and an HMAC-SHA256 over
// both and the path. Host and other parameters are not signed, since proxies and placeholders change them. It is safe for
// concurrent use.
//
//	signer, err := klarna.NewCallbackSigner(key)
//	url, err := signer.Sign("https://shop.example/klarna/authorized", cartID, 48*time.Hour)
//	session.MerchantURLs.Authorization = url
//	…
//	mux.Handle("POST /klarna/authorized", signer.Middleware(handler)) // the handler asks klarna.CallbackReference(ctx)
type CallbackSigner struct {
	// A pointer, so that even a print of the fields by reflection shows an address and not the keys.
	secret *signerSecret
}

type signerSecret struct {
	keys [][]byte // the first one signs, all of them verify
	now  func() time.Time
}

const (
	minKeyBytes       = 32
	maxReferenceBytes = 255
	maxURLBytes       = 2000 // what the document allows in merchant_urls

	referenceParameter = "klarna_ref"
	expiryParameter    = "klarna_exp"
	signatureParameter = "klarna_sig"
)

// NewCallbackSigner returns a signer with a key of at least 32 random bytes. To change the key, give the one before as an
// older key until the URLs that it signed have expired: it still verifies them.
func NewCallbackSigner(key []byte, olderKeys ...[]byte) (*CallbackSigner, error) {
	keys := make([][]byte, 0, 1+len(olderKeys))
	for i, k := range append([][]byte{key}, olderKeys...) {
		if len(k) < minKeyBytes {
			return nil, fmt.Errorf("klarna: NewCallbackSigner: key %d has %d bytes; it must have at least %d", i+1, len(k), minKeyBytes)
		}
		keys = append(keys, slices.Clone(k))
	}
	return &CallbackSigner{&signerSecret{keys: keys, now: time.Now}}, nil
}

// Sign returns the URL with the reference, an expiry and the signature added to its query. The rest of it stays as it is,
// so that Klarna finds its placeholders such as {order.id}. A session lives for 48 hours, and so should its callback.
func (s *CallbackSigner) Sign(callbackURL, reference string, validFor time.Duration) (string, error) {
	if s == nil || s.secret == nil {
		return "", errors.New("klarna: CallbackSigner.Sign: the signer is not made by NewCallbackSigner")
	}
	parsed, err := url.Parse(callbackURL)
	switch {
	case err != nil || parsed.Host == "" || parsed.Scheme != "https" && parsed.Scheme != "http":
		return "", errors.New("klarna: CallbackSigner.Sign: the callback's URL must be a whole http or https URL")
	case parsed.Fragment != "":
		return "", errors.New("klarna: CallbackSigner.Sign: the callback's URL must not have a fragment")
	case parsed.Query().Has(referenceParameter), parsed.Query().Has(expiryParameter), parsed.Query().Has(signatureParameter):
		return "", errors.New("klarna: CallbackSigner.Sign: the callback's URL is signed already")
	case reference == "" || len(reference) > maxReferenceBytes:
		return "", fmt.Errorf("klarna: CallbackSigner.Sign: the reference has %d bytes; it must have 1 to %d", len(reference), maxReferenceBytes)
	case validFor <= 0:
		return "", fmt.Errorf("klarna: CallbackSigner.Sign: a URL that is valid for %v is of no use", validFor)
	}
	expiry := strconv.FormatInt(s.secret.now().Add(validFor).Unix(), 10)
	separator := "?"
	if strings.Contains(callbackURL, "?") {
		separator = "&"
	}
	signed := callbackURL + separator + referenceParameter + "=" + url.QueryEscape(reference) +
		"&" + expiryParameter + "=" + expiry + "&" + signatureParameter + "=" + signature(s.secret.keys[0], parsed.Path, reference, expiry)
	if len(signed) > maxURLBytes {
		return "", fmt.Errorf("klarna: CallbackSigner.Sign: the signed URL has %d bytes, and Klarna takes %d", len(signed), maxURLBytes)
	}
	return signed, nil
}

// Verify returns the reference of a request whose URL was made by Sign, or ErrInvalidSignature. The path must be the one
// that was signed: verify before an http.StripPrefix, not behind it. It takes the same time
// for every wrong signature. A callback may come twice, so a URL verifies as often as it is used until it expires.
func (s *CallbackSigner) Verify(r *http.Request) (reference string, err error) {
	if s == nil || s.secret == nil || r == nil || r.URL == nil {
		return "", ErrInvalidSignature
	}
	query := r.URL.Query()
	for _, name := range []string{referenceParameter, expiryParameter, signatureParameter} {
		if len(query[name]) != 1 {
			return "", ErrInvalidSignature
		}
	}
	reference, expiry := query.Get(referenceParameter), query.Get(expiryParameter)
	given, valid := []byte(query.Get(signatureParameter)), false
	for _, key := range s.secret.keys {
		if hmac.Equal(given, []byte(signature(key, r.URL.Path, reference, expiry))) {
			valid = true
		}
	}
	seconds, err := strconv.ParseInt(expiry, 10, 64)
	if !valid || err != nil || !s.secret.now().Before(time.Unix(seconds, 0)) {
		return "", ErrInvalidSignature
	}
	return reference, nil
}

// Middleware lets only requests through whose URL was made by Sign, and answers others with 403. The handler gets the
// reference from [CallbackReference].
func (s *CallbackSigner) Middleware(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		reference, err := s.Verify(r)
		if err != nil {
			http.Error(w, http.StatusText(http.StatusForbidden), http.StatusForbidden)
			return
		}
		next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), referenceKey{}, reference)))
	})
}

type referenceKey struct{}

// CallbackReference is the reference in the URL of a callback that came through [CallbackSigner.Middleware], and empty
// for any other request.
func CallbackReference(ctx context.Context) string {
	reference, _ := ctx.Value(referenceKey{}).(string)
	return reference
}

// signature is over the parts with their lengths, so that they cannot be cut differently.
func signature(key []byte, path, reference, expiry string) string {
	mac := hmac.New(sha256.New, key)
	_, _ = fmt.Fprintf(mac, "klarna callback %d %s %d %s %s", len(path), path, len(reference), reference, expiry) // never fails
	return base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}

// Format hides the keys.
func (s CallbackSigner) Format(f fmt.State, verb rune) {
	formatText(f, verb, "klarna.CallbackSigner", "klarna.CallbackSigner{…}")
}
