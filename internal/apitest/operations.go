package apitest

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/klarna-go/klarna-payments/internal/wiretest"
	"github.com/klarna-go/klarna-payments/klarna"
)

// Operation is one of the operations of client C, with valid arguments and a valid response.
type Operation[C any] struct {
	Name    klarna.Operation
	Success wiretest.Line
	Call    func(*testing.T, *C, ...klarna.CallOption) error
}

// RequireRequests requires that the operations are those of the rows, in their order, and that each one sends a single request
// to the path of its row, which the contract allows. ids puts the arguments in the place of the path's placeholders.
func (a API[C]) RequireRequests(t *testing.T, operations []Operation[C], ids *strings.Replacer) {
	t.Helper()
	require.Len(t, operations, len(a.Rows))
	for i, op := range operations {
		row := a.Rows[i]
		require.Equal(t, row.Name, string(op.Name), "the tables have the same order")
		s := &wiretest.Script{Lines: []wiretest.Line{op.Success}}
		require.NoError(t, op.Call(t, a.StrictClient(t, s)), op.Name)
		require.Len(t, s.Seen(), 1)
		require.Equal(t, row.Method, s.Seen()[0].Method, op.Name)
		require.Equal(t, "https://api.playground.klarna.com"+ids.Replace(row.Path), s.Seen()[0].URL.String(), op.Name)
	}
}

// RequireCheckedBodies requires that a preflight sees the body of every request that has one, and that a body it finds wrong is
// not sent. fixed are the operations whose body no argument changes. It returns the bodies by operation.
func (a API[C]) RequireCheckedBodies(t *testing.T, operations []Operation[C], fixed ...klarna.Operation) map[klarna.Operation]any {
	t.Helper()
	wrong := errors.New("wrong")
	bodies := map[klarna.Operation]any{}
	for _, op := range operations {
		var seen any
		s := &wiretest.Script{Lines: []wiretest.Line{op.Success}}
		err := op.Call(t, a.Client(t, s, klarna.WithPreflight(func(body any) error { seen = body; return wrong })))
		if seen == nil {
			require.NoError(t, err, op.Name)
			require.Equal(t, slices.Contains(fixed, op.Name), s.Sent()[0] != "", "%s has a body that is not checked", op.Name)
			continue
		}
		require.ErrorIs(t, err, wrong, op.Name)
		require.Empty(t, s.Seen())
		bodies[op.Name] = seen
	}
	return bodies
}

// RequireMadeClient requires that every operation of a client that was not made fails with an error that says so.
func (a API[C]) RequireMadeClient(t *testing.T, operations []Operation[C]) {
	t.Helper()
	require.NotEmpty(t, operations)
	for _, c := range []*C{nil, new(C), a.New(nil), a.New(&klarna.Client{})} {
		for _, op := range operations {
			require.ErrorContains(t, op.Call(t, c), "the client was not made by klarna.New", op.Name)
		}
	}
}
