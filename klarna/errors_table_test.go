package klarna_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/klarna-go/klarna-payments/internal/wiretest"
	"github.com/klarna-go/klarna-payments/klarna"
	"github.com/klarna-go/klarna-payments/klarna/preflight"
	"github.com/stretchr/testify/require"
	"golang.org/x/net/http2"
)

// sentinels is what errors.Is can find in the error of a call.
var sentinels = map[string]error{
	"ErrInvalidRequest": klarna.ErrInvalidRequest, "ErrUnauthorized": klarna.ErrUnauthorized, "ErrForbidden": klarna.ErrForbidden,
	"ErrNotFound": klarna.ErrNotFound, "ErrConflict": klarna.ErrConflict, "ErrRateLimited": klarna.ErrRateLimited,
	"ErrServer": klarna.ErrServer, "ErrUnexpectedResponse": klarna.ErrUnexpectedResponse, "ErrResponseTooLarge": klarna.ErrResponseTooLarge,
	"ErrNotSent": klarna.ErrNotSent, "ErrNoResponse": klarna.ErrNoResponse, "ErrInvalidID": klarna.ErrInvalidID,
	"ErrOrderAlreadyPlaced": klarna.ErrOrderAlreadyPlaced, "ErrOutcomeUnknown": klarna.ErrOutcomeUnknown,
	"context.DeadlineExceeded": context.DeadlineExceeded, "context.Canceled": context.Canceled,
}

func sentinelsOf(err error) []string {
	var found []string
	for name, sentinel := range sentinels {
		if errors.Is(err, sentinel) {
			found = append(found, name)
		}
	}
	slices.Sort(found)
	return found
}

