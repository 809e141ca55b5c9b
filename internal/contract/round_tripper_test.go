package contract

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/require"
)

// recorder is the test that a RoundTripper reports to.
type recorder struct {
	mu      sync.Mutex
	reports []string
}

func (r *recorder) Helper() {}

func (r *recorder) Errorf(format string, args ...any) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.reports = append(r.reports, fmt.Sprintf(format, args...))
}

// peer is a server with one response to every request; it records the last one.
type peer struct {
	status      int
	contentType string
	body        string

	heard [][]byte
}

func (a *peer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	a.heard = append(a.heard, body)
	w.Header().Set("Content-Type", a.contentType)
	w.WriteHeader(a.status)
	_, _ = io.WriteString(w, a.body)
}

// serve starts a server, and returns a RoundTripper before it and the test that it reports to.
func serve(t *testing.T, handler http.Handler) (string, *RoundTripper, *recorder) {
	t.Helper()
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	reports := new(recorder)
	return server.URL, &RoundTripper{Base: server.Client().Transport, T: reports}, reports
}

// send makes one request through rt, with credentials that no report may quote.
func send(t *testing.T, rt *RoundTripper, method, url, body string) (*http.Response, error) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	require.NoError(t, err)
	req.Header.Set("Content-Type", "application/json")
	req.SetBasicAuth("PK-private", "password-private")
	return rt.RoundTrip(req)
}

func TestBodiesPassUnchanged(t *testing.T) {
	t.Parallel()
	// The spaces, and the auto_capture that is not there, must be the same on the other side.
	order := "  " + swap(t, goodSession, `,"intent":"buy"`, "") + "\n"
	server := &peer{status: 200, contentType: "application/json", body: `{ "order_id": "o",  "newer": 1 }` + "\n"}
	url, rt, reports := serve(t, server)

	resp, err := send(t, rt, "POST", url+orderPath, order)
	require.NoError(t, err)
	got, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	require.NoError(t, resp.Body.Close())
	require.Equal(t, server.body, string(got))
	require.Equal(t, [][]byte{[]byte(order)}, server.heard)
	require.Empty(t, reports.reports)
}

func TestAWrongRequestIsNotSent(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ name, method, path, body, want string }{
		{"a wrong body", "POST", sessionPath, `{"intend":"private"}`,
			`contract: request POST /payments/v1/sessions/{session_id}: property "intend" is unsupported`},
		{"a wrong path", "POST", tokenPath + "/capture", `{}`, "contract: request: the document has no such path"},
		{"a body on DELETE", "DELETE", tokenPath, `{"a":"private"}`,
			"contract: request DELETE /payments/v1/authorizations/{authorizationToken}: the operation takes no body"},
		{"no body", "POST", orderPath, ``,
			"contract: request POST /payments/v1/authorizations/{authorizationToken}/order: the body is missing"},
	} {
		for _, hostile := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, hostile %t", test.name, hostile), func(t *testing.T) {
				t.Parallel()
				server := &peer{status: 204}
				url, rt, reports := serve(t, server)
				rt.Hostile = hostile
				_, err := send(t, rt, test.method, url+test.path, test.body)
				require.EqualError(t, err, test.want)
				require.Equal(t, []string{test.want}, reports.reports)
				require.Empty(t, server.heard)
				requireNothingPrivate(t, err.Error())
			})
		}
	}
}

func TestAWrongResponseIsRejected(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name   string
		server peer
		want   string
	}{
		{"a status that is not declared", peer{status: 418, contentType: "application/json", body: `{}`},
			"the status is not declared"},
		{"no body", peer{status: 200, contentType: "application/json"}, "the body is missing"},
		{"a page of HTML", peer{status: 200, contentType: "text/html", body: "<p>private</p>"},
			`response header Content-Type has unexpected value: "text/html"`},
		{"no order id", peer{status: 200, contentType: "application/json", body: `{"redirect_url":"private"}`},
			`order_id: property "order_id" is missing`},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			url, rt, reports := serve(t, &test.server)
			_, err := send(t, rt, "POST", url+orderPath, swap(t, goodSession, `,"intent":"buy"`, ""))
			want := "contract: response to POST /payments/v1/authorizations/{authorizationToken}/order: " + test.want
			require.EqualError(t, err, want)
			require.Equal(t, []string{want}, reports.reports)
		})
	}
}

func TestStrictRejectsUnknownFields(t *testing.T) {
	t.Parallel()
	url, rt, reports := serve(t, &peer{status: 200, contentType: "application/json", body: `{"order_id":"o","newer":1}`})
	rt.Strict = true
	_, err := send(t, rt, "POST", url+orderPath, swap(t, goodSession, `,"intent":"buy"`, ""))
	require.ErrorContains(t, err, `property "newer" is unsupported`)
	require.Len(t, reports.reports, 1)
}

func TestHostileLetsAnyResponsePass(t *testing.T) {
	t.Parallel()
	url, rt, reports := serve(t, &peer{status: 418, contentType: "text/html", body: "<p>no tea</p>"})
	rt.Hostile = true
	resp, err := send(t, rt, "GET", url+sessionPath, "")
	require.NoError(t, err)
	defer resp.Body.Close()
	got, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	require.Equal(t, "<p>no tea</p>", string(got))
	require.Empty(t, reports.reports)
}

