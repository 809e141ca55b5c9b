package klarna_test

import (
	"strings"
	"testing"

	"github.com/klarna-go/klarna-payments/klarna"
	"github.com/stretchr/testify/require"
)

var badIDs = map[string]struct{ id, wantErr string }{
	"empty":             {"", "it is empty or a dot segment"},
	"dot":               {".", "a dot segment"},
	"dots":              {"..", "a dot segment"},
	"line feed":         {"s3cretvalue\n", "it contains a control character"},
	"NUL":               {"s3cret\x00value", "it contains a control character"},
	"DEL":               {"s3cretvalue\x7f", "it contains a control character"},
	"C1 control":        {"s3cretvalue\u0085", "it contains a control character"},
	"more than 255":     {strings.Repeat("s3cretvalue", 24), "it has 264 bytes, more than 255"},
	"more than 255 (é)": {strings.Repeat("é", 128), "it has 256 bytes, more than 255"},
}

func TestBadIDNeverLeavesTheMachine(t *testing.T) {
	t.Parallel()
	server := newServer(t, respond(204, "", ""))
	client := server.client(t)
	for name, test := range badIDs {
		t.Run(name, func(t *testing.T) {
			ctx, id := t.Context(), test.id
			_, read := client.ReadSession(ctx, id)
			_, order := client.CreateOrder(ctx, id, orderRequest())
			_, token := client.CreateCustomerToken(ctx, id, tokenRequest())
			_, rawRead := client.Raw().ReadCreditSessionWithResponse(ctx, id)
			_, rawCancel := client.Raw().CancelAuthorizationWithResponse(ctx, id)
			_, rawOrder := client.Raw().CreateOrderWithResponse(ctx, id, orderRequest())
			for method, err := range map[string]error{
				"ReadSession": read, "CreateOrder": order, "CreateCustomerToken": token,
				"UpdateSession":       client.UpdateSession(ctx, id, klarna.SessionUpdate{}),
				"CancelAuthorization": client.CancelAuthorization(ctx, id),
			} {
				require.ErrorIs(t, err, klarna.ErrInvalidID, method)
				require.ErrorContains(t, err, "klarna: "+method+": ")
				require.ErrorContains(t, err, test.wantErr)
				require.NotContains(t, err.Error(), "s3cret")
			}
			for _, err := range []error{rawRead, rawCancel, rawOrder} {
				require.ErrorIs(t, err, klarna.ErrInvalidID)
				require.NotContains(t, err.Error(), "s3cret")
			}
		})
	}
	t.Cleanup(func() { require.Empty(t, server.exchanges()) })
}

func TestOddIDIsEscapedIntoItsPlace(t *testing.T) {
	t.Parallel()
	for id, path := range map[string]string{
		"a/b":   "a%2Fb",
		"a?x=1": "a%3Fx=1",
		"a#b":   "a%23b",
		"a%2Fb": "a%252Fb",
		"../../../ordermanagement/v1/orders/1/cancel": "..%2F..%2F..%2Fordermanagement%2Fv1%2Forders%2F1%2Fcancel",
		"...":                    "...",
		"a b":                    "a%20b",
		"é":                      "%C3%A9",
		"x/order":                "x%2Forder",
		strings.Repeat("x", 255): strings.Repeat("x", 255),
	} {
		server := newServer(t, respond(204, "", ""))
		require.NoError(t, server.client(t).CancelAuthorization(t.Context(), id))
		seen := server.exchanges()
		require.Len(t, seen, 1)
		require.Equal(t, "DELETE", seen[0].Method)
		got := strings.TrimPrefix(seen[0].Path, "/payments/v1/authorizations/")
		require.Equal(t, strings.ReplaceAll(path, "=", "%3D"), strings.ReplaceAll(got, "=", "%3D"))
	}
}
