package docs_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/klarna-go/klarna-payments/internal/docs"
)

// pages are the Markdown files that people copy code from.
var pages = []string{"*.md", "docs/*.md", "klarna/*/*.md", "examples/*.md", "examples/*/*.md", "cmd/*/*.md"}

func TestTheGoBlocksOfTheMarkdownFilesCompile(t *testing.T) {
	t.Parallel()
	const repository = "../.."
	var sources []docs.Source
	count := map[string]int{}
	for _, pattern := range pages {
		files, err := filepath.Glob(filepath.Join(repository, pattern))
		require.NoError(t, err)
		for _, file := range files {
			text, err := os.ReadFile(file)
			require.NoError(t, err)
			name, err := filepath.Rel(repository, file)
			require.NoError(t, err)
			for _, block := range docs.Blocks(name, string(text)) {
				source, err := block.Source()
				if err != nil {
					t.Errorf("%s:%d: this block is no Go: %v", name, block.Line, err)
					continue
				}
				sources = append(sources, source)
				count[name]++
			}
		}
	}
	require.NotZero(t, count["README.md"], "no Go block was found in README.md")
	require.NoError(t, docs.Compile(t.Context(), repository, sources))
	t.Log(count)
}
