package preflight_test

import (
	"testing"

	"github.com/klarna-go/klarna-payments/klarna"
	"github.com/klarna-go/klarna-payments/klarna/preflight"
)

func TestEveryFaultOfAPublishedBodyIsFoundAtOnce(t *testing.T) {
	t.Parallel()
	requireProblems(t, decodeExample[klarna.SessionCreate](t, "session_create.arithmetic-wrong.json"),
		at{"order_lines[0].total_amount", preflight.CodeLineTotal}, at{"order_lines[0].total_tax_amount", preflight.CodeLineTax},
		at{"order_lines[1].total_amount", preflight.CodeLineTotal}, at{"order_lines[1].total_tax_amount", preflight.CodeLineTax},
		at{"order_lines[2].total_amount", preflight.CodeLineTotal}, at{"order_lines[2].total_tax_amount", preflight.CodeLineTax},
		at{"order_amount", preflight.CodeOrderAmount}, at{"order_tax_amount", preflight.CodeOrderTaxAmount})
}

func TestOtherPublishedBodiesHaveNoProblem(t *testing.T) {
	t.Parallel()
	personal := []at{
		{"billing_address", preflight.CodePersonalData}, {"shipping_address", preflight.CodePersonalData}, {"customer", preflight.CodePersonalData},
	}
	requireWarnings(t, decodeExample[klarna.SessionCreate](t, "session_create.json"),
		append(personal, at{"locale", preflight.CodeMarket})...) // en-US in GB
	requireWarnings(t, decodeExample[klarna.SessionUpdate](t, "session_update.json"))
	requireWarnings(t, decodeExample[klarna.CreateOrderRequest](t, "create_order_request.json"))
	requireWarnings(t, decodeExample[klarna.CustomerTokenCreationRequest](t, "customer_token_creation_request.json"))
}
