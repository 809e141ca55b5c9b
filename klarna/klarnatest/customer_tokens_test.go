package klarnatest_test

import (
	"context"
	"testing"

	"github.com/klarna-go/klarna-payments/klarna"
	"github.com/stretchr/testify/require"
)

func TestCustomerTokenRules(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	tokenize := func(s *shop, token string) error {
		_, err := s.CreateCustomerToken(ctx, token, customerToken())
		return err
	}
	notForBuy := rejection{403, "INVALID_OPERATION", "Not allowed to create customer token(s) for intent buy"}
	for _, row := range []struct {
		name   string
		intent klarna.Intent
		act    func(s *shop, sessionID, token string) error
		want   rejection // none: it succeeds
	}{
		{"a session that is for tokens", klarna.IntentTokenize, func(s *shop, _, token string) error { return tokenize(s, token) }, rejection{}},
		{"a session that is for both", klarna.IntentBuyAndTokenize, func(s *shop, _, token string) error { return tokenize(s, token) }, rejection{}},
		{"a session for a cart with a subscription", klarna.IntentBuyAndDefaultTokenize, func(s *shop, _, token string) error {
			err := tokenize(s, token)
			s.order(token, orderOf(cart())) // the intent is for both
			return err
		}, rejection{}},
		{"a session of an intent that is newer", "lend_and_tokenize", func(s *shop, _, token string) error { return tokenize(s, token) }, rejection{}},
		{"a session that links an account", klarna.IntentBuyAndLink, func(s *shop, _, token string) error {
			s.order(token, orderOf(cart()))
			return tokenize(s, token)
		}, rejection{403, "INVALID_OPERATION", "Not allowed to create customer token(s) for intent buy_and_link"}},
		{"a session that is for buying", klarna.IntentBuy, func(s *shop, _, token string) error { return tokenize(s, token) }, notForBuy},
		{"a session that does not say is for buying", "", func(s *shop, _, token string) error { return tokenize(s, token) }, notForBuy},
		{"twice, and not the same", klarna.IntentTokenize, func(s *shop, _, token string) error {
			require.NoError(s.t, tokenize(s, token))
			request := customerToken()
			request.Description = "Tea"
			_, err := s.CreateCustomerToken(ctx, token, request)
			return err
		}, alreadyConsumed},
		{"after the order", klarna.IntentBuyAndTokenize, func(s *shop, _, token string) error {
			s.order(token, orderOf(cart()))
			return tokenize(s, token)
		}, alreadyConsumed},
		{"once more, after another authorization", klarna.IntentTokenize, func(s *shop, id, token string) error {
			require.NoError(s.t, tokenize(s, token))
			return tokenize(s, s.authorize(id))
		}, rejection{}},
		{"an unknown token", klarna.IntentTokenize, func(s *shop, _, _ string) error { return tokenize(s, "unknown") }, invalidToken},
		{"a token that a newer authorize made void", klarna.IntentTokenize, func(s *shop, id, token string) error {
			s.authorize(id)
			return tokenize(s, token)
		}, invalidToken},
		{"a token that was cancelled", klarna.IntentTokenize, func(s *shop, _, token string) error {
			require.NoError(s.t, s.CancelAuthorization(ctx, token))
			return tokenize(s, token)
		}, invalidToken},
		{"a token of a session that another token completed", klarna.IntentBuyAndTokenize, func(s *shop, id, token string) error {
			s.order(s.authorize(id), orderOf(cart()))
			return tokenize(s, token)
		}, sessionCompleted},
		{"an intent that was changed after the authorization", klarna.IntentBuy, func(s *shop, id, token string) error {
			require.NoError(s.t, s.UpdateSession(ctx, id, klarna.SessionUpdate{Intent: klarna.IntentTokenize}))
			return tokenize(s, token)
		}, notForBuy},
		{"another country", klarna.IntentTokenize, func(s *shop, _, token string) error {
			request := customerToken()
			request.PurchaseCountry = "AT"
			_, err := s.CreateCustomerToken(ctx, token, request)
			return err
		}, rejection{409, "BAD_VALUE", "Not matching fields: [purchase_country]"}},
	} {
		t.Run(row.name, func(t *testing.T) {
			s := newShop(t)
			id, token := s.openAndAuthorize(cartFor(row.intent))
			err := row.act(s, id, token)
			if row.want == (rejection{}) {
				require.NoError(t, err)
				return
			}
			requireRejected(t, err, row.want)
		})
	}
}