// endings is every way in which a call can end with an error, with what errors.Is finds in it then.
var endings = map[string]struct {
	want string
	call func(t *testing.T) error
}{
	// Nothing was sent.
	"an option that is invalid": {"", func(t *testing.T) error {
		return createOrder(t, wireClient(t, "http://127.0.0.1:1"), klarna.WithHeader("Host", "x"))
	}},
	"no context": {"", func(t *testing.T) error {
		var none context.Context
		_, err := wireClient(t, "http://127.0.0.1:1").ReadSession(none, wireSession)
		return err
	}},
	"a malformed id": {"ErrInvalidID ErrNotSent", func(t *testing.T) error {
		_, err := wireClient(t, "http://127.0.0.1:1").ReadSession(t.Context(), "..")
		return err
	}},
	"a request that preflight rejects": {"ErrInvalidRequest ErrNotSent", func(t *testing.T) error {
		_, err := wireClient(t, "http://127.0.0.1:1", klarna.WithPreflight(preflight.Check)).CreateSession(t.Context(), klarna.SessionCreate{})
		return err
	}},
	"a request that is too large": {"ErrInvalidRequest ErrNotSent", func(t *testing.T) error {
		order := wireOrder()
		order.MerchantData = strings.Repeat("x", 1<<20)
		_, err := wireClient(t, "http://127.0.0.1:1").CreateOrder(t.Context(), wireToken, order)
		return err
	}},
	"a key for an operation that takes none": {"ErrNotSent", func(t *testing.T) error {
		return createOrder(t, wireClient(t, "http://127.0.0.1:1"), klarna.WithIdempotencyKey("k-1"))
	}},
	"a Raw call to another host": {"ErrNotSent", func(t *testing.T) error {
		_, err := wireClient(t, "http://127.0.0.1:1").Raw().ReadCreditSessionWithResponse(t.Context(), wireSession, func(_ context.Context, r *http.Request) error {
			r.URL.Host = "shop.example"
			return nil
		})
		return err
	}},
	"connection refused": {"ErrNotSent", func(t *testing.T) error { return createOrder(t, wireClient(t, "http://127.0.0.1:1")) }},
	"no such host":       {"ErrNotSent", func(t *testing.T) error { return createOrder(t, wireClient(t, "https://klarna.invalid")) }},
	"a certificate that is not trusted": {"ErrNotSent", func(t *testing.T) error {
		peer := wiretest.NewHTTP2(t, func(*wiretest.Stream) {})
		return createOrder(t, wireClientThrough(t, peer.URL, &http.Transport{TLSClientConfig: noRoots()}))
	}},
	"REFUSED_STREAM": {"ErrNotSent", func(t *testing.T) error {
		return createOrder(t, overHTTP2(t, func(s *wiretest.Stream) { s.Reset(http2.ErrCodeRefusedStream) }))
	}},
	"GOAWAY": {"ErrNotSent", func(t *testing.T) error {
		return createOrder(t, overHTTP2(t, func(s *wiretest.Stream) { s.GoAway(0, http2.ErrCodeNo, "") }))
	}},
	"the limiter fails": {"ErrNotSent", func(t *testing.T) error {
		return createOrder(t, wireClient(t, "http://127.0.0.1:1", klarna.WithLimiter(newGate(0, errors.New("no quota")))))
	}},
	"no connection within WithTimeout": {"ErrNotSent context.DeadlineExceeded", func(t *testing.T) error {
		listener, err := net.Listen("tcp", "127.0.0.1:0") // accepts by itself, and does nothing
		require.NoError(t, err)
		t.Cleanup(func() { _ = listener.Close() })
		return createOrder(t, wireClient(t, "https://"+listener.Addr().String(), klarna.WithTimeout(100*time.Millisecond)))
	}},
	"the deadline is over before anything is sent": {"ErrNotSent context.DeadlineExceeded", func(t *testing.T) error {
		ctx, cancel := context.WithTimeout(t.Context(), -time.Second)
		defer cancel()
		_, err := wireClient(t, "http://127.0.0.1:1").CreateOrder(ctx, wireToken, wireOrder())
		return err
	}},
	"cancelled before anything is sent": {"ErrNotSent context.Canceled", func(t *testing.T) error {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		_, err := wireClient(t, "http://127.0.0.1:1").CreateOrder(ctx, wireToken, wireOrder())
		return err
	}},

	// No response.
	"the connection breaks, read": {"ErrNoResponse", func(t *testing.T) error { return readSession(t, overHTTP1(t, (*wiretest.Exchange).CloseConnection)) }},
	"the connection breaks, order": {"ErrNoResponse ErrOutcomeUnknown", func(t *testing.T) error {
		return createOrder(t, overHTTP1(t, (*wiretest.Exchange).CloseConnection))
	}},
	"RST_STREAM, customer token": {"ErrNoResponse ErrOutcomeUnknown", func(t *testing.T) error {
		_, err := overHTTP2(t, func(s *wiretest.Stream) { s.Reset(http2.ErrCodeInternal) }).CreateCustomerToken(t.Context(), wireToken, wireTokenRequest())
		return err
	}},
	"time-out, read": {"ErrNoResponse context.DeadlineExceeded", func(t *testing.T) error {
		return readSession(t, overHTTP1(t, (*wiretest.Exchange).Wait, klarna.WithTimeout(800*time.Millisecond)))
	}},
	"time-out, order": {"ErrNoResponse ErrOutcomeUnknown context.DeadlineExceeded", func(t *testing.T) error {
		return createOrder(t, overHTTP1(t, (*wiretest.Exchange).Wait, klarna.WithTimeout(800*time.Millisecond)))
	}},
	"cancelled while it waits for the response, read": {"ErrNoResponse context.Canceled", func(t *testing.T) error {
		ctx, client := cancelledOnArrival(t)
		_, err := client.ReadSession(ctx, wireSession)
		return err
	}},
	"cancelled while it waits for the response, order": {"ErrNoResponse ErrOutcomeUnknown context.Canceled", func(t *testing.T) error {
		ctx, client := cancelledOnArrival(t)
		_, err := client.CreateOrder(ctx, wireToken, wireOrder())
		return err
	}},
	"no response, then no connection, read":  {"ErrNoResponse", func(t *testing.T) error { return readSession(t, thenUnreachable(t)) }},
	"no response, then no connection, order": {"ErrNoResponse ErrOutcomeUnknown", func(t *testing.T) error { return createOrder(t, thenUnreachable(t)) }},
	"no response, then the limiter fails, order": {"ErrNoResponse ErrOutcomeUnknown", func(t *testing.T) error {
		return createOrder(t, overHTTP1(t, (*wiretest.Exchange).CloseConnection, klarna.WithLimiter(newGate(1, errors.New("no quota")))))
	}},

	// Klarna rejected it.
	"400":                {"ErrInvalidRequest", status(400, `{"error_code":"BAD_VALUE"}`)},
	"413":                {"ErrInvalidRequest", status(413, ``)},
	"401":                {"ErrUnauthorized", status(401, longHTML(100))},
	"403":                {"ErrForbidden", status(403, `{"error_code":"REJECTED"}`)},
	"404":                {"ErrNotFound", status(404, `{"error_code":"NOT_FOUND"}`)},
	"409":                {"ErrConflict", status(409, `{"error_code":"BAD_VALUE","error_messages":["Not matching fields: [locale]"]}`)},
	"429":                {"ErrRateLimited", status(429, ``)},
	"token already used": {"ErrForbidden ErrOrderAlreadyPlaced", status(403, `{"error_code":"INVALID_OPERATION","error_messages":["Authorization token already consumed"]}`)},
	"session completed":  {"ErrNotFound ErrOrderAlreadyPlaced", status(404, `{"error_code":"SESSION_COMPLETED"}`)},
	"order with another body": {"ErrConflict ErrOrderAlreadyPlaced",
		status(409, `{"error_code":"BAD_VALUE","error_messages":["The order has been already completed with different request body"]}`)},
	"404 after a lost response":  {"ErrNotFound ErrOutcomeUnknown", afterLostResponse(404, `{"error_code":"NOT_FOUND"}`)},
	"403 after a lost response":  {"ErrForbidden ErrOutcomeUnknown", afterLostResponse(403, `{"error_code":"REJECTED"}`)},
	"401 after a lost response":  {"ErrOutcomeUnknown ErrUnauthorized", afterLostResponse(401, ``)},
	"429 after a lost response":  {"ErrOutcomeUnknown ErrRateLimited", afterLostResponse(429, ``)},
	"409 after a lost response":  {"ErrConflict ErrOutcomeUnknown", afterLostResponse(409, `{"error_code":"CONFLICT"}`)},
	"400 after a lost response":  {"ErrInvalidRequest ErrOutcomeUnknown", afterLostResponse(400, `{"error_code":"BAD_REQUEST"}`)},
	"rejection too long, read":   {"ErrForbidden ErrResponseTooLarge", func(t *testing.T) error { return readSession(t, respondingPeer(t, 403, longHTML(70<<10))) }},
	"rejection too long, order":  {"ErrForbidden ErrOutcomeUnknown ErrResponseTooLarge", status(403, longHTML(70<<10))},
	"rejection truncated, read":  {"ErrForbidden", func(t *testing.T) error { return readSession(t, truncating(t, 403)) }},
	"rejection truncated, order": {"ErrForbidden ErrOutcomeUnknown", func(t *testing.T) error { return createOrder(t, truncating(t, 403)) }},
	"rejection stalled, order": {"ErrForbidden ErrOutcomeUnknown context.DeadlineExceeded", func(t *testing.T) error {
		return createOrder(t, overHTTP1(t, func(e *wiretest.Exchange) {
			e.Write(http1Response(403, 100, `{"error_code":`))
			e.Wait()
		}, klarna.WithTimeout(800*time.Millisecond)))
	}},

	// Klarna, or something between, failed.
	"500, read":              {"ErrServer", func(t *testing.T) error { return readSession(t, respondingPeer(t, 500, ``)) }},
	"503, order":             {"ErrOutcomeUnknown ErrServer", status(503, ``)},
	"500 too long, read":     {"ErrResponseTooLarge ErrServer", func(t *testing.T) error { return readSession(t, respondingPeer(t, 500, longHTML(70<<10))) }},
	"408, read":              {"ErrUnexpectedResponse", func(t *testing.T) error { return readSession(t, respondingPeer(t, 408, ``)) }},
	"HTML, read":             {"ErrUnexpectedResponse", func(t *testing.T) error { return readSession(t, respondingPeer(t, 200, longHTML(100))) }},
	"HTML, order":            {"ErrOutcomeUnknown ErrUnexpectedResponse", status(200, longHTML(100))},
	"no order id":            {"ErrOutcomeUnknown ErrUnexpectedResponse", status(200, `{}`)},
	"wrong type of a member": {"ErrUnexpectedResponse", func(t *testing.T) error { return readSession(t, respondingPeer(t, 200, `{"order_amount":"1"}`)) }},
	"body of 204 with an error": {"ErrUnexpectedResponse", func(t *testing.T) error {
		return respondingPeer(t, 200, `{"error_code":"X"}`).CancelAuthorization(t.Context(), wireToken)
	}},
	"101, read":                {"ErrUnexpectedResponse", func(t *testing.T) error { return readSession(t, respondingPeer(t, 101, "")) }},
	"101, order":               {"ErrOutcomeUnknown ErrUnexpectedResponse", status(101, "")},
	"redirect, read":           {"ErrUnexpectedResponse", func(t *testing.T) error { return readSession(t, respondingPeer(t, 302, ``)) }},
	"redirect, order":          {"ErrOutcomeUnknown ErrUnexpectedResponse", status(302, ``)},
	"success truncated, read":  {"ErrUnexpectedResponse", func(t *testing.T) error { return readSession(t, truncating(t, 200)) }},
	"success truncated, order": {"ErrOutcomeUnknown ErrUnexpectedResponse", func(t *testing.T) error { return createOrder(t, truncating(t, 200)) }},
	"success too long, read":   {"ErrResponseTooLarge", func(t *testing.T) error { return readSession(t, respondingPeer(t, 200, strings.Repeat(" ", 8<<20+1))) }},
	"success too long, order":  {"ErrOutcomeUnknown ErrResponseTooLarge", status(200, strings.Repeat(" ", 8<<20+1))},
	"not HTTP": {"ErrNoResponse", func(t *testing.T) error {
		return readSession(t, overHTTP1(t, func(e *wiretest.Exchange) { e.Write("SSH-2.0\r\n"); e.CloseConnection() }))
	}},
	"success stalled, read": {"ErrUnexpectedResponse context.DeadlineExceeded", func(t *testing.T) error {
		return readSession(t, overHTTP1(t, func(e *wiretest.Exchange) { e.Write(http1Response(200, 100, `{"st`)); e.Wait() }, klarna.WithTimeout(800*time.Millisecond)))
	}},
	"success stalled, order": {"ErrOutcomeUnknown ErrUnexpectedResponse context.DeadlineExceeded", func(t *testing.T) error {
		return createOrder(t, overHTTP1(t, func(e *wiretest.Exchange) { e.Write(http1Response(200, 100, `{"or`)); e.Wait() }, klarna.WithTimeout(800*time.Millisecond)))
	}},
	"OrderPlaced of a session without a status": {"ErrUnexpectedResponse", func(t *testing.T) error {
		_, err := respondingPeer(t, 200, `{"status":"new"}`).OrderPlaced(t.Context(), wireSession)
		return err
	}},
}

