package klarna_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/klarna-go/klarna-payments/api"
	"github.com/stretchr/testify/require"
)

// source is the names that a package declares.
type source struct {
	aliases   map[string]string // type name → what it is an alias of
	constants map[string]string // constant name → its value: a string, or another package's constant
}

func readSource(t *testing.T, folder string) source {
	t.Helper()
	s := source{map[string]string{}, map[string]string{}}
	entries, err := os.ReadDir(folder)
	require.NoError(t, err)
	for _, entry := range entries {
		if !strings.HasSuffix(entry.Name(), ".go") || strings.HasSuffix(entry.Name(), "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), folder+"/"+entry.Name(), nil, 0)
		require.NoError(t, err)
		ast.Inspect(file, func(node ast.Node) bool {
			switch spec := node.(type) {
			case *ast.TypeSpec:
				if spec.Assign.IsValid() {
					s.aliases[spec.Name.Name] = expression(spec.Type)
				}
			case *ast.ValueSpec:
				if len(spec.Values) == 1 {
					s.constants[spec.Names[0].Name] = expression(spec.Values[0])
				}
			case *ast.FuncDecl:
				return false
			}
			return true
		})
	}
	return s
}

func expression(node ast.Expr) string {
	switch e := node.(type) {
	case *ast.Ident:
		return e.Name
	case *ast.SelectorExpr:
		return expression(e.X) + "." + e.Sel.Name
	case *ast.BasicLit:
		if value, err := strconv.Unquote(e.Value); err == nil {
			return value
		}
	}
	return ""
}

func schemas(t *testing.T) openapi3.Schemas {
	t.Helper()
	doc, err := openapi3.NewLoader().LoadFromData(api.OpenAPI)
	require.NoError(t, err)
	return doc.Components.Schemas
}

// lowered compares names of the document with Go's: order_line and OrderLine.
func lowered(name string) string { return strings.ToLower(strings.ReplaceAll(name, "_", "")) }

func TestEverySchemaHasItsAlias(t *testing.T) {
	t.Parallel()
	aliases := readSource(t, ".").aliases
	byLowered := map[string]string{}
	for name := range aliases {
		byLowered[lowered(name)] = name
	}
	for schema, ref := range schemas(t) {
		if goName, ok := ref.Value.Extensions["x-go-name"].(string); ok {
			schema = goName
		}
		name, ok := byLowered[lowered(schema)]
		require.True(t, ok, "%s has no alias in types.go", schema)
		require.Equal(t, "gen."+name, aliases[name])
	}
}

func TestEveryValueOfAnEnumHasItsConstant(t *testing.T) {
	t.Parallel()
	document := schemas(t)
	own, generated := readSource(t, ".").constants, readSource(t, "../gen").constants
	values := map[string][]string{} // Go type, lowered → values
	for name, value := range own {
		if generatedName, ok := strings.CutPrefix(value, "gen."); ok {
			require.Equal(t, name, generatedName)
			value = generated[name]
			require.NotEmpty(t, value, name)
		}
		for schema := range document {
			if rest, ok := strings.CutPrefix(strings.ToLower(name), lowered(schema)); ok && rest != "" {
				values[schema] = append(values[schema], value)
			}
		}
	}
	checked := 0
	for name, schema := range document {
		want := schema.Value.Enum
		if open, ok := schema.Value.Extensions["x-extensible-enum"].([]any); ok {
			want = open
		}
		for _, value := range want {
			require.True(t, slices.Contains(values[name], value.(string)), "%s: %v has no constant", name, value)
			checked++
		}
	}
	require.Greater(t, checked, 50)
}
