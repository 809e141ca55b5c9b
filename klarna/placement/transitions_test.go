package placement_test

import (
	"errors"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/klarna-go/klarna-payments/klarna"
	"github.com/klarna-go/klarna-payments/klarna/klarnatest"
	"github.com/klarna-go/klarna-payments/klarna/placement"
)

// transition is a row of the table in the package documentation.
type transition struct {
	name   string
	before func(o *placement.Order) // what goes wrong
	steps  []step                   // Place, and then one Settle after the other
	orders int                      // at Klarna, in the end
}

// step is what a step has to come to.
type step struct {
	after   time.Duration // moves the database's clock before
	expires time.Duration // moves Klarna's clock before
	meets   []klarnatest.Fault
	state   placement.State
	is      []error // what the result's error is
	isNot   []error
}

var (
	unknown  = []error{klarna.ErrOutcomeUnknown}
	declined = klarnatest.Status(403, "REJECTED", "Rejected")
	consumed = klarnatest.Status(403, "INVALID_OPERATION", "Authorization token already consumed")
	plain    = []error{klarna.ErrOutcomeUnknown, klarna.ErrOrderAlreadyPlaced}
)

func three(fault klarnatest.Fault) []klarnatest.Fault { return []klarnatest.Fault{fault, fault, fault} }

