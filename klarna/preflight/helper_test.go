package preflight_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/klarna-go/klarna-payments/klarna"
	"github.com/klarna-go/klarna-payments/klarna/preflight"
	"github.com/stretchr/testify/require"
)

// decodeExample reads one of the published bodies that package klarna keeps for its tests.
func decodeExample[T any](t testing.TB, name string) T {
	t.Helper()
	body, err := os.ReadFile(filepath.Join("..", "testdata", "examples", name))
	require.NoError(t, err)
	var value T
	require.NoError(t, json.Unmarshal(body, &value))
	return value
}

// sessionOf is a German session with these lines and the totals that belong to them.
func sessionOf(lines []klarna.OrderLine) klarna.SessionCreate {
	amount, tax := klarna.Totals(lines)
	return klarna.SessionCreate{
		PurchaseCountry: "DE", PurchaseCurrency: "EUR", Locale: "de-DE",
		OrderAmount: amount, OrderTaxAmount: tax, OrderLines: lines,
	}
}

// usSessionOf is the same in the US.
func usSessionOf(lines []klarna.OrderLine) klarna.SessionCreate {
	session := sessionOf(lines)
	session.PurchaseCountry, session.PurchaseCurrency, session.Locale = "US", "USD", "en-US"
	return session
}

// goods is a line that is in order.
func goods() klarna.OrderLine {
	return klarna.CompleteLine(klarna.OrderLine{
		Type: klarna.OrderLineTypePhysical, Name: "Running shoe", Quantity: 2, UnitPrice: 11900, TaxRate: 1900,
	})
}

func repeat(line klarna.OrderLine, times int) []klarna.OrderLine {
	lines := make([]klarna.OrderLine, times)
	for i := range lines {
		lines[i] = line
	}
	return lines
}

// at is what a problem or warning is compared by.
type at struct{ Path, Code string }

func whereOf(problems []preflight.Problem) []at {
	found := make([]at, 0, len(problems))
	for _, problem := range problems {
		found = append(found, at{problem.Path, problem.Code})
	}
	return found
}

// requireProblems fails unless exactly these problems are found, in any order.
func requireProblems(t testing.TB, body any, want ...at) {
	t.Helper()
	require.ElementsMatch(t, want, whereOf(preflight.Inspect(body).Problems))
}

// requireWarnings fails unless exactly these warnings are found and no problem.
func requireWarnings(t testing.TB, body any, want ...at) {
	t.Helper()
	report := preflight.Inspect(body)
	require.Empty(t, report.Problems)
	require.ElementsMatch(t, want, whereOf(report.Warnings))
}
