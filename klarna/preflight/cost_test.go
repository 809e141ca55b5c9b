package preflight_test

import (
	"testing"

	"github.com/klarna-go/klarna-payments/klarna"
	"github.com/klarna-go/klarna-payments/klarna/preflight"
	"github.com/stretchr/testify/require"
)

// Work is counted in allocations, which do not depend on the machine. It grows in step with the lines, also when all of
// them are wrong. Not in parallel: allocations of other tests would count.
func TestWorkGrowsInStepWithTheLines(t *testing.T) {
	for name, line := range map[string]klarna.OrderLine{
		"right": goods(),
		"wrong": {Quantity: -1, UnitPrice: 1, TaxRate: 10001, TotalTaxAmount: 2},
	} {
		of := func(lines int) float64 {
			session := sessionOf(repeat(line, lines))
			return testing.AllocsPerRun(5, func() { _ = preflight.Check(&session) })
		}
		require.Less(t, of(1000), 12*of(100), name)
	}
}