var transitions = []transition{
	{name: "an order is placed", orders: 1, steps: []step{{state: placement.Placed}}},
	{name: "the responses are lost", orders: 1, steps: []step{
		{meets: three(klarnatest.ResetAfter()), state: placement.Open, is: unknown},
		{after: 2 * time.Second, state: placement.Placed},
	}},
	{name: "Klarna fails for a while", orders: 1, steps: []step{
		{meets: three(klarnatest.EmptyStatus(503)), state: placement.Open, is: unknown},
		{after: 2 * time.Second, meets: three(klarnatest.EmptyStatus(503)), state: placement.Open, is: unknown},
		{after: 3 * time.Second, state: placement.Placed},
	}},
	{name: "too many calls", orders: 1, steps: []step{
		{meets: three(klarnatest.TooManyRequests(0)), state: placement.Open, is: []error{klarna.ErrRateLimited, klarna.ErrNotSent}, isNot: plain},
		{after: 2 * time.Second, state: placement.Placed},
	}},
	{name: "a rejection", steps: []step{
		{meets: []klarnatest.Fault{declined}, state: placement.Rejected, is: []error{klarna.ErrForbidden}, isNot: plain},
	}},
	{name: "a rejection after 429", steps: []step{
		{meets: three(klarnatest.TooManyRequests(0)), state: placement.Open},
		{after: 2 * time.Second, meets: []klarnatest.Fault{declined}, state: placement.Rejected, is: []error{klarna.ErrForbidden}, isNot: plain},
	}},
	{name: "the order does not match the approval", before: func(o *placement.Order) { o.Request.OrderLines[0].Name = "Another shoe" }, steps: []step{
		{state: placement.Rejected, is: []error{klarna.ErrConflict}, isNot: plain},
	}},
	{name: "a rejection that holds for all calls", before: func(o *placement.Order) { o.Request.OrderLines[0].Name = "Another shoe" }, steps: []step{
		{meets: three(klarnatest.EmptyStatus(503)), state: placement.Open, is: unknown},
		{after: 2 * time.Second, state: placement.Rejected, is: []error{klarna.ErrConflict}, isNot: plain},
	}},
	{name: "a rejection after an unknown outcome", steps: []step{
		{meets: three(klarnatest.EmptyStatus(503)), state: placement.Open, is: unknown},
		{after: 2 * time.Second, meets: []klarnatest.Fault{declined}, state: placement.Open, is: unknown},
		{after: 2 * time.Second, meets: []klarnatest.Fault{declined}, state: placement.Open, is: unknown}, // too early to count
		{after: 4 * time.Second, meets: []klarnatest.Fault{declined}, state: placement.Rejected, is: []error{klarna.ErrForbidden}, isNot: plain},
	}},
	{name: "a rejection after an order", orders: 1, steps: []step{
		{meets: three(klarnatest.ResetAfter()), state: placement.Open, is: unknown},
		{after: 2 * time.Second, meets: []klarnatest.Fault{declined}, state: placement.Open, is: []error{klarna.ErrOrderAlreadyPlaced}},
		{after: 9 * time.Second, meets: []klarnatest.Fault{declined}, state: placement.Open, is: []error{klarna.ErrOrderAlreadyPlaced}},
		{after: 9 * time.Second, state: placement.Placed},
	}},
	{name: "a definite rejection of an order that exists", orders: 1, steps: []step{
		{meets: three(klarnatest.ResetAfter()), state: placement.Open, is: unknown},
		{after: 2 * time.Second, meets: []klarnatest.Fault{declined}, state: placement.Open, is: []error{klarna.ErrOrderAlreadyPlaced}},
		{after: 9 * time.Second, meets: []klarnatest.Fault{klarnatest.Status(400, "BAD_VALUE", "Bad value: locale")},
			state: placement.Open, is: []error{klarna.ErrOrderAlreadyPlaced}},
		{after: 9 * time.Second, state: placement.Placed},
	}},
	{name: "a page of a proxy", orders: 1, steps: []step{
		{meets: []klarnatest.Fault{klarnatest.HTMLStatus(403)}, state: placement.Open, is: unknown},
		{after: 2 * time.Second, state: placement.Placed},
	}},
	{name: "the token is used up without an order", steps: []step{
		{meets: []klarnatest.Fault{consumed}, state: placement.Open, is: unknown},
		{after: 4 * time.Second, meets: []klarnatest.Fault{consumed}, state: placement.Rejected, is: []error{klarna.ErrForbidden}, isNot: plain},
	}},
	{name: "the token expires, and the order exists", orders: 1, steps: []step{
		{meets: three(klarnatest.ResetAfter()), state: placement.Open, is: unknown},
		{after: 61 * time.Minute, expires: 61 * time.Minute, state: placement.Unresolved, is: []error{klarna.ErrOrderAlreadyPlaced}},
	}},
	{name: "the token expires, and there is no order", steps: []step{
		{meets: three(klarnatest.EmptyStatus(503)), state: placement.Open, is: unknown},
		{after: 61 * time.Minute, expires: 61 * time.Minute, state: placement.Open, is: unknown},
		{after: 4 * time.Second, state: placement.Rejected, is: []error{placement.ErrTokenExpired}, isNot: plain},
	}},
	{name: "the token expires before the first call", steps: []step{
		{meets: three(klarnatest.TooManyRequests(0)), state: placement.Open},
		{after: 61 * time.Minute, state: placement.Rejected, is: []error{placement.ErrTokenExpired}, isNot: plain},
	}},
	{name: "the session is gone", orders: 1, steps: []step{
		{meets: three(klarnatest.ResetAfter()), state: placement.Open, is: unknown},
		{after: 49 * time.Hour, expires: 49 * time.Hour, state: placement.Unresolved, is: unknown},
	}},
}