func createOrder(t *testing.T, client *klarna.Client, opts ...klarna.CallOption) error {
	t.Helper()
	_, err := client.CreateOrder(t.Context(), wireToken, wireOrder(), opts...)
	return err
}

func readSession(t *testing.T, client *klarna.Client) error {
	t.Helper()
	_, err := client.ReadSession(t.Context(), wireSession)
	return err
}

func overHTTP1(t *testing.T, handle func(*wiretest.Exchange), opts ...klarna.Option) *klarna.Client {
	t.Helper()
	return wireClient(t, wiretest.NewHTTP1(t, handle).URL, append([]klarna.Option{wireRetries(2)}, opts...)...)
}

func overHTTP2(t *testing.T, end func(*wiretest.Stream)) *klarna.Client {
	t.Helper()
	return wireClient(t, wiretest.NewHTTP2(t, func(s *wiretest.Stream) { s.Read(); end(s) }).URL, wireRetries(2))
}

// respondingPeer is a client whose peer sends one response.
func respondingPeer(t *testing.T, status int, body string) *klarna.Client {
	t.Helper()
	return overHTTP1(t, func(e *wiretest.Exchange) { e.Write(http1Response(status, len(body), body)) })
}

// truncating is a client whose peer closes the connection within the body of its response.
func truncating(t *testing.T, status int) *klarna.Client {
	t.Helper()
	return overHTTP1(t, func(e *wiretest.Exchange) {
		e.Write(http1Response(status, 100, `{"error_code":"INV`))
		e.CloseConnection()
	})
}

