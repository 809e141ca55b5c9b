package placement_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// An importer of placement gets no driver: neither in its program, nor in its go.mod.
func TestImportersGetNoDriver(t *testing.T) {
	t.Parallel()
	drivers := regexp.MustCompile(`jackc|modernc|sqlite|lib/pq`)
	run := func(folder string, args ...string) string {
		command := exec.CommandContext(t.Context(), "go", args...)
		command.Dir, command.Env = folder, append(os.Environ(), "GOWORK=off")
		out, err := command.CombinedOutput()
		require.NoError(t, err, "go %s: %s", strings.Join(args, " "), out)
		return string(out)
	}
	require.NotRegexp(t, drivers, run(".", "list", "-deps", "."))

	root, err := filepath.Abs("../..")
	require.NoError(t, err)
	folder := t.TempDir()
	for name, text := range map[string]string{
		"go.mod": "module shop.example\n\ngo 1.26.0\n\nrequire github.com/klarna-go/klarna-payments v0.0.0\n\n" +
			"replace github.com/klarna-go/klarna-payments => " + root + "\n",
		"main.go": "package main\n\nimport (\n\t\"github.com/klarna-go/klarna-payments/klarna\"\n\t\"github.com/klarna-go/klarna-payments/klarna/placement\"\n)\n\n" +
			"func main() {\n\t_, _ = klarna.NewFromEnv()\n\t_, _ = placement.New(nil, nil, placement.SQLite, nil)\n}\n",
	} {
		require.NoError(t, os.WriteFile(filepath.Join(folder, name), []byte(text), 0o600))
	}
	run(folder, "mod", "tidy")
	mod, err := os.ReadFile(filepath.Join(folder, "go.mod"))
	require.NoError(t, err)
	require.NotRegexp(t, drivers, string(mod))
}