func TestTransitions(t *testing.T) {
	t.Parallel()
	for _, test := range transitions {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			onBoth(t, func(t *testing.T, w *world) {
				book, o := w.book(t), w.approved(t, "ON1")
				if test.before != nil {
					test.before(&o)
				}
				var last placement.Result
				for i, step := range test.steps {
					w.Advance(step.expires)
					book.Shift(step.after)
					w.Fail(klarna.OperationCreateOrder, step.meets...)
					if i == 0 {
						result, err := book.Place(t.Context(), o)
						require.NoError(t, err)
						last = result
					} else {
						settled, err := book.Settle(t.Context())
						require.NoError(t, err)
						last, err = book.Lookup(t.Context(), o.Reference)
						require.NoError(t, err)
						require.Equal(t, last.State != placement.Open, settled == 1)
					}
					require.Equal(t, step.state, last.State, "step %d: %v", i, last.Err)
					require.Equal(t, step.state == placement.Open, last.Finished.IsZero())
					for _, kind := range step.is {
						require.ErrorIs(t, last.Err, kind, "step %d", i)
					}
					for _, kind := range step.isNot {
						require.NotErrorIs(t, last.Err, kind, "step %d", i)
						require.NotContains(t, last.Err.Error(), "unknown")
					}
					require.Empty(t, w.PendingFaults())
				}
				require.Equal(t, test.orders, w.Created().Orders)
				if last.State == placement.Placed {
					require.Equal(t, w.OrderIDs(o.SessionID), []string{last.OrderID})
					require.NoError(t, last.Err)
				}
				// The same reference and the same token: the same result, and no further request.
				calls := len(w.Requests())
				again, err := book.Place(t.Context(), o)
				require.NoError(t, err)
				require.Equal(t, last, again)
				require.Len(t, w.Requests(), calls)
				sameBytes(t, w)
				erased(t, w, o)
			})
		})
	}
}

// sameBytes checks that every order that was sent had the same bytes.
func sameBytes(t *testing.T, w *world) {
	t.Helper()
	var first string
	for _, r := range w.Requests() {
		if r.Operation == klarna.OperationCreateOrder && len(r.Body) > 0 {
			if first == "" {
				first = string(r.Body)
			}
			require.Equal(t, first, string(r.Body))
		}
	}
}

// erased checks that a final record has neither token nor request.
func erased(t *testing.T, w *world, o placement.Order) {
	t.Helper()
	var left int
	require.NoError(t, w.db.QueryRow(`SELECT COUNT(*) FROM klarna_placements WHERE token <> '' OR request <> ''`).Scan(&left))
	require.Zero(t, left)
	rows, err := w.db.Query(`SELECT * FROM klarna_placements`)
	require.NoError(t, err)
	defer rows.Close()
	names, err := rows.Columns()
	require.NoError(t, err)
	for rows.Next() {
		values, into := make([]any, len(names)), make([]any, len(names))
		for i := range values {
			into[i] = &values[i]
		}
		require.NoError(t, rows.Scan(into...))
		for i, value := range values {
			text, _ := value.(string)
			require.NotContains(t, text, o.AuthorizationToken, names[i])
			require.NotContains(t, text, "Running shoe", names[i])
		}
	}
	require.NoError(t, rows.Err())
}

func TestTheDocumentationNamesEveryTransition(t *testing.T) {
	t.Parallel()
	doc, err := os.ReadFile("doc.go")
	require.NoError(t, err)
	rows := 0
	for line := range strings.Lines(string(doc)) {
		if name, ok := strings.CutPrefix(strings.TrimSpace(line), "//\t"); ok && strings.Contains(name, "->") {
			rows++
		}
	}
	for _, test := range transitions {
		require.Contains(t, string(doc), test.name)
	}
	require.Equal(t, len(transitions), rows)
}

func TestAnErrorKeepsWhatKlarnaResponded(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, w *world) {
		book, o := w.book(t), w.approved(t, "ON1")
		o.Request.OrderAmount, o.Request.OrderLines[0].UnitPrice, o.Request.OrderLines[0].TotalAmount = 11901, 11901, 11901
		result, err := book.Place(t.Context(), o)
		require.NoError(t, err)
		var e *klarna.Error
		require.True(t, errors.As(result.Err, &e))
		require.Equal(t, 409, e.StatusCode)
		require.Contains(t, e.Fields, "order_amount")
		require.Equal(t, result.CorrelationIDs, []string{e.CorrelationID})
		require.Contains(t, result.Err.Error(), "Not matching fields")
		require.Nil(t, e.Body)
	})
}
