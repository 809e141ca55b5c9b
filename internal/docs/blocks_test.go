package docs_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/klarna-go/klarna-payments/internal/docs"
)

// markdown writes ”' for the fence, which a raw string of Go cannot hold.
func markdown(text string) string { return strings.ReplaceAll(text, "'''", "```") }

func TestOnlyGoBlocksAreTaken(t *testing.T) {
	t.Parallel()
	blocks := docs.Blocks("a.md", markdown(`# Title
'''go
first()
'''
'''sh
go run .
'''
'''
plain
'''
1. In a list:

   '''go
   if second {
   	return
   }
   '''
<!-- prelude:
var third int
-->

'''go
third++
'''
'''go
unclosed`))
	require.Equal(t, []docs.Block{
		{File: "a.md", Line: 3, Code: "first()\n"},
		{File: "a.md", Line: 14, Code: "if second {\n\treturn\n}\n"},
		{File: "a.md", Line: 23, Code: "third++\n", Prelude: "var third int"},
		{File: "a.md", Line: 26, Code: "unclosed\n"},
	}, blocks)
	require.Empty(t, docs.Blocks("empty.md", ""))
}

// compiled compiles the blocks of a text as those of README.md are.
func compiled(t *testing.T, text string) error {
	t.Helper()
	var sources []docs.Source
	for _, block := range docs.Blocks("page.md", markdown(text)) {
		source, err := block.Source()
		if err != nil {
			return err
		}
		sources = append(sources, source)
	}
	require.NotEmpty(t, sources)
	return docs.Compile(t.Context(), "../..", sources)
}

func TestFragmentsCompile(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{
		"the prelude, and a variable that is not used":  "'''go\nsession, err := client.CreateSession(ctx, cart)\n'''",
		"the only new variable is called err":           "'''go\nerr := client.CancelAuthorization(ctx, authorizationToken)\n'''",
		"a fragment that returns an error":              "'''go\nif err != nil {\n\treturn fmt.Errorf(\"order: %w\", err)\n}\n'''",
		"a fragment that returns nothing":               "'''go\nif err != nil {\n\thttp.Error(w, \"later\", 503)\n\treturn\n}\n'''",
		"a fragment that ends by returning":             "'''go\nplaced, err := client.CreateOrder(ctx, authorizationToken, order)\nreturn err\n'''",
		"a function within it returns":                  "'''go\nf := func() int { return 1 }\nif f() == 1 {\n\treturn\n}\n'''",
		"a function":                                    "'''go\nfunc total(lines []klarna.OrderLine) int64 {\n\tamount, _ := klarna.Totals(lines)\n\treturn amount\n}\n'''",
		"a test":                                        "'''go\nfunc TestIt(t *testing.T) {\n\tserver := klarnatest.NewServer()\n\tdefer server.Close()\n}\n'''",
		"a type and a method":                           "'''go\ntype shop struct{}\n\nfunc (shop) close() {}\n'''",
		"a variable named like a package":               "'''go\nurl := r.URL\nfmt.Println(url.Path)\n'''",
		"a variable of its own in place of a prelude's": "'''go\nvar cart = map[string]int{}\n\nfunc add(sku string) { cart[sku]++ }\n'''",
		"a prelude of its own":                          "<!-- prelude: func ship(orderID string) {} -->\n'''go\nship(\"1\")\n'''",
		"a program":                                     "'''go\npackage main\n\nimport \"fmt\"\n\nfunc main() { fmt.Println() }\n'''",
		"another module":                                "'''go\nobserver, err := otelklarna.NewObserver()\n'''",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			require.NoError(t, compiled(t, text))
		})
	}
}

func TestAWrongBlockIsFoundWithItsLine(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ name, text, want string }{
		{"a field that does not exist", "#\n\n'''go\nfmt.Println(order.Missing)\n'''", "page.md:4:"},
		{"a function that does not exist", "'''go\nklarna.Missing()\n'''", "undefined: klarna.Missing"},
		{"in a program", "'''go\npackage main\n\nfunc main() { missing() }\n'''", "page.md:4:"},
		{"in a test", "'''go\nfunc TestIt(t *testing.T) {\n\tmissing()\n}\n'''", "page.md:3:"},
		{"an argument too few", "'''go\nclient.CreateSession(ctx)\n'''", "not enough arguments"},
		{"an ellipsis", "'''go\nclient.CreateSession(ctx, …)\n'''", "page.md:2:"},
		{"a variable out of nowhere", "'''go\nnowhere++\n'''", "undefined: nowhere"},
		{"a prelude that is no Go", "<!-- prelude: nonsense -->\n'''go\nreturn\n'''", "the prelude before this block"},
		{"in another module", "'''go\notelklarna.Missing()\n'''", "undefined: otelklarna.Missing"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			require.ErrorContains(t, compiled(t, test.text), test.want)
		})
	}
}
