package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/klarna-go/klarna-payments/api"
	"github.com/klarna-go/klarna-payments/internal/specdiff"
)

// What is generated in CONTRIBUTING.md stands between these lines.
const (
	begin = "<!-- generated from the lists of differences: run make generate -->\n"
	end   = "<!-- end of what is generated -->\n"
)

func updateContributing(root string) error {
	before, after, err := contributing(root)
	if err != nil || before == after {
		return err
	}
	return write(filepath.Join(root, "CONTRIBUTING.md"), after)
}

// contributing returns the text of CONTRIBUTING.md as it is, and as it should be.
func contributing(root string) (before, after string, err error) {
	data, err := os.ReadFile(filepath.Join(root, "CONTRIBUTING.md")) //nolint:gosec // a file of the repository
	if err != nil {
		return "", "", err
	}
	head, rest, ok := strings.Cut(string(data), begin)
	_, tail, closed := strings.Cut(rest, end)
	if !ok || !closed {
		return "", "", fmt.Errorf("CONTRIBUTING.md lacks the line %q or the line %q after it", strings.TrimSpace(begin), strings.TrimSpace(end))
	}
	var tables strings.Builder
	for _, contract := range api.Contracts {
		if contract.Differences == "" {
			continue
		}
		data, err := os.ReadFile(filepath.Join(root, contract.Differences)) //nolint:gosec // a file of the repository
		if err != nil {
			return "", "", err
		}
		list, err := specdiff.ReadOnPurpose(data)
		if err != nil {
			return "", "", fmt.Errorf("%s: %w", contract.Differences, err)
		}
		fmt.Fprintf(&tables, "\n### %s\n\n`%s`, compared with `%s`:\n\n%s", contract.Title, contract.Document, contract.Structure, specdiff.Table(list))
	}
	return string(data), head + begin + tables.String() + "\n" + end + tail, nil
}
