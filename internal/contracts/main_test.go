package main

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/klarna-go/klarna-payments/api"
)

func TestEveryContractIsALine(t *testing.T) {
	t.Parallel()
	var out strings.Builder
	require.NoError(t, run([]string{"{{.Package}}:{{.MinCover}}"}, &out))
	require.Contains(t, out.String(), "klarna:90\n")
	require.Equal(t, len(api.Contracts), strings.Count(out.String(), "\n"))

	out.Reset()
	require.NoError(t, run([]string{`{{if eq .Name "other"}}x{{end}}`}, &out))
	require.Empty(t, out.String())
	require.Error(t, run([]string{"{{.Missing}}"}, &out))
	require.Error(t, run([]string{"{{"}, &out))
}