// A test of the transport's own failures needs them as they are.
func TestTransportErrorsPassUnchanged(t *testing.T) {
	t.Parallel()
	broken := errors.New("broken")
	reports := new(recorder)
	rt := &RoundTripper{T: reports, Base: roundTripFunc(func(*http.Request) (*http.Response, error) { return nil, broken })}
	_, err := send(t, rt, "GET", "https://api.klarna.com"+sessionPath, "")
	require.Same(t, broken, err)

	rt.Base = roundTripFunc(func(*http.Request) (*http.Response, error) {
		body := io.MultiReader(strings.NewReader(`{"status":`), iotest.ErrReader(broken))
		return &http.Response{StatusCode: 200, Header: jsonHeader(), Body: io.NopCloser(body)}, nil
	})
	resp, err := send(t, rt, "GET", "https://api.klarna.com"+sessionPath, "")
	require.NoError(t, err)
	got, err := io.ReadAll(resp.Body)
	require.Same(t, broken, err)
	require.Equal(t, `{"status":`, string(got))
	require.Empty(t, reports.reports)
}

func TestAPrefixIsStrippedForTheCheckAlone(t *testing.T) {
	t.Parallel()
	var heard []string
	handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		heard = append(heard, r.URL.EscapedPath())
		w.WriteHeader(http.StatusNoContent)
	})
	for _, test := range []struct{ name, path, want string }{
		{"with the prefix", "/a%2Fb/klarna" + tokenPath, ""},
		{"with an escaped slash in the id", "/a%2Fb/klarna/payments/v1/authorizations/x%2Fy", ""},
		{"without the prefix", tokenPath, "contract: request: the document has no such path"},
		{"with only the start of it", "/a%2Fb" + tokenPath, "contract: request: the document has no such path"},
	} {
		t.Run(test.name, func(t *testing.T) {
			url, rt, _ := serve(t, handler)
			rt.Prefix = "/a%2Fb/klarna"
			heard = nil
			resp, err := send(t, rt, "DELETE", url+test.path, "")
			if test.want != "" {
				require.EqualError(t, err, test.want)
				require.Empty(t, heard)
				return
			}
			require.NoError(t, err)
			require.NoError(t, resp.Body.Close())
			require.Equal(t, []string{test.path}, heard)
		})
	}
}

// What net/http asks of a RoundTripper: it closes the request's body, always, and does not change the request.
func TestTheRequestIsClosedAndNotChanged(t *testing.T) {
	t.Parallel()
	for name, body := range map[string]string{"good": `{"merchant_reference1":"ON1"}`, "rejected": `{"more":1}`} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			url, rt, _ := serve(t, &peer{status: 204})
			closing := &closeRecorder{Reader: strings.NewReader(body)}
			req, err := http.NewRequestWithContext(t.Context(), "POST", url+sessionPath, closing)
			require.NoError(t, err)
			req.Header.Set("Content-Type", "application/json")
			resp, err := rt.RoundTrip(req)
			if err == nil {
				require.NoError(t, resp.Body.Close())
			}
			require.Equal(t, name == "good", err == nil)
			require.True(t, closing.closed)
			require.Same(t, closing, req.Body)
			require.Nil(t, req.GetBody)
		})
	}
}

// A body that the client forgets to close must still show as one.
func TestClosingTheResponseClosesTheOriginal(t *testing.T) {
	t.Parallel()
	for name, body := range map[string]string{"good": `{"status":"complete"}`, "rejected": `{"status":"private"}`} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			closing := &closeRecorder{Reader: bytes.NewReader([]byte(body))}
			rt := &RoundTripper{Base: roundTripFunc(func(*http.Request) (*http.Response, error) {
				return &http.Response{StatusCode: 200, Header: jsonHeader(), Body: closing}, nil
			})}
			resp, err := send(t, rt, "GET", "https://api.klarna.com"+sessionPath, "")
			if name == "rejected" {
				require.Error(t, err, "without a test to report to, there is only the error")
				require.True(t, closing.closed)
				return
			}
			require.NoError(t, err)
			require.False(t, closing.closed)
			require.NoError(t, resp.Body.Close())
			require.True(t, closing.closed)
		})
	}
}

func TestConcurrentExchanges(t *testing.T) {
	t.Parallel()
	handler := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, goodMerchantSession)
	})
	url, rt, reports := serve(t, handler)
	var group sync.WaitGroup
	for range 16 {
		group.Go(func() {
			resp, err := send(t, rt, "POST", url+sessionsPath, goodSession)
			if err != nil {
				t.Error(err)
				return
			}
			_ = resp.Body.Close()
		})
	}
	group.Wait()
	require.Empty(t, reports.reports)
}

type roundTripFunc func(*http.Request) (*http.Response, error)

func (f roundTripFunc) RoundTrip(req *http.Request) (*http.Response, error) { return f(req) }

// closeRecorder is a body that remembers being closed.
type closeRecorder struct {
	io.Reader
	closed bool
}

func (c *closeRecorder) Close() error {
	c.closed = true
	return nil
}

func TestAnotherContractCanBeChecked(t *testing.T) {
	t.Parallel()
	c, err := Parse([]byte(`
openapi: 3.0.3
info: {title: t, version: '1'}
paths:
  /other/v1/things:
    get: {operationId: listThings, responses: {'204': {description: None.}}}
components: {schemas: {thing: {type: string}}}
`))
	require.NoError(t, err)
	url, rt, reports := serve(t, &peer{status: 204})
	rt.Contract = c
	resp, err := send(t, rt, "GET", url+"/other/v1/things", "")
	require.NoError(t, err)
	require.NoError(t, resp.Body.Close())
	_, err = send(t, rt, "GET", url+sessionPath, "")
	require.EqualError(t, err, "contract: request: the document has no such path")
	require.Len(t, reports.reports, 1)
}
