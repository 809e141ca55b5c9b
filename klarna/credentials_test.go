package klarna_test

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/klarna-go/klarna-payments/klarna"
	"github.com/stretchr/testify/require"
)

func TestCredentialsAreSentAsKlarnaWantsThem(t *testing.T) {
	t.Parallel()
	basic := func(pair string) string { return "Basic " + base64.StdEncoding.EncodeToString([]byte(pair)) }
	tests := map[string]struct {
		creds klarna.Credentials
		want  string
	}{
		"API key, raw":                   {klarna.APIKey("klarna_test_api_abc="), "Basic klarna_test_api_abc="},
		"API key from a file":            {klarna.APIKey("\tklarna_test_api_abc=\r\n"), "Basic klarna_test_api_abc="},
		"username and password":          {klarna.BasicAuth("PK1_user", "pass:word"), basic("PK1_user:pass:word")},
		"username and password, trimmed": {klarna.BasicAuth(" PK1_user\n", " pässword\r\n"), basic("PK1_user:pässword")},
		"UUID and API key":               {klarna.BasicAuth(sessionID, apiKey), basic(sessionID + ":" + apiKey)},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := newServer(t, respond(204, "", ""))
			client, err := klarna.New(klarna.Environment(server.URL), test.creds)
			require.NoError(t, err)
			require.NoError(t, client.CancelAuthorization(t.Context(), authorizationToken))
			require.Equal(t, []string{test.want}, server.exchanges()[0].Header["Authorization"])
		})
	}
}

func TestBadCredentialsAreRejectedWithoutQuotingThem(t *testing.T) {
	t.Parallel()
	const secret = "s3cretvalue"
	tests := map[string]struct {
		creds   klarna.Credentials
		wantErr string
	}{
		"none":                         {klarna.Credentials{}, "no credentials"},
		"empty API key":                {klarna.APIKey(" \r\n"), "the API key is empty"},
		"control character in API key": {klarna.APIKey(secret + "\r" + secret), "the API key holds"},
		"blank in API key":             {klarna.APIKey("Basic " + secret), "the API key holds"},
		"letter in API key":            {klarna.APIKey(secret + "ä"), "the API key holds"},
		"empty username":               {klarna.BasicAuth("", secret), "the username is empty"},
		"empty password":               {klarna.BasicAuth(secret, "\n"), "the password is empty"},
		"colon in username":            {klarna.BasicAuth("a:b", secret), "the username holds a colon"},
		"control char. in username":    {klarna.BasicAuth(secret+"\x00"+secret, secret), "the username holds a control"},
		"control char. in password":    {klarna.BasicAuth("user", secret+"\x7f"+secret), "the password holds a control"},
		"client id of the browser":     {klarna.APIKey("klarna_test_client_" + secret), "client id for the browser"},
		"client id as password":        {klarna.BasicAuth("user", "klarna_live_client_"+secret), "client id for the browser"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			client, err := klarna.New(klarna.PlaygroundEU, test.creds)
			require.ErrorContains(t, err, test.wantErr)
			require.NotContains(t, err.Error(), secret)
			require.Nil(t, client)
		})
	}
}

func TestKeyOfTheOtherStageIsRejected(t *testing.T) {
	t.Parallel()
	const test, live = "klarna_test_api_s3cretvalue", "klarna_live_api_s3cretvalue"
	for _, env := range []klarna.Environment{klarna.ProductionEU, klarna.ProductionNA, klarna.ProductionOC, "https://API.klarna.com/", "https://api.klarna.com:443", "https://api.klarna.com."} {
		for _, creds := range []klarna.Credentials{klarna.APIKey(test), klarna.BasicAuth("user", test)} {
			_, err := klarna.New(env, creds)
			require.ErrorContains(t, err, "klarna_test_ belongs to a playground", env)
			require.NotContains(t, err.Error(), "s3cretvalue")
		}
		_, err := klarna.New(env, klarna.APIKey(live))
		require.NoError(t, err)
	}
	for _, env := range []klarna.Environment{klarna.PlaygroundEU, klarna.PlaygroundNA, klarna.PlaygroundOC} {
		_, err := klarna.New(env, klarna.APIKey(live))
		require.ErrorContains(t, err, "klarna_live_ belongs to production", env)
		require.NotContains(t, err.Error(), "s3cretvalue")
		_, err = klarna.New(env, klarna.APIKey(test))
		require.NoError(t, err)
	}
	_, err := klarna.New("https://gateway.example", klarna.APIKey(live))
	require.NoError(t, err, "a gateway may stand before either")
}

func TestCredentialsAndClientPrintNoSecret(t *testing.T) {
	t.Parallel()
	creds := klarna.BasicAuth("user", "s3cretvalue")
	client, err := klarna.New(klarna.PlaygroundEU, creds)
	require.NoError(t, err)
	encoded := base64.StdEncoding.EncodeToString([]byte("user:s3cretvalue"))
	for _, value := range []any{creds, &creds, client, *client, client.Raw(), struct{ C klarna.Credentials }{creds}} {
		var out strings.Builder
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%d", "%x"} {
			fmt.Fprintf(&out, verb+"\n", value)
		}
		slog.New(slog.NewTextHandler(&out, nil)).Info("text", "value", value)
		slog.New(slog.NewJSONHandler(&out, nil)).Info("json", "value", value)
		asJSON, err := json.Marshal(value)
		if err == nil {
			out.Write(asJSON)
		}
		require.NotContains(t, out.String(), "s3cretvalue")
		require.NotContains(t, out.String(), encoded)
		require.NotContains(t, out.String(), fmt.Sprintf("%x", "s3cretvalue"))
	}
	require.Equal(t, "klarna.Client(https://api.playground.klarna.com)", fmt.Sprint(client))
	require.Equal(t, "klarna.Credentials{…}", fmt.Sprintf("%+v", creds))
}
