package engine_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/klarna-go/klarna-payments/internal/engine"
	"github.com/stretchr/testify/require"
)

// The warehouse is an API that nobody has: several path parameters, every success status, results from a body, from a
// header and none, keys, a token for each call and an error body of its own. A further operation takes one row.
type parcel struct {
	Number string `json:"number"`
	Weight int64  `json:"weight"`
}

func newParcel() any { return new(parcel) }

var warehouse = engine.Table{
	{Name: "Pack", Method: "POST", Path: "/v2/shelves/{shelf}/parcels", Success: []int{201}, Result: engine.FromBody, Required: []string{"number"}, New: newParcel, Commits: true, Retry: engine.NeverAmbiguous},
	{Name: "Ship", Method: "POST", Path: "/v2/shelves/{shelf}/parcels/{parcel}/shipments", Success: []int{201}, Result: engine.FromHeader, Required: []string{"Shipment-Id", "Location"}, Commits: true, Retry: engine.WithIdempotencyKey, Key: engine.DefaultKey},
	{Name: "Weigh", Method: "GET", Path: "/v2/shelves/{shelf}/parcels/{parcel}", Success: []int{200}, Result: engine.FromBody, New: newParcel},
	{Name: "Label", Method: "PATCH", Path: "/v2/shelves/{shelf}/parcels/{parcel}", Success: []int{204}, Key: engine.OptionalKey, Retry: engine.WithIdempotencyKey},
	{Name: "Recall", Method: "DELETE", Path: "/v2/shelves/{shelf}/parcels/{parcel}/shipments/{shipment}", Success: []int{202}, Applied: func(f *engine.Failure) bool { return f.Code == "gone" }},
}

func find(name string) *engine.Operation {
	for _, op := range warehouse {
		if op.Name == name {
			return op
		}
	}
	return nil
}

const (
	shelf    = "shelf-0123456789"
	number   = "parcel/0123456789"
	shipment = "shipment-0123456789"
	token    = "Bearer buyer-s3cret-token"
)

// request builds the request of an operation, as a generated request builder does.
func request(t *testing.T, op *engine.Operation) *http.Request {
	t.Helper()
	path := strings.NewReplacer("{shelf}", shelf, "{parcel}", url.PathEscape(number), "{shipment}", shipment).Replace(op.Path)
	var body io.Reader
	if op.Method == "POST" || op.Method == "PATCH" {
		body = strings.NewReader(`{"fragile":true}`)
	}
	req, err := http.NewRequestWithContext(t.Context(), op.Method, path, body)
	require.NoError(t, err)
	return req
}

// step is what one attempt meets.
type step struct {
	status int
	header http.Header
	body   string
	err    error
}

// network plays one step after the other, and the last one for all further attempts.
type network struct {
	steps []step
	seen  []*http.Request
	keys  []string
}

func (n *network) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Body != nil {
		_, _ = io.Copy(io.Discard, r.Body)
	}
	s := n.steps[min(len(n.seen), len(n.steps)-1)]
	n.seen, n.keys = append(n.seen, r), append(n.keys, r.Header.Get("Warehouse-Key"))
	if s.err != nil {
		return nil, s.err
	}
	header := s.header
	if header == nil {
		header = http.Header{}
	}
	return &http.Response{StatusCode: s.status, Header: header, Body: io.NopCloser(strings.NewReader(s.body)), ContentLength: -1, Request: r}, nil
}

// parseError reads the warehouse's error body: a status word, and a message that may be a list.
func parseError(body []byte) engine.ErrorBody {
	var e struct{ Status, Message, Trace string }
	_ = json.Unmarshal(body, &e)
	parsed := engine.ErrorBody{Code: e.Status, CorrelationID: e.Trace}
	if e.Message != "" {
		parsed.Messages = []string{e.Message}
	}
	return parsed
}

