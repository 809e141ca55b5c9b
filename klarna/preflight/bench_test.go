package preflight_test

import (
	"fmt"
	"testing"

	"github.com/klarna-go/klarna-payments/klarna"
	"github.com/klarna-go/klarna-payments/klarna/preflight"
	"github.com/stretchr/testify/require"
)

// BenchmarkCheck is the cost of one call, for the lines of a small shop and for the published ones, which fill every
// field. It grows in step with the lines.
func BenchmarkCheck(b *testing.B) {
	short := klarna.CompleteLine(klarna.OrderLine{
		Type: klarna.OrderLineTypePhysical, Reference: "AD6654412", Name: "Running shoe", Quantity: 2, UnitPrice: 2500, TaxRate: 2000,
	})
	published := decodeExample[klarna.SessionCreate](b, "session_create.json").OrderLines[0]
	for _, of := range []struct {
		name string
		line klarna.OrderLine
	}{{"short", short}, {"published", published}} {
		for _, lines := range []int{1, 10, 100, 1000} {
			b.Run(fmt.Sprintf("%s/lines=%d", of.name, lines), func(b *testing.B) {
				session := sessionOf(repeat(of.line, lines))
				require.NoError(b, preflight.Check(&session))
				b.ReportAllocs()
				for b.Loop() {
					_ = preflight.Check(&session)
				}
			})
		}
	}
}

// BenchmarkCheckFailing is the worst case: every line is wrong in several ways.
func BenchmarkCheckFailing(b *testing.B) {
	for _, lines := range []int{1, 10, 100, 1000} {
		b.Run(fmt.Sprintf("lines=%d", lines), func(b *testing.B) {
			session := sessionOf(repeat(klarna.OrderLine{Quantity: -1, UnitPrice: 1, TotalTaxAmount: 2, TaxRate: 10001}, lines))
			require.Error(b, preflight.Check(&session))
			b.ReportAllocs()
			for b.Loop() {
				_ = preflight.Check(&session)
			}
		})
	}
}
