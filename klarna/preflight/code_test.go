package preflight_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"regexp"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"
)

// The package documentation has a row for each code, and no other rows.
func TestEveryCodeIsDocumented(t *testing.T) {
	t.Parallel()
	file, err := parser.ParseFile(token.NewFileSet(), "code.go", nil, 0)
	require.NoError(t, err)
	var codes []string
	ast.Inspect(file, func(node ast.Node) bool {
		if value, ok := node.(*ast.BasicLit); ok {
			code, err := strconv.Unquote(value.Value)
			require.NoError(t, err)
			codes = append(codes, code)
		}
		return true
	})

	doc, err := os.ReadFile("doc.go")
	require.NoError(t, err)
	var rows []string
	for _, row := range regexp.MustCompile(`(?m)^//\t([a-z_]+) {2,}`).FindAllSubmatch(doc, -1) {
		if name := string(row[1]); name != "code" {
			rows = append(rows, name)
		}
	}
	require.ElementsMatch(t, codes, rows)
}
