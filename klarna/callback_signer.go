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

// ErrInvalidSignature reports that a callback's URL was not made by this shop's [CallbackSigner] for this path, was changed
// in a signed part, or has expired.
var ErrInvalidSignature = errors.New("klarna: invalid callback signature")

// CallbackSigner puts a secret into callback URLs, since Klarna does not sign its callbacks and asks merchants to do this.
// It is for MerchantURLs.Authorization and MerchantURLs.Notification, and for MerchantURLs.StatusUpdate of a hosted page. The
// URL carries a reference of yours, such as the id of the shopper's cart, an expiry, and an HMAC-SHA256 over both and the
// escaped path. Host and other parameters are not signed, since proxies and placeholders change them. It is safe for
// concurrent use.
//
//	signer, err := klarna.NewCallbackSigner(key)
//	url, err := signer.Sign("https://shop.example/klarna/authorized", cartID, 48*time.Hour)
//	session.MerchantURLs.Authorization = url
//	…
//	mux.Handle("POST /klarna/authorized", signer.Middleware(handler)) // the handler calls klarna.CallbackReference(ctx)
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
	maxURLBytes       = 2000 // the contract's limit for merchant_urls

	referenceParameter = "klarna_ref"
	expiryParameter    = "klarna_exp"
	signatureParameter = "klarna_sig"
)

// NewCallbackSigner returns a signer with a key of at least 32 random bytes. To change the key, pass the one before as an
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
// so that Klarna finds its placeholders such as {order.id}. An authorization URL is needed as long as the session, 48 hours;
// a notification URL 5 days, since the review and its repetitions come after that.
//
// It returns an error for a URL that could never verify: one without a path, with a fragment, or with a placeholder or a
// dot segment in its path. The validity must be at least one second.
func (s *CallbackSigner) Sign(callbackURL, reference string, validFor time.Duration) (string, error) {
	if s == nil || s.secret == nil {
		return "", errors.New("klarna: CallbackSigner.Sign: the signer is not made by NewCallbackSigner")
	}
	parsed, err := parseCallbackURL(callbackURL)
	switch {
	case err != nil:
		return "", fmt.Errorf("klarna: CallbackSigner.Sign: the callback's URL %w", err)
	case reference == "" || len(reference) > maxReferenceBytes:
		return "", fmt.Errorf("klarna: CallbackSigner.Sign: the reference has %d bytes; it must have 1 to %d", len(reference), maxReferenceBytes)
	case validFor < time.Second: // an expiry has whole seconds
		return "", fmt.Errorf("klarna: CallbackSigner.Sign: the validity is %v; it must be at least 1s", validFor)
	}
	expiry := strconv.FormatInt(s.secret.now().Add(validFor).Unix(), 10)
	separator := "?"
	if strings.Contains(callbackURL, "?") {
		separator = "&"
	}
	signed := callbackURL + separator + referenceParameter + "=" + url.QueryEscape(reference) +
		"&" + expiryParameter + "=" + expiry + "&" + signatureParameter + "=" + signature(s.secret.keys[0], signedPath(parsed), reference, expiry)
	if len(signed) > maxURLBytes {
		return "", fmt.Errorf("klarna: CallbackSigner.Sign: the signed URL has %d bytes, and Klarna accepts %d", len(signed), maxURLBytes)
	}
	return signed, nil
}

// Verify returns the reference of a request whose URL was made by Sign, or ErrInvalidSignature. The path must be the one
// that was signed: verify before an http.StripPrefix, not behind it. It takes the same time for every wrong signature. A
// callback may come twice, so a URL verifies as often as it is used until it expires.
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
		if hmac.Equal(given, []byte(signature(key, signedPath(r.URL), reference, expiry))) {
			valid = true
		}
	}
	seconds, err := strconv.ParseInt(expiry, 10, 64)
	if !valid || err != nil || !s.secret.now().Before(time.Unix(seconds, 0)) {
		return "", ErrInvalidSignature
	}
	return reference, nil
}

// Middleware passes on requests whose URL was made by Sign, and responds to all others with 403. The handler gets the
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

// CallbackReference returns the reference in the URL of a callback that came through [CallbackSigner.Middleware]. It is
// empty for any other request.
func CallbackReference(ctx context.Context) string {
	reference, _ := ctx.Value(referenceKey{}).(string)
	return reference
}

// parseCallbackURL parses a URL that is about to be signed. An error is the end of a sentence about the URL, and quotes
// nothing of it.
func parseCallbackURL(callbackURL string) (*url.URL, error) {
	parsed, err := url.Parse(callbackURL)
	if err != nil || parsed.Host == "" || parsed.Scheme != "https" && parsed.Scheme != "http" || strings.Contains(callbackURL, " ") {
		return nil, errors.New("must be a whole http or https URL")
	}
	query := parsed.Query()
	beforeQuery, _, _ := strings.Cut(callbackURL, "?")
	switch {
	case strings.Contains(callbackURL, "#"): // an empty fragment too: what follows it is never sent
		return nil, errors.New("must not have a fragment")
	case query.Has(referenceParameter), query.Has(expiryParameter), query.Has(signatureParameter):
		return nil, errors.New("is signed already")
	case parsed.Path == "": // it is requested as /
		return nil, errors.New("must have a path, if only /")
	case strings.ContainsAny(beforeQuery, "{}"): // Klarna would replace it
		return nil, errors.New("must not have a placeholder in its path")
	}
	for segment := range strings.SplitSeq(parsed.Path, "/") {
		if segment == "." || segment == ".." { // clients and proxies remove it
			return nil, errors.New("must not have a dot segment in its path")
		}
	}
	return parsed, nil
}

// signedPath returns the escaped path, each segment in net/url's own way of escaping. So an escaped slash is not a slash,
// while proxies may write an escape in their way, such as %2f for %2F.
func signedPath(u *url.URL) string {
	segments := strings.Split(u.EscapedPath(), "/")
	for i, segment := range segments {
		if unescaped, err := url.PathUnescape(segment); err == nil { // EscapedPath is always valid
			segments[i] = url.PathEscape(unescaped)
		}
	}
	return strings.Join(segments, "/")
}

// signature covers the parts with their lengths, so that they cannot be cut differently.
func signature(key []byte, path, reference, expiry string) string {
	mac := hmac.New(sha256.New, key)
	_, _ = fmt.Fprintf(mac, "klarna callback %d %s %d %s %s", len(path), path, len(reference), reference, expiry) // never fails
	return base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}

// Format redacts the keys.
func (s CallbackSigner) Format(f fmt.State, verb rune) {
	formatText(f, verb, "klarna.CallbackSigner", "klarna.CallbackSigner{…}")
}