// status is a CreateOrder with one response.
func status(status int, body string) func(*testing.T) error {
	return func(t *testing.T) error { return createOrder(t, respondingPeer(t, status, body)) }
}

// afterLostResponse is a CreateOrder whose first response is lost.
func afterLostResponse(status int, body string) func(*testing.T) error {
	return func(t *testing.T) error {
		s := &script{Lines: []line{{Err: io.ErrUnexpectedEOF}, {Status: status, Body: body}}}
		return createOrder(t, wireClientThrough(t, "https://klarna.example", s))
	}
}

// thenUnreachable is a client whose first response is lost, and which then finds no connection.
func thenUnreachable(t *testing.T) *klarna.Client {
	t.Helper()
	attempts := 0
	return wireClientThrough(t, "https://klarna.example", roundTripper(func(r *http.Request) (*http.Response, error) {
		if attempts++; attempts == 1 {
			if r.Body != nil {
				_, _ = io.Copy(io.Discard, r.Body)
			}
			return nil, io.ErrUnexpectedEOF
		}
		return (&http.Transport{}).RoundTrip(func() *http.Request {
			again := r.Clone(r.Context())
			again.URL.Host, again.URL.Scheme = "127.0.0.1:1", "http"
			return again
		}())
	}))
}

// cancelledOnArrival is a context that ends when a request has arrived, and a client.
func cancelledOnArrival(t *testing.T) (context.Context, *klarna.Client) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	t.Cleanup(cancel)
	return ctx, overHTTP1(t, func(e *wiretest.Exchange) { cancel(); e.Wait() })
}

