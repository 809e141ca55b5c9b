package klarna_test

import (
	"context"
	"net"
	"net/http"
	"testing"

	"github.com/klarna-go/klarna-payments/klarna"
	"github.com/stretchr/testify/require"
)

func TestEnvironmentsAreKlarnasHosts(t *testing.T) {
	t.Parallel()
	for env, want := range map[klarna.Environment]string{
		klarna.ProductionEU: "https://api.klarna.com",
		klarna.ProductionNA: "https://api-na.klarna.com",
		klarna.ProductionOC: "https://api-oc.klarna.com",
		klarna.PlaygroundEU: "https://api.playground.klarna.com",
		klarna.PlaygroundNA: "https://api-na.playground.klarna.com",
		klarna.PlaygroundOC: "https://api-oc.playground.klarna.com",
	} {
		require.Equal(t, want, string(env))
		_, err := klarna.New(env, klarna.BasicAuth("PK1_user", "password"))
		require.NoError(t, err)
	}
}

func TestBadBaseURLIsRejected(t *testing.T) {
	t.Parallel()
	tests := map[string]struct{ env, wantErr string }{
		"empty":                  {"", "the environment is not a URL; use klarna.PlaygroundEU"},
		"a name":                 {"playground", "the environment is not a URL; use klarna.PlaygroundEU"},
		"host only":              {"api.klarna.com", "the environment is not a URL; use klarna.PlaygroundEU"},
		"host and port only":     {"api.klarna.com:443", `must start with https://`},
		"another scheme":         {"ftp://api.klarna.com", `must start with https://, not with "ftp:"`},
		"no host":                {"https://", "has no host"},
		"port without host":      {"https://:443", "has no host"},
		"query":                  {"https://api.klarna.com?key=s3cretvalue", "must not have a query"},
		"empty query":            {"https://api.klarna.com?", "must not have a query"},
		"fragment":               {"https://api.klarna.com#top", "must not have a fragment"},
		"user info":              {"https://user:s3cretvalue@api.klarna.com", "must not contain a user name or password"},
		"no URL":                 {"https://user:s3cretvalue@api.klarna.com:port", "is not a URL"},
		"control character":      {"https://api.klarna.com/\x7f", "is not a URL"},
		"dot segment":            {"https://gateway.example/a/../b", `must not contain ".."`},
		"escaped dot segment":    {"https://gateway.example/a/%2e%2e/b", `must not contain ".."`},
		"plain http":             {"http://api.klarna.com", "must be https"},
		"plain http, private":    {"http://10.0.0.1", "must be https"},
		"plain http, look-alike": {"http://localhost.example.com", "must be https"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			client, err := klarna.New(klarna.Environment(test.env), klarna.APIKey(apiKey))
			require.ErrorContains(t, err, test.wantErr)
			require.NotContains(t, err.Error(), "s3cretvalue")
			require.Nil(t, client)
		})
	}
}

func TestPlainHTTPGoesToLoopback(t *testing.T) {
	t.Parallel()
	for _, env := range []klarna.Environment{"http://localhost:8181", "http://127.0.0.1", "http://127.8.9.10:80", "http://[::1]:8181/klarna"} {
		_, err := klarna.New(env, klarna.APIKey(apiKey))
		require.NoError(t, err, env)
	}
}

func TestPlainHTTPToOtherHostsHasToBeAllowed(t *testing.T) {
	t.Parallel()
	server := newServer(t, respond(204, "", ""))
	const sandbox = klarna.Environment("http://klarna-sandbox:8181")
	_, err := klarna.New(sandbox, klarna.APIKey(apiKey))
	require.ErrorContains(t, err, "must be https")
	require.ErrorContains(t, err, "klarna.WithInsecureHTTP")

	dial := func(ctx context.Context, network, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, network, server.Listener.Addr().String())
	}
	toSandbox := klarna.WithHTTPClient(&http.Client{Transport: &http.Transport{DialContext: dial}})
	client, err := klarna.New(sandbox, klarna.APIKey(apiKey), klarna.WithInsecureHTTP(), toSandbox)
	require.NoError(t, err)
	require.NoError(t, client.CancelAuthorization(t.Context(), "token"))
	require.Equal(t, "/payments/v1/authorizations/token", server.exchanges()[0].Path)

	// What the option does not allow.
	for env, want := range map[klarna.Environment]string{
		"http://api.klarna.com": "it is Klarna's own", "http://API-NA.playground.klarna.com.": "it is Klarna's own",
		"ftp://klarna-sandbox": "must start with https://", "http://user:password@klarna-sandbox": "must not contain a user name or password",
	} {
		_, err := klarna.New(env, klarna.APIKey(apiKey), klarna.WithInsecureHTTP())
		require.ErrorContains(t, err, want, env)
	}
	for _, creds := range []klarna.Credentials{klarna.APIKey("klarna_live_api_s3cretvalue"), klarna.BasicAuth("PK1", "klarna_live_api_s3cretvalue")} {
		_, err := klarna.New(sandbox, creds, klarna.WithInsecureHTTP())
		require.ErrorContains(t, err, "is for real money")
		require.NotContains(t, err.Error(), "s3cretvalue")
	}
	_, err = klarna.New(klarna.PlaygroundEU, klarna.APIKey(apiKey), klarna.WithInsecureHTTP())
	require.NoError(t, err, "https stays as it is")
}

func TestPathPrefixOfBaseURLIsKept(t *testing.T) {
	t.Parallel()
	for _, prefix := range []string{"/gateway", "/gateway/", "/gateway/klarna//", "/a%20b", "/a%2Fb/"} {
		t.Run(prefix, func(t *testing.T) {
			t.Parallel()
			server := newServer(t, respond(204, "", ""))
			client, err := klarna.New(klarna.Environment(server.URL+prefix), klarna.APIKey(apiKey))
			require.NoError(t, err)
			require.NoError(t, client.CancelAuthorization(t.Context(), "token 1/2"))
			want := map[string]string{
				"/gateway": "/gateway", "/gateway/": "/gateway", "/gateway/klarna//": "/gateway/klarna", "/a%20b": "/a%20b", "/a%2Fb/": "/a%2Fb",
			}[prefix]
			require.Equal(t, want+"/payments/v1/authorizations/token%201%2F2", server.exchanges()[0].Path)
		})
	}
}
