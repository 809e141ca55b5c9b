package docs

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

// Compile compiles Go files, each a package by itself inside its module, and gives what the compiler says against
// them. Nothing is written into the modules.
func Compile(ctx context.Context, repository string, sources []Source) error {
	repository, err := filepath.Abs(repository)
	if err != nil {
		return err
	}
	byModule := map[string][]Source{}
	for _, source := range sources {
		byModule[source.Module] = append(byModule[source.Module], source)
	}
	var all error
	for _, module := range slices.Sorted(maps.Keys(byModule)) {
		all = errors.Join(all, compileIn(ctx, filepath.Join(repository, module), byModule[module]))
	}
	return all
}

// compileIn shows the sources to the Go command as if they were in the module.
func compileIn(ctx context.Context, module string, sources []Source) error {
	scratch, err := os.MkdirTemp("", "docs")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(scratch) }()

	replace := map[string]string{}
	// This compiles packages and their tests, and links nothing.
	args := []string{"list", "-export", "-test", "-overlay", filepath.Join(scratch, "overlay.json")}
	for i, source := range sources {
		folder := fmt.Sprintf("block%03d", i)
		file := filepath.Join(scratch, folder+".go")
		if err := os.WriteFile(file, []byte(source.Text), 0o600); err != nil {
			return err
		}
		replace[filepath.Join(module, "markdown", folder, source.Name)] = file
		args = append(args, "./markdown/"+folder)
	}
	overlay, err := json.Marshal(map[string]any{"Replace": replace})
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(scratch, "overlay.json"), overlay, 0o600); err != nil {
		return err
	}
	command := exec.CommandContext(ctx, "go", args...) //nolint:gosec // the arguments are made above
	command.Dir = module
	var complaints strings.Builder
	command.Stderr = &complaints
	if err := command.Run(); err != nil {
		return fmt.Errorf("%w\n%s", err, complaints.String())
	}
	return nil
}