func (n *network) engine(t *testing.T, change func(*engine.Config)) *engine.Engine {
	t.Helper()
	base, err := url.Parse("https://warehouse.example/prefix")
	require.NoError(t, err)
	config := engine.Config{
		Base: base, HTTPClient: &http.Client{Transport: n}, Timeout: time.Minute,
		Retry:     engine.RetryPolicy{BaseDelay: time.Microsecond, MaxDelay: time.Millisecond},
		UserAgent: "test", CorrelationHeader: "Trace-Id", KeyHeader: "Warehouse-Key", MaxRequestBytes: 1000, ParseError: parseError,
	}
	if change != nil {
		change(&config)
	}
	return engine.New(config)
}

func success(op *engine.Operation) step {
	s := step{status: op.Success[0], header: http.Header{"Trace-Id": {"t-1"}}}
	switch op.Result {
	case engine.FromBody:
		s.body = `{"number":"p-1","weight":250,"new":[1]}`
	case engine.FromHeader:
		s.header["Location"] = []string{"https://elsewhere.example/v2/shipments/s-1"}
	case engine.Nothing:
	}
	return s
}

var (
	errReset = errors.New("connection reset by peer")
)

func TestEveryRowIsSentFoundRetriedAndRedacted(t *testing.T) {
	t.Parallel()
	for _, op := range warehouse {
		t.Run(op.Name, func(t *testing.T) {
			t.Parallel()
			n := &network{steps: []step{{status: 429}, success(op)}}
			response, err := n.engine(t, nil).Do(t.Context(), engine.Call{Operation: op, Request: request(t, op), Authorization: token})
			require.NoError(t, err)
			require.Equal(t, 2, response.Attempts)
			require.Equal(t, "t-1", response.CorrelationID)
			for _, sent := range n.seen {
				require.Equal(t, "warehouse.example", sent.URL.Host)
				require.Same(t, op, warehouse.Find(sent.Method, strings.TrimPrefix(sent.URL.EscapedPath(), "/prefix")))
				require.Equal(t, token, sent.Header.Get("Authorization"))
			}
			require.Equal(t, op.Key == engine.DefaultKey, n.keys[0] != "")
			require.Equal(t, n.keys[0], n.keys[1], "the same key for all attempts")
			require.Equal(t, n.keys[0], response.IdempotencyKey)
			switch op.Result {
			case engine.FromBody:
				require.Equal(t, &parcel{"p-1", 250}, response.Result)
			case engine.FromHeader:
				require.Equal(t, "s-1", response.ID)
			case engine.Nothing:
			}

			// Whatever the peer repeats of the request, no text has it.
			sent := request(t, op).URL
			echo := `{"Status":"no ` + shelf + `","Message":"no ` + sent.Path + ` at ` + sent.EscapedPath() + ` for ` + token + `"}`
			if op.Key != engine.NoKey {
				echo = strings.ReplaceAll(echo, "no ", "no key-0123456789 ")
			}
			n = &network{steps: []step{{status: 409, body: echo}}}
			call := engine.Call{Operation: op, Request: request(t, op), Authorization: token}
			if op.Key != engine.NoKey {
				call.IdempotencyKey = "key-0123456789"
			}
			_, err = n.engine(t, nil).Do(t.Context(), call)
			var f *engine.Failure
			require.ErrorAs(t, err, &f)
			require.Equal(t, engine.Rejected, f.Class)
			for _, secret := range []string{shelf, number, url.PathEscape(number), shipment, "s3cret", "key-0123456789"} {
				require.NotContains(t, err.Error(), secret)
			}
			if op.Key != engine.NoKey {
				require.Equal(t, "key-0123456789", f.IdempotencyKey, "to be kept by the caller")
			}
		})
	}
}

func TestAmbiguousFailureIsRetriedByTheRow(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		operation, key string
		attempts       int
		unknown        bool
	}{
		{"Pack", "", 1, true},             // could pack twice
		{"Ship", "", 3, true},             // a key by default
		{"Ship", "own-key-1234", 3, true}, // the caller's
		{"Weigh", "", 3, false},           // a read
		{"Label", "", 1, false},           // no key, no retry
		{"Label", "own-key-1234", 3, false},
		{"Recall", "", 3, false},
	} {
		for _, s := range []step{{err: errReset}, {status: 503}, {status: 408}, {status: 200, body: "<html>"}} {
			if test.operation == "Ship" && s.status == 200 {
				s.header = http.Header{"Location": {"/"}} // neither header is usable
			}
			n := &network{steps: []step{s}}
			_, err := n.engine(t, nil).Do(t.Context(), engine.Call{Operation: find(test.operation), Request: request(t, find(test.operation)), IdempotencyKey: test.key})
			var f *engine.Failure
			require.ErrorAs(t, err, &f)
			require.Equal(t, engine.Ambiguous, f.Class, "%+v", test)
			require.Len(t, n.seen, test.attempts, "%+v %+v", test, s)
			require.Equal(t, test.unknown, f.OutcomeUnknown, "%+v %+v", test, s)
		}
	}
}

