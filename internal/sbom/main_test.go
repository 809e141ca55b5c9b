package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"runtime/debug"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestTheModulesOfAProgramAreListed(t *testing.T) {
	t.Parallel()
	got := describe(&debug.BuildInfo{
		GoVersion: "go1.26.0",
		Path:      "example.test/shop/cmd/server",
		Main:      debug.Module{Path: "example.test/shop", Version: "(devel)"},
		Deps: []*debug.Module{
			{Path: "example.test/a", Version: "v1.2.3", Sum: "h1:AQID"},
			{Path: "example.test/b", Version: "v0.1.0", Replace: &debug.Module{Path: "example.test/fork", Version: "v0.2.0"}},
		},
		Settings: []debug.BuildSetting{{Key: "GOOS", Value: "linux"}, {Key: "-tags", Value: "x"}},
	}, "v0.1.0")

	require.Equal(t, "server", got.Metadata.Component.Name)
	require.Equal(t, "pkg:golang/example.test/shop@v0.1.0", got.Metadata.Component.PURL)
	require.Equal(t, []property{{"go:GOOS", "linux"}}, got.Metadata.Component.Properties)
	require.Equal(t, []component{
		{Ref: "pkg:golang/std@1.26.0", Type: "library", Name: "std", Version: "1.26.0", PURL: "pkg:golang/std@1.26.0"},
		{
			Ref: "pkg:golang/example.test/a@v1.2.3", Type: "library", Name: "example.test/a", Version: "v1.2.3",
			PURL: "pkg:golang/example.test/a@v1.2.3", Hashes: []hash{{"SHA-256", "010203"}},
		},
		{
			Ref: "pkg:golang/example.test/fork@v0.2.0", Type: "library", Name: "example.test/fork", Version: "v0.2.0",
			PURL: "pkg:golang/example.test/fork@v0.2.0",
		},
	}, got.Components)
	require.Len(t, got.Dependencies[0].DependsOn, 3)
}

func TestAProgramIsRead(t *testing.T) {
	t.Parallel()
	program, err := os.Executable()
	require.NoError(t, err)
	var stdout, stderr strings.Builder
	require.Zero(t, run([]string{program, "v0.1.0"}, &stdout, &stderr), stderr.String())
	var got bom
	require.NoError(t, json.Unmarshal([]byte(stdout.String()), &got))
	require.Equal(t, "CycloneDX", got.Format)
	require.Contains(t, stdout.String(), `"name": "std"`)
}

func TestAFileThatIsNotAProgramIsRejected(t *testing.T) {
	t.Parallel()
	text := filepath.Join(t.TempDir(), "text")
	require.NoError(t, os.WriteFile(text, []byte("text"), 0o600))
	for _, args := range [][]string{nil, {text}, {text, "v0.1.0"}, {"missing", "v0.1.0"}} {
		var stdout, stderr strings.Builder
		require.NotZero(t, run(args, &stdout, &stderr))
		require.Empty(t, stdout.String())
		require.Contains(t, stderr.String(), "sbom: ")
	}
}
