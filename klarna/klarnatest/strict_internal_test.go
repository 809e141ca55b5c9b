package klarnatest

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// Each fault costs as much as a hundred valid fields. To find all of these would take 6 s, of which 50 are named.
func TestLinesAreValidatedUntilEnoughFaultsAreNamed(t *testing.T) {
	t.Parallel()
	line := `{"name":"x"`
	for i := range 90 {
		line += fmt.Sprintf(`,"unknown%02d":1`, i)
	}
	body := `{"order_lines":[` + strings.Repeat(line+"},", 999) + line + `}]}`
	m, rejected := parse([]byte(body))
	require.Nil(t, rejected)
	fields := new(Server).formFaults("session_create", m)
	require.Contains(t, fields, "order_lines[0].unknown00")
	require.Contains(t, fields, "order_lines[0].unknown89")
	require.Less(t, len(fields), 200)

	// A fault in the last line is found when it is the only one.
	body = `{"order_lines":[` + strings.Repeat(`{"name":"x","quantity":1,"unit_price":1,"total_amount":1},`, 999) + `{}]}`
	m, rejected = parse([]byte(body))
	require.Nil(t, rejected)
	require.Contains(t, new(Server).formFaults("session_create", m), "order_lines[999].name")
}