func TestRejectionOfARetryIsTakenByTheRow(t *testing.T) {
	t.Parallel()
	gone := step{status: 404, body: `{"Status":"gone"}`}
	n := &network{steps: []step{{err: errReset}, gone}}
	_, err := n.engine(t, nil).Do(t.Context(), engine.Call{Operation: find("Recall"), Request: request(t, find("Recall"))})
	require.NoError(t, err, "an earlier attempt recalled it")

	ship := *find("Ship")
	for _, disproves := range []bool{false, true} {
		ship.Disproves = func(*engine.Failure) bool { return disproves }
		n = &network{steps: []step{{err: errReset}, gone}}
		_, err = n.engine(t, nil).Do(t.Context(), engine.Call{Operation: &ship, Request: request(t, &ship)})
		var f *engine.Failure
		require.ErrorAs(t, err, &f)
		require.Equal(t, !disproves, f.OutcomeUnknown)
	}
}

// After a crash, a process repeats its key: a conflict may be with the request that was under way.
func TestConflictAboutTheCallersKeyIsAmbiguous(t *testing.T) {
	t.Parallel()
	op := find("Ship")
	for key, unknown := range map[string]bool{"": false, "own-key-1234": true} {
		for status, conflict := range map[int]bool{409: true, 403: false} {
			n := &network{steps: []step{{status: status, body: `{"Status":"busy"}`}}}
			_, err := n.engine(t, nil).Do(t.Context(), engine.Call{Operation: op, Request: request(t, op), IdempotencyKey: key})
			var f *engine.Failure
			require.ErrorAs(t, err, &f)
			require.Equal(t, engine.Rejected, f.Class)
			require.Equal(t, unknown && conflict, f.OutcomeUnknown)
		}
	}
}

func TestInvalidCallIsNotSent(t *testing.T) {
	t.Parallel()
	weigh, label := find("Weigh"), find("Label")
	for name, test := range map[string]struct {
		op     *engine.Operation
		change func(*http.Request, *engine.Call)
		reason engine.InvalidReason
	}{
		"another host":         {weigh, func(r *http.Request, _ *engine.Call) { r.URL.Scheme, r.URL.Host = "https", "elsewhere.example" }, engine.InvalidTarget},
		"another scheme":       {weigh, func(r *http.Request, _ *engine.Call) { r.URL.Scheme, r.URL.Host = "http", "warehouse.example" }, engine.InvalidTarget},
		"another Host header":  {weigh, func(r *http.Request, _ *engine.Call) { r.Host = "elsewhere.example" }, engine.InvalidTarget},
		"another method":       {weigh, func(r *http.Request, _ *engine.Call) { r.Method = "POST" }, engine.InvalidID},
		"another path":         {weigh, func(r *http.Request, _ *engine.Call) { r.URL.Path, r.URL.RawPath = "/v2/shelves/x", "" }, engine.InvalidID},
		"a slash in an id":     {weigh, func(r *http.Request, _ *engine.Call) { r.URL.Path, r.URL.RawPath = "/v2/shelves/a/b/parcels/c", "" }, engine.InvalidID},
		"a dot segment":        {weigh, func(r *http.Request, _ *engine.Call) { r.URL.Path, r.URL.RawPath = "/v2/shelves/../parcels/c", "" }, engine.InvalidID},
		"an empty id":          {weigh, func(r *http.Request, _ *engine.Call) { r.URL.Path, r.URL.RawPath = "/v2/shelves//parcels/c", "" }, engine.InvalidID},
		"a control character":  {weigh, func(r *http.Request, _ *engine.Call) { r.URL.Path, r.URL.RawPath = "/v2/shelves/a\nb/parcels/c", "" }, engine.InvalidID},
		"a key where none is":  {weigh, func(_ *http.Request, c *engine.Call) { c.IdempotencyKey = "k" }, engine.InvalidTarget},
		"net/http's own key":   {label, func(r *http.Request, _ *engine.Call) { r.Header["Idempotency-Key"] = []string{""} }, engine.InvalidTarget},
		"a body that is large": {label, func(r *http.Request, _ *engine.Call) { r.ContentLength = 1001 }, engine.InvalidRequest},
		"a body that fails": {label, func(r *http.Request, _ *engine.Call) {
			r.GetBody, r.Body = nil, io.NopCloser(io.MultiReader(strings.NewReader("x"), failing{}))
		}, engine.Unreadable},
	} {
		n := &network{steps: []step{success(test.op)}}
		call := engine.Call{Operation: test.op, Request: request(t, test.op)}
		test.change(call.Request, &call)
		_, err := n.engine(t, nil).Do(t.Context(), call)
		var invalid *engine.InvalidCall
		require.ErrorAs(t, err, &invalid, name)
		require.Equal(t, test.reason, invalid.Reason, name)
		require.Empty(t, n.seen, name)
	}
}

