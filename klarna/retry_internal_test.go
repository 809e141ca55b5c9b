package klarna

import (
	"fmt"
	"math"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// The documentation shows the policy as a table. It is printed from the rules that the code follows.
func TestRetryTableInTheDocumentationIsThePolicy(t *testing.T) {
	t.Parallel()
	order := []Operation{
		OperationCreateSession, OperationReadSession, OperationUpdateSession,
		OperationCreateOrder, OperationCancelAuthorization, OperationCreateCustomerToken,
	}
	require.Len(t, retryRules, len(order))
	cell := func(again bool, otherwise string) string {
		if again {
			return "again"
		}
		return otherwise
	}
	comment := fmt.Sprintf("//\t%-21s%-12s%-7s%-24s%s\n", "", "never sent", "429", "ambiguous", "other 4xx")
	markdown := "| | never sent | 429 | ambiguous | other 4xx |\n| --- | --- | --- | --- | --- |\n"
	for _, op := range order {
		rule := retryRules[op]
		unclear := cell(rule.ambiguous, "no: ErrOutcomeUnknown")
		if op == OperationCreateOrder {
			unclear += ", the same bytes"
		}
		sent, limited, no := cell(rule.neverSent, "no"), cell(rule.rateLimited, "no"), cell(rule.allows(refused), "no")
		comment += fmt.Sprintf("//\t%-21s%-12s%-7s%-24s%s\n", op, sent, limited, unclear, no)
		markdown += fmt.Sprintf("| %s | %s | %s | %s | %s |\n", op, sent, limited, unclear, no)
	}
	for file, table := range map[string]string{"retry.go": comment, "../README.md": markdown, "../docs/retries.md": markdown} {
		text, err := os.ReadFile(file)
		require.NoError(t, err)
		require.True(t, strings.Contains(string(text), table), "%s does not hold\n%s", file, table)
	}
}

func TestDelayGrowsAtRandomAndStaysBounded(t *testing.T) {
	t.Parallel()
	policy := RetryPolicy{}.withDefaults()
	require.Equal(t, RetryPolicy{3, 250 * time.Millisecond, 5 * time.Second}, policy)
	for attempts, longest := range map[int]time.Duration{
		1: 250 * time.Millisecond, 2: 500 * time.Millisecond, 4: 2 * time.Second, 6: 5 * time.Second, 40: 5 * time.Second, 70: 5 * time.Second, math.MaxInt: 5 * time.Second,
	} {
		var least, most time.Duration = math.MaxInt64, 0
		for range 2000 {
			delay := policy.delay(attempts, 0)
			least, most = min(least, delay), max(most, delay)
		}
		require.LessOrEqual(t, most, longest, attempts)
		require.Greater(t, most, longest*9/10, attempts)
		require.Less(t, least, longest/10, attempts)
	}
	require.Equal(t, 2*time.Second, policy.delay(1, 2*time.Second), "what Klarna asks for")
	require.Equal(t, 5*time.Second, policy.delay(1, time.Hour), "up to the longest")
	require.LessOrEqual(t, RetryPolicy{MaxDelay: math.MaxInt64, BaseDelay: math.MaxInt64}.withDefaults().delay(1, 0), 24*time.Hour)
}
