// Command contracts prints a line for each contract, by a template as of go list -f, for make and .ci:
//
//	go run ./internal/contracts '{{.Document}}'
//
// A contract whose line is empty is left out.
package main

import (
	"fmt"
	"io"
	"os"
	"strings"
	"text/template"

	"github.com/klarna-go/klarna-payments/api"
)

func main() {
	if err := run(os.Args[1:], os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "contracts:", err)
		os.Exit(1)
	}
}

func run(args []string, w io.Writer) error {
	line, err := template.New("contract").Parse(strings.Join(args, " ")) //nolint:gosec // the template is an argument
	if err != nil {
		return err
	}
	for _, contract := range api.Contracts {
		var text strings.Builder
		if err := line.Execute(&text, contract); err != nil {
			return err
		}
		if text.Len() > 0 {
			if _, err := fmt.Fprintln(w, text.String()); err != nil {
				return err
			}
		}
	}
	return nil
}
