package specdiff

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestAListOfDifferencesIsRead(t *testing.T) {
	t.Parallel()
	list, err := ReadOnPurpose([]byte(`
- what: at most 5
  why: it fits
  later: true
  facts: [{path: order.name, fact: maxLength, klarnas: 4, ours: 5}]
- {what: both, why: just so, only-ours: [order.new], only-klarnas: [order.old]}
`))
	require.NoError(t, err)
	require.Equal(t, []OnPurpose{
		{What: "at most 5", Why: "it fits", Later: true, Differences: []Difference{{"order.name", "maxLength", "4", "5"}}},
		{What: "both", Why: "just so", Differences: []Difference{onlyOurs("order.new"), onlyKlarna("order.old")}},
	}, list)
	require.Equal(t, "| where | what | why |\n| --- | --- | --- |\n"+
		"| `order.name` | at most 5 | it fits |\n| `order.new`, `order.old` | both | just so |\n", Table(list))

	for text, want := range map[string]string{
		"":                                       "",
		"- {what: x}":                            "needs what, why and a difference",
		"- {who: x}":                             "field who not found",
		"nonsense":                               "cannot unmarshal",
		"- {what: a, why: b, only-ours: [c, c]}": "c: ours has it, Klarna's has not: this is listed twice",
		"- {what: a, why: b, only-ours: [c]}\n- {why: d}":     "needs what, why",
		"- {what: a, why: b, facts: [{path: c, unknown: d}]}": "field unknown not found",
	} {
		_, err := ReadOnPurpose([]byte(text))
		if want == "" {
			require.NoError(t, err)
			continue
		}
		require.ErrorContains(t, err, want, text)
	}
}
