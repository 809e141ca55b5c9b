package klarna

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/klarna-go/klarna-payments/internal/engine"
	"github.com/stretchr/testify/require"
)

// The documentation shows the policy as a table. It is printed from the rows that the engine follows.
func TestRetryTableInTheDocumentationIsThatOfTheRows(t *testing.T) {
	t.Parallel()
	comment := fmt.Sprintf("//\t%-21s%-12s%-10s%-34s%s\n", "", "not sent", "429", "ambiguous", "rejected")
	markdown := "| | not sent | 429 | ambiguous | rejected |\n| --- | --- | --- | --- | --- |\n"
	for _, op := range operations {
		cell := func(class engine.Class) string {
			if op.Retries(class, false) {
				return "retried"
			}
			return "no"
		}
		ambiguous := cell(engine.Ambiguous)
		switch {
		case op.Commits && ambiguous == "no":
			ambiguous += ": ErrOutcomeUnknown"
		case op.Commits:
			ambiguous += ", then ErrOutcomeUnknown"
		}
		sent, limited, rejected := cell(engine.NotSent), cell(engine.RateLimited), cell(engine.Rejected)
		comment += fmt.Sprintf("//\t%-21s%-12s%-10s%-34s%s\n", op.Name, sent, limited, ambiguous, rejected)
		markdown += fmt.Sprintf("| %s | %s | %s | %s | %s |\n", op.Name, sent, limited, ambiguous, rejected)
	}
	for file, table := range map[string]string{"retry.go": comment, "../README.md": markdown, "../docs/retries.md": markdown} {
		text, err := os.ReadFile(file)
		require.NoError(t, err)
		require.True(t, strings.Contains(string(text), table), "%s does not contain\n%s", file, table)
	}
}
