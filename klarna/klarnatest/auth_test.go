package klarnatest_test

import (
	"context"
	"encoding/base64"
	"testing"

	"github.com/klarna-go/klarna-payments/klarna"
	"github.com/stretchr/testify/require"
)

func TestCredentialsLookLikeKlarnas(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	require.Regexp(t, uuid, s.server.Username)
	require.Regexp(t, `^klarna_test_api_[A-Z0-9]{40,}$`, s.server.APIKey)
	require.Equal(t, s.server.APIKey, s.server.Password)
}

func TestCredentialsOfAClient(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	for _, row := range []struct {
		name  string
		creds klarna.Credentials
		ok    bool
	}{
		{"the API key is taken raw", klarna.APIKey(s.server.APIKey), true},
		{"the username and password are taken", klarna.BasicAuth(s.server.Username, s.server.Password), true},
		{"another API key is rejected", klarna.APIKey("klarna_test_api_other"), false},
		{"another password is rejected", klarna.BasicAuth(s.server.Username, "other"), false},
		{"another username is rejected", klarna.BasicAuth("other", s.server.Password), false},
	} {
		t.Run(row.name, func(t *testing.T) {
			client, err := klarna.New(klarna.Environment(s.server.URL), row.creds)
			require.NoError(t, err)
			_, err = client.CreateSession(context.Background(), cart())
			if row.ok {
				require.NoError(t, err)
				return
			}
			requireRejected(t, err, rejection{401, "UNAUTHORIZED", ""})
			require.ErrorIs(t, err, klarna.ErrUnauthorized)
		})
	}
}

func TestAuthorizationHeader(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	pair := base64.StdEncoding.EncodeToString([]byte(s.server.Username + ":" + s.server.Password))
	for _, row := range []struct {
		name, header string
		status       int
	}{
		{"the scheme's case does not count", "bASIC " + s.server.APIKey, 404},
		{"a pair in base64", "basic " + pair, 404},
		{"more than one blank", "Basic  " + pair, 404},
		{"none", "", 401},
		{"the scheme alone", "Basic", 401},
		{"another scheme", "Bearer " + s.server.APIKey, 401},
		{"the key without a scheme", s.server.APIKey, 401},
		{"the key's beginning", "Basic " + s.server.APIKey[:30], 401},
		{"the pair without base64", "Basic " + s.server.Username + ":" + s.server.Password, 401},
		{"the key with an empty username", "Basic " + base64.StdEncoding.EncodeToString([]byte(":"+s.server.Password)), 401},
	} {
		t.Run(row.name, func(t *testing.T) {
			require.Equal(t, row.status, s.send("GET", sessionsPath+"/unknown", "", "Authorization", row.header).status)
		})
	}
}

func TestEveryOperationAsksForCredentials(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	ctx := context.Background()
	sessionID, token := s.openAndAuthorize(cart())
	stranger, err := klarna.New(klarna.Environment(s.server.URL), klarna.APIKey("klarna_test_api_other"))
	require.NoError(t, err)
	for _, call := range []struct {
		op klarna.Operation
		do func() error
	}{
		{klarna.OperationCreateSession, func() error { _, err := stranger.CreateSession(ctx, cart()); return err }},
		{klarna.OperationReadSession, func() error { _, err := stranger.ReadSession(ctx, sessionID); return err }},
		{klarna.OperationUpdateSession, func() error { return stranger.UpdateSession(ctx, sessionID, klarna.SessionUpdate{Locale: "en-DE"}) }},
		{klarna.OperationCreateOrder, func() error { _, err := stranger.CreateOrder(ctx, token, orderOf(cart())); return err }},
		{klarna.OperationCancelAuthorization, func() error { return stranger.CancelAuthorization(ctx, token) }},
		{klarna.OperationCreateCustomerToken, func() error { _, err := stranger.CreateCustomerToken(ctx, token, customerToken()); return err }},
	} {
		t.Run(string(call.op), func(t *testing.T) {
			requireRejected(t, call.do(), rejection{401, "UNAUTHORIZED", ""})
		})
	}
	require.Equal(t, "de-DE", s.read(sessionID).Locale)
	s.order(token, orderOf(cart())) // nothing has happened to it
}
