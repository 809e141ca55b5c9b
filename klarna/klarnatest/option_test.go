package klarnatest_test

import (
	"context"
	"testing"

	"github.com/klarna-go/klarna-payments/klarna"
	"github.com/klarna-go/klarna-payments/klarna/klarnatest"
	"github.com/stretchr/testify/require"
)

func TestWithCredentials(t *testing.T) {
	for _, row := range []struct{ name, username, key string }{
		{"both", "K123_abc", "klarna_test_api_fixed"},
		{"the key", "", "klarna_test_api_fixed"},
		{"the username", "K123_abc", ""},
	} {
		t.Run(row.name, func(t *testing.T) {
			s := newShop(t, klarnatest.WithCredentials(row.username, row.key))
			require.NotEmpty(t, s.server.Username)
			require.NotEmpty(t, s.server.APIKey)
			require.Equal(t, s.server.APIKey, s.server.Password)
			if row.username != "" {
				require.Equal(t, row.username, s.server.Username)
			}
			if row.key != "" {
				require.Equal(t, row.key, s.server.APIKey)
			}
			client, err := klarna.New(klarna.Environment(s.server.URL), klarna.BasicAuth(s.server.Username, s.server.Password))
			require.NoError(t, err)
			_, err = client.CreateSession(context.Background(), cart())
			require.NoError(t, err)
		})
	}
}

func TestWithURL(t *testing.T) {
	server := klarnatest.NewServer(klarnatest.WithURL("https://klarna.test/path/"))
	defer server.Close()
	require.Equal(t, "https://klarna.test/path", server.URL)
}
