package ordermanagement_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"

	"github.com/klarna-go/klarna-payments/api"
	"github.com/klarna-go/klarna-payments/klarna"
	"github.com/klarna-go/klarna-payments/klarna/ordermanagement"
)

// prism is a mock server that others wrote. It is the last version that runs on the Node.js of Debian and Ubuntu.
const prism = "@stoplight/prism-cli@5.14.2"

// All other checks of requests read our own contract, with code of ours. This one reads the structure of Klarna's document, with
// code of others: what it accepts does not depend on how we understood the document.
func TestIndependentServerAcceptsEveryRequest(t *testing.T) {
	t.Parallel()
	url := startPrism(t)
	client, err := klarna.New(klarna.Environment(url), klarna.APIKey("klarna_test_api_c2VjcmV0LW9mLXRoZS1zaG9w"), klarna.WithRetry(klarna.NoRetry()))
	require.NoError(t, err)
	orders := ordermanagement.New(client)
	all := operations(t)
	require.Len(t, all, 18)
	for _, op := range all {
		err := op.call(t, orders)
		if e := new(klarna.Error); errors.As(err, &e) {
			t.Errorf("%s: %v: %s", op.name, err, e.Body) // Prism's reasons
			continue
		}
		require.NoError(t, err, op.name)
	}
	_, err = orders.CaptureOrder(t.Context(), orderID, decoded[ordermanagement.CaptureRequest](t, "om_capture_request.minimal.json"))
	require.NoError(t, err)
	_, err = orders.RefundOrder(t.Context(), orderID, decoded[ordermanagement.RefundRequest](t, "om_refund_request.return_fee.json"))
	require.NoError(t, err)

	// It does reject what is wrong.
	order := url + "/ordermanagement/v1/orders/" + orderID
	for name, wrong := range map[string]struct{ method, url, body string }{
		"no body":            {http.MethodPost, order + "/captures", ""},
		"no amount":          {http.MethodPost, order + "/captures", `{}`},
		"amount as a text":   {http.MethodPost, order + "/captures", `{"captured_amount":"1"}`},
		"negative amount":    {http.MethodPost, order + "/refunds", `{"refunded_amount":-1}`},
		"parcels bare":       {http.MethodPost, order + "/captures/" + captureID + "/shipping-info", `[{}]`},
		"no parcels":         {http.MethodPost, order + "/shipping-info", `{"shipping_info":[]}`},
		"line without total": {http.MethodPatch, order + "/authorization", `{"order_amount":1,"order_lines":[{"name":"a","quantity":1,"unit_price":1}]}`},
		"POST for PATCH":     {http.MethodPost, order + "/authorization", `{"order_amount":1}`},
		"misspelt path":      {http.MethodPost, order + "/release-remaining-amount", ""},
	} {
		req, err := http.NewRequestWithContext(t.Context(), wrong.method, wrong.url, strings.NewReader(wrong.body))
		require.NoError(t, err)
		req.Header.Set("Content-Type", "application/json")
		response, err := http.DefaultClient.Do(req)
		require.NoError(t, err)
		_ = response.Body.Close()
		require.Contains(t, []int{404, 405, 422}, response.StatusCode, name)
	}
}

// startPrism starts Prism on a free port of loopback, for the time of a test, and returns its base URL. Without npx, or without
// Prism in npm's cache, the test is skipped, unless REQUIRE_PRISM is set, as it is in CI. Then npm downloads Prism.
func startPrism(t *testing.T) string {
	t.Helper()
	program := findPrism(t)
	// --errors has Prism respond with an error to a request, and in place of a response, that is not by the document.
	server := exec.Command(program, "mock", "--errors", "--host", "127.0.0.1", "--port", "0", withExamples(t))
	output, stdout := io.Pipe()
	server.Stdout, server.Stderr = stdout, stdout
	require.NoError(t, server.Start())
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

func findPrism(t *testing.T) string {
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

// withExamples writes a copy of the structure in which the five operations that read have an example. Prism responds with it.
// It would make up a response otherwise, and reject it, since it does not mind patterns when it makes one up. The schemas are
// those of the structure.
func withExamples(t *testing.T) string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("..", "..", api.ContractNamed("order-management").Structure))
	require.NoError(t, err)
	var doc map[string]any
	require.NoError(t, yaml.Unmarshal(data, &doc))
	added := 0
	for _, op := range operations(t) {
		if op.success.status != http.StatusOK {
			continue
		}
		method, path, _ := strings.Cut(op.name.Route(), " ")
		media := doc
		for _, key := range []string{"paths", path, strings.ToLower(method), "responses", "200", "content", "application/json"} {
			media = media[key].(map[string]any)
		}
		var body any
		require.NoError(t, json.Unmarshal([]byte(op.success.body), &body))
		media["example"] = body
		added++
	}
	require.Equal(t, 5, added)
	data, err = json.Marshal(doc)
	require.NoError(t, err)
	file := filepath.Join(t.TempDir(), "order-management.json")
	require.NoError(t, os.WriteFile(file, data, 0o600))
	return file
}
