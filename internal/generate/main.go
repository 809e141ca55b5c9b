// Command generate writes what is made of the contracts, for each row of api.Contracts:
//
//   - the client and types that oapi-codegen compiles, by the configuration of the row,
//   - types.gen.go in the package on top of it: an alias for each schema, and a constant for each value,
//   - the table in CONTRIBUTING.md of what differs from Klarna's document on purpose.
//
// Its argument is the root of the repository. It is run by go generate, from package api.
package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/klarna-go/klarna-payments/api"
)

const module = "github.com/klarna-go/klarna-payments"

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "generate: name the root of the repository")
		os.Exit(2)
	}
	if err := run(os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, "generate:", err)
		os.Exit(1)
	}
}

func run(root string) error {
	for _, contract := range api.Contracts {
		if err := compile(root, contract); err != nil {
			return fmt.Errorf("%s: %w", contract.Document, err)
		}
		text, err := types(root, contract)
		if err != nil {
			return fmt.Errorf("%s: %w", contract.Document, err)
		}
		if err := write(filepath.Join(root, contract.Package, "types.gen.go"), text); err != nil {
			return err
		}
	}
	return updateContributing(root)
}

// compile runs oapi-codegen, at the version that go.mod pins, in the folder that it writes to.
func compile(root string, contract api.Contract) error {
	folder := filepath.FromSlash(contract.Generated)
	if err := os.MkdirAll(filepath.Join(root, folder), 0o755); err != nil { //nolint:gosec // a folder of sources
		return err
	}
	up := strings.Repeat("../", strings.Count(contract.Generated, "/")+1)
	command := exec.Command("go", "run", "github.com/oapi-codegen/oapi-codegen/v2/cmd/oapi-codegen", //nolint:gosec,noctx // the arguments are ours, and a person waits for it
		"-config", up+contract.Config, up+contract.Document)
	command.Dir = filepath.Join(root, folder)
	command.Stdout, command.Stderr = os.Stderr, os.Stderr
	return command.Run()
}

func write(file, text string) error {
	return os.WriteFile(file, []byte(text), 0o644) //nolint:gosec // a source
}
