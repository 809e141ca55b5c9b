package docs

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

var update = flag.Bool("update", false, "rewrite the Go blocks of the Markdown files from their sources")

const root = "../.."

// pages are the Markdown files that people copy code from.
var pages = []string{"*.md", "docs/*.md", "klarna/*/*.md", "payway/*.md", "examples/*.md", "examples/*/*.md", "cmd/*/*.md"}

func TestGoBlocksQuoteTheirSources(t *testing.T) {
	t.Parallel()
	blocks := 0
	for _, pattern := range pages {
		files, err := filepath.Glob(filepath.Join(root, pattern))
		require.NoError(t, err)
		for _, file := range files {
			text, err := os.ReadFile(file)
			require.NoError(t, err)
			quoted, faults := quote(string(text))
			blocks += len(block.FindAllString(quoted, -1))
			if *update {
				require.NoError(t, os.WriteFile(file, []byte(quoted), 0o644))
				_, faults = quote(quoted)
			}
			for _, fault := range faults {
				t.Errorf("%s:%s", strings.TrimPrefix(file, root+"/"), fault)
			}
		}
	}
	require.NotZero(t, blocks, "the Markdown files have no Go block")
}

var (
	opening = regexp.MustCompile("(?m)^[ \t]*(```+|~~~+)[ \t]*(?i:go|golang)\\b")
	// block is a Go block with its source: file, region, indentation, code.
	block = regexp.MustCompile("(?ms)^(?:[ \t]*<!-- source: (\\S+)(?: (\\S+))? -->\n+)?([ \t]*)```+[ \t]*(?i:go|golang)\\b[^\n]*\n(.*?)^[ \t]*```+[ \t]*$")
)

// quote returns a Markdown text with its Go blocks as their sources have them, and what was wrong with it.
func quote(text string) (quoted string, faults []string) {
	matches := block.FindAllStringSubmatchIndex(text, -1)
	if n := len(opening.FindAllString(text, -1)); n != len(matches) {
		faults = append(faults, fmt.Sprintf("1: %d Go blocks begin, and %d end with ```", n, len(matches)))
	}
	end := 0
	for _, m := range matches {
		part := func(i int) string { return text[max(m[2*i], 0):max(m[2*i+1], 0)] }
		line := strings.Count(text[:m[6]], "\n") + 1
		code := part(4)
		source, err := read(part(1), part(2))
		switch {
		case err != nil:
			faults = append(faults, fmt.Sprintf("%d: %v", line, err))
		case indent(source, part(3)) != code:
			faults = append(faults, fmt.Sprintf("%d: this block differs from %s %s. Change the source and run: go test ./internal/docs -update", line, part(1), part(2)))
			code = indent(source, part(3))
		}
		quoted += text[end:m[8]] + code
		end = m[9]
	}
	return quoted + text[end:], faults
}

// read returns a region of a file, or the whole file, without the indentation that all its lines have.
func read(file, region string) (string, error) {
	if file == "" {
		return "", fmt.Errorf("this block names no source: put <!-- source: FILE REGION --> before it")
	}
	data, err := os.ReadFile(filepath.Join(root, file))
	if err != nil {
		return "", err
	}
	text := string(data)
	if region != "" {
		found := regexp.MustCompile(`(?ms)^\t*// quote: ` + regexp.QuoteMeta(region) + `\n(.*?\n)\n*\t*// end of quote$`).FindStringSubmatch(text)
		if found == nil {
			return "", fmt.Errorf("%s has no region %s", file, region)
		}
		text = found[1]
	}
	tabs := len(text) - len(strings.TrimLeft(text, "\t"))
	return strings.ReplaceAll("\n"+text, "\n"+strings.Repeat("\t", tabs), "\n")[1:], nil
}

// indent puts a block's indentation before each line that has text.
func indent(code, indentation string) string {
	return regexp.MustCompile(`(?m)^(.)`).ReplaceAllString(code, indentation+"$1")
}

func TestBlocksThatQuoteNothingAreReported(t *testing.T) {
	t.Parallel()
	const source = "<!-- source: internal/docs/pages/errors_test.go log -->\n"
	right, err := read("internal/docs/pages/errors_test.go", "log")
	require.NoError(t, err)
	for name, test := range map[string]struct{ text, fault string }{
		"no source":         {"# Title\n'''go\nfirst()\n'''\n", "2: this block names no source"},
		"a file is missing": {"<!-- source: missing.go x -->\n'''go\n'''\n", "missing.go"},
		"no such region":    {"<!-- source: internal/docs/pages/errors_test.go x -->\n'''go\n'''\n", "2: internal/docs/pages/errors_test.go has no region x"},
		"other code":        {"text\n\n" + source + "'''go\nfirst()\n'''\n", "4: this block differs from internal/docs/pages/errors_test.go log"},
		"one byte more":     {source + "'''go\n" + right + " '''\n'''go\n", "1: 2 Go blocks begin, and 1 end"},
		"other fences":      {"~~~Go\nfirst()\n~~~\n", "1: 1 Go blocks begin, and 0 end"},
	} {
		_, faults := quote(strings.ReplaceAll(test.text, "'''", "```"))
		require.NotEmpty(t, faults, name)
		require.Contains(t, faults[0], test.fault, name)
	}
	for _, text := range []string{source + "'''go\n" + right + "'''\n", "1. List:\n\n   " + source + "   '''go\n" + indent(right, "   ") + "   '''\n", "'''sh\nls\n'''\n"} {
		text = strings.ReplaceAll(text, "'''", "```")
		quoted, faults := quote(text)
		require.Empty(t, faults)
		require.Equal(t, text, quoted)
	}
}
