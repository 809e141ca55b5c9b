// Command cmd compares a document that was downloaded from Klarna's portal with api/openapi.yaml and prints what is
// new, gone, wider or narrower:
//
//	make spec-diff UPSTREAM=file.json
//
// Its exit code is 0 when there is nothing but what differs on purpose, 1 when there is more, and 2 when a document
// cannot be read.
package main

import (
	"fmt"
	"io"
	"os"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/klarna-go/klarna-payments/api"
	"github.com/klarna-go/klarna-payments/internal/specdiff"
)

func main() { os.Exit(run(os.Args[1:], os.Stdout, os.Stderr)) }

const (
	same = iota
	differs
	unusable
)

func run(args []string, stdout, stderr io.Writer) int {
	fail := func(format string, args ...any) int {
		_, _ = fmt.Fprintf(stderr, "spec-diff: "+format+"\n", args...)
		return unusable
	}
	if len(args) != 1 || args[0] == "" {
		return fail("name the file that was downloaded from Klarna's portal: make spec-diff UPSTREAM=file.json")
	}
	document, err := os.ReadFile(args[0]) //nolint:gosec // the user names the file to read
	if err != nil {
		return fail("%v", err)
	}
	klarna, err := specdiff.Read(document)
	if err != nil {
		return fail("%s: %v", args[0], err)
	}
	ours, err := openapi3.NewLoader().LoadFromData(api.OpenAPI)
	if err != nil {
		return fail("api/openapi.yaml: %v", err)
	}
	open, err := specdiff.Report(stdout, klarna, ours)
	switch {
	case err != nil:
		return fail("%v", err)
	case open > 0:
		return differs
	default:
		return same
	}
}