func TestCustomerTokenResponses(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	person := klarna.Customer{DateOfBirth: "1980-01-31", Gender: "female", NationalIdentificationNumber: "810101-0000"}
	read := klarna.CustomerReadCreateToken{DateOfBirth: "1980-01-31", Gender: "female"}
	for _, row := range []struct {
		name     string
		session  func(*klarna.SessionCreate)
		request  func(*klarna.CustomerTokenCreationRequest)
		billing  klarna.Address
		customer klarna.CustomerReadCreateToken
	}{
		{"without personal data", func(*klarna.SessionCreate) {}, func(*klarna.CustomerTokenCreationRequest) {}, klarna.Address{}, klarna.CustomerReadCreateToken{}},
		{"with the session's", func(c *klarna.SessionCreate) { c.BillingAddress, c.Customer = home(), person }, func(*klarna.CustomerTokenCreationRequest) {}, home(), read},
		{"with the request's", func(*klarna.SessionCreate) {}, func(r *klarna.CustomerTokenCreationRequest) { r.BillingAddress, r.Customer = home(), person }, home(), read},
	} {
		t.Run(row.name, func(t *testing.T) {
			s := newShop(t)
			c, request := cartFor(klarna.IntentTokenize), customerToken()
			row.session(&c)
			row.request(&request)
			_, token := s.openAndAuthorize(c)
			created, err := s.CreateCustomerToken(ctx, token, request)
			require.NoError(t, err)
			require.Regexp(t, uuid, created.TokenID)
			require.Equal(t, row.billing, created.BillingAddress)
			require.Equal(t, row.customer, created.Customer)
		})
	}
}

// Klarna was seen to respond to the same request with the same token.
func TestTheSameRequestGetsTheSameCustomerToken(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	for _, intent := range []klarna.Intent{klarna.IntentTokenize, klarna.IntentBuyAndTokenize} {
		s := newShop(t)
		_, token := s.openAndAuthorize(cartFor(intent))
		first, err := s.CreateCustomerToken(ctx, token, customerToken())
		require.NoError(t, err)
		require.NotEmpty(t, first.RedirectURL)
		again, err := s.CreateCustomerToken(ctx, token, customerToken())
		require.NoError(t, err)
		require.Equal(t, first, again)
		require.Equal(t, 1, s.server.Created().CustomerTokens)
	}
}

// One plugin asks for it in the callback, when the order is placed already.
func TestACustomerTokenAfterTheOrder(t *testing.T) {
	t.Parallel()
	s := newLenientShop(t)
	_, token := s.openAndAuthorize(cartFor(klarna.IntentBuyAndTokenize))
	s.order(token, orderOf(cart()))
	created, err := s.CreateCustomerToken(context.Background(), token, customerToken())
	require.NoError(t, err)
	require.Equal(t, []string{created.TokenID}, s.server.CustomerTokens(token))
	require.Equal(t, []string{"after_order"}, s.warnings())
}

func TestCustomerTokenOfAnotherAddress(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	c := cartFor(klarna.IntentTokenize)
	c.BillingAddress = home()
	_, token := s.openAndAuthorize(c)
	request := customerToken()
	request.BillingAddress = home()
	request.BillingAddress.City = "Potsdam"
	_, err := s.CreateCustomerToken(context.Background(), token, request)
	requireRejected(t, err, rejection{409, "BAD_VALUE", "Not matching fields: [billing_address]"})
	require.ErrorContains(t, err, "billing_address is not the authorized one, which is the one that counts (not_authorized)")

	lenient := newLenientShop(t)
	_, token = lenient.openAndAuthorize(c)
	created, err := lenient.CreateCustomerToken(context.Background(), token, request)
	require.NoError(t, err)
	require.Equal(t, home(), created.BillingAddress, "the authorized one")
	require.Equal(t, []string{"billing_address not_authorized"}, lenient.warnings())
}