type failing struct{}

func (failing) Read([]byte) (int, error) { return 0, io.ErrClosedPipe }

func TestIDFromAHeader(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		header http.Header
		want   string // "" for an unusable response
	}{
		"its own header":   {http.Header{"Shipment-Id": {" s-1 "}, "Location": {"/v2/other"}}, "s-1"},
		"Location":         {http.Header{"Location": {"https://warehouse.example/v2/shipments/s%202?x=1#y"}}, "s 2"},
		"relative":         {http.Header{"Location": {"s-3"}}, "s-3"},
		"trailing slash":   {http.Header{"Location": {"/v2/shipments/s-4/"}}, "s-4"},
		"neither":          {nil, ""},
		"root":             {http.Header{"Location": {"https://warehouse.example/"}}, ""},
		"host alone":       {http.Header{"Location": {"https://warehouse.example"}}, ""},
		"dots":             {http.Header{"Location": {"/v2/.."}}, ""},
		"unparsable":       {http.Header{"Location": {"http://[::1"}}, ""},
		"control":          {http.Header{"Shipment-Id": {"s\x01"}}, ""},
		"longer than ids":  {http.Header{"Shipment-Id": {strings.Repeat("x", 256)}}, ""},
		"empty, then good": {http.Header{"Shipment-Id": {""}, "Location": {"/s-5"}}, "s-5"},
	} {
		op := find("Ship")
		n := &network{steps: []step{{status: 201, header: test.header}}}
		response, err := n.engine(t, func(c *engine.Config) { c.Retry.MaxAttempts = 1 }).Do(t.Context(), engine.Call{Operation: op, Request: request(t, op)})
		require.Equal(t, test.want, response.ID, name)
		if test.want != "" {
			require.NoError(t, err, name)
			continue
		}
		var f *engine.Failure
		require.ErrorAs(t, err, &f, name)
		require.Equal(t, engine.Unexpected, f.Kind, name)
		require.True(t, f.OutcomeUnknown, "it was shipped, under an id that nobody knows")
	}
}

type watcher struct{ calls []string }

func (w *watcher) StartCall(ctx context.Context, o engine.Observation) (context.Context, func(engine.Outcome)) {
	return ctx, func(out engine.Outcome) {
		w.calls = append(w.calls, o.Operation.Name+" "+strconv.Itoa(o.Port())+" "+strconv.Itoa(out.StatusCode))
	}
}

func (w *watcher) StartAttempt(ctx context.Context, o engine.Observation) (context.Context, func(engine.Outcome)) {
	return ctx, func(engine.Outcome) { w.calls = append(w.calls, "attempt "+strconv.Itoa(o.Attempt)) }
}

