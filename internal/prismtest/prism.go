// Package prismtest starts Prism, a mock server that others wrote, from the structure of one of Klarna's documents, for tests.
//
// All other checks of requests read our own contract, with code of ours. Prism reads Klarna's, with code of others: what it
// accepts does not depend on how we understood the document.
package prismtest

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.yaml.in/yaml/v3"
)

// prism is the last version that runs on the Node.js of Debian and Ubuntu.
const prism = "@stoplight/prism-cli@5.14.2"

// Example is a response body for an operation, by its route and status.
type Example struct {
	Route  string // such as GET /customer-token/v1/tokens/{customerToken}
	Status string // such as 200
	Body   string // JSON
}

// Start starts Prism on a free port of loopback, for the time of a test, and returns its base URL. structure is the path of
// the document. Prism responds with the examples; it would make up a response otherwise, and reject it, since it does not mind
// patterns when it makes one up. The schemas are those of the structure.
//
// Without npx, or without Prism in npm's cache, the test is skipped, unless REQUIRE_PRISM is set, as it is in CI. Then npm
// downloads Prism.
func Start(t *testing.T, structure string, examples ...Example) string {
	t.Helper()
	program := find(t)
	// --errors has Prism respond with an error to a request, and in place of a response, that is not by the document.
	server := exec.Command(program, "mock", "--errors", "--host", "127.0.0.1", "--port", "0", withExamples(t, structure, examples))
	output, stdout := io.Pipe()
	server.Stdout, server.Stderr = stdout, stdout
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	go func() { _ = stdout.CloseWithError(server.Wait()) }()
	listening, done := make(chan string, 1), make(chan struct{})
	var log bytes.Buffer
	go func() {
		defer close(done)
		defer close(listening)
		lines := bufio.NewScanner(output)
		for lines.Scan() {
			log.Write(append(lines.Bytes(), '\n'))
			if _, url, ok := strings.Cut(lines.Text(), "listening on "); ok {
				listening <- strings.TrimSpace(url)
			}
		}
	}()
	t.Cleanup(func() {
		_ = server.Process.Kill()
		<-done
	})
	var url string
	select {
	case url = <-listening:
	case <-time.After(2 * time.Minute):
		_ = server.Process.Kill()
		<-done
	}
	if url == "" {
		t.Fatalf("Prism did not start:\n%s", &log)
	}
	return url
}

// RequireRejected requires that Prism, at a base URL, rejects a request to a route such as "POST /a/b": it does validate them.
func RequireRejected(t *testing.T, url, route, body string) {
	t.Helper()
	method, path, _ := strings.Cut(route, " ")
	req, err := http.NewRequestWithContext(t.Context(), method, url+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	response, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	_ = response.Body.Close()
	switch response.StatusCode { // where the structure declares 400, Prism uses it for 422
	case http.StatusBadRequest, http.StatusNotFound, http.StatusMethodNotAllowed, http.StatusUnprocessableEntity:
	default:
		t.Errorf("Prism responded with %d to %s with the body %q", response.StatusCode, route, body)
	}
}

func find(t *testing.T) string {
	t.Helper()
	required := os.Getenv("REQUIRE_PRISM") != ""
	missing := t.Skipf
	if required {
		missing = t.Fatalf
	}
	npx, err := exec.LookPath("npx")
	if err != nil {
		missing("npx is not installed (Debian: apt-get install nodejs npm); CI has it")
	}
	ctx, cancel := context.WithTimeout(t.Context(), 4*time.Minute)
	defer cancel()
	args := []string{"--yes", "--package", prism, "--call", "command -v prism"}
	if !required {
		args = append([]string{"--offline"}, args...)
	}
	command := exec.CommandContext(ctx, npx, args...)
	command.WaitDelay = time.Second
	var failure bytes.Buffer
	command.Stderr = &failure
	program, err := command.Output()
	if err != nil {
		missing("npx did not get %s (from its cache only, unless REQUIRE_PRISM is set): %v\n%s", prism, err, &failure)
	}
	return strings.TrimSpace(string(program))
}

// withExamples writes a copy of the structure that has the examples.
func withExamples(t *testing.T, structure string, examples []Example) string {
	t.Helper()
	var doc map[string]any
	data, err := os.ReadFile(structure)
	if err == nil {
		err = yaml.Unmarshal(data, &doc)
	}
	if err != nil {
		t.Fatal(err)
	}
	for _, example := range examples {
		method, path, _ := strings.Cut(example.Route, " ")
		media := doc
		for _, key := range []string{"paths", path, strings.ToLower(method), "responses", example.Status, "content", "application/json"} {
			below, ok := media[key].(map[string]any)
			if !ok {
				t.Fatalf("%s has no %s for the example of %s", structure, key, example.Route)
			}
			media = below
		}
		var body any
		if err := json.Unmarshal([]byte(example.Body), &body); err != nil {
			t.Fatal(err)
		}
		media["example"] = body
	}
	file := filepath.Join(t.TempDir(), "structure.json")
	if data, err = json.Marshal(doc); err == nil {
		err = os.WriteFile(file, data, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	return file
}
