package klarna_test

import (
	"encoding/json"
	"testing"

	"github.com/klarna-go/klarna-payments/klarna"
	"github.com/stretchr/testify/require"
)

func TestErrorNamesTheFieldsThatKlarnaNames(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		status   int
		code     string
		messages []string
		want     []string
	}{
		"not matching":        {409, "BAD_VALUE", []string{"Not matching fields: [billing_address.postal_code]"}, []string{"billing_address.postal_code"}},
		"several":             {409, "BAD_VALUE", []string{"Not matching fields: [order_amount, order_lines[0].unit_price,shipping_address.street_address2]"}, []string{"order_amount", "order_lines[0].unit_price", "shipping_address.street_address2"}},
		"without brackets":    {409, "BAD_VALUE", []string{"Not matching fields: billing_address.city"}, []string{"billing_address.city"}},
		"bad value":           {400, "BAD_VALUE", []string{"Bad value: order_tax_amount"}, []string{"order_tax_amount"}},
		"bad value, a line's": {400, "BAD_VALUE", []string{"Bad value: order_lines[12].total_tax_amount"}, []string{"order_lines[12].total_tax_amount"}},
		"ends with an index":  {400, "BAD_VALUE", []string{"Bad value: order_lines[0]"}, []string{"order_lines[0]"}},
		"as the pages write":  {400, "BAD_VALUE", []string{"[BAD_VALUE : order_lines[0]]", "[BAD_VALUE : locale]"}, []string{"order_lines[0]", "locale"}},
		"a word alone":        {400, "BAD_VALUE", []string{"invalid"}, nil},
		"the field alone":     {400, "BAD_VALUE", []string{"attachment.attachment"}, []string{"attachment.attachment"}},
		"joined by commas":    {400, "BAD_VALUE", []string{"Bad value: billing_address.email, billing_address.phone"}, []string{"billing_address.email", "billing_address.phone"}},
		"quoted":              {400, "BAD_VALUE", []string{"Bad value: 'locale', `design`"}, []string{"locale", "design"}},
		"named twice":         {400, "BAD_VALUE", []string{"Bad value: locale", "Bad value: locale"}, []string{"locale"}},
		"a count of items":    {409, "BAD_VALUE", []string{"Not matching fields: [Incorrect number of items in the cart. Expected: 2, Actual: 3]"}, nil},
		"another body":        {409, "BAD_VALUE", []string{"The order has been already completed with different request body"}, nil},
		"odd brackets":        {400, "BAD_VALUE", []string{"Bad value: []", "Bad value: order_lines[x]", "Bad value: order_lines[", "Bad value: .", "Bad value:", ""}, nil},
		"another code":        {400, "BAD_REQUEST", []string{"Bad value: locale"}, nil},
		"another status":      {403, "BAD_VALUE", []string{"Bad value: locale"}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			body, err := json.Marshal(klarna.ErrorV2{ErrorCode: test.code, ErrorMessages: test.messages})
			require.NoError(t, err)
			_, err = newServer(t, respondJSON(test.status, string(body))).client(t).CreateOrder(t.Context(), authorizationToken, orderRequest())
			var e *klarna.Error
			require.ErrorAs(t, err, &e)
			require.Equal(t, test.want, e.Fields)
			if test.messages[0] != "" && name != "odd brackets" {
				require.Equal(t, test.messages, e.Messages, "the texts stay as they are")
			}
		})
	}
}
