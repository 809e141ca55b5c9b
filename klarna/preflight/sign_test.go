package preflight_test

import (
	"testing"

	"github.com/klarna-go/klarna-payments/klarna"
	"github.com/klarna-go/klarna-payments/klarna/preflight"
)

func TestSignsOfLines(t *testing.T) {
	t.Parallel()
	// Only a positive discount was seen to be rejected.
	for kind, allowed := range map[klarna.OrderLineType]struct{ negative, positive bool }{
		klarna.OrderLineTypeDiscount:    {negative: true},
		klarna.OrderLineTypeGiftCard:    {negative: true},
		klarna.OrderLineTypeStoreCredit: {negative: true},
		klarna.OrderLineTypeSurcharge:   {positive: true},
		klarna.OrderLineTypePhysical:    {negative: true, positive: true}, // a discount in one of Klarna's samples
		klarna.OrderLineTypeDigital:     {negative: true, positive: true},
		klarna.OrderLineTypeShippingFee: {negative: true, positive: true},
		"":                              {negative: true, positive: true},
		"return_fee":                    {negative: true, positive: true}, // a type to come
	} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			for price, fine := range map[int64]bool{-500: allowed.negative, 0: true, 500: allowed.positive} {
				line := klarna.CompleteLine(klarna.OrderLine{Type: kind, Name: "Line", Quantity: 1, UnitPrice: price})
				var want []at
				if !fine {
					want = []at{{"order_lines[1].total_amount", preflight.CodeWrongSign}}
				}
				if kind == klarna.OrderLineTypeDiscount {
					requireProblems(t, sessionOf([]klarna.OrderLine{goods(), line}), want...)
					continue
				}
				requireWarnings(t, sessionOf([]klarna.OrderLine{goods(), line}), want...)
			}
		})
	}
}
