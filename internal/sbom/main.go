// Command sbom prints the bill of materials of a Go program, as CycloneDX 1.6: the modules that the linker put into it,
// which the program itself records, and nothing that it does not hold.
//
//	go run ./internal/sbom dist/klarna-sandbox-v0.1.0-linux-amd64 v0.1.0
package main

import (
	"debug/buildinfo"
	"encoding/json"
	"fmt"
	"io"
	"os"
)

func main() { os.Exit(run(os.Args[1:], os.Stdout, os.Stderr)) }

func run(args []string, stdout, stderr io.Writer) int {
	if len(args) != 2 {
		_, _ = fmt.Fprintln(stderr, "sbom: name the program and its version")
		return 2
	}
	info, err := buildinfo.ReadFile(args[0])
	if err != nil {
		_, _ = fmt.Fprintf(stderr, "sbom: %v\n", err)
		return 1
	}
	out := json.NewEncoder(stdout)
	out.SetIndent("", "  ")
	out.SetEscapeHTML(false)
	if err := out.Encode(describe(info, args[1])); err != nil {
		_, _ = fmt.Fprintf(stderr, "sbom: %v\n", err)
		return 1
	}
	return 0
}
