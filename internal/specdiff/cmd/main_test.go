package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/stretchr/testify/require"
)

const structure = "../../../api/testdata/klarna-2023-03-03.structure.yaml"

func TestTheExitCodeReportsWhetherThereIsSomethingToDo(t *testing.T) {
	t.Parallel()
	doc, err := openapi3.NewLoader().LoadFromFile(structure)
	require.NoError(t, err)
	same := write(t, doc)
	doc.Components.Schemas["order"].Value.Properties["newer"] = openapi3.NewStringSchema().NewRef()
	newer := write(t, doc)
	other := filepath.Join(t.TempDir(), "other.json")
	require.NoError(t, os.WriteFile(other, []byte(`{"openapi": "3.0.0", "paths": {"/other/v1/x": {}}}`), 0o600))
	html := filepath.Join(t.TempDir(), "klarna.json")
	require.NoError(t, os.WriteFile(html, []byte("<html>"), 0o600))

	for _, test := range []struct {
		name           string
		args           []string
		code           int
		stdout, stderr string
	}{
		{"nothing but what is on purpose", []string{structure}, 0, "Nothing to do", ""},
		{"the same as JSON", []string{same}, 0, "Nothing to do", ""},
		{"something new", []string{newer}, 1, "order.newer: Klarna's has it, ours has not (string)", ""},
		{"by the contract's name", []string{"-contract", "payments", structure}, 0, "Nothing to do: api/openapi.yaml", ""},
		{"another contract's name", []string{"-contract", "x", structure}, 2, "", `no contract "x" to compare with, only ["payments"`},
		{"an unknown flag", []string{"-x", structure}, 2, "", "flag provided but not defined"},
		{"another API", []string{other}, 2, "", `no path under any of ["/payments/v1/"`},
		{"no file named", nil, 2, "", "name the file"},
		{"an empty name", []string{""}, 2, "", "name the file"},
		{"two files", []string{structure, structure}, 2, "", "name the file"},
		{"no such file", []string{"missing.json"}, 2, "", "missing.json"},
		{"a file that is something else", []string{html}, 2, "", "cannot be read as an OpenAPI document"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			var stdout, stderr strings.Builder
			require.Equal(t, test.code, run(test.args, "../../..", &stdout, &stderr))
			require.Contains(t, stdout.String(), test.stdout)
			require.Contains(t, stderr.String(), test.stderr)
			require.Equal(t, test.stdout == "", stdout.String() == "")
			require.Equal(t, test.stderr == "", stderr.String() == "")
		})
	}
}

func write(t *testing.T, doc *openapi3.T) string {
	t.Helper()
	document, err := json.Marshal(doc)
	require.NoError(t, err)
	file := filepath.Join(t.TempDir(), "klarna.json")
	require.NoError(t, os.WriteFile(file, document, 0o600))
	return file
}
