package main

import (
	"encoding/json"
	"io"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// shellBlocks returns the shell blocks of a page, in order.
func shellBlocks(t *testing.T, page string) []string {
	t.Helper()
	raw, err := os.ReadFile(page)
	require.NoError(t, err)
	var blocks []string
	for i, part := range strings.Split(string(raw), "\n```") {
		if block, ok := strings.CutPrefix(part, "sh\n"); ok {
			require.Equal(t, 1, i%2, "a block of shell begins where another ends")
			blocks = append(blocks, block+"\n")
		}
	}
	return blocks
}

// needPrograms skips a test where a program of its scripts is missing, unless REQUIRE_CURL is set, as it is in CI.
func needPrograms(t *testing.T) {
	t.Helper()
	for _, program := range []string{"sh", "curl", "sed"} {
		if _, err := exec.LookPath(program); err != nil {
			require.Empty(t, os.Getenv("REQUIRE_CURL"), "%s is not installed", program)
			t.Skip(program + " is not installed; CI has it")
		}
	}
}

// run runs a script with sh against a sandbox, and returns what it printed.
func (s *sandbox) run(script string) (string, error) {
	cmd := exec.CommandContext(s.t.Context(), "sh", "-eu")
	cmd.Stdin = strings.NewReader(script)
	cmd.Env = append(os.Environ(), "KLARNA_BASE_URL="+s.env["KLARNA_BASE_URL"], "KLARNA_API_KEY="+s.env["KLARNA_API_KEY"])
	out, err := cmd.CombinedOutput()
	return string(out), err
}

// A purchase, a late order after the clock was moved, a lost response, capture, refund and renewal: docs/sandbox.md, as it stands.
func TestTheExamplesOfThePageRun(t *testing.T) {
	needPrograms(t)
	s := start(t)
	blocks := shellBlocks(t, "../../docs/sandbox.md")
	require.GreaterOrEqual(t, len(blocks), 10)
	out, err := s.run(strings.Join(blocks, "\necho --- >&2\n"))
	require.NoError(t, err, out)
	require.Equal(t, len(blocks)-1, strings.Count(out, "---\n"), out)
	require.Contains(t, out, "the response is lost")

	var created map[string]int
	s.get("/_sandbox/created", &created)
	require.Equal(t, map[string]int{"sessions": 5, "orders": 5, "customer_tokens": 1, "captures": 1, "refunds": 1, "hosted_pages": 0}, created)
	var orders struct {
		Orders []struct {
			CapturedAmount int `json:"captured_amount"`
			RefundedAmount int `json:"refunded_amount"`
		}
	}
	s.get("/_sandbox/orders", &orders)
	require.Len(t, orders.Orders, 5)
	require.Equal(t, 11900, orders.Orders[0].CapturedAmount)
	require.Equal(t, 1900, orders.Orders[0].RefundedAmount)

	// The checks in the page can fail.
	broken := strings.Replace(strings.Join(blocks, "\n"), `"advance": "61m"`, `"advance": "59m"`, 1)
	out, err = s.run(broken)
	require.Error(t, err, out)
}

func (s *sandbox) get(path string, into any) {
	s.t.Helper()
	resp, err := http.Get(s.env["KLARNA_BASE_URL"] + path)
	require.NoError(s.t, err)
	defer resp.Body.Close()
	raw, err := io.ReadAll(resp.Body)
	require.NoError(s.t, err)
	require.Equal(s.t, 200, resp.StatusCode, string(raw))
	require.NoError(s.t, json.Unmarshal(raw, into))
}
