package klarna_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/klarna-go/klarna-payments/klarna"
	"github.com/stretchr/testify/require"
)

// caller is what is measured: this library, or hand-written code with net/http and encoding/json.
type caller interface {
	CreateSession(context.Context, klarna.SessionCreate, ...klarna.CallOption) (*klarna.MerchantSession, error)
	ReadSession(context.Context, string, ...klarna.CallOption) (*klarna.SessionRead, error)
}

// handWritten sends the same bytes and decodes the same response, with no more than that takes: a bounded read, the
// status looked at, the body closed.
type handWritten struct {
	client             *http.Client
	base               string
	username, password string // of Basic auth, instead of the API key
}

func (h handWritten) CreateSession(ctx context.Context, session klarna.SessionCreate, _ ...klarna.CallOption) (*klarna.MerchantSession, error) {
	body, err := json.Marshal(session)
	if err != nil {
		return nil, err
	}
	created := new(klarna.MerchantSession)
	return created, h.do(ctx, http.MethodPost, "/payments/v1/sessions", bytes.NewReader(body), created)
}

func (h handWritten) ReadSession(ctx context.Context, id string, _ ...klarna.CallOption) (*klarna.SessionRead, error) {
	read := new(klarna.SessionRead)
	return read, h.do(ctx, http.MethodGet, "/payments/v1/sessions/"+id, nil, read)
}

func (h handWritten) do(ctx context.Context, method, path string, body io.Reader, result any) error {
	ctx, cancel := context.WithTimeout(ctx, benchTimeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, method, h.base+path, body)
	if err != nil {
		return err
	}
	req.Header.Set("Authorization", "Basic "+apiKey)
	if h.username != "" {
		req.SetBasicAuth(h.username, h.password)
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Accept", "application/json")
	req.Header.Set("User-Agent", "by-hand/1.0")
	resp, err := h.client.Do(req)
	if err != nil {
		return err
	}
	defer func() { _ = resp.Body.Close() }()
	data, err := io.ReadAll(io.LimitReader(resp.Body, 8<<20))
	if err != nil {
		return err
	}
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("status %d: %s", resp.StatusCode, data)
	}
	return json.Unmarshal(data, result)
}

// ours is this library with a transport.
func ours(t testing.TB, base string, transport http.RoundTripper) *klarna.Client {
	t.Helper()
	opts := []klarna.Option{klarna.WithTimeout(benchTimeout)}
	if transport != nil {
		opts = append(opts, klarna.WithHTTPClient(&http.Client{Transport: transport}))
	}
	client, err := klarna.New(klarna.Environment(base), klarna.APIKey(apiKey), opts...)
	require.NoError(t, err)
	return client
}

// pair is the two sides of a comparison, and the call that both make.
type pair struct {
	hand, ours caller
	call       func(caller) error
}

// pairs are what the ratio and the allocations are measured of.
func pairs(t testing.TB) map[string]pair {
	t.Helper()
	session := cart(3)
	created, read := newStub(200, createdResponse()), newStub(200, readResponse(t, 3))

	// The bodies that Klarna publishes, with a username and password.
	var published klarna.SessionCreate
	require.NoError(t, json.Unmarshal(example(t, "session_create.arithmetic-wrong.json"), &published))
	stub := newStub(200, example(t, "merchant_session.json"))
	basic, err := klarna.New(stubBase, klarna.BasicAuth("PK12345_abcdef", "s3cret-of-the-shop"), klarna.WithTimeout(benchTimeout),
		klarna.WithHTTPClient(&http.Client{Transport: stub}))
	require.NoError(t, err)

	create := func(session klarna.SessionCreate) func(caller) error {
		return func(c caller) error {
			_, err := c.CreateSession(t.Context(), session)
			return err
		}
	}
	return map[string]pair{
		"create session": {handWritten{client: &http.Client{Transport: created}, base: stubBase}, ours(t, stubBase, created), create(session)},
		"read session": {handWritten{client: &http.Client{Transport: read}, base: stubBase}, ours(t, stubBase, read), func(c caller) error {
			_, err := c.ReadSession(t.Context(), sessionID)
			return err
		}},
		"published session": {handWritten{&http.Client{Transport: stub}, stubBase, "PK12345_abcdef", "s3cret-of-the-shop"}, basic, create(published)},
	}
}

// cart is a valid session of so many lines, each with what a shop usually knows.
func cart(lines int) klarna.SessionCreate {
	session := sessionCreate()
	session.OrderLines = nil
	for i := range lines {
		line := shoes()
		line.Reference = fmt.Sprintf("AD6654412-%d", i)
		line.ImageURL = "https://www.exampleobjects.com/logo.png"
		line.ProductURL = "https://www.exampleobjects.com/products/AD6654412"
		line.QuantityUnit = "pcs"
		line.MerchantData = strings.Repeat(`{"account":"c-4711"}`, 30)
		line.ProductIdentifiers = klarna.ProductIdentifiers{
			Brand: "Fleet Foot", CategoryPath: "Shoes > Running", Color: "white", GlobalTradeItemNumber: "4912345678904", Size: "42",
		}
		session.OrderLines = append(session.OrderLines, line)
	}
	session.OrderAmount, session.OrderTaxAmount = klarna.Totals(session.OrderLines)
	return session
}

// createdResponse is a create-session response of 2.2 KB, like the playground's.
func createdResponse() []byte {
	category := `{"identifier":"pay_later","name":"Pay later","asset_urls":{"descriptive":"https://x.klarnacdn.net/payment-method/assets/badges/generic/klarna.svg","standard":"https://x.klarnacdn.net/payment-method/assets/badges/generic/klarna.svg"}}`
	return []byte(`{"session_id":"` + sessionID + `","client_token":"` + strings.Repeat("eyJh", 350) + `","payment_method_categories":[` + category + "," + category + "," + category + `]}`)
}

// readResponse is a session with everything that was sent.
func readResponse(t testing.TB, lines int) []byte {
	t.Helper()
	session, err := json.Marshal(cart(lines))
	require.NoError(t, err)
	return append([]byte(`{"status":"incomplete","expires_at":"2026-11-23T10:15:30Z","client_token":"a.b.c",`), session[1:]...)
}

// stubbed is a network that takes no time: it reads what is sent and sends one response.
type stubbed struct {
	status int
	header http.Header
	body   []byte
}

func newStub(status int, body []byte) stubbed {
	return stubbed{status, http.Header{
		"Content-Type": {"application/json"}, "Klarna-Correlation-Id": {correlationID},
		"X-Ratelimit-Limit": {"5, 5;w=1"}, "X-Ratelimit-Remaining": {"4"}, "X-Ratelimit-Reset": {"1"},
	}, body}
}

func (s stubbed) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Body != nil {
		if _, err := io.Copy(io.Discard, r.Body); err != nil {
			return nil, err
		}
		if err := r.Body.Close(); err != nil {
			return nil, err
		}
	}
	return &http.Response{
		StatusCode: s.status, Status: http.StatusText(s.status), ProtoMajor: 1, ProtoMinor: 1, Header: s.header,
		Body: io.NopCloser(bytes.NewReader(s.body)), ContentLength: int64(len(s.body)), Request: r,
	}, nil
}
