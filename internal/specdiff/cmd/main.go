// Command cmd compares a document that was downloaded from Klarna's portal with ours and prints what is new, gone, wider
// or narrower:
//
//	make spec-diff UPSTREAM=file.json
//	make spec-diff UPSTREAM=file.json CONTRACT=payments
//
// Without -contract it compares every contract that the document has paths of. Its exit code is 0 when there is nothing
// but what differs on purpose, 1 when there is more, and 2 when a document cannot be read.
package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/klarna-go/klarna-payments/api"
	"github.com/klarna-go/klarna-payments/internal/specdiff"
)

func main() { os.Exit(run(os.Args[1:], ".", os.Stdout, os.Stderr)) }

const (
	same = iota
	differs
	unusable
)

// run compares with the contracts of the repository at root.
func run(args []string, root string, stdout, stderr io.Writer) int {
	flags := flag.NewFlagSet("spec-diff", flag.ContinueOnError)
	flags.SetOutput(stderr)
	name := flags.String("contract", "", "the `name` of the contract, if not those whose paths the document has")
	if flags.Parse(args) != nil {
		return unusable
	}
	open, err := compare(flags.Args(), *name, root, stdout)
	switch {
	case err != nil:
		_, _ = fmt.Fprintf(stderr, "spec-diff: %v\n", err)
		return unusable
	case open > 0:
		return differs
	default:
		return same
	}
}

// compare reports on each contract and returns the number of differences to look at.
func compare(args []string, name, root string, stdout io.Writer) (int, error) {
	if len(args) != 1 || args[0] == "" {
		return 0, errors.New("name the file that was downloaded from Klarna's portal: make spec-diff UPSTREAM=file.json")
	}
	document, err := os.ReadFile(args[0]) //nolint:gosec // the user names the file to read
	if err != nil {
		return 0, err
	}
	contracts, err := choose(document, name)
	if err != nil {
		return 0, fmt.Errorf("%s: %w", args[0], err)
	}
	total := 0
	for i, contract := range contracts {
		klarna, err := specdiff.Read(document, contract.Prefix)
		if err != nil {
			return 0, fmt.Errorf("%s: %w", args[0], err)
		}
		ours, err := openapi3.NewLoader().LoadFromData(contract.OpenAPI())
		if err != nil {
			return 0, fmt.Errorf("%s: %w", contract.Document, err)
		}
		data, err := os.ReadFile(filepath.Join(root, contract.Differences)) //nolint:gosec // a file of the repository
		if err != nil {
			return 0, err
		}
		list, err := specdiff.ReadOnPurpose(data)
		if err != nil {
			return 0, fmt.Errorf("%s: %w", contract.Differences, err)
		}
		if i > 0 {
			_, _ = fmt.Fprintln(stdout)
		}
		open, err := specdiff.Report(stdout, klarna, ours, contract, list)
		if err != nil {
			return 0, err
		}
		total += open
	}
	return total, nil
}

// choose returns the contract of a name, or else those that the document has paths of.
func choose(document []byte, name string) ([]api.Contract, error) {
	var chosen []api.Contract
	var names, prefixes []string
	for _, contract := range api.Contracts {
		if contract.Structure == "" {
			continue
		}
		names, prefixes = append(names, contract.Name), append(prefixes, contract.Prefix)
		has, err := specdiff.Has(document, contract.Prefix)
		if err != nil {
			return nil, err
		}
		if contract.Name == name || name == "" && has {
			chosen = append(chosen, contract)
		}
	}
	switch {
	case len(chosen) > 0:
		return chosen, nil
	case name != "":
		return nil, fmt.Errorf("there is no contract %q to compare with, only %q", name, names)
	default:
		return nil, fmt.Errorf("it has no path under any of %q: it is not Klarna's document of one of these APIs", prefixes)
	}
}
