package preflight_test

import (
	"encoding/json"
	"testing"

	"github.com/klarna-go/klarna-payments/internal/contract"
	"github.com/klarna-go/klarna-payments/klarna"
	"github.com/klarna-go/klarna-payments/klarna/preflight"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// What the constructors of package klarna build passes, causes no warning, and is valid by the document.
func TestEveryCartOfTheConstructorsPasses(t *testing.T) {
	t.Parallel()
	document, err := contract.Load()
	require.NoError(t, err)
	rapid.Check(t, func(t *rapid.T) {
		session := drawSession(t)
		order, update := klarna.OrderFromSession(session), klarna.CartUpdate(session.OrderLines)
		for schema, body := range map[string]any{"session_create": session, "create_order_request": order, "session": update} {
			require.NoError(t, preflight.Check(body))
			require.Empty(t, preflight.Inspect(body).Warnings)
			encoded, err := json.Marshal(body)
			require.NoError(t, err)
			require.NoError(t, document.Body(schema, encoded))
		}
	})
}

// drawSession draws a session with a cart of the constructors, in Germany or in the US.
func drawSession(t *rapid.T) klarna.SessionCreate {
	us := rapid.Bool().Draw(t, "us")
	lines := []klarna.OrderLine{drawGoods(t, us)}
	for range rapid.IntRange(0, 10).Draw(t, "more lines") {
		lines = append(lines, drawLine(t, us))
		// Nobody is paid for shopping: a line that takes off more than there is stays away.
		if amount, tax := klarna.Totals(lines); amount < 0 || tax < 0 {
			lines = lines[:len(lines)-1]
		}
	}
	if us {
		return usSessionOf(lines)
	}
	return sessionOf(lines)
}

func drawLine(t *rapid.T, us bool) klarna.OrderLine {
	amount := rapid.Int64Range(0, maxAmount).Draw(t, "amount")
	constructors := []func() klarna.OrderLine{
		func() klarna.OrderLine { return drawGoods(t, us) },
		func() klarna.OrderLine { return klarna.DiscountLine("Voucher", amount, drawRate(t, us)) },
		func() klarna.OrderLine { return klarna.GiftCardLine("Gift card", amount) },
		func() klarna.OrderLine { return klarna.StoreCreditLine("Credit", amount) },
	}
	if us {
		constructors = append(constructors, func() klarna.OrderLine { return klarna.SalesTaxLine("Sales Tax", amount) })
	}
	return rapid.SampledFrom(constructors).Draw(t, "constructor")()
}

// maxAmount is the document's limit for unit_price and total_amount.
const maxAmount = 200_000_000

func drawGoods(t *rapid.T, us bool) klarna.OrderLine {
	price := rapid.Int64Range(0, maxAmount).Draw(t, "unit price")
	quantity := rapid.Int64Range(0, maxAmount/max(price, 1)).Draw(t, "quantity")
	return klarna.CompleteLine(klarna.OrderLine{
		Type: rapid.SampledFrom([]klarna.OrderLineType{
			"", klarna.OrderLineTypePhysical, klarna.OrderLineTypeDigital, klarna.OrderLineTypeShippingFee, klarna.OrderLineTypeSurcharge,
		}).Draw(t, "type"),
		Name:                rapid.StringN(1, 255, -1).Draw(t, "name"),
		Quantity:            quantity,
		UnitPrice:           price,
		TotalDiscountAmount: rapid.Int64Range(0, quantity*price).Draw(t, "discount"),
		TaxRate:             drawRate(t, us),
	})
}

func drawRate(t *rapid.T, us bool) int64 {
	if us {
		return 0
	}
	return rapid.Int64Range(0, 10000).Draw(t, "tax rate")
}
