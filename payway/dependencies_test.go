package payway_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// goCommand runs the go command in a folder and returns what it printed.
func goCommand(t *testing.T, folder string, args ...string) string {
	t.Helper()
	command := exec.CommandContext(t.Context(), "go", args...)
	command.Dir = folder
	command.Env = append(os.Environ(), "GOWORK=off")
	out, err := command.CombinedOutput()
	require.NoError(t, err, "go %s: %s", strings.Join(args, " "), out)
	return string(out)
}

// modules returns the modules that a program gets by importing a package of this module.
func modules(t *testing.T, imported string) (all []string) {
	t.Helper()
	root, err := filepath.Abs("..")
	require.NoError(t, err)
	folder := t.TempDir()
	for name, text := range map[string]string{
		"go.mod": "module paper.example\n\ngo 1.26.0\n\nrequire github.com/klarna-go/klarna-payments v0.0.0\n\n" +
			"replace github.com/klarna-go/klarna-payments => " + root + "\n",
		"main.go": "package main\n\nimport _ \"github.com/klarna-go/klarna-payments/" + imported + "\"\n\nfunc main() {}\n",
	} {
		require.NoError(t, os.WriteFile(filepath.Join(folder, name), []byte(text), 0o600))
	}
	goCommand(t, folder, "mod", "tidy")
	mod, err := os.ReadFile(filepath.Join(folder, "go.mod"))
	require.NoError(t, err)
	for line := range strings.Lines(string(mod)) {
		if strings.HasSuffix(strings.TrimSpace(line), "// indirect") {
			all = append(all, strings.Join(strings.Fields(line)[:2], "@"))
		}
	}
	return all
}

func TestImportingPaywayBringsNoModuleThatKlarnaDoesNotBring(t *testing.T) {
	t.Parallel()
	brought := modules(t, "klarna")
	require.NotEmpty(t, brought)
	require.Equal(t, brought, modules(t, "payway"))
}

func TestPaywayLinksWhatKlarnaLinks(t *testing.T) {
	t.Parallel()
	packages := func(of string) map[string]bool {
		all := map[string]bool{}
		for _, path := range strings.Fields(goCommand(t, "..", "list", "-deps", "-f", "{{if not .Standard}}{{.ImportPath}}{{end}}", of)) {
			all[strings.TrimPrefix(path, "github.com/klarna-go/klarna-payments/")] = true
		}
		return all
	}
	klarna := packages("./klarna")
	for path := range packages("./payway") {
		require.True(t, klarna[path] || path == "payway" || path == "gen/payway", "payway depends on %s", path)
	}
}