func TestHooksAreToldOfCallsAndAttempts(t *testing.T) {
	t.Parallel()
	w, log, asked := &watcher{}, &strings.Builder{}, 0
	n := &network{steps: []step{{status: 429}, success(find("Weigh"))}}
	e := n.engine(t, func(c *engine.Config) {
		c.Observer, c.LogMessage = w, "warehouse"
		c.Logger = slog.New(slog.NewTextHandler(log, &slog.HandlerOptions{Level: slog.LevelDebug}))
		c.Limiter = func(_ context.Context, op *engine.Operation) error { asked += len(op.Name); return nil }
	})
	_, err := e.Do(t.Context(), engine.Call{Operation: find("Weigh"), Request: request(t, find("Weigh"))})
	require.NoError(t, err)
	require.Equal(t, []string{"attempt 1", "attempt 2", "Weigh 443 200"}, w.calls)
	require.Equal(t, 2*len("Weigh"), asked)
	require.Contains(t, log.String(), `level=WARN msg=warehouse operation=Weigh route="GET /v2/shelves/{shelf}/parcels/{parcel}" attempt=1`)
	require.Contains(t, log.String(), "level=DEBUG msg=warehouse")
	require.NotContains(t, log.String(), shelf)

	quota := errors.New("no quota for " + shelf)
	e = n.engine(t, func(c *engine.Config) { c.Limiter = func(context.Context, *engine.Operation) error { return quota } })
	_, err = e.Do(t.Context(), engine.Call{Operation: find("Weigh"), Request: request(t, find("Weigh"))})
	var f *engine.Failure
	require.ErrorAs(t, err, &f)
	require.True(t, f.NothingSent)
	require.NotContains(t, err.Error(), shelf)
}

func TestMemberOfAMemberMayBeRequired(t *testing.T) {
	t.Parallel()
	type envelope struct {
		Item parcel `json:"item"`
	}
	op := &engine.Operation{
		Name: "Find", Method: "GET", Path: "/v2/found", Success: []int{200}, Result: engine.FromBody, Required: []string{"item.number"},
		New: func() any { return new(envelope) },
	}
	for body, want := range map[string]string{
		`{"item":{"number":"p-1"}}`:            "",
		`{"item":{"number":"p-1"},"item2":{}}`: "",
		`{"item":{"weight":1}}`:                "200 OK: response has no item.number",
		`{"number":"p-1"}`:                     "200 OK: response has no item.number",
		`{"item":null}`:                        "200 OK: response has no item.number",
	} {
		n := &network{steps: []step{{status: 200, body: body}}}
		response, err := n.engine(t, func(c *engine.Config) { c.Retry.MaxAttempts = 1 }).Do(t.Context(), engine.Call{Operation: op, Request: request(t, op)})
		if want == "" {
			require.NoError(t, err, body)
			require.Equal(t, "p-1", response.Result.(*envelope).Item.Number)
			continue
		}
		require.EqualError(t, err, want, body)
	}
}

func TestFieldsOfAnErrorBodyStandInItsText(t *testing.T) {
	t.Parallel()
	op := find("Weigh")
	n := &network{steps: []step{{status: 400, body: "-"}}}
	e := n.engine(t, func(c *engine.Config) {
		c.ParseError = func([]byte) engine.ErrorBody {
			return engine.ErrorBody{Code: "bad", Fields: []string{"weight", "a\nb " + shelf, strings.Repeat("x", 1000)}, Messages: []string{"too heavy"}}
		}
	})
	_, err := e.Do(t.Context(), engine.Call{Operation: op, Request: request(t, op)})
	require.EqualError(t, err, "400 bad: weight, a b {shelf}, "+strings.Repeat("x", 120)+"…: too heavy")

	e = n.engine(t, func(c *engine.Config) {
		c.ParseError = func([]byte) engine.ErrorBody {
			return engine.ErrorBody{Fields: slices.Repeat([]string{"f"}, 100)}
		}
	})
	_, err = e.Do(t.Context(), engine.Call{Operation: op, Request: request(t, op)})
	require.EqualError(t, err, "400 Bad Request: "+strings.Repeat("f, ", 19)+"f")
}