// tableRow is the first column of a row: groups of sentinels of which one is found, the optional ones at most once.
type tableRow struct {
	text               string
	required, optional [][]string
}

var (
	inParentheses = regexp.MustCompile(`\(([^)]*)\)`)
	inCode        = regexp.MustCompile("`([^`]+)`")
)

func endingsTable(t *testing.T) []tableRow {
	t.Helper()
	text, err := os.ReadFile("../docs/errors.md")
	require.NoError(t, err)
	_, table, found := strings.Cut(string(text), "\n| `errors.Is` |")
	require.True(t, found, "docs/errors.md has no table of endings")
	table, _, _ = strings.Cut(table, "\n\n")
	groups := func(text string) (all [][]string) {
		for part := range strings.SplitSeq(text, "+") {
			var names []string
			for _, name := range inCode.FindAllStringSubmatch(part, -1) {
				require.Contains(t, sentinels, name[1])
				names = append(names, name[1])
			}
			if names != nil {
				all = append(all, names)
			}
		}
		return all
	}
	var rows []tableRow
	for _, line := range strings.Split(table, "\n")[2:] {
		cell := strings.Split(line, "|")[1]
		row := tableRow{text: strings.TrimSpace(cell)}
		for _, optional := range inParentheses.FindAllStringSubmatch(cell, -1) {
			row.optional = append(row.optional, groups(optional[1])...)
		}
		row.required = groups(inParentheses.ReplaceAllString(cell, ""))
		rows = append(rows, row)
	}
	return rows
}

// matches reports whether a row is about these sentinels: one of each required group, at most one of each optional group,
// and no others.
func (r tableRow) matches(found []string) bool {
	left := map[string]bool{}
	for _, name := range found {
		left[name] = true
	}
	take := func(group []string) (taken int) {
		for _, name := range group {
			if left[name] {
				delete(left, name)
				taken++
			}
		}
		return taken
	}
	for _, group := range r.required {
		if take(group) != 1 {
			return false
		}
	}
	for _, group := range r.optional {
		if take(group) > 1 {
			return false
		}
	}
	return len(left) == 0
}

// Every ending has exactly one row in the table of docs/errors.md, and every row is about an ending.
func TestEveryEndingIsInTheTableOfErrors(t *testing.T) {
	t.Parallel()
	rows := endingsTable(t)
	met := make([]bool, len(rows))
	for _, name := range slices.Sorted(maps.Keys(endings)) {
		ending := endings[name]
		err := ending.call(t)
		require.Error(t, err, name)
		found := sentinelsOf(err)
		require.Equal(t, strings.Fields(ending.want), append([]string{}, found...), "%s: %v", name, err)
		var matching []string
		for i, row := range rows {
			if row.matches(found) {
				matching, met[i] = append(matching, row.text), true
			}
		}
		require.Len(t, matching, 1, fmt.Sprintf("rows for %q, which is %v: %v", name, found, err))
		require.LessOrEqual(t, strings.Count(err.Error(), "klarna: "), 1, "%s: the text names the package twice: %v", name, err)
	}
	for i, row := range rows {
		require.True(t, met[i], "no ending is in the row %s", row.text)
	}
}
