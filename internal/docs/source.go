package docs

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// Source is a block as a Go file.
type Source struct {
	Module string // the folder of the module that it belongs to
	Name   string // the file's name: one with tests in it is a test file
	Text   string
}

// Source makes a Go file of a block. The compiler's messages about it name the lines of the Markdown file.
func (b Block) Source() (Source, error) {
	text := b.code()
	if _, err := parser.ParseFile(token.NewFileSet(), "", b.Code, parser.PackageClauseOnly); err != nil {
		if text, err = b.complete(); err != nil {
			return Source{}, err
		}
	}
	file, err := parser.ParseFile(token.NewFileSet(), "", text, parser.SkipObjectResolution)
	if err != nil {
		return Source{}, err
	}
	imports := importsOf(file)
	source := Source{Module: moduleOf(imports), Name: "block.go", Text: text}
	if slices.Contains(imports, "testing") {
		source.Name = "block_test.go"
	}
	return source, nil
}

// code is the block, told where it is from.
func (b Block) code() string { return fmt.Sprintf("//line %s:%d\n%s", b.File, b.Line, b.Code) }

// complete makes a file of a fragment.
func (b Block) complete() (string, error) {
	body := b.code()
	fragment, err := parse(body)
	if err != nil {
		if fragment, err = parse("func _() {\n" + body + "\n}"); err != nil {
			return "", err
		}
		body = function(fragment.Decls[0].(*ast.FuncDecl).Body, body)
	}
	hidden, err := parse(b.Prelude)
	if err != nil {
		return "", fmt.Errorf("%s:%d: the prelude before this block: %w", b.File, b.Line, err)
	}

	own := atTop(fragment)
	maps.Copy(own, atTop(hidden))
	declarations := b.Prelude + "\n" + preludeWithout(own) + body
	file, err := parse(declarations)
	if err != nil {
		return "", err
	}
	return "package block\n" + importsFor(file) + declarations, nil
}

func parse(declarations string) (*ast.File, error) {
	return parser.ParseFile(token.NewFileSet(), "", "package block\n"+declarations, parser.SkipObjectResolution)
}

// function puts statements into a function that returns what they return, in a scope of their own, and uses whatever
// they declare.
func function(body *ast.BlockStmt, statements string) string {
	result, last := "", ""
	if returnsValue(body) {
		result, last = " error", "return nil\n"
	}
	uses := ""
	for _, name := range slices.Sorted(maps.Keys(inBlock(body))) {
		uses += "_ = " + name + "\n"
	}
	return "func _()" + result + " {\n{\n" + statements + "\n" + uses + "}\n" + last + "}\n"
}

// returnsValue tells whether statements return something, other than from functions within them.
func returnsValue(body ast.Node) bool {
	found := false
	ast.Inspect(body, func(node ast.Node) bool {
		if statement, ok := node.(*ast.ReturnStmt); ok && len(statement.Results) > 0 {
			found = true
		}
		_, isFunction := node.(*ast.FuncLit)
		return !isFunction
	})
	return found
}

// importsFor imports the packages that a file uses.
func importsFor(file *ast.File) string {
	declared, used := map[string]bool{}, map[string]bool{}
	ast.Inspect(file, func(node ast.Node) bool {
		switch n := node.(type) {
		case *ast.SelectorExpr:
			if name, ok := n.X.(*ast.Ident); ok {
				used[name.Name] = true
			}
		case *ast.AssignStmt, *ast.ValueSpec:
			addNames(declared, n)
		}
		return true
	})
	var all strings.Builder
	for _, name := range slices.Sorted(maps.Keys(used)) {
		if path := packages[name]; path != "" && !declared[name] {
			fmt.Fprintf(&all, "import %s %q\n", name, path)
		}
	}
	return all.String()
}

// atTop are the names of variables and functions that a file declares at its top.
func atTop(file *ast.File) map[string]bool {
	names := map[string]bool{}
	for _, declaration := range file.Decls {
		switch d := declaration.(type) {
		case *ast.GenDecl:
			for _, spec := range d.Specs {
				addNames(names, spec)
			}
		case *ast.FuncDecl:
			names[d.Name.Name] = d.Recv == nil
		}
	}
	return names
}

// inBlock are the variables that statements declare for those after them.
func inBlock(body *ast.BlockStmt) map[string]bool {
	names := map[string]bool{}
	for _, statement := range body.List {
		if declaration, ok := statement.(*ast.DeclStmt); ok {
			for _, spec := range declaration.Decl.(*ast.GenDecl).Specs {
				addNames(names, spec)
			}
			continue
		}
		addNames(names, statement)
	}
	delete(names, "_")
	return names
}

// addNames adds the variables that a node declares by itself.
func addNames(names map[string]bool, node ast.Node) {
	switch n := node.(type) {
	case *ast.AssignStmt:
		for _, left := range n.Lhs {
			if name, ok := left.(*ast.Ident); ok && n.Tok == token.DEFINE {
				names[name.Name] = true
			}
		}
	case *ast.ValueSpec:
		for _, name := range n.Names {
			names[name.Name] = true
		}
	}
}

func importsOf(file *ast.File) []string {
	var paths []string
	for _, spec := range file.Imports {
		path, _ := strconv.Unquote(spec.Path.Value)
		paths = append(paths, path)
	}
	return paths
}
