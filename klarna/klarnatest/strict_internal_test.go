package klarnatest

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// Each fault costs as much as a hundred valid fields. To find all of these would take seconds, of which 50 are named.
func TestLinesAreValidatedUntilEnoughFaultsAreNamed(t *testing.T) {
	t.Parallel()
	const line = `{"name":1,"quantity":"x","unit_price":{},"total_amount":[],"reference":{},"tax_rate":-1,"type":{}}`
	body := `{"purchase_country":"DE","purchase_currency":"EUR","order_amount":1,"order_lines":[` + strings.Repeat(line+",", 999) + line + `]}`
	fields := formFaults(t, body)
	require.Contains(t, fields, "order_lines[0].name")
	require.Contains(t, fields, "order_lines[5].tax_rate")
	require.Less(t, len(fields), 2*maxNamed)

	// A fault in the last line is found when it is the only one.
	body = `{"purchase_country":"DE","purchase_currency":"EUR","order_amount":1,"order_lines":[` + strings.Repeat(`{"name":"x","quantity":1,"unit_price":1,"total_amount":1},`, 999) + `{}]}`
	require.Contains(t, formFaults(t, body), "order_lines[999].name")
}

func formFaults(t *testing.T, body string) []string {
	t.Helper()
	tree, rejected := parseTree([]byte(body))
	require.Nil(t, rejected)
	fields, _ := new(Server).formFaults("payments", "session_create", membersOf(tree))
	return fields
}
