package apitest

import (
	"errors"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/klarna-go/klarna-payments/api"
	"github.com/klarna-go/klarna-payments/internal/prismtest"
	"github.com/klarna-go/klarna-payments/klarna"
)

// RequireIndependent starts a server that others wrote from the structure of Klarna's document, and requires that it accepts the
// requests of all operations, of which so many have a response with a body. It returns the server's URL, and a client of it. The test
// is in a folder two levels below the module's.
func (a API[C]) RequireIndependent(t *testing.T, operations []Operation[C], withBody int) (url string, client *C) {
	t.Helper()
	require.Len(t, operations, len(a.Rows))
	var examples []prismtest.Example
	for _, op := range operations {
		if op.Success.Body != "" {
			examples = append(examples, prismtest.Example{Route: op.Name.Route(), Status: strconv.Itoa(op.Success.Status), Body: op.Success.Body})
		}
	}
	require.Len(t, examples, withBody)
	url = prismtest.Start(t, filepath.Join("..", "..", api.ContractNamed(a.Contract).Structure), examples...)
	through, err := klarna.New(klarna.Environment(url), klarna.APIKey(Key), klarna.WithRetry(klarna.NoRetry()))
	require.NoError(t, err)
	client = a.New(through)
	for _, op := range operations {
		RequireAccepted(t, op.Call(t, client), string(op.Name))
	}
	return url, client
}

// RequireAccepted requires that the independent server has accepted a request, and shows its reasons if it has not.
func RequireAccepted(t *testing.T, err error, name string) {
	t.Helper()
	if e := new(klarna.Error); errors.As(err, &e) {
		t.Errorf("%s: %v: %s", name, err, e.Body)
		return
	}
	require.NoError(t, err, name)
}
