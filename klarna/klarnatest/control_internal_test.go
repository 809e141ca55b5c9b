package klarnatest

import (
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/klarna-go/klarna-payments/internal/contract"
	"github.com/klarna-go/klarna-payments/klarna/preflight"
	"github.com/stretchr/testify/require"
)

// goOnly are the methods of Server that the control API lacks, and why.
var goOnly = map[string]string{
	"Client":    "is a client in Go",
	"Close":     "ends the program: send it a signal",
	"Format":    "prints",
	"LogValue":  "prints",
	"ServeHTTP": "serves",
}

func TestTheControlAPIOffersWhatGoDoes(t *testing.T) {
	t.Parallel()
	offered := map[string]bool{}
	for _, route := range controlTable {
		require.NotEmpty(t, route.methods, route.route)
		for _, method := range route.methods {
			require.False(t, offered[method], "%s is offered twice", method)
			offered[method] = true
		}
	}
	ofTests, err := parser.ParseFile(token.NewFileSet(), "export_test.go", nil, 0)
	require.NoError(t, err)
	server := reflect.TypeFor[*Server]()
	for i := range server.NumMethod() {
		name := server.Method(i).Name
		if slices.ContainsFunc(ofTests.Decls, func(d ast.Decl) bool { f, ok := d.(*ast.FuncDecl); return ok && f.Name.Name == name }) {
			continue
		}
		require.True(t, offered[name] || goOnly[name] != "", "Server.%s has no row in controlTable", name)
		require.False(t, offered[name] && goOnly[name] != "", "Server.%s is offered, and in Go only", name)
		delete(offered, name)
	}
	require.Empty(t, offered, "rows of controlTable without a method of Server")
}

func TestTheControlAPIIsTheDocument(t *testing.T) {
	t.Parallel()
	document, err := openapi3.NewLoader().LoadFromData(controlDocument)
	require.NoError(t, err)
	var described, served []string
	for path, item := range document.Paths.Map() {
		for method := range item.Operations() {
			described = append(described, method+" "+path)
		}
	}
	for _, route := range controlTable {
		method, path, _ := strings.Cut(route.route, " ")
		served = append(served, method+" "+ControlPath+path)
	}
	require.ElementsMatch(t, append(served, "GET "+ControlPath+"openapi.yaml"), described)

	fault := document.Components.Schemas["fault"].Value.Properties
	var kinds []string
	for _, kind := range fault["kind"].Value.Enum {
		kinds = append(kinds, kind.(string))
	}
	require.ElementsMatch(t, slices.Collect(maps.Keys(faultKinds)), kinds)
}

// Every function of this package that returns a Fault is a kind of the control API.
func TestEveryFaultIsOffered(t *testing.T) {
	t.Parallel()
	sources, err := filepath.Glob("*.go")
	require.NoError(t, err)
	count := 0
	for _, source := range sources {
		file, err := parser.ParseFile(token.NewFileSet(), source, nil, 0)
		require.NoError(t, err)
		for _, declaration := range file.Decls {
			f, ok := declaration.(*ast.FuncDecl)
			if !ok || f.Recv != nil || !f.Name.IsExported() || f.Type.Results.NumFields() != 1 {
				continue
			}
			if result, ok := f.Type.Results.List[0].Type.(*ast.Ident); ok && result.Name == "Fault" {
				count++
			}
		}
	}
	require.Equal(t, count, len(faultKinds))
	made := map[string]bool{}
	for kind, newFault := range faultKinds {
		made[newFault(faultSpec{Kind: kind, Status: 503}).String()] = true
	}
	require.Len(t, made, count, "no two kinds make the same fault")
}

// docs/sandbox.md explains each rule of a warning.
func TestEveryRuleIsDocumented(t *testing.T) {
	t.Parallel()
	rules := []string{
		string(contract.RuleUnknownMember), string(contract.RuleNull), string(contract.RuleOtherCase), string(contract.RuleCoerced),
		string(contract.RuleRounded), string(contract.RuleEmpty), preflight.CodeMayBeMissing,
		rulePath, ruleContentType, ruleByteOrderMark, ruleNotAuthorized, ruleAfterOrder,
	}
	for code := range tolerances {
		rules = append(rules, code)
	}
	page, err := os.ReadFile("../../docs/sandbox.md")
	require.NoError(t, err)
	_, table, found := strings.Cut(string(page), "| rule | what is accepted |\n| --- | --- |\n")
	require.True(t, found)
	table, _, _ = strings.Cut(table, "\n\n")
	var documented []string
	for line := range strings.Lines(table) {
		first, _, _ := strings.Cut(strings.TrimPrefix(line, "| "), " | ")
		for rule := range strings.SplitSeq(first, ", ") {
			documented = append(documented, strings.Trim(rule, "`"))
		}
	}
	require.ElementsMatch(t, rules, documented)
}
