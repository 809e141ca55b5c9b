package klarna_test

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

func TestClientDependsOnTheStandardLibraryAndTheRuntimeOnly(t *testing.T) {
	t.Parallel()
	allowed := []string{
		"github.com/klarna-go/klarna-payments/gen", "github.com/klarna-go/klarna-payments/internal/engine", "github.com/klarna-go/klarna-payments/klarna",
		"github.com/oapi-codegen/runtime", "github.com/google/uuid", "github.com/apapsch/go-jsonmerge",
	}
	for _, path := range strings.Fields(goCommand(t, ".", "list", "-deps", "-f", "{{if not .Standard}}{{.ImportPath}}{{end}}", ".")) {
		known := false
		for _, prefix := range allowed {
			known = known || path == prefix || strings.HasPrefix(path, prefix+"/")
		}
		require.True(t, known, "klarna depends on %s", path)
	}
}

func TestProgramThatImportsTheClientGetsThreeIndirectModules(t *testing.T) {
	t.Parallel()
	folder := newProgram(t, `import "github.com/klarna-go/klarna-payments/klarna"

func main() { _, _ = klarna.NewFromEnv() }
`)
	mod, err := os.ReadFile(filepath.Join(folder, "go.mod"))
	require.NoError(t, err)
	var indirect []string
	for line := range strings.Lines(string(mod)) {
		if strings.HasSuffix(strings.TrimSpace(line), "// indirect") {
			indirect = append(indirect, strings.Fields(line)[0])
		}
	}
	require.ElementsMatch(t, []string{"github.com/oapi-codegen/runtime", "github.com/google/uuid", "github.com/apapsch/go-jsonmerge/v2"}, indirect)
}

func TestProgramLinksTheAPIsThatItImports(t *testing.T) {
	t.Parallel()
	for program, linked := range map[string]bool{
		`import "github.com/klarna-go/klarna-payments/klarna"

func main() { _, _ = klarna.NewFromEnv() }
`: false,
		`import (
	"github.com/klarna-go/klarna-payments/klarna"
	"github.com/klarna-go/klarna-payments/klarna/ordermanagement"
)

func main() {
	client, _ := klarna.NewFromEnv()
	_ = ordermanagement.New(client).CancelOrder(nil, "")
}
`: true,
	} {
		folder := newProgram(t, program)
		goCommand(t, folder, "build", "-o", "program", ".")
		symbols := goCommand(t, folder, "tool", "nm", "program")
		require.Contains(t, symbols, "klarna-payments/klarna.NewFromEnv")
		require.Equal(t, linked, strings.Contains(symbols, "ordermanagement"), program)
	}
}

// newProgram writes a module with a program that uses this one, and returns its folder.
func newProgram(t *testing.T, program string) string {
	t.Helper()
	root, err := filepath.Abs("..")
	require.NoError(t, err)
	folder := t.TempDir()
	for name, text := range map[string]string{
		"go.mod": "module shop.example\n\ngo 1.26.0\n\nrequire github.com/klarna-go/klarna-payments v0.0.0\n\n" +
			"replace github.com/klarna-go/klarna-payments => " + root + "\n",
		"main.go": "package main\n\n" + program,
	} {
		require.NoError(t, os.WriteFile(filepath.Join(folder, name), []byte(text), 0o600))
	}
	goCommand(t, folder, "mod", "tidy")
	return folder
}
