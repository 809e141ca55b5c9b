package gen_test

import (
	"encoding/json"
	"testing"

	"github.com/klarna-go/klarna-payments/gen"
	"github.com/stretchr/testify/require"
)

func TestAuthorizedPaymentMethodNeverCostsAPlacedOrder(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		method string
		want   gen.AuthorizedPaymentMethod
	}{
		"object":              {`{"type":"invoice","number_of_days":30}`, gen.AuthorizedPaymentMethod{Type: "invoice", NumberOfDays: 30}},
		"bare string":         {`"invoice"`, gen.AuthorizedPaymentMethod{Type: "invoice"}},
		"value of the future": {`{"type":"pay_by_thought"}`, gen.AuthorizedPaymentMethod{Type: "pay_by_thought"}},
		"odd member":          {`{"number_of_days":"soon","type":"card"}`, gen.AuthorizedPaymentMethod{Type: "card"}},
		"null":                {`null`, gen.AuthorizedPaymentMethod{}},
		"number":              {`7`, gen.AuthorizedPaymentMethod{}},
		"list":                {`["invoice"]`, gen.AuthorizedPaymentMethod{}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var order gen.Order
			err := json.Unmarshal([]byte(`{"authorized_payment_method":`+test.method+`,"order_id":"o-1"}`), &order)
			require.NoError(t, err)
			require.Equal(t, "o-1", order.OrderID)
			require.Equal(t, test.want, order.AuthorizedPaymentMethod)
		})
	}
}
