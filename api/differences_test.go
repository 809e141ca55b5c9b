package api_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/klarna-go/klarna-payments/api"
	"github.com/klarna-go/klarna-payments/internal/specdiff"
)

// A difference that nobody meant is a mistake, and an entry that no longer differs is misleading.
func TestEveryDifferenceIsOnPurpose(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, contract api.Contract) {
		if contract.Structure == "" {
			t.Skip("the provider publishes no document")
		}
		document, err := os.ReadFile(filepath.Join("..", contract.Structure))
		require.NoError(t, err)
		klarna, err := specdiff.Read(document, contract.Prefix)
		require.NoError(t, err)
		data, err := os.ReadFile(filepath.Join("..", contract.Differences))
		require.NoError(t, err)
		list, err := specdiff.ReadOnPurpose(data)
		require.NoError(t, err)

		listed := map[specdiff.Difference]bool{}
		for _, entry := range list {
			for _, d := range entry.Differences {
				listed[d] = !entry.Later
			}
		}
		for _, d := range specdiff.Compare(klarna, load(t, contract)) {
			if !listed[d] {
				t.Errorf("%s. If this is on purpose, list it in %s", d, contract.Differences)
			}
			delete(listed, d)
		}
		for d, now := range listed {
			if now {
				t.Errorf("%s: %s lists this, and it is no longer so", d, contract.Differences)
			}
		}
	})
}
