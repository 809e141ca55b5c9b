package contract

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"
)

// RoundTripper checks every exchange that passes through it against the contract, in a test of the client:
//
//	http.Client{Transport: &contract.RoundTripper{Base: server.Client().Transport, T: t}}
//
// Bodies are handed on byte for byte. An exchange that breaks the contract fails the test and the call. What it
// reports holds no value of a body, no id and no credentials.
type RoundTripper struct {
	// Base makes the round trip. Nil means http.DefaultTransport.
	Base http.RoundTripper
	// Contract is what to check against. Nil means that of Payments v1.
	Contract *Contract
	// T gets every violation. With nil there is only the error.
	T TB
	// Hostile leaves responses unchecked and unbuffered, for a test with broken ones.
	Hostile bool
	// Strict rejects unknown fields in responses, for a test against our own fake server.
	Strict bool
	// Prefix is the path that a base URL puts in front of the provider's, such as /klarna.
	Prefix string
}

// TB is what the RoundTripper needs of a testing.TB.
type TB interface {
	Helper()
	Errorf(format string, args ...any)
}

// RoundTrip sends a request and returns its response, if both keep the contract.
func (rt *RoundTripper) RoundTrip(req *http.Request) (*http.Response, error) {
	out, body, err := bufferRequest(req)
	if err != nil {
		return nil, err
	}
	contract := rt.Contract
	if contract == nil {
		if contract, err = Load(); err != nil {
			return nil, rt.report(err)
		}
	}
	bare := withoutPrefix(req, rt.Prefix)
	if err := contract.Request(bare, body); err != nil {
		return nil, rt.report(err)
	}

	resp, err := rt.base().RoundTrip(out)
	if err != nil || rt.Hostile {
		return resp, err
	}
	checked, err := bufferResponse(resp)
	if err != nil {
		// The connection broke half way. The client is to see that as it is, so there is nothing to check.
		return resp, nil //nolint:nilerr // the client meets the error when it reads the body
	}
	check := contract.Response
	if rt.Strict {
		check = contract.StrictResponse
	}
	if err := check(bare, resp.StatusCode, resp.Header, checked); err != nil {
		_ = resp.Body.Close() // the response is rejected, and was read to its end
		return nil, rt.report(err)
	}
	return resp, nil
}

func (rt *RoundTripper) base() http.RoundTripper {
	if rt.Base == nil {
		return http.DefaultTransport
	}
	return rt.Base
}

// report reports the error to the test, and returns it.
func (rt *RoundTripper) report(err error) error {
	if rt.T != nil {
		rt.T.Helper()
		rt.T.Errorf("%v", err)
	}
	return err
}

// bufferRequest reads and closes the body, and returns a request that sends the same bytes. The original is left
// alone, as a RoundTripper must.
func bufferRequest(req *http.Request) (*http.Request, []byte, error) {
	if req.Body == nil || req.Body == http.NoBody {
		return req, nil, nil
	}
	body, err := io.ReadAll(req.Body)
	if err := errors.Join(err, req.Body.Close()); err != nil {
		return nil, nil, err
	}
	out := req.Clone(req.Context())
	out.Body = io.NopCloser(bytes.NewReader(body))
	return out, body, nil
}

// bufferResponse reads the body and puts the same bytes in its place, with the same error behind them when reading
// broke. Closing still closes the original.
func bufferResponse(resp *http.Response) ([]byte, error) {
	body, err := io.ReadAll(resp.Body)
	again := io.Reader(bytes.NewReader(body))
	if err != nil {
		again = io.MultiReader(again, failingReader{err})
	}
	resp.Body = struct {
		io.Reader
		io.Closer
	}{again, resp.Body}
	return body, err
}

// failingReader fails at once.
type failingReader struct{ err error }

func (r failingReader) Read([]byte) (int, error) { return 0, r.err }

// withoutPrefix is the request as Klarna's own host would get it. A path without the prefix becomes one that the
// document does not have.
func withoutPrefix(req *http.Request, prefix string) *http.Request {
	if prefix == "" {
		return req
	}
	bare := req.Clone(req.Context())
	path, ok := strings.CutPrefix(req.URL.EscapedPath(), prefix)
	if !ok {
		path = "/"
	}
	bare.URL.RawPath = path
	bare.URL.Path, _ = url.PathUnescape(path)
	return bare
}
