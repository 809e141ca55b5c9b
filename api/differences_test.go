package api_test

import (
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/klarna-go/klarna-payments/internal/specdiff"
)

// A difference that nobody meant is a mistake, and an entry that is none any more is misleading.
func TestEveryDifferenceIsOnPurpose(t *testing.T) {
	t.Parallel()
	document, err := os.ReadFile("testdata/klarna-2023-03-03.structure.yaml")
	require.NoError(t, err)
	klarna, err := specdiff.Read(document)
	require.NoError(t, err)

	found := map[specdiff.Difference]bool{}
	for _, d := range specdiff.Compare(klarna, load(t)) {
		found[d] = true
		if _, ok := specdiff.OnPurpose[d]; !ok {
			t.Errorf("%s. If this is on purpose, list it in internal/specdiff/on_purpose.go and in CONTRIBUTING.md", d)
		}
	}
	for d := range specdiff.OnPurpose {
		if !found[d] {
			t.Errorf("%s: this is listed as on purpose and no longer so", d)
		}
	}
}

func TestEveryDifferenceIsToldToPeople(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../CONTRIBUTING.md")
	require.NoError(t, err)
	for _, table := range []map[specdiff.Difference]string{specdiff.OnPurpose, specdiff.OnPurposeLater} {
		for d, reason := range table {
			require.NotEmpty(t, reason, d.Path)
			if !strings.Contains(string(text), "`"+d.Path+"`") {
				t.Errorf("CONTRIBUTING.md does not name `%s`: %s", d.Path, reason)
			}
		}
	}
}
